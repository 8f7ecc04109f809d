import type { Part } from '../harness.ts'
import type { Caller, PeerModule } from './peer.ts'

/** What the load generator is told at its start. */
export interface LoadSettings {
  /** The module in peers/. */
  readonly peer: string
  readonly port: number
}

export interface LoadShape {
  readonly connections: number
  readonly inFlight: number
  /** µs of work that the client does about each answer before its next call. */
  readonly work: number
}

/**
 * Keeps a number of calls in flight on each connection: every answer is followed by the next call. The same for every
 * peer; what differs is the module that makes a call and reads an answer.
 */
export async function load(settings: unknown): Promise<Part> {
  const { peer, port } = settings as LoadSettings // from benchmark.ts
  const { connect }: PeerModule = await import(new URL(`./peers/${peer}.ts`, import.meta.url).href)
  let answers = 0
  let callers: Caller[] = []

  /** Resolves when all connections are open and have their calls under way. */
  async function begin({ connections, inFlight, work }: LoadShape): Promise<void> {
    for (let i = 0; i < connections; i++) {
      let n = 0
      const caller = await connect(port, () => {
        answers++
        if (work > 0) busy(work)
        caller.call(n++)
      })
      callers.push(caller)
    }
    for (const caller of callers) {
      for (let i = 0; i < inFlight; i++) caller.call(i)
    }
  }

  function end(): void {
    for (const caller of callers) caller.close()
    callers = []
  }

  /** One connection with one call in flight: how long each of the last `count` calls took, in ms. */
  async function roundTrips({ warmUp, count }: { warmUp: number; count: number }): Promise<number[]> {
    const times: number[] = []
    let caller: Caller | undefined
    await new Promise<void>((resolve, reject) => {
      let began = 0
      const answered = (n: number): void => {
        const now = performance.now()
        if (n >= warmUp) times.push(now - began)
        if (n + 1 === warmUp + count) return resolve()
        began = performance.now()
        caller?.call(n + 1)
      }
      connect(port, answered).then((connected) => {
        caller = connected
        began = performance.now()
        caller.call(0)
      }, reject)
    })
    caller?.close()
    return times
  }

  return {
    counters: () => ({ answers }),
    commands: {
      begin: (shape) => begin(shape as LoadShape), // commands come from benchmark.ts
      end,
      roundTrips: (how) => roundTrips(how as { warmUp: number; count: number }),
    },
    close: end,
  }
}

function busy(µs: number): void {
  const end = performance.now() + µs / 1000
  while (performance.now() < end);
}
