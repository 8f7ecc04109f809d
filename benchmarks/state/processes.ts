import type { Part } from '../harness.ts'
import type { Server, Side } from './side.ts'
import { keyOf, Walk, type Kind } from './workload.ts'

// What runs in processes of their own: see ../harness.ts. Each side has its own, so that neither lives with the other's heap, and neither's
// code is compiled for objects of both. Those of both sides are up at once and take turns in short batches: what the machine does
// meanwhile hits both.

export interface MovingSettings {
  readonly side: string
  readonly kind: Kind
  readonly entities: number
  /** The longest step of a coordinate. */
  readonly stride: number
}

/** What a server did in a batch of ticks. CPU times are in µs. */
export interface Batch {
  readonly write: number
  readonly encode: number
  readonly patches: readonly Uint8Array[]
  /** Where everything is now. */
  readonly xs: Float64Array
  readonly ys: Float64Array
}

export interface MirrorSettings {
  readonly side: string
  readonly kind: Kind
  readonly entities: number
  readonly snapshot: Uint8Array
}

/** What a client did with a batch of patches. The CPU time is in µs. */
export interface Applied {
  readonly decode: number
  readonly xs: Float64Array
  readonly ys: Float64Array
}

export async function sideOf(name: string): Promise<Side> {
  return await import(new URL(`./sides/${name}.ts`, import.meta.url).href)
}

/** Processor time of this process so far, of all its threads, in µs. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** How much of what is measured between two readings of the CPU time is a reading itself, in µs: as much as writing a few entities. */
function costOfReading(): number {
  const times = 200
  const before = cpuTime()
  for (let i = 1; i < times; i++) cpuTime()
  return (cpuTime() - before) / times
}

/** Fills a server. Its entities are known to all who watch. */
export function populate(server: Server, walk: Walk): string[] {
  const keys = Array.from({ length: walk.count }, (_, index) => keyOf(index))
  keys.forEach((key, index) => server.add(key, walk.entity(index)))
  server.encode()
  return keys
}

/** A server all of whose entities move every tick. Ready with a snapshot. */
export async function moving({ side, kind, entities, stride }: MovingSettings): Promise<Part> {
  const server = (await sideOf(side)).createServer(kind)
  const walk = new Walk(entities, stride)
  const keys = populate(server, walk)
  return {
    ready: server.snapshot().slice(),
    commands: {
      tick(count): Batch {
        const ticks = Number(count)
        let write = 0
        let encode = 0
        const patches: Uint8Array[] = []
        for (let tick = 0; tick < ticks; tick++) {
          walk.move()
          const began = cpuTime()
          server.write(keys, walk.xs, walk.ys, 0, entities)
          const written = cpuTime()
          const patch = server.encode()
          encode += cpuTime() - written
          write += written - began
          patches.push(patch.slice())
        }
        const reading = ticks * costOfReading()
        return { write: write - reading, encode: encode - reading, patches, xs: walk.xs, ys: walk.ys }
      },
    },
    close() {},
  }
}

/** A client of {@link moving}. */
export async function mirror({ side, kind, entities, snapshot }: MirrorSettings): Promise<Part> {
  const client = (await sideOf(side)).createClient(kind)
  client.applySnapshot(snapshot)
  client.hold(Array.from({ length: entities }, (_, index) => keyOf(index)))
  const xs = new Float64Array(entities)
  const ys = new Float64Array(entities)
  return {
    commands: {
      apply(value): Applied {
        // Sent by benchmark.ts.
        const patches = value as Batch['patches']
        const before = cpuTime()
        for (const patch of patches) {
          client.apply(patch)
          client.read(xs, ys)
        }
        return { decode: cpuTime() - before, xs, ys }
      },
    },
    close() {},
  }
}
