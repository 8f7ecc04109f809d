/** A section of a page: its heading, and what stands below it. */
export interface Section {
  readonly title: string
  readonly text: string
}

/** The sections of a page whose headings are of this level; each ends at the next heading of any. */
export function sections(page: string, level: number): readonly Section[] {
  const found: { title: string; lines: string[] }[] = []
  let current: { title: string; lines: string[] } | undefined
  for (const line of page.split('\n')) {
    const [, marks = '', title = ''] = /^(#+) (.*)$/.exec(line) ?? []
    if (marks === '') current?.lines.push(line)
    else if (marks.length !== level) current = undefined
    else found.push((current = { title, lines: [] }))
  }
  return found.map(({ title, lines }) => ({ title, text: lines.join('\n').trim() }))
}
