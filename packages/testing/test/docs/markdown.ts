/** What the tests of the documentation need to know of a page. Fenced code and comments are told apart from prose. */
export interface Page {
  readonly lines: readonly string[]
  readonly fences: readonly Fence[]
  /** HTML comments that begin a line: `<!-- word … -->`. */
  readonly comments: readonly Comment[]
  /** The page's anchors, as GitHub makes them from headings, and those written out. */
  readonly anchors: ReadonlySet<string>
  readonly links: readonly Link[]
}

/** A fenced block: the lines from `begin` up to and without `end`, counted from 0. */
export interface Fence {
  readonly language: string
  /** The rest of the line that opens it. */
  readonly info: string
  readonly begin: number
  readonly end: number
}

export interface Comment {
  readonly word: string
  /** The lines after the first and before the last. */
  readonly begin: number
  readonly end: number
}

export interface Link {
  readonly target: string
  readonly line: number
}

export function parsePage(text: string): Page {
  const lines = text.split('\n')
  const fences: Fence[] = []
  const comments: Comment[] = []
  const prose: { text: string; line: number }[] = []
  for (let line = 0; line < lines.length; line++) {
    const start = lines[line] ?? ''
    const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w-]*)\s*(.*)$/.exec(start)
    const comment = /^<!--\s*([\w-]*)/.exec(start)
    if (fence !== null) {
      const [, marks = '', language = '', info = ''] = fence
      const end = indexFrom(lines, line + 1, (candidate) => candidate.trim().startsWith(marks))
      fences.push({ language, info, begin: line + 1, end })
      line = end
    } else if (comment !== null) {
      const end = indexFrom(lines, line, (candidate) => candidate.includes('-->'))
      comments.push({ word: comment[1] ?? '', begin: line + 1, end })
      line = end
    } else {
      prose.push({ text: start, line })
    }
  }
  return { lines, fences, comments, anchors: anchorsIn(prose), links: linksIn(prose) }
}

/** The doc comments of a source file as a page, with every line where it stands. */
export function parseComments(source: string): Page {
  let inside = false
  const lines = source.split('\n').map((line) => {
    if (/^\s*\/\*\*(?!.*\*\/)/.test(line)) inside = true
    else if (line.includes('*/')) inside = false
    else if (inside) return line.replace(/^\s*\* ?/, '')
    return ''
  })
  return parsePage(lines.join('\n'))
}

function indexFrom(lines: readonly string[], from: number, test: (line: string) => boolean): number {
  const found = lines.findIndex((line, index) => index >= from && test(line))
  return found === -1 ? lines.length : found
}

type Prose = readonly { readonly text: string; readonly line: number }[]

function anchorsIn(prose: Prose): Set<string> {
  const anchors = new Set<string>()
  const seen = new Map<string, number>()
  for (const { text } of prose) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)
    if (heading !== null) {
      const slug = slugOf(heading[1] ?? '')
      const times = seen.get(slug) ?? 0
      seen.set(slug, times + 1)
      anchors.add(times === 0 ? slug : `${slug}-${times}`)
    }
    for (const [, name = ''] of text.matchAll(/<[^>]*\b(?:id|name)="([^"]+)"/g)) anchors.add(name)
  }
  return anchors
}

/** As GitHub does it: lower case, no punctuation, dashes for spaces. */
function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')
}

function linksIn(prose: Prose): Link[] {
  return prose.flatMap(({ text, line }) => {
    const bare = text.replace(/(`+)[^`]+\1/g, '')
    const inline = bare.matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g)
    const references = bare.matchAll(/^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g)
    const html = bare.matchAll(/\b(?:src|srcset|href)="([^"]+)"/g)
    return [...inline, ...references, ...html].map(([, target = '']) => ({ target, line }))
  })
}
