import type { Atomic } from '../sync/atomic.ts'
import type { Motion } from '../motion/motion.ts'
import type { PresenceLane } from '../presence/presence-lane.ts'
import type { RoomSync } from '../sync/room-sync.ts'
import type { Identity } from './authenticator.ts'
import type { ConversationHost } from './conversation.ts'
import type { Culprit } from './faults.ts'
import type { MemberSeat } from './member-seat.ts'
import type { MemberLink, Resumption, SessionInfo } from './seat.ts'

/** What a seat needs of its room. */
export interface SeatHost extends ConversationHost {
  /** Where the state is changed as one: nobody goes in the middle. */
  readonly atomic: Atomic
  readonly sync: RoomSync
  /** Where members of this room can show something of themselves. */
  readonly presence: PresenceLane | undefined
  /** What moves this room, if it ticks. */
  readonly motion: Motion | undefined
  /** Bytes that may wait here for one member. */
  readonly maxHeld: number
  /** Snapshots that one member may ask for within a minute. */
  readonly maxResyncs: number
  /** A member has said something of its own. `undefined`: the room does not count that. */
  readonly heard: (() => void) | undefined
  /** Its session is away. Called in turns with {@link resumed}. */
  dropped(seat: MemberSeat): void
  /** Its session is back. */
  resumed(seat: MemberSeat, resumption: Resumption): void
  /** The seat was left, by whichever side. Called once. */
  left(seat: MemberSeat): void
  /** Something failed that no code of the room is known to have done. */
  report(error: unknown, where: string, by: Culprit): void
}

/** Somebody who comes to sit down. */
export interface Entrant {
  readonly session: SessionInfo
  readonly identity: Identity
  readonly join: unknown
  readonly link: MemberLink
  /** Hashes of the layouts its client holds. */
  readonly layouts: readonly string[]
}
