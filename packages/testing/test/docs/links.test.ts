import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../packages/run.ts'
import { parsePage, type Page } from './markdown.ts'
import { readPages } from './pages.ts'

it('finds links and anchors as GitHub does', () => {
  const text = [
    '# A `code`, and [more](x.md)!',
    '## Twice',
    '## Twice',
    '`[no](link)` but ![one](a%20b.png "t")',
    '[r]: ./c.md#d',
  ]
  const page = parsePage(text.join('\n'))
  expect([...page.anchors]).toEqual(['a-code-and-more', 'twice', 'twice-1'])
  expect(page.links.map(({ target }) => target)).toEqual(['x.md', 'a%20b.png', './c.md#d'])
})

it('every relative link of the documentation leads to a file, and every anchor to a heading', async () => {
  const pages = await readPages()
  const broken = [...pages].flatMap(([path, page]) =>
    page.links
      .filter(({ target }) => !leadsSomewhere(pages, path, target))
      .map(({ target, line }) => `${path}:${line + 1} ${target}`),
  )
  expect(broken).toEqual([])
})

function leadsSomewhere(pages: ReadonlyMap<string, Page>, from: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return true // another site
  const [path = '', anchor] = decodeURIComponent(target).split('#')
  const file = path === '' ? from : relative(root, join(root, dirname(from), path))
  if (file.startsWith('..') || !existsSync(join(root, file))) return false
  const page = pages.get(file)
  return anchor === undefined || page === undefined || page.anchors.has(anchor)
}
