import type { LeaveReason, Seat } from '../room/seat.ts'
import type { DueQueue } from './due-queue.ts'
import type { Membership } from './membership.ts'

/**
 * Memberships that the client of a session has forgotten, as a page that was loaded anew has. Each waits for a join that takes its seat
 * again, for as long as the queue lets it.
 */
export class UnseatedMemberships {
  readonly #due: DueQueue<Membership>
  readonly #most: number
  /** Those who went first at the front. */
  readonly #waiting = new Set<Membership>()

  /** @param most How many may wait. */
  constructor(due: DueQueue<Membership>, most: number) {
    this.#due = due
    this.#most = most
  }

  get size(): number {
    return this.#waiting.size
  }

  [Symbol.iterator](): Iterator<Membership> {
    return this.#waiting.values()
  }

  add(membership: Membership): void {
    this.#waiting.add(membership)
    this.#due.add(membership)
  }

  /** Gives up those beyond the bound: a page that is loaded again and again will not come back for what it took first. */
  trim(): void {
    for (const membership of this.#waiting) {
      if (this.#waiting.size <= this.#most) return
      membership.giveUp('disconnected')
    }
  }

  /** A membership of the same session has got a seat: none of these has it any more. */
  handOver(seat: Seat): void {
    for (const membership of this.#waiting) {
      if (membership.seat !== seat) continue
      membership.handOver()
      this.delete(membership)
    }
  }

  /** @returns whether it waited. */
  delete(membership: Membership): boolean {
    if (!this.#waiting.delete(membership)) return false
    this.#due.delete(membership)
    return true
  }

  /** The session ends. */
  release(reason: LeaveReason): void {
    for (const membership of this.#waiting) {
      this.delete(membership)
      membership.release(reason)
    }
  }
}
