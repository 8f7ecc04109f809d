import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { charts } from './catalogue.ts'
import { drawings } from './drawings.ts'
import { growthRun, roomRun, runsOf } from './runs.fixture.ts'
import { toSvg } from './svg.ts'
import { figuresTable, missedTable } from './tables.ts'

const runs = runsOf(roomRun(), growthRun())
const textOf = (file: string): string =>
  JSON.stringify(drawings(charts, runs).find((drawing) => drawing.file === file)?.specification)

it('a chart is drawn for each theme, when one of its rows is recorded', () => {
  expect(drawings(charts, runs).map(({ file }) => file)).toEqual([
    'room-light.svg',
    'room-dark.svg',
    'growth-clients-light.svg',
    'growth-clients-dark.svg',
    'growth-rooms-light.svg',
    'growth-rooms-dark.svg',
  ])
})

it('bars show medians, rounds and targets, losses as plainly as wins, and who is missing', () => {
  const chart = textOf('room-light.svg')
  expect(chart).toContain('"median":10.1,"low":9.6,"high":10.4')
  expect(chart).toContain('{"peer":"Junto","value":9.6},{"peer":"Junto","value":10.4}')
  expect(chart).toContain('Missed: 1.22 ×.')
  expect(chart).toContain('Met: 6,821.')
  expect(chart).toContain('{"peer":"Junto","limit":9.96}')
  expect(chart).toContain('{"peer":"uWebSockets.js","text":"could not be run here"}')
  expect(chart).toContain('{"peer":"Socket.IO","text":"not measured"}')
  expect(chart).toContain('Lower is better.')
})

it('says of whom the load generator was the limit', () => {
  const run = roomRun()
  const [cpu] = run.rows
  const full = { ...cpu!.peers['junto']!, serverShare: [0.4, 0.4, 0.4], loadShare: [0.99, 1, 1] }
  const rows = [{ ...cpu!, peers: { ...cpu!.peers, junto: full } }]
  const [drawing] = drawings(charts, runsOf({ ...run, rows }))
  expect(JSON.stringify(drawing?.specification)).toContain('Load generator at its limit, server not: Junto.')
  expect(figuresTable({ ...run, rows })).toContain(
    '- The load generator was at its limit and the server was not: server CPU (Junto).',
  )
})

it('growth is shown beside what would be linear', () => {
  const chart = textOf('growth-rooms-light.svg')
  // From the first median of Junto, at one room, to where the chart ends.
  expect(chart).toMatch(/"values":\[\{"count":1,"value":0\.3\d+\},\{"count":1\d\d\.\d+,"value":5\d\.\d+\}\]/)
  expect(chart).toContain('"type":"log"')
})

it('tables hold medians, spreads, verdicts, and whom they lack', () => {
  const lines = figuresTable(roomRun()).split('\n')
  // All columns are as wide as prettier makes them.
  expect(new Set(lines.slice(0, 5).map(({ length }) => length)).size).toBe(1)
  expect(lines.map((line) => line.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---'))).toEqual([
    '| | Junto | raw ws | Socket.IO | Colyseus | Colyseus 16-bit | target |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    '| server CPU (% of a core) | 10.1 (9.60–10.4) | 8.30 (8.10–8.80) | 15.9 (15.2–16.4) | 13.1 (12.7–13.4) | 13.1 (13–13.3) | ≤ 1.2 × raw ws: **missed** (1.22) |',
    '| what a client gets (B per second) | 6,821 (6,818–6,824) | 6,600 | 9,120 (9,100–9,131) | 23,800 (23,790–23,811) | 15,600 (15,590–15,610) | ≤ 7,900: met |',
    '| an input until another sees it (ms) | 28.1 (27.9–28.3) | – | – | 27.3 (27.1–28.2) | 27.7 (27.4–27.9) | ≤ 1 × Colyseus: **missed** (1.03) |',
    '',
    '- uWebSockets.js could not be run: its binary wants another glibc',
    '- Why 7,900 is wanted of “what a client gets”: two bytes a coordinate.',
  ])
})

it('what is missed is listed with its bound', () => {
  const lines = missedTable(runs).split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[2]).toMatch(
    /^\| room: server CPU \(% of a core\), Junto +\| ≤ 1\.2 × raw ws +\| 1\.22 \(1\.18–1\.22\) +\| ≤ 1\.3 /,
  )
})

// Drawing needs the library, which `npm run bench -- --draw` installs.
const installed = existsSync(new URL('./vega-lite/node_modules/vega-lite', import.meta.url))
it.skipIf(!installed)('the same figures are drawn as the same bytes', async () => {
  for (const { specification, description } of drawings(charts, runs).filter((_, index) => index % 2 === 0)) {
    const first = await toSvg(specification, description)
    expect(await toSvg(specification, description)).toBe(first)
    expect(first).toMatch(/^<svg [^>]*width="(?:59[89]|60[01])/)
    expect(first.length).toBeLessThan(40_000)
  }
})
