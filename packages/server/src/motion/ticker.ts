import type { Clock } from '@junto/protocol'
import type { Counter, Histogram } from '../observe/metrics.ts'

/** A timer may come that many ms before its time: the platform's count whole ones, of a clock that it reads now and then. */
const mostEarly = 1

/** Parts of a {@link Ticker}. */
export interface TickerOptions {
  readonly clock: Clock
  /** Milliseconds of one tick. */
  readonly interval: number
  /** So many ticks are made up for at once; what is missing beyond is dropped. */
  readonly maxCatchUp: number
  /** By how many seconds ticks were late. */
  readonly delays: Histogram
  readonly dropped: Counter
  /** So many ticks are dropped, before those that are done. Must not throw. */
  readonly skip?: (ticks: number) => void
  /**
   * Does one tick. Must not throw. It may {@link Ticker.pause} or close: then no other follows.
   *
   * @param tick Its number; the first is 1.
   * @param time When it was due, on the clock: one interval after the one before, unless ticks were dropped or paused.
   */
  readonly tick: (tick: number, time: number) => void
  /** All ticks that were due are done. Must not throw. */
  readonly after: () => void
}

/**
 * Ticks of a fixed length: however late a timer comes, each tick stands for one interval, and in the long run there are as many as
 * intervals have passed. One that is late is made up for at once; after a long standstill, at most `maxCatchUp` are, and the rest never
 * were: a room that is given more than it can do would else fall behind for ever.
 */
export class Ticker {
  readonly #options: TickerOptions
  /** When the next tick is due. */
  #due = 0
  #cancel: (() => void) | undefined
  #isRunning = false
  #isClosed = false
  #tick = 0

  constructor(options: TickerOptions) {
    this.#options = options
  }

  /** The last tick that was begun; 0 before the first. */
  get tick(): number {
    return this.#tick
  }

  /** Whether time passes. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Time passes from now on: the next tick comes after one interval. */
  run(): void {
    if (this.#isRunning || this.#isClosed) return
    const { clock, interval } = this.#options
    this.#isRunning = true
    this.#due = clock.now() + interval
    this.#arm()
  }

  /** Time stands still, without a timer. */
  pause(): void {
    this.#isRunning = false
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** It never ticks again. */
  close(): void {
    this.#isClosed = true
    this.pause()
  }

  #arm(): void {
    const { clock } = this.#options
    this.#cancel = clock.after(Math.max(0, this.#due - clock.now()), () => this.#wake())
  }

  #wake(): void {
    const { clock, interval, maxCatchUp, delays, dropped, skip, tick, after } = this.#options
    const now = clock.now()
    this.#cancel = undefined
    const due = Math.floor((now + Math.min(mostEarly, interval / 2) - this.#due) / interval) + 1
    const missed = due - maxCatchUp
    if (missed > 0) {
      dropped.add(missed)
      skip?.(missed)
      this.#due += missed * interval
    }
    for (let done = Math.max(0, missed); done < due; done++) {
      const time = this.#due
      this.#due += interval
      delays.observe(Math.max(0, now - time) / 1000)
      tick(++this.#tick, time)
      // It may have paused, and even run again.
      if (!this.#isRunning || this.#cancel !== undefined) break
    }
    if (due > 0) after()
    if (this.#isRunning && this.#cancel === undefined) this.#arm()
  }
}
