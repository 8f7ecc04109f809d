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

  return {
    counters: () => ({ answers }),
    commands: {
      begin: (shape) => begin(shape as LoadShape), // commands come from benchmark.ts
      end,
    },
    close: end,
  }
}

function busy(µs: number): void {
  const end = performance.now() + µs / 1000
  while (performance.now() < end);
}
