import type { SessionInfo } from '../room/seat.ts'
import type { Found } from './entry.ts'
import { RoomIndex, type Finding } from './room-index.ts'
import { fitter, nameOf, type Wish } from './wish.ts'

/** A room, as matchmaking sees it. */
export interface Candidate extends Found {
  /** Whether somebody who looks for a room may find it now: it is open, has no key, is neither private nor locked, and has a free seat. */
  readonly isFindable: boolean
  /** While it is being created, and has a free seat: what was looked for by the one who caused it. Its metadata is not known yet. */
  readonly wanted: string | undefined
  /** Whether this session could sit down there. */
  canSeat(session: SessionInfo): boolean
}

/** Chooses rooms of one type for those who look for one. */
export class Matchmaker<R extends Candidate> {
  readonly #index = new RoomIndex<R>()
  /** Rooms that are being created, by what is wanted of them. */
  readonly #coming = new Map<string, Set<R>>()
  readonly #wanted = new Map<R, string>()

  /** A room is there, has changed, or has gone. */
  changed(room: R): void {
    const { wanted } = room
    if (this.#wanted.get(room) !== wanted) this.#expect(room, wanted)
    if (room.isFindable) this.#index.set(room)
    else this.#index.delete(room)
  }

  /**
   * The room that fits and comes first. Where none does, one that is just being created for the same wish: else a hundred who come at once
   * would each make one.
   */
  choose(wish: Wish, session: SessionInfo): Finding<R> {
    const found = this.#index.best(wish, (room) => room.canSeat(session))
    if (found.room !== undefined) return found
    for (const room of this.#coming.get(nameOf({ where: wish.where })) ?? [])
      if (room.canSeat(session)) return { ...found, room }
    return found
  }

  /** Whether a room that was chosen is what was wanted: it may have become something else while somebody waited for it. */
  isRight(room: R, wish: Wish): boolean {
    return fitter(wish.where)(room.metadata)
  }

  #expect(room: R, wanted: string | undefined): void {
    const before = this.#wanted.get(room)
    if (before !== undefined) {
      const coming = this.#coming.get(before)
      coming?.delete(room)
      if (coming?.size === 0) this.#coming.delete(before)
      this.#wanted.delete(room)
    }
    if (wanted === undefined) return
    this.#wanted.set(room, wanted)
    const coming = this.#coming.get(wanted)
    if (coming === undefined) this.#coming.set(wanted, new Set([room]))
    else coming.add(room)
  }
}
