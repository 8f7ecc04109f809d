import type { Clock } from '@junto/protocol'
import { longestWait } from '../room/room-timers.ts'
import type { Flushable, TurnEnd } from '../sync/turn-end.ts'

/** Rings at the end of a turn: of this one, or of the first after a time. Of all times that it is set to, the earliest counts. */
export class Alarm implements Flushable {
  readonly #clock: Clock
  readonly #turnEnd: TurnEnd
  readonly #ring: () => number
  /** When it rings: `-Infinity` at the end of this turn, `Infinity` not at all. */
  #at = Infinity
  #cancelTimer: (() => void) | undefined
  #closed = false

  /** @param ring What is done then, or earlier where that is far away; it says when next. Must not throw. */
  constructor(clock: Clock, turnEnd: TurnEnd, ring: () => number) {
    this.#clock = clock
    this.#turnEnd = turnEnd
    this.#ring = ring
  }

  /** @param time On the clock; what has passed is the end of this turn. */
  set(time: number): void {
    if (time >= this.#at || this.#closed) return
    this.#stopTimer()
    const wait = time - this.#clock.now()
    if (wait <= 0) return this.#endTurn()
    this.#at = time
    this.#cancelTimer = this.#clock.after(Math.min(wait, longestWait), () => {
      this.#cancelTimer = undefined
      // Not at once: what else happens in this turn belongs to it.
      this.#endTurn()
    })
  }

  /** It never rings again. */
  close(): void {
    this.#closed = true
    this.#stopTimer()
  }

  /** The end of the turn. */
  flush(): void {
    if (this.#closed) return
    const next = this.#ring()
    // Only now: what the ringing brought about is in what it said.
    this.#at = Infinity
    this.set(next)
  }

  #endTurn(): void {
    this.#at = -Infinity
    this.#turnEnd.flushBehind(this)
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
