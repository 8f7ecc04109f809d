import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Part } from '../harness.ts'
import type { Rules } from './contract.ts'
import type { PeerModule } from './peer.ts'

/** What a server is told at its start. */
export interface ServeSettings {
  /** The module in peers/. */
  readonly peer: string
  readonly rules: Rules
}

/** How late its event loop was, in ms. */
export interface LoopDelay {
  readonly p50: number
  readonly p99: number
}

/** Milliseconds between two looks at the event loop. Each wakes the process: a hundred a second are not seen in its CPU time. */
const resolution = 10

/** A peer's server, whose event loop is watched. */
export async function serve(settings: unknown): Promise<Part> {
  const { peer, rules } = settings as ServeSettings // from play.ts
  const module: PeerModule = await import(new URL(`./peers/${peer}.ts`, import.meta.url).href)
  const part = await module.serve(rules)
  const loop = monitorEventLoopDelay({ resolution })
  loop.enable()
  return {
    ...part,
    commands: {
      ...part.commands,
      /** What it was since this was last asked. What is counted is the time from look to look. */
      loopDelay(): LoopDelay {
        const at = (percentile: number): number => Math.max(0, loop.percentile(percentile) / 1e6 - resolution)
        const delay = { p50: at(50), p99: at(99) }
        loop.reset()
        return delay
      },
    },
    close() {
      loop.disable()
      return part.close()
    },
  }
}
