import { Clock } from '@junto/protocol'

/** Node's time: the one place of the server where timers and the end of the turn come from the platform. */
export class SystemClock extends Clock {
  #queue: (() => void)[] = []
  readonly #drain = () => this.#runQueue()

  override now(): number {
    return performance.now()
  }

  override time(): number {
    return Date.now()
  }

  override after(ms: number, fn: () => void): () => void {
    // Above 2^31 − 1 Node would run it at once.
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), 0x7fff_ffff))
    return () => clearTimeout(timer)
  }

  /** Runs after the poll phase, in which everything that arrived together is read, and before the next timers. */
  override atEndOfTurn(fn: () => void): void {
    if (this.#queue.push(fn) === 1) setImmediate(this.#drain)
  }

  #runQueue(): void {
    const queue = this.#queue
    this.#queue = []
    let done = 0
    try {
      while (done < queue.length) queue[done++]?.()
    } finally {
      // One that throws ends the process unless somebody listens: then the others must not be forgotten.
      if (done < queue.length) for (const fn of queue.slice(done)) this.atEndOfTurn(fn)
    }
  }
}
