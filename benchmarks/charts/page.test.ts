import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { allRecorded } from '../recorded.ts'
import { charts } from './catalogue.ts'
import { imageFolder, pageFile } from './draw.ts'
import { drawings, fileOf } from './drawings.ts'
import { fillPage } from './page.ts'
import { themes } from './palette.ts'
import { growthRun, roomRun, runsOf } from './runs.fixture.ts'
import { digest, digestIn } from './svg.ts'

const repository = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, repository), 'utf8')
const again = 'what is recorded is not what is shown: run `npm run bench -- --draw`'

it('the page shows the figures that are recorded', () => {
  const page = read(pageFile)
  expect(fillPage(page, charts, allRecorded()) === page, again).toBe(true)
})

it('the charts are drawn from the figures that are recorded, and there are no others', () => {
  const wanted = drawings(charts, allRecorded())
  const drawn = readdirSync(new URL(imageFolder, repository))
  expect(Object.fromEntries(drawn.map((file) => [file, digestIn(read(imageFolder + file))])), again).toEqual(
    Object.fromEntries(wanted.map(({ file, specification }) => [file, digest(specification)])),
  )
})

it('every chart and every benchmark that is recorded stands in the page', () => {
  const page = read(pageFile)
  for (const { name } of charts) expect(page).toContain(`<!-- drawn: chart ${name} -->`)
  for (const name of allRecorded().keys()) expect(page).toContain(`<!-- drawn: figures ${name} -->`)
})

it('the files are SVGs that pages may show: well-formed, small, as wide as a page, and with nothing from elsewhere', () => {
  const files = readdirSync(new URL(imageFolder, repository))
  for (const file of files) {
    const svg = read(imageFolder + file)
    expect(malformed(svg), file).toBeUndefined()
    expect(svg.length, file).toBeLessThan(40_000)
    expect(svg, file).toMatch(/^<svg [^>]*width="(?:59[89]|60[01])/)
    expect(svg, file).not.toMatch(/<(?:script|image|foreignObject|style)\b|@import|url\((?!#)| on\w+=| href="(?!#)/)
  }
  for (const chart of charts) {
    const shown = themes.filter((theme) => files.includes(fileOf(chart, theme)))
    expect([0, themes.length], chart.name).toContain(shown.length)
  }
})

it('what is filled in stays what it is when nothing has changed', () => {
  const page =
    '# A page\n\n<!-- drawn: tally -->\n<!-- end -->\n\nText.\n\n<!-- drawn: figures room -->\nold\n<!-- end -->\n'
  const filled = fillPage(page, charts, runsOf(roomRun()))
  expect(filled).toContain(
    '# A page\n\n<!-- drawn: tally -->\n\nTargets: 1 of 4 met, 2 missed, 1 not judged.\n\n<!-- end -->',
  )
  expect(filled).toContain('\n\nText.\n\n')
  expect(filled).not.toContain('old')
  expect(fillPage(filled, charts, runsOf(roomRun()))).toBe(filled)
})

it('the pictures of a chart are those of both themes, and its text says what it shows', () => {
  const filled = fillPage('<!-- drawn: chart room -->\n<!-- end -->', charts, runsOf(roomRun(), growthRun()))
  expect(filled).toContain('<source media="(prefers-color-scheme: dark)" srcset="images/benchmarks/room-dark.svg">')
  expect(filled).toContain('src="images/benchmarks/room-light.svg"')
  expect(filled).toContain('Server CPU (% of a core): Junto 10.1, raw ws 8.30, ')
})

it('what is not recorded yet is said', () => {
  const page = '<!-- drawn: chart room -->\n<!-- end -->\n<!-- drawn: figures growth -->\n<!-- end -->'
  const filled = fillPage(page, charts, new Map())
  expect(filled).toContain('`npm run bench -- --peers room` measures it')
  expect(filled).toContain('`npm run bench -- --peers growth` measures it')
})

it.each([
  ['<!-- drawn: chart rom -->\n<!-- end -->', "there is no chart 'rom', only calls, "],
  ['<!-- drawn: picture room -->\n<!-- end -->', "'<!-- drawn: picture -->': there are chart NAME, "],
  ['<!-- drawn: tally -->\n<!-- drawn: missed -->\n<!-- end -->', "1 of the marks '<!-- drawn: … -->' have no"],
])('refuses %j', (page, message) => {
  expect(() => fillPage(page, charts, runsOf(roomRun()))).toThrow(message)
})

it('knows XML that is not well-formed', () => {
  expect(malformed('<svg a="1"><g><b/>x &amp; y</g></svg>')).toBeUndefined()
  expect(malformed('<svg><g></svg>')).toBe('</svg> ends <g>')
  expect(malformed('<svg>a & b</svg>')).toContain('& b')
  expect(malformed('<svg a=1></svg>')).toContain('<svg a=1>')
  expect(malformed('<svg>')).toBe('<svg> has no end')
})

/** What is wrong with an XML text without comments and declarations, if something is. */
function malformed(xml: string): string | undefined {
  const open: string[] = []
  const parts = /<(\/?)([\w:-]+)((?: [\w:-]+="(?:[^"<&]|&\w+;)*")*) ?(\/?)>|((?:[^<&]|&(?:\w+|#\d+);)+)|(.{1,20})/gsy
  for (const [part, end, name = '', , empty, , wrong] of xml.matchAll(parts)) {
    if (wrong !== undefined) return `not well-formed: ${wrong}`
    if (end === '/') {
      const begun = open.pop()
      if (begun !== name) return `${part} ends <${begun}>`
    } else if (name !== '' && empty !== '/') {
      open.push(name)
    }
  }
  return open.length === 0 ? undefined : `<${open.join('> <')}> has no end`
}
