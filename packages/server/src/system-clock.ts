import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import { Clock } from '@junto/protocol'
import { LoopDelay, type LoopDelays } from './observe/loop-delay.ts'

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

/** Milliseconds between looks at the event loop: each costs some microseconds. */
const lookInterval = 20

/** Node's own measurement of its event loop, by a timer that keeps no process alive. */
export class SystemLoopDelay extends LoopDelay {
  #histogram: IntervalHistogram | undefined

  override start(): void {
    this.#histogram ??= monitorEventLoopDelay({ resolution: lookInterval })
    this.#histogram.enable()
  }

  override stop(): void {
    this.#histogram?.disable()
    this.#histogram = undefined
  }

  override read(): LoopDelays | undefined {
    const histogram = this.#histogram
    if (histogram === undefined || histogram.count === 0) return undefined
    const delays = {
      p50: lateness(histogram.percentile(50)),
      p99: lateness(histogram.percentile(99)),
      max: lateness(histogram.max),
    }
    histogram.reset()
    return delays
  }
}

/** What is recorded are the nanoseconds between two looks. */
function lateness(between: number): number {
  return Math.max(0, between / 1e9 - lookInterval / 1000)
}
