import { setTimeout as sleep } from 'node:timers/promises'
import type { Part } from '../harness.ts'
import type { Client, PeerModule } from './peer.ts'

/** What the load generator is told at its start. */
export interface LoadSettings {
  /** The module in peers/. */
  readonly peer: string
  readonly port: number
  /** The address that its clients come from: any of 127.0.0.0/8. */
  readonly from: string
}

/** Clients to be connected. */
export interface Arrivals {
  /** The number of the first. */
  readonly first: number
  readonly count: number
  /** So many a second, evenly spread, whatever the server does; or so many on their way at a time, as fast as they are taken. */
  readonly pace: { readonly rate: number } | { readonly atOnce: number }
}

/** How long it may take until the last client has joined, in ms: less than the harness waits, which could not say how many are missing. */
const longest = 170_000

/** Connects clients, and keeps them. */
export async function load(settings: unknown): Promise<Part> {
  const { peer, port, from } = settings as LoadSettings // from benchmark.ts
  const { join }: PeerModule = await import(new URL(`./peers/${peer}.ts`, import.meta.url).href)
  const clients: Client[] = []
  const come = async (n: number): Promise<void> => void clients.push(await join(port, n, from))

  /** Resolves when all of them have joined. */
  async function arrive({ first, count, pace }: Arrivals): Promise<void> {
    const wanted = clients.length + count
    const late = sleep(longest, undefined, { ref: false }).then(() => {
      throw new Error(`${wanted - clients.length} of ${count} clients did not join within ${longest / 1000} s`)
    })
    const numbers = Array.from({ length: count }, (_, i) => first + i).values()
    await Promise.race([late, 'rate' in pace ? steadily(numbers, pace.rate) : inLanes(numbers, pace.atOnce)])
  }

  async function steadily(numbers: Iterable<number>, rate: number): Promise<void> {
    const joining: Promise<void>[] = []
    const began = performance.now()
    for (const n of numbers) {
      while (performance.now() < began + (joining.length / rate) * 1000) await sleep(1)
      joining.push(come(n))
    }
    await Promise.all(joining)
  }

  async function inLanes(numbers: Iterable<number>, lanes: number): Promise<void> {
    const lane = async (): Promise<void> => {
      for (const n of numbers) await come(n)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  function leave(): void {
    for (const client of clients.splice(0)) client.close()
  }

  return {
    counters: () => ({ clients: clients.length }),
    commands: {
      arrive: (arrivals) => arrive(arrivals as Arrivals), // commands come from the benchmarks
      leave,
    },
    close: leave,
  }
}
