import type { ErrorCode } from '@junto/protocol'
import type { AbandonedHandlers, Frame, JoinBy } from '@junto/protocol/internal'
import type { Allowance } from '../limits/message-limits.ts'

/**
 * The seam between sessions and rooms. A session knows lines, room refs and frames' bytes; a room knows members.
 * Neither sees the other's insides: a session holds {@link Seat}s, a room holds {@link MemberLink}s.
 */

/**
 * Why a membership ended; what `onLeave` is told.
 *
 * - `left`: the client left.
 * - `disconnected`: its connection ended, and it did not come back in time.
 * - `refused`: it came back with credentials that no longer let it in.
 * - `kicked`: the room removed it.
 * - `closed`: the room was closed.
 * - `idle`: the room was closed because nobody had said anything for too long (option `idleAfter`).
 * - `expired`: the room was closed because it was too old (option `maxAge`).
 * - `failed`: the room broke (too many faults) and was closed.
 * - `shutdown`: the server is closing.
 */
export type LeaveReason = (typeof leaveReasons)[number]

const leaveReasons = [
  'left',
  'disconnected',
  'refused',
  'kicked',
  'closed',
  'idle',
  'expired',
  'failed',
  'shutdown',
] as const

/** Whether something, such as the reason of an abort signal, is a reason for leaving. */
export function isLeaveReason(reason: unknown): reason is LeaveReason {
  return leaveReasons.some((each) => each === reason)
}

/** Whether a member that was away has all that was said to it meanwhile: `resumed`; or not: `resynced`. Its state is right either way. */
export type ResumeOutcome = 'resumed' | 'resynced'

/** How a member came back; what `onResume` is told. */
export interface Resumption {
  /** `resumed`: it has all that was sent to it. `resynced`: some of it is lost, and the state is right all the same. */
  readonly outcome: ResumeOutcome
  /**
   * How many messages to it are lost. Of a page that was reloaded: those that nobody knows to have reached it. What had, it has forgotten as
   * well.
   */
  readonly missed: number
  /** Milliseconds since `onDrop`. */
  readonly downtime: number
}

/** The version of a room's state that a client says it has. Untrusted. */
export interface HeldState {
  readonly epoch: string
  readonly version: number
}

/** How an event that is not `reliable` is to be sent. */
export interface LooseDelivery {
  /** For class `latest`: of those that wait with the same key, only the newest is sent. Left out for `volatile`. */
  readonly key?: string
  /** What has a higher one leaves first, and is dropped last. */
  readonly priority: number
}

/**
 * What a room may do with one member's session, whether or not that has a line just now. The session adds the room ref. Nothing here
 * throws or waits. Frames' bytes may be shared with other links and must not be written to.
 */
export interface MemberLink {
  /**
   * Sends a numbered frame: it leaves with everything else of this turn, in the order of sending, and is kept until the client has
   * acknowledged it; while the session is away, for the time when it is back. A frame that can never fit is dropped by the session,
   * which then ends the membership or says so in its log.
   */
  send(frame: Uint8Array): void
  /** Sends a patch, snapshot or check, in one order with {@link send}. While the session is away: nothing. */
  sendState(frame: Uint8Array): void
  /**
   * Sends a loose frame. One of class `volatile` is dropped while the socket takes nothing or the session is away; of `latest`, the
   * newest for each key waits.
   */
  sendLoose(frame: Uint8Array, how: LooseDelivery): void
  /**
   * Whether so much waits already that what may be dropped or postponed should be; also while the session is away. When too much
   * waits no longer, {@link Seat.drained} is called.
   */
  readonly congested: boolean
  /** Bytes of one frame that the client accepts. What is larger fails at its sender, who can do something about it. */
  readonly maxFrame: number
  /**
   * A fault of this member that belongs to no call: an unknown or invalid event. The session answers with a notice and
   * counts it against the connection.
   */
  notice(code: ErrorCode, message: string): void
  /** Who joins has been told by the room type, which lets it in. Called before a seat is taken. */
  identified(): void
  /**
   * The room ended the membership: the session tells the client, when it is back if it is away, and forgets the seat. Never called
   * for what the session ended itself by {@link Seat.leave}.
   */
  ended(reason: LeaveReason, message?: string): void
}

/** Who is at the other end of a line. One object for each hello, also of a resume: authentication is remembered by its identity. */
export interface ConnectionInfo {
  /** The credentials of its hello, as sent: untrusted. */
  readonly auth: unknown
  readonly remoteAddress: string
}

/** By what a client shows that a session is its own: also to the process that comes after this one. */
export interface SessionProof {
  /** Hashes of the secrets that count: more than one while they change. */
  readonly hashes: readonly string[]
  /** Whether the client has a secret of which one of these is the hash. */
  knows(hashes: readonly string[]): boolean
}

/** A session: outlives its connections. Seats are taken by the identity of this object. */
export interface SessionInfo {
  /** Its id, chosen by the client. */
  readonly session: string
  /** The present connection, or the last one: replaced at each resume, by the session. */
  connection: ConnectionInfo
  /** Handlers that run on after it had stopped waiting for them, in all of its rooms. */
  readonly abandoned: AbandonedHandlers
  /** Left out where nobody can come back to it. */
  readonly proof?: SessionProof | undefined
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
  /** One field of the metadata, or `members`, with its direction. */
  readonly order?: unknown
  /** The most rooms in a list. */
  readonly limit?: number | undefined
  readonly session: SessionInfo
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
  /** Milliseconds from one tick to the next; left out where there are none. */
  readonly tick?: number
  /** Milliseconds from one patch to the next, at least; left out where there may be one each turn. */
  readonly patch?: number
  /** Bytes that a presence may have; left out where there is none. */
  readonly presence?: number
  /** The layout itself, unless the client holds it. */
  readonly definition?: unknown
  /** The session took a seat again that it had before. */
  readonly kept?: true
}

/**
 * One membership, seen from the session. Nothing here throws.
 *
 * It is kept over lines: {@link drop}, then {@link resume} and {@link resumed} with the next one, or {@link unseat} when the client that
 * came back knows nothing of it. How long it is kept is up to the session, which ends it by {@link leave}.
 */
export interface Seat {
  /** To be sent as it is when {@link start} is called: another one when the seat was taken again. */
  readonly joined: JoinedInfo
  /**
   * To be called once for each join, directly after the joined frame was handed to the link: brings the snapshot, then what the room
   * sent to this member while it joined, and delivers from then on. Nothing is sent before. When the session went away before
   * that, {@link drop} comes first: then what is reliable is handed to the link, and the state comes with {@link resume}.
   */
  start(): void
  /** Whether messages of its room have limits of their own: where none has, {@link allowance} need not be asked. */
  readonly limited: boolean
  /**
   * How often this member's user may send the message that a frame is. Where that has no limit of its own, and for all other frames:
   * undefined. Whoever delivers asks before each, and takes from it what is delivered.
   */
  allowance(frame: Frame): Allowance | undefined
  /** A frame of this member for the room. Bad ones are answered. */
  receive(frame: Frame): void
  /** What waited for the client has left: {@link MemberLink.congested} is over. */
  drained(): void
  /** The line is gone, the session is away. The seat is kept; `onDrop` runs. Harmless when called again. */
  drop(): void
  /**
   * There is a line again, and the client has the joined frame. Brings the state from the version that it has, at once; says nothing that is
   * numbered before {@link resumed}.
   *
   * @param has `undefined`: nothing, as when its joined frame has only now been replayed.
   */
  resume(has: HeldState | undefined): void
  /**
   * All that was kept for it has been replayed: `onResume` runs.
   *
   * @param missed Of the room's numbered frames to it, how many are gone.
   */
  resumed(outcome: ResumeOutcome, missed: number): void
  /**
   * Numbered frames of its that the link gave up, because too much was kept: their calls and streams fail. Behind {@link unseat}: what
   * was kept for the client that has forgotten everything.
   */
  forfeited(frames: readonly Uint8Array[]): void
  /**
   * The client is back and has forgotten everything, as a page that was reloaded. Its calls end as `outcome_unknown`, and the seat
   * waits for a join of the same session, which it then gets with `kept`.
   */
  unseat(): void
  /**
   * The client left, was refused, or did not come back. Nothing is sent to the link any more. May be called more than once, and
   * after the room ended the membership: `onLeave` runs exactly once.
   */
  leave(reason: LeaveReason): void
}

/** Where sessions find rooms. Implemented by the room registry. */
export interface Rooms {
  /**
   * Finds or makes the room, takes a seat in it and runs `onJoin`. Where this session has a seat that waits for it
   * ({@link Seat.unseat}), it gets that one again.
   *
   * Aborting `signal` (the session has ended, or the client left before it had joined) frees the seat; whatever
   * `signal.reason` then says is the reason for `onLeave` when it is a {@link LeaveReason}, else `disconnected`. The
   * promise may still resolve when the abort came after: a session that no longer wants the seat calls `leave`.
   *
   * @throws JuntoError for the refused frame: code, message and data are meant for the client. Never anything else.
   */
  join(request: JoinRequest, link: MemberLink, signal: AbortSignal): Promise<Seat>
  /**
   * Asks again who sits on a seat, with the credentials of a connection, which may not be that of the session yet. Nothing changes by
   * that.
   *
   * @returns what to call when the connection is let in: from then on `member.user` is what it has shown.
   * @param signal Aborted when nobody waits for the answer any more, because the connection has gone.
   * @throws JuntoError `unauthorized` or `forbidden` when it may not sit there any more; anything else says that this cannot be told
   *   now.
   */
  readmit(seat: Seat, session: SessionInfo, connection: ConnectionInfo, signal?: AbortSignal): Promise<() => void>
  /**
   * Whether a room type of this name asks who comes. Where it does not, a session may want to look at the origin of a
   * stranger before it joins.
   */
  authenticates(room: string): boolean
}
