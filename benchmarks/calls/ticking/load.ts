import { setTimeout as sleep } from 'node:timers/promises'
import type { Part } from '../../harness.ts'
import { enter } from './junto-client.ts'
import { tickRate, type PeerModule } from './peer.ts'

/** What {@link watch} is told at its start. */
export interface WatchSettings {
  /** The module beside this one. */
  readonly peer: string
  readonly port: number
  readonly clients: number
}

/** Clients that get events, and see to it that none is missing. Ready when all are connected. */
export async function watch(settings: unknown): Promise<Part> {
  const { peer, port, clients } = settings as WatchSettings // from measure.ts
  const module: PeerModule = await import(new URL(`./${peer}.ts`, import.meta.url).href)
  let received = 0
  const watchers: { close(): void }[] = []
  for (let i = 0; i < clients; i++) {
    let last: number | undefined
    const watcher = await module.watch(port, (n) => {
      if (last !== undefined && n !== last + 1) throw new Error(`event ${n} came after ${last}`)
      last = n
      received++
    })
    watchers.push(watcher)
  }
  return {
    counters: () => ({ received }),
    close() {
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** Calls to be made in so many rooms at once. */
export interface Settling {
  readonly rooms: number
  /** In each of them. */
  readonly calls: number
}

/** How long each call took until it settled, in ms: one after the other, at every phase of the tick, equally often. */
async function settle(port: number, { rooms, calls }: Settling): Promise<number[]> {
  const inRoom = async (index: number): Promise<number[]> => {
    const { client, room } = await enter(port, `room ${index}`)
    const times: number[] = []
    let x = 0
    await room.call.move({ x })
    for (let i = 0; i < calls; i++) {
      // The one before settled with a patch: from there so far into the interval, and in no other room as far.
      await sleep(((i + index / rooms) / calls) * (1000 / tickRate))
      const began = performance.now()
      await room.call.move({ x: ++x })
      times.push(performance.now() - began)
      if (room.state.x !== x) throw new Error(`settled with ${room.state.x} for ${x}`)
    }
    await client.close()
    return times
  }
  return (await Promise.all(Array.from({ length: rooms }, (_, index) => inRoom(index)))).flat()
}

/** Clients of ticking rooms that make one call after the other. */
export async function call(port: unknown): Promise<Part> {
  const { client, room } = await enter(Number(port))

  /** Calls that are answered behind so many events and a patch, one per tick. */
  async function crowd({ calls, events }: { calls: number; events: number }): Promise<void> {
    let came = 0
    const listening = room.on('moved', () => came++)
    for (let i = 0; i < calls; i++) {
      await room.call.crowd({ events })
      if (came !== events * (i + 1)) throw new Error(`${came} events came with ${i + 1} calls`)
    }
    listening()
  }

  return {
    commands: {
      settle: (how) => settle(Number(port), how as Settling), // both from measure.ts
      crowd: (how) => crowd(how as { calls: number; events: number }),
    },
    close: () => client.close(),
  }
}
