import type { Fence, Page } from './markdown.ts'

/**
 * The TypeScript of a page as files that can be type-checked. How a page marks its blocks:
 *
 * - ```` ```ts title="server.ts" ```` is a whole file. Other blocks of the page import it as `./server.ts`.
 * - ```` ```ts ```` is a module of its own. What it needs beside its own imports stands in a comment above it that readers
 *   do not see: a line `<!-- prelude`, any lines of TypeScript, a line `-->`. Preludes hold for all such blocks below them.
 * - ```` ```ts continues ```` goes on where the block before it ended.
 * - ```` ```ts no-check WHY ```` is not looked at.
 */
export interface CodeFile {
  readonly name: string
  /** Each line stands where it stands in the page: the compiler's line numbers are the page's. */
  readonly text: string
  /** For a titled block. */
  readonly title: string | undefined
}

export function codeOf(page: Page): CodeFile[] {
  const files: { title: string | undefined; first: Fence; parts: { begin: number; end: number }[] }[] = []
  for (const fence of page.fences) {
    if (fence.language !== 'ts' && fence.language !== 'typescript') continue
    const [, title] = /^title="([\w./-]+)"$/.exec(fence.info) ?? []
    const where = `the block at line ${fence.begin}`
    if (/^no-check\s+\S/.test(fence.info)) continue
    if (fence.info === 'continues') {
      const before = files.at(-1)
      if (before === undefined) throw new Error(`${where} continues, but there is none before it`)
      before.parts.push(fence)
    } else if (title !== undefined) {
      if (files.some((file) => file.title === title)) throw new Error(`${where}: a second block is titled ${title}`)
      files.push({ title, first: fence, parts: [fence] })
    } else if (fence.info === '') {
      const preludes = page.comments.filter(({ word, begin }) => word === 'prelude' && begin < fence.begin)
      files.push({ title: undefined, first: fence, parts: [...preludes, fence] })
    } else {
      throw new Error(`${where}: '${fence.info}' is none of title="…", continues, no-check WHY`)
    }
  }
  return files.map(({ title, first, parts }) => ({
    name: title ?? `block-at-line-${first.begin}.ts`,
    title,
    text: only(page.lines, parts),
  }))
}

/** The page with every line blanked that is in none of the parts. */
function only(lines: readonly string[], parts: readonly { begin: number; end: number }[]): string {
  const kept = lines.map((line, index) => (parts.some(({ begin, end }) => index >= begin && index < end) ? line : ''))
  return `${kept.join('\n').trimEnd()}\n`
}
