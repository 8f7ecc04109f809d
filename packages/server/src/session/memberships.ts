import { JuntoError } from '@junto/protocol'
import type { ErrorCode } from '@junto/protocol'
import { encodeFrame, errorToWire, FrameType } from '@junto/protocol/internal'
import type { Frame, JoinFrame, ResumeRequest } from '@junto/protocol/internal'
import type { Allowance } from '../limits/message-limits.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { sessionTag } from '../observe/session-tag.ts'
import type { LeaveReason, Seat, SessionInfo } from '../room/seat.ts'
import type { DueQueue } from './due-queue.ts'
import { EndedRefs } from './ended-refs.ts'
import { Joins } from './joins.ts'
import type { JoinsEnvironment, JoinsHost } from './joins.ts'
import { Membership } from './membership.ts'
import type { MembershipHost } from './membership.ts'
import type { Outgoing } from './outgoing.ts'
import { UnseatedMemberships } from './unseated.ts'

/** What memberships of all sessions share. */
export interface MembershipsEnvironment extends JoinsEnvironment {
  readonly logger: Logger
  readonly metrics: Metrics
  /** Those that clients have forgotten and may take again: at last they expire. */
  readonly unseated: DueQueue<Membership>
}

/** The session whose memberships these are. */
export interface MembershipsHost extends JoinsHost {
  readonly info: SessionInfo
  readonly outgoing: Outgoing
  /** A fault of the peer that belongs to no call. */
  strike(code: ErrorCode, message: string): void
  /** Something failed that should not have. */
  report(error: unknown, where: string): void
  /** A room has ended, or is not joined after all: events that wait for it go nowhere. */
  left(ref: number): void
  /** There may be nothing left to come back for. */
  lessened(): void
}

/** The rooms of one session: those that it has joined, those that it asks for, and those that its client has forgotten. */
export class Memberships implements MembershipHost {
  readonly outgoing: Outgoing
  readonly #environment: MembershipsEnvironment
  readonly #host: MembershipsHost
  readonly #joins: Joins
  readonly #byRef = new Map<number, Membership>()
  readonly #ended: EndedRefs
  #wereSeated = false
  /** Whether there was a seat in a room with limits of single messages: elsewhere it is not worth looking for them, at each message. */
  #limited = false
  // What few sessions need is made on first use.
  /** By the joined frame of each, those of which the client may not know yet that they have joined. */
  #announced: Map<Uint8Array, Membership> | undefined
  #unseated: UnseatedMemberships | undefined

  constructor(environment: MembershipsEnvironment, host: MembershipsHost) {
    this.outgoing = host.outgoing
    this.#environment = environment
    this.#host = host
    this.#joins = new Joins(environment, host.info, host)
    this.#ended = new EndedRefs(environment.limits.maxRoomsPerConnection)
  }

  /** Whether nothing is joined or asked for, and no seat waits to be taken again. */
  get isEmpty(): boolean {
    return this.#byRef.size === 0 && (this.#unseated?.size ?? 0) === 0
  }

  /** Whether there ever was a seat. */
  get wereSeated(): boolean {
    return this.#wereSeated
  }

  // ---- What the client says.

  /** It asks for a room. @param origin Of the page that asks; undefined where it is another program. */
  join(frame: JoinFrame, origin: string | undefined): void {
    const { ref } = frame
    this.#claim(ref)
    const answered = this.#joins.begin(frame, origin, this.#byRef.size)
    if (answered instanceof JuntoError) return this.#refuse(ref, frame.room, answered)
    const membership = new Membership(ref, this)
    this.#byRef.set(ref, membership)
    const { rooms } = this.#environment
    void membership.join(rooms, frame, this.#host.info, this.#joins.abandoned).then(answered)
  }

  /** It asks for a room in a way that cannot be understood. */
  unfitJoin(ref: number, fault: string): void {
    this.#claim(ref)
    this.#refuse(ref, undefined, new JuntoError('invalid', fault))
  }

  /** It asked for a room too soon, and is told so elsewhere. */
  hastyJoin(ref: number): void {
    this.#claim(ref)
    this.#ended.remember(ref, 'refused')
  }

  leave(ref: number): void {
    const membership = this.#byRef.get(ref)
    if (membership) return membership.leave()
    // Ended by the server while the leave was under way: the client was told.
    if (this.#ended.get(ref) === undefined) this.strike('not_joined', `room ${ref} is not joined`)
  }

  /** A frame for a room. */
  receive(ref: number, frame: Frame): void {
    const membership = this.#byRef.get(ref)
    if (membership) membership.receive(frame)
    else if (this.#ended.get(ref) !== 'left') this.strike('not_joined', `room ${ref} is not joined`)
  }

  /** See {@link Seat.allowance}. */
  allowance(ref: number, frame: Frame): Allowance | undefined {
    return this.#limited ? this.#byRef.get(ref)?.allowance(frame) : undefined
  }

  /** A join says which ref it takes. */
  #claim(ref: number): void {
    if (this.#byRef.has(ref)) {
      throw new JuntoError('bad_message', `[P4] a join as room ${ref}, which is in use in this session`)
    }
    this.#ended.forget(ref)
  }

  /** Answers a join for which no room has to be asked. */
  #refuse(ref: number, room: string | undefined, error: JuntoError): void {
    this.joinRefused(room, error)
    this.#ended.remember(ref, 'refused')
    this.outgoing.send(0, encodeFrame({ type: FrameType.refused, ref, ...errorToWire(error) }))
  }

  // ---- What becomes of frames to the client.

  /** Numbered frames of a room were given up. */
  forfeited(ref: number, frames: readonly Uint8Array[]): void {
    this.#byRef.get(ref)?.forfeited(frames)
  }

  /** The client has a frame of the session. */
  taken(frame: Uint8Array): void {
    const membership = this.#announced?.get(frame)
    if (membership === undefined) return
    this.#known(frame)
    membership.heard()
  }

  /** The client has this frame, or does not get it any more. */
  #known(announced: Uint8Array): void {
    this.#announced?.delete(announced)
    // Mostly for good, and a map takes as much as the membership does.
    if (this.#announced?.size === 0) this.#announced = undefined
  }

  /** What waited for the client has left. */
  drained(): void {
    for (const membership of this.#byRef.values()) {
      if (this.outgoing.congested) return
      membership.drained()
    }
  }

  // ---- Lines that go and come.

  /** The line is gone. */
  drop(): void {
    for (const membership of this.#byRef.values()) membership.drop()
  }

  /** Those with a seat, also those that the client has forgotten. */
  seated(): readonly Membership[] {
    return [...this.#byRef.values(), ...(this.#unseated ?? [])].filter(({ seat }) => seat !== undefined)
  }

  /**
   * Ends one for which the credentials of who comes back are not good enough. What waited for it is not for whoever comes now.
   *
   * @param received How many frames the client has taken; undefined where it has forgotten everything, and hears nothing of this.
   */
  putOut(membership: Membership, error: JuntoError, received: number | undefined): void {
    const { ref, announced, isUnseated } = membership
    if (received === undefined || isUnseated) return membership.giveUp('refused')
    const isItsOwn = (room: number, frame: Uint8Array): boolean => room === ref || frame === announced
    const dropped = this.outgoing.link?.discard(received, isItsOwn) ?? []
    if (announced === undefined || !dropped.includes(announced)) return membership.end('refused', error.message)
    // A client that does not know of its seat yet waits for the answer to its join.
    this.#known(announced)
    membership.refuse(error)
  }

  /** Brings the states of those of which the client knows, each from the version that it has. */
  bringStates(held: ResumeRequest['rooms']): void {
    const versions = new Map(held?.map(([ref, epoch, version]) => [ref, { epoch, version }]))
    for (const membership of this.#byRef.values()) {
      if (membership.announced === undefined) membership.resume(versions.get(membership.ref))
    }
  }

  /** A frame of the session was sent again: where it is the joined frame of a room, the state of that goes behind it. */
  sentAgain(frame: Uint8Array): void {
    this.#announced?.get(frame)?.resume(undefined)
  }

  /** All that was kept was sent again. @param missed How many frames of each room are gone. */
  resumed(missed: ReadonlyMap<number, number>): void {
    for (const membership of this.#byRef.values()) membership.resumed(missed.get(membership.ref) ?? 0)
  }

  /** The client has forgotten all of them. Seats wait for it to join again. */
  forget(): void {
    const { unseated: due, limits } = this.#environment
    const joins: Promise<unknown>[] = []
    const forgotten = new Map<number, Membership>()
    this.#unseated ??= new UnseatedMemberships(due, limits.maxRoomsPerConnection)
    for (const membership of this.#byRef.values()) {
      if (membership.joining) joins.push(membership.joining)
      if (!membership.unseat()) continue
      forgotten.set(membership.ref, membership)
      this.#unseated.add(membership)
    }
    this.#clear()
    this.#joins.abandoned = joins.length > 0 ? Promise.all(joins) : undefined
    for (const { room, frame } of this.outgoing.reset()) forgotten.get(room)?.forfeited([frame])
    this.#unseated.trim()
  }

  /** The session ends. */
  release(reason: LeaveReason): void {
    for (const membership of this.#byRef.values()) membership.release(reason)
    this.#unseated?.release(reason)
    this.#clear()
  }

  #clear(): void {
    this.#byRef.clear()
    this.#announced = undefined
    this.#ended.clear()
  }

  // ---- What memberships tell.

  identified(): void {
    this.#joins.identified()
  }

  tookSeat(seat: Seat): void {
    this.#wereSeated = true
    if (seat.limited) this.#limited = true
    this.#unseated?.handOver(seat)
  }

  announced(membership: Membership, frame: Uint8Array): void {
    // Without a link nobody says what has arrived, and nobody comes back to ask.
    if (this.outgoing.link === undefined) return
    this.#announced ??= new Map()
    this.#announced.set(frame, membership)
  }

  ended(membership: Membership, told: 'left' | 'refused' | undefined): void {
    const { ref } = membership
    // The ref of one that the client has forgotten may be that of another by now.
    if (!this.#unseated?.delete(membership)) {
      this.#byRef.delete(ref)
      this.outgoing.dropRoom(ref)
      this.#host.left(ref)
      if (told !== undefined) this.#ended.remember(ref, told)
    }
    this.#host.lessened()
  }

  joinRefused(room: string | undefined, { code, message }: JuntoError): void {
    const { connection, session } = this.#host.info
    const about = { address: connection.remoteAddress, session: sessionTag(session), room, code }
    this.#environment.metrics.count('joins_refused', { code })
    this.#environment.logger.debug(`Refused a join: ${message}`, about)
  }

  strike(code: ErrorCode, message: string): void {
    this.#host.strike(code, message)
  }

  report(error: unknown, where: string): void {
    this.#host.report(error, where)
  }
}
