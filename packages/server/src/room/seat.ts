import type { ErrorCode } from '@junto/protocol'
import type { AbandonedHandlers, Frame, JoinBy } from '@junto/protocol/internal'

/**
 * The seam between sessions and rooms. A session knows connections, room refs and frames' bytes; a room knows members.
 * Neither sees the other's insides: a session holds {@link Seat}s, a room holds {@link MemberLink}s.
 */

/**
 * Why a membership ended; what `onLeave` is told.
 *
 * - `left`: the client left.
 * - `disconnected`: its connection ended.
 * - `kicked`: the room removed it.
 * - `closed`: the room was closed.
 * - `failed`: the room broke (too many faults) and was closed.
 * - `shutdown`: the server is closing.
 */
export type LeaveReason = (typeof leaveReasons)[number]

const leaveReasons = ['left', 'disconnected', 'kicked', 'closed', 'failed', 'shutdown'] as const

/** Whether something, such as the reason of an abort signal, is a reason for leaving. */
export function isLeaveReason(reason: unknown): reason is LeaveReason {
  return leaveReasons.some((each) => each === reason)
}

/** What a room may do with one member's connection. The session adds the room ref. */
export interface MemberLink {
  /**
   * Queues a frame; it leaves with everything else of this turn, in the order of sending. Never throws and never
   * waits. The bytes may be shared with other links and must not be written to. A frame that can never fit is dropped
   * by the session, which then ends the membership or says so in its log.
   */
  send(frame: Uint8Array): void
  /**
   * Whether so much waits already that what may be dropped or postponed should be. When that is over, {@link Seat.drained} is
   * called.
   */
  readonly congested: boolean
  /** Bytes of one frame that the client accepts. What is larger fails at its sender, who can do something about it. */
  readonly maxFrame: number
  /**
   * A fault of this member that belongs to no call: an unknown or invalid event. The session answers with a notice and
   * counts it against the connection.
   */
  notice(code: ErrorCode, message: string): void
  /**
   * The room ended the membership: the session tells the client and forgets the seat. Never called for what the
   * session ended itself by {@link Seat.leave}.
   */
  ended(reason: LeaveReason, message?: string): void
}

/** Who is at the other end. One object per connection: authentication is remembered by its identity. */
export interface ConnectionInfo {
  /** The session's id, chosen by the client. A secret between it and the server. */
  readonly session: string
  /** The credentials of its hello, as sent: untrusted. */
  readonly auth: unknown
  readonly remoteAddress: string
  /** Handlers that run on after it had stopped waiting for them, in all of its rooms. Left out: counted for each membership. */
  readonly abandoned?: AbandonedHandlers
}

/** A join frame's content. Everything in it is untrusted, its shape is checked by the frame's parser. */
export interface JoinRequest {
  readonly by: JoinBy
  /** The contract's name. */
  readonly room: string
  readonly key?: string | undefined
  readonly id?: string | undefined
  readonly where?: unknown
  readonly join?: unknown
  readonly options?: unknown
  /** The contract's version, given by a client that holds the contract as a type only. */
  readonly version?: number | undefined
  /** Hashes of the layouts that the client holds already. */
  readonly layouts?: readonly string[] | undefined
  readonly connection: ConnectionInfo
}

/** What the joined frame says: sent as it stands, a map by name. */
export interface JoinedInfo {
  readonly room: string
  readonly id: string
  readonly key?: string
  /** The member's id. */
  readonly member: string
  /** The hash of the room's layout. */
  readonly layout: string
  /** The layout itself, unless the client holds it. */
  readonly definition?: unknown
}

/** One membership, seen from the session. */
export interface Seat {
  readonly joined: JoinedInfo
  /**
   * To be called once, directly after the joined frame was handed to the link: sends the snapshot, then what the room
   * sent to this member while it joined, and delivers from then on. Nothing is sent before.
   */
  start(): void
  /** A frame of this member for the room. Never throws: bad ones are answered. */
  receive(frame: Frame): void
  /** What waited for the client has left: {@link MemberLink.congested} is over. */
  drained(): void
  /**
   * The client left, or its connection is gone. Nothing is sent to the link any more. May be called more than once, and
   * after the room ended the membership: `onLeave` runs exactly once.
   */
  leave(reason: LeaveReason): void
}

/** Where sessions find rooms. Implemented by the room registry. */
export interface Rooms {
  /**
   * Finds or makes the room, takes a seat in it and runs `onJoin`.
   *
   * Aborting `signal` (the connection is gone, or the client left before it had joined) frees the seat; whatever
   * `signal.reason` then says is the reason for `onLeave` when it is a {@link LeaveReason}, else `disconnected`. The
   * promise may still resolve when the abort came after: a session that no longer wants the seat calls `leave`.
   *
   * @throws JuntoError for the refused frame: code, message and data are meant for the client. Never anything else.
   */
  join(request: JoinRequest, link: MemberLink, signal: AbortSignal): Promise<Seat>
  /**
   * Whether a room type of this name asks who comes. Where it does not, a session may want to look at the origin of a
   * stranger before it joins.
   */
  authenticates(room: string): boolean
  /** Ends all memberships, runs the hooks, saves and disposes all rooms. Joins are refused from now on. */
  close(): Promise<void>
}
