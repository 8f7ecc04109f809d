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
}

/** Whose ticks a {@link Ticker} counts. None of its methods may throw. */
export interface Ticked {
  /** So many ticks are dropped, before those that are done. */
  skip(ticks: number): void
  /**
   * Does one tick. It may {@link Ticker.pause} or close: then no other follows.
   *
   * @param tick Its number; the first is 1.
   * @param time When it was due, on the clock: one interval after the one before, unless ticks were dropped or paused.
   */
  step(tick: number, time: number): void
  /** All ticks that were due are done. */
  stepped(): void
}

/**
 * Ticks of a fixed length: however late a timer comes, each tick stands for one interval, and in the long run there are as many as
 * intervals have passed. One that is late is made up for at once; after a long standstill, at most `maxCatchUp` are, and the rest never
 * were: a room that is given more than it can do would else fall behind for ever.
 *
 * Where a thousand rooms tick, what a tick costs is to fetch what it touches from memory. So all that it needs is in few objects: its own, and
 * those of whom it tells.
 */
export class Ticker {
  readonly #host: Ticked
  readonly #clock: Clock
  readonly #interval: number
  readonly #maxCatchUp: number
  readonly #delays: Histogram
  readonly #dropped: Counter
  readonly #onTime = (): void => this.#wake()
  /** When the next tick is due. */
  #due = 0
  #cancel: (() => void) | undefined
  #isRunning = false
  #isClosed = false
  #tick = 0

  constructor(host: Ticked, { clock, interval, maxCatchUp, delays, dropped }: TickerOptions) {
    this.#host = host
    this.#clock = clock
    this.#interval = interval
    this.#maxCatchUp = maxCatchUp
    this.#delays = delays
    this.#dropped = dropped
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
    this.#isRunning = true
    this.#due = this.#clock.now() + this.#interval
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
    this.#cancel = this.#clock.after(Math.max(0, this.#due - this.#clock.now()), this.#onTime)
  }

  #wake(): void {
    const host = this.#host
    const interval = this.#interval
    const now = this.#clock.now()
    this.#cancel = undefined
    const due = Math.floor((now + Math.min(mostEarly, interval / 2) - this.#due) / interval) + 1
    const missed = due - this.#maxCatchUp
    if (missed > 0) {
      this.#dropped.add(missed)
      host.skip(missed)
      this.#due += missed * interval
    }
    for (let done = Math.max(0, missed); done < due; done++) {
      const time = this.#due
      this.#due += interval
      this.#delays.observe(Math.max(0, now - time) / 1000)
      host.step(++this.#tick, time)
      // It may have paused, and even run again.
      if (!this.#isRunning || this.#cancel !== undefined) break
    }
    if (due > 0) host.stepped()
    if (this.#isRunning && this.#cancel === undefined) this.#arm()
  }
}
