import type { Clock } from '@junto/protocol'
import { within } from '../promises.ts'

/** Code of a room that runs at the moment, by what it is called: a room waits for it before it is disposed. */
export class UnderWay {
  readonly #running = new Map<Promise<unknown>, string>()

  /** Remembers something until it has settled. */
  track<T>(what: string, running: Promise<T>): Promise<T> {
    this.#running.set(running, what)
    const forget = () => this.#running.delete(running)
    running.then(forget, forget)
    return running
  }

  /** Waits for all of it, also for what begins meanwhile, but no longer than `ms`. @returns what still runs then. */
  async settled(clock: Clock, ms: number): Promise<readonly string[]> {
    const all = async (): Promise<void> => {
      // Once at least: code that ends its own room is tracked when its first step is over.
      do await Promise.allSettled(this.#running.keys())
      while (this.#running.size > 0)
    }
    try {
      await within(clock, ms, all(), () => new Error('late'))
      return []
    } catch {
      return [...new Set(this.#running.values())]
    }
  }
}
