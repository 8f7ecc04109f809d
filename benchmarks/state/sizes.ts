import type { Part } from '../harness.ts'
import { populate, sideOf } from './processes.ts'
import type { Server, Side } from './side.ts'
import { Random, Walk, type Kind } from './workload.ts'

/** A figure of one side, by the id of its row. Sizes are the same in every run. */
export type Sizes = Readonly<Record<string, number>>

export const ticks = 100
/** Spawns and removals. */
export const churn = { few: 3_000, many: 300_000, perTick: 100 }

/** Measures all sizes of a side, in a process of its own. */
export async function sizes(name: unknown): Promise<Part> {
  const side = await sideOf(String(name))
  return {
    ready: {
      ...moved(side, 'quantized', 'steps'),
      ...moved(side, 'float32', 'float32'),
      ...published(side, 'published'),
      ...published(side, 'published-integer'),
      ...left(side),
    } satisfies Sizes,
    close() {},
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
function left(side: Side): Sizes {
  const walk = new Walk(churn.perTick, 0.6)
  const server = side.createServer('quantized')
  const keys = populate(server, walk)
  comeAndGo(server, walk, 0, churn.few)
  const before = leftovers(server, keys, walk)
  comeAndGo(server, walk, churn.few, churn.many)
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
