import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { longest } from './longest-first.ts'

it.each(longest)('a file whose path begins with %s is there', (path) => {
  const [folder, name] = path.endsWith('/') ? [path, ''] : [dirname(path), path.slice(dirname(path).length + 1)]
  const files = readdirSync(join(import.meta.dirname, '..', folder), { recursive: true }).map(String)
  expect(files.filter((file) => file.startsWith(name) && file.endsWith('.test.ts'))).not.toEqual([])
})
