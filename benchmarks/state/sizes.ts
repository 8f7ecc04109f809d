import type { Part } from '../harness.ts'
import { populate, sideOf } from './processes.ts'
import type { Server, Side } from './side.ts'
import { Random, Walk, type Kind } from './workload.ts'

/** The figures in bytes. */
export const sizeRows: readonly {
  readonly id: string
  readonly title: string
  readonly unit: string
}[] = [
  { id: 'moved-steps', title: '1,000 move by ±0.6, in steps of 0.01', unit: 'B each' },
  { id: 'moved-far-steps', title: '1,000 move by ±5, in steps', unit: 'B each' },
  { id: 'moved-float32', title: '1,000 move by ±0.6, float32', unit: 'B each' },
  { id: 'moved-far-float32', title: '1,000 move by ±5, float32', unit: 'B each' },
  { id: 'one-steps', title: '1 of 100 moves, in steps', unit: 'B' },
  { id: 'one-float32', title: '1 of 100 moves, float32', unit: 'B' },
  { id: 'snapshot-steps', title: 'joining 1,000, in steps', unit: 'B' },
  { id: 'snapshot-float32', title: 'joining 1,000, float32', unit: 'B' },
  { id: 'left-update', title: 'an update has grown after 300,000 spawns', unit: 'B' },
  { id: 'left-bookkeeping', title: 'entries left behind by them', unit: 'entries' },
  { id: 'published-snapshot', title: 'published: joining 100', unit: 'B' },
  { id: 'published-1', title: 'published: 1 moves', unit: 'B' },
  { id: 'published-50', title: 'published: 50 move', unit: 'B' },
  { id: 'published-100', title: 'published: 100 move', unit: 'B' },
  { id: 'published-integer-100', title: 'published: 100 move, of any whole numbers', unit: 'B' },
]

/** What was measured, by the id of its row. Sizes are the same in every run. */
export type Sizes = Readonly<Record<string, number>>

const ticks = 100
/** Spawns and removals. */
export const churn = { few: 3_000, many: 300_000, perTick: 100 }

/** Measures all sizes of a side, in a process of its own. */
export async function sizes(name: unknown): Promise<Part> {
  return { ready: measureSizes(await sideOf(String(name)), churn.many), close() {} }
}

export function measureSizes(side: Side, spawns: number): Sizes {
  return {
    ...moved(side, 'quantized', 'steps'),
    ...moved(side, 'float32', 'float32'),
    ...published(side, 'published'),
    ...published(side, 'published-integer'),
    ...left(side, spawns),
  }
}

function moved(side: Side, kind: Kind, id: string): Sizes {
  const near = new Walk(1_000, 0.6)
  const server = side.createServer(kind)
  const keys = populate(server, near)
  const snapshot = server.snapshot().length
  const far = new Walk(1_000, 5)
  const distant = side.createServer(kind)
  populate(distant, far)
  const few = new Walk(100, 0.6)
  const small = side.createServer(kind)
  populate(small, few)
  return {
    [`moved-${id}`]: patchSize(server, keys, near, 1_000) / 1_000,
    [`moved-far-${id}`]: patchSize(distant, keys, far, 1_000) / 1_000,
    [`one-${id}`]: patchSize(small, keys, few, 1),
    [`snapshot-${id}`]: snapshot,
  }
}

/** Bytes of a patch in which so many entities move, on average. Each tick it is the turn of others. */
function patchSize(server: Server, keys: readonly string[], walk: Walk, moving: number): number {
  let bytes = 0
  for (let tick = 0; tick < ticks; tick++) {
    const from = (tick * moving) % walk.count
    walk.move(from, from + moving)
    server.write(keys, walk.xs, walk.ys, from, from + moving)
    bytes += server.encode().length
  }
  return bytes / ticks
}

/** The comparison that Colyseus publishes: 100 players with keys of 9 characters, at random places from 0 to 199. */
function published(side: Side, kind: Kind): Sizes {
  const random = new Random(1)
  const place = (): Float64Array => Float64Array.from({ length: 100 }, () => random.below(200))
  const server = side.createServer(kind)
  const keys = Array.from({ length: 100 }, () => random.text(9))
  const [xs, ys] = [place(), place()]
  keys.forEach((key, index) => server.add(key, { name: `Player ${index}`, x: xs[index]!, y: ys[index]! }))
  server.encode()
  const found: Record<string, number> = { [`${kind}-snapshot`]: server.snapshot().length }
  for (const count of [1, 50, 100]) {
    let bytes = 0
    for (let tick = 0; tick < ticks; tick++) {
      const from = count === 1 ? tick : 0
      server.write(keys, place(), place(), from, from + count)
      bytes += server.encode().length
    }
    found[`${kind}-${count}`] = bytes / ticks
  }
  return found
}

/** What entities leave behind that came and went: how much more when there were many of them than when there were few. */
function left(side: Side, spawns: number): Sizes {
  const walk = new Walk(churn.perTick, 0.6)
  const server = side.createServer('quantized')
  const keys = populate(server, walk)
  comeAndGo(server, walk, 0, churn.few)
  const before = leftovers(server, keys, walk)
  comeAndGo(server, walk, churn.few, spawns)
  const after = leftovers(server, keys, walk)
  return {
    'left-update': after.update - before.update,
    'left-bookkeeping': after.bookkeeping - before.bookkeeping,
  }
}

function comeAndGo(server: Server, walk: Walk, from: number, to: number): void {
  for (let spawned = from; spawned < to; spawned += churn.perTick) {
    for (let i = 0; i < churn.perTick; i++) server.add(`s${spawned + i}`, walk.entity(i))
    server.encode()
    for (let i = 0; i < churn.perTick; i++) server.remove(`s${spawned + i}`)
    server.encode()
  }
}

/** Bytes of an update of one entity when all of them are new, and what is kept beside the state. */
function leftovers(server: Server, keys: readonly string[], walk: Walk): { update: number; bookkeeping: number } {
  for (const key of keys) server.remove(key)
  server.encode()
  keys.forEach((key, index) => server.add(key, walk.entity(index)))
  server.encode()
  return { update: patchSize(server, keys, walk, 1), bookkeeping: server.bookkeeping() }
}
