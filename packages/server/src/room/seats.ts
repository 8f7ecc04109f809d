import { JuntoError } from '@junto/protocol'
import { isPromiseLike } from '@junto/protocol/internal'
import type { Message } from '../sync/feed.ts'
import type { Faults } from './faults.ts'
import { MemberSeat, type Entrant, type SeatHost } from './member-seat.ts'
import type { RoomMember } from './room-member.ts'
import { unlessAborted } from '../promises.ts'
import { isLeaveReason, type JoinedInfo, type LeaveReason, type Resumption, type SessionInfo } from './seat.ts'
import type { UnderWay } from './under-way.ts'

/** Parts of {@link Seats}. */
export interface SeatsOptions {
  /** Remembers the hooks that run. */
  readonly underWay: UnderWay
  readonly faults: Faults
  /** Seats at the beginning. */
  readonly most: number
  /** The room's hooks. May throw. */
  readonly onJoin: (member: object, join: unknown) => unknown
  readonly onDrop: (member: object) => unknown
  readonly onResume: (member: object, resumption: Resumption) => unknown
  readonly onLeave: (member: object, reason: LeaveReason) => unknown
  /** A seat was taken, before anybody sits there. */
  readonly onTaken: (session: SessionInfo) => void
  /** It is free again. */
  readonly onFreed: (session: SessionInfo) => void
  /** The last seat is free again. */
  readonly onEmpty: () => void
}

/**
 * The seats of a room. A seat is taken before anything is waited for, by a session, which may have one; it is free
 * again when the membership ends or never comes about. `onLeave` runs once for each `onJoin` that completed; `onDrop` and `onResume` in
 * turns between these.
 */
export class Seats {
  /** What users see: those who sit, joining ones included. */
  readonly members = new Map<string, RoomMember>()
  /** How many seats there are. */
  most: number
  /** Whether nobody new may sit down. */
  locked = false
  readonly #options: SeatsOptions
  /** By whom, with the seat once somebody sits there. */
  readonly #taken = new Map<SessionInfo, MemberSeat | undefined>()
  /** Seats whose `onJoin` still runs. */
  readonly #joining = new Set<MemberSeat>()
  /** While all are ended: those whose `onLeave` waits until all are. */
  #ended: MemberSeat[] | undefined

  constructor(options: SeatsOptions) {
    this.#options = options
    this.most = options.most
  }

  get isEmpty(): boolean {
    return this.#taken.size === 0
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken.size
  }

  /** Whether somebody new may sit down. */
  get hasFree(): boolean {
    return !this.locked && this.#taken.size < this.most
  }

  canSeat(session: SessionInfo): boolean {
    return this.hasFree && !this.#taken.has(session)
  }

  /** Whether a seat waits for this session to join again. */
  isKeptFor(session: SessionInfo): boolean {
    return this.#taken.get(session)?.unseated === true
  }

  /** Takes a seat, or again the one that is kept for the session. @throws JuntoError `forbidden`, `room_full`, or `already_joined`. */
  reserve(session: SessionInfo): void {
    if (this.#taken.get(session)?.claim()) return
    if (this.#taken.has(session)) {
      throw new JuntoError('already_joined', 'this session is a member of the room already')
    }
    if (this.locked) throw new JuntoError('forbidden', 'the room is locked: nobody new comes in')
    const { most } = this
    if (this.#taken.size >= most) {
      const message = most === 1 ? 'the only seat of the room is taken' : `all ${most} seats of the room are taken`
      throw new JuntoError('room_full', message)
    }
    this.#taken.set(session, undefined)
    this.#options.onTaken(session)
  }

  /** Gives back a seat on which nobody came to sit. One that was kept is kept on. */
  release(session: SessionInfo): void {
    if (!this.#taken.get(session)?.unclaim()) this.#free(session)
  }

  /**
   * Seats somebody on the seat that was reserved, and runs `onJoin`. Whatever happens, the seat is taken care of.
   *
   * @throws JuntoError saying why it came to nothing.
   */
  async join(host: SeatHost, entrant: Entrant, joined: JoinedInfo, signal: AbortSignal): Promise<MemberSeat> {
    // What was claimed may have ended meanwhile.
    if (!this.#taken.has(entrant.session)) this.reserve(entrant.session)
    const seat = new MemberSeat(host, entrant, joined)
    this.#taken.set(entrant.session, seat)
    this.members.set(seat.id, seat.member)
    this.#joining.add(seat)
    const onAbort = () => seat.leave(isLeaveReason(signal.reason) ? signal.reason : 'disconnected')
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
    try {
      const admitted = this.#options.underWay.track('onJoin', this.#admit(seat))
      return await unlessAborted(signal, admitted, () => new JuntoError('cancelled', 'the join was given up'))
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** The seat that was claimed again by {@link reserve}; nothing where there was none, or it is gone since. */
  claimed(session: SessionInfo): MemberSeat | undefined {
    return this.#taken.get(session)
  }

  /** Sends all members a message, except some. */
  sendAll(message: Message, isExcepted: (member: RoomMember) => boolean): void {
    for (const seat of this.#taken.values())
      if (seat !== undefined && !isExcepted(seat.member)) seat.say(message, 'visible')
  }

  /** A seat's session is away. For the seat's host. */
  dropped(seat: MemberSeat): void {
    const { underWay, faults, onDrop } = this.#options
    void underWay.track(
      'onDrop',
      faults.settle('onDrop', () => onDrop(seat.member)),
    )
  }

  /** A seat's session is back. For the seat's host. */
  resumed(seat: MemberSeat, resumption: Resumption): void {
    const { underWay, faults, onResume } = this.#options
    void underWay.track(
      'onResume',
      faults.settle('onResume', () => onResume(seat.member, resumption)),
    )
  }

  /** A seat was left. For the seat's host. */
  left(seat: MemberSeat): void {
    this.members.delete(seat.id)
    if (this.#ended !== undefined) this.#ended.push(seat)
    else if (!this.#joining.has(seat)) this.#sayGoodbye(seat)
    this.#free(seat.session)
  }

  /**
   * Ends all memberships, and only then runs `onLeave` for each: otherwise all who are still there would be told what each of these
   * writes, and be gone the next moment.
   */
  endAll(reason: LeaveReason, message?: string): void {
    const ended: MemberSeat[] = []
    this.#ended = ended
    for (const seat of this.#taken.values()) seat?.end(reason, message)
    this.#ended = undefined
    for (const seat of ended) if (!this.#joining.has(seat)) this.#sayGoodbye(seat)
  }

  async #admit(seat: MemberSeat): Promise<MemberSeat> {
    const { faults, onJoin } = this.#options
    try {
      const done = faults.measure(() => onJoin(seat.member, seat.member.join))
      if (isPromiseLike(done)) await done
    } catch (error) {
      seat.leave('failed')
      this.#joining.delete(seat)
      // How a room says no.
      if (error instanceof JuntoError && (error.code === 'forbidden' || error.code === 'room_closed')) throw error
      faults.report(error, 'onJoin', seat)
      throw new JuntoError('room_failed', "the room failed while it admitted you; the server's log says why")
    }
    this.#joining.delete(seat)
    if (!seat.gone) {
      seat.admit()
      return seat
    }
    // It went while `onJoin` ran: that has completed, so `onLeave` is due.
    this.#sayGoodbye(seat)
    throw new JuntoError(
      seat.reason === 'kicked' ? 'forbidden' : 'room_closed',
      seat.message ?? `the membership ended while it began (${seat.reason})`,
    )
  }

  #sayGoodbye(seat: MemberSeat): void {
    const { underWay, faults, onLeave } = this.#options
    void underWay.track(
      'onLeave',
      faults.settle('onLeave', () => onLeave(seat.member, seat.reason)),
    )
  }

  #free(session: SessionInfo): void {
    if (!this.#taken.delete(session)) return
    this.#options.onFreed(session)
    if (this.isEmpty) this.#options.onEmpty()
  }
}
