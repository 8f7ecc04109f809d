import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryMetrics } from '@junto/server'
import { expect, it } from 'vitest'
import { ownSeries, type SeriesDescription } from '../../../server/src/observe/series.ts'
import { VirtualClock } from '../../src/index.ts'
import { root } from '../packages/run.ts'
import { opening, Whiteboard, World } from '../whiteboard.fixture.ts'
import { limitRows } from './protocol-page.ts'

// docs/operations.md and docs/deploy.md against the code: the table of series, and numbers of limits.

const page = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

const rows = page('operations.md')
  .split('\n')
  .map((line) => /^\| `junto_(\w+)`\s*\|([^|]*)\|([^|]*)\|(.*)\|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name = '', kind = '', labels = '', help = '']) => ({
    name,
    kind: kind.trim(),
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    help: flat(help),
  }))

it('the table of series is that of the code', () => {
  const expected = Object.entries<SeriesDescription>(ownSeries).map(([name, { kind, labels = [], help }]) => ({
    name: kind === 'counter' ? `${name}_total` : name,
    kind,
    labels: [...labels],
    help,
  }))
  expect(rows).toEqual(expected)
})

it('what a server counts under load stands in the table', async () => {
  const metrics = new MemoryMetrics()
  const world = new World({ metrics })
  await world.serve()
  const board = await world.settled(world.client().open(Whiteboard, opening))
  await world.settled(board.call.addStroke({ by: 'ada', color: 1, points: [] }))
  await world.clock.advance('30s')
  const names = new Set([...metrics.entries()].map(([name]) => name.replace(/\{.*/, '')))
  expect(names.size).toBeGreaterThan(15)
  for (const name of names) expect(Object.keys(ownSeries)).toContain(name)
  expect(metrics.readHistogram('patch_bytes', { room: 'whiteboard' })?.count).toBeGreaterThan(0)
  expect(metrics.readHistogram('round_trip_seconds')?.count).toBeGreaterThan(0)
  expect(metrics.read('members', { room: 'whiteboard' })).toBe(1)
  expect(metrics.read('rooms', { room: 'whiteboard' })).toBe(1)
  await world.end()
  expect(metrics.read('rooms', { room: 'whiteboard' })).toBe(0)
})

it('every limit that the pages name with a value has that default', () => {
  const defaults = new Map(
    limitRows().server.map((row) => {
      const [, name = '', value = ''] = /^\| `(\w+)` \| ([^|]+) \|/.exec(row) ?? []
      return [name, value.trim()] as const
    }),
  )
  const named = [page('operations.md'), page('deploy.md')].flatMap((text) => [
    ...flat(text).matchAll(/([\d,.]+(?: (?:ms|s|MiB|KiB|%))?) \(limit `(\w+)`\)/g),
  ])
  expect(named.length).toBeGreaterThanOrEqual(8)
  for (const [, value, limit = ''] of named) expect([limit, value]).toEqual([limit, defaults.get(limit)])
})

it('over an idle connection bytes go both ways at least as often as the page says', async () => {
  const [, promised = ''] = /at least every (\d+) s/.exec(flat(page('deploy.md'))) ?? []
  const metrics = new MemoryMetrics()
  const world = new World({ metrics })
  expect(world.clock).toBeInstanceOf(VirtualClock)
  await world.serve()
  await world.settled(world.client().open(Whiteboard, opening))
  let [sent, answered] = [0, 0]
  let [sentAt, answeredAt] = [0, 0]
  let [longestSent, longestAnswered] = [0, 0]
  for (let second = 1; second <= 300; second++) {
    await world.clock.advance('1s')
    const sentNow = metrics.read('message_bytes_sent')
    const answeredNow = metrics.readHistogram('round_trip_seconds')?.count ?? 0
    if (sentNow > sent) [sent, sentAt] = [sentNow, second]
    if (answeredNow > answered) [answered, answeredAt] = [answeredNow, second]
    longestSent = Math.max(longestSent, second - sentAt)
    longestAnswered = Math.max(longestAnswered, second - answeredAt)
  }
  expect(Number(promised)).toBe(15)
  expect(longestSent).toBeLessThanOrEqual(Number(promised))
  expect(longestAnswered).toBeLessThanOrEqual(Number(promised))
  await world.end()
})
