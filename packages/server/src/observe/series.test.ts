import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ownSeries, type SeriesDescription } from './series.ts'

// The table of the server's series against its sources.

const folder = fileURLToPath(new URL('..', import.meta.url))
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(path) && !path.endsWith('series.ts'))
  .map((path) => readFileSync(join(folder, path), 'utf8').replaceAll(/\/\*\*[\s\S]*?\*\//g, ''))

/** Each use of a series that names it, with the labels that stand there. */
const uses = sources.flatMap((text) =>
  [...text.matchAll(/\.(count|counter|gauge|histogram)\(\s*'(\w+)'(?:,\s*(\{[^}]*\}))?/g)].map(
    ([, method = '', name = '', labels]) => ({
      kind: method === 'count' ? 'counter' : method,
      name,
      // `{ reason: name }`, or `{ room, reason: code }`.
      labels:
        labels === undefined
          ? undefined
          : [...labels.matchAll(/(\w+)(?::[^,}]*)?(?=\s*[,}])/g)].map(([, label = '']) => label),
    }),
  ),
)

/** Those whose names are put together. */
const composed = ['messages', 'message_bytes', 'frames', 'frame_bytes'].flatMap((what) =>
  ['received', 'sent'].map((way) => `${what}_${way}`),
)

test('every series that is counted stands in the table, as what it is there', () => {
  expect(uses.length).toBeGreaterThan(30)
  const table = new Map<string, SeriesDescription>(Object.entries(ownSeries))
  for (const { name, kind, labels } of uses) {
    expect([name, table.get(name)?.kind]).toEqual([name, kind])
    if (labels !== undefined)
      expect([name, labels.toSorted()]).toEqual([name, [...(table.get(name)?.labels ?? [])].toSorted()])
  }
})

test('every series of the table is counted', () => {
  const counted = new Set([...uses.map(({ name }) => name), ...composed])
  expect(Object.keys(ownSeries).filter((name) => !counted.has(name))).toEqual([])
  expect([...counted].filter((name) => !(name in ownSeries))).toEqual([])
})

test('a histogram has buckets, smallest first, and nothing else has', () => {
  for (const [name, series] of Object.entries<SeriesDescription>(ownSeries)) {
    expect([name, series.kind === 'histogram']).toEqual([name, series.buckets !== undefined])
    expect(series.buckets).toEqual(series.buckets?.toSorted((a, b) => a - b))
  }
})
