import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes, errorHelp } from '@junto/protocol'

import type { SchemaErrorCode } from '@junto/schema'
import { describe, expect, it } from 'vitest'
import { root } from '../packages/run.ts'
import { sections } from './sections.ts'

// docs/errors.md against the tables of the code.

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')

/** The sources of all packages but the tables of errors. */
const sources = ['schema', 'protocol', 'server', 'client'].flatMap((name) => {
  const folder = join(root, 'packages', name, 'src')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/(\.test|\.fixture|\/errors|^errors|error-help)\.ts$/.test(path))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
})

/** A text as it stands on the page: with one space wherever a line ends. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

describe('every error code', () => {
  const found = sections(page, 3)

  it('has a section, in the order of the table, and there are no others', () => {
    expect(found.map(({ title }) => title)).toEqual([...errorCodes])
  })

  it('may end a call where the page says so', () => {
    const [calls = ''] = page.split('## Errors of messages')
    expect(sections(calls, 3).map(({ title }) => title)).toEqual(errorCodes.slice(0, 10))
  })

  it.each(errorCodes)('%s: says where it is thrown, and of cause and fix what the code says', (code) => {
    const text = flat(found.find(({ title }) => title === code)?.text ?? '')
    const { cause, fix } = errorHelp[code]
    expect(text).toMatch(/^- \*\*Where:\*\* \S.{10,}/)
    expect(text).toContain(`- **Cause:** ${flat(cause)}`)
    expect(text).toContain(`- **Fix:** ${flat(fix)}`)
  })

  it.each(errorCodes)('%s: is thrown somewhere', (code) => {
    expect(sources.some((text) => text.includes(`'${code}'`))).toBe(true)
  })
})

it('the errors of schemas are all there', () => {
  const codes: Record<SchemaErrorCode, true> = {
    invalid_contract: true,
    invalid_value: true,
    invalid_layout: true,
    invalid_patch: true,
  }
  const named = [...page.matchAll(/^- `(invalid_\w+)`: /gm)].map(([, code]) => code)
  expect(named).toEqual(Object.keys(codes))
})
