import type { Clock } from '@junto/protocol'
import type { MemberSeat } from './member-seat.ts'
import type { SavedSeat } from './saved-seat.ts'
import type { SessionInfo } from './seat.ts'

/** Parts of {@link AwaitedSeats}. */
export interface AwaitedSeatsOptions {
  readonly clock: Clock
  /** Milliseconds for which a seat waits from the end of the process that saved it; from now on, where that end is not known. */
  readonly window: number
  /** Nobody has come for a seat in time. */
  readonly expired: (seat: MemberSeat) => void
}

/** By what a seat is found, and until when it waits. */
interface Awaited {
  readonly saved: SavedSeat
  /** Milliseconds since 1970. */
  readonly until: number
}

/**
 * The seats of a room that was restored: each waits for the session that had it in the process before. Who shows that the session is its own
 * gets the seat; the others find it taken.
 */
export class AwaitedSeats {
  readonly #options: AwaitedSeatsOptions
  readonly #awaited = new Map<MemberSeat, Awaited>()
  #cancelTimer: (() => void) | undefined

  constructor(options: AwaitedSeatsOptions) {
    this.#options = options
  }

  /** @returns for how many milliseconds its member has been away, as far as that is known. */
  add(seat: MemberSeat, saved: SavedSeat): number {
    const { clock, window } = this.#options
    const now = clock.time()
    // A clock that was put back must not keep a seat for ever.
    const latest = now + window
    const until = saved.proof.length === 0 ? now : Math.min(saved.until ?? latest, latest)
    this.#awaited.set(seat, { saved, until })
    return Math.max(0, latest - until)
  }

  /** The room is open: who is late is late from now on. */
  begin(): void {
    const now = this.#options.clock.time()
    for (const [seat, { until }] of this.#awaited) {
      if (until <= now) this.#options.expired(seat)
      else seat.toldAway()
    }
    this.#plan()
  }

  /** The seat that waits for a session, if one does. */
  find(session: SessionInfo): MemberSeat | undefined {
    for (const [seat, { saved }] of this.#awaited) {
      const isIts = seat.unseated && saved.session === session.session && session.proof?.knows(saved.proof) === true
      if (isIts) return seat
    }
    return undefined
  }

  /** Until when a seat waits, in milliseconds since 1970; `undefined`: it does not, or no longer. */
  untilOf(seat: MemberSeat): number | undefined {
    return this.#awaited.get(seat)?.until
  }

  /** Whether it has waited for as long as it may. */
  isOverdue(seat: MemberSeat): boolean {
    const until = this.#awaited.get(seat)?.until
    return until !== undefined && until <= this.#options.clock.time()
  }

  /** Its member is back, or has left. @returns whether it waited. */
  delete(seat: MemberSeat): boolean {
    const waited = this.#awaited.delete(seat)
    if (this.#awaited.size === 0) this.stop()
    return waited
  }

  /** Nothing expires any more. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** One timer for all: nearly all are due at once. */
  #plan(): void {
    const { clock } = this.#options
    const now = clock.time()
    let next = Infinity
    for (const { until } of this.#awaited.values()) if (until > now) next = Math.min(next, until)
    if (next === Infinity) return
    this.#cancelTimer = clock.after(next - now, () => {
      this.#cancelTimer = undefined
      // One whose session is joining is looked at again when that has come to nothing.
      for (const seat of this.#awaited.keys()) {
        if (seat.unseated && this.isOverdue(seat)) this.#options.expired(seat)
      }
      this.#plan()
    })
  }
}
