import { JuntoError } from '@junto/protocol'
import { isPromiseLike } from '@junto/protocol/internal'
import type { Atomic } from '../sync/atomic.ts'
import type { Message } from '../sync/feed.ts'
import type { AwaitedSeats } from './awaited-seats.ts'
import type { Faults } from './faults.ts'
import { MemberSeat } from './member-seat.ts'
import type { Entrant, SeatHost } from './seat-host.ts'
import type { RoomMember } from './room-member.ts'
import { unlessAborted } from '../promises.ts'
import { thrownAs } from '../thrown.ts'
import { encodeSeat, type SavedSeat } from './saved-seat.ts'
import {
  isLeaveReason,
  type JoinedInfo,
  type LeaveReason,
  type MemberLink,
  type Resumption,
  type SessionInfo,
} from './seat.ts'
import type { UnderWay } from './under-way.ts'

/** Parts of {@link Seats}. */
export interface SeatsOptions {
  /** Remembers the hooks that run. */
  readonly underWay: UnderWay
  readonly faults: Faults
  /** Where the state is changed as one: hooks run before it or after it. */
  readonly atomic: Atomic
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
  /**
   * What was saved of the seats is not so any more.
   *
   * @param isWrong Whoever restored the room from that would wait for somebody in vain. Else: there is more to be saved.
   */
  readonly onChanged: (isWrong: boolean) => void
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
  /** Those of members of a process before this one. */
  #awaited: AwaitedSeats | undefined
  /** Those that the room's record has, if it was saved. */
  #recorded: ReadonlySet<MemberSeat> = new Set()
  /** The server stops: until when seats wait then, in milliseconds since 1970. */
  #keptUntil: number | undefined
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

  /** Whether a seat that was reserved is still one of those that there are: a room may say in `onCreate` how many it has, when many wait for it. */
  hasPlace(session: SessionInfo): boolean {
    if (this.#taken.size <= this.most) return true
    let before = 0
    for (const each of this.#taken.keys()) {
      if (each === session) return true
      if (++before >= this.most) return false
    }
    return true
  }

  /** Takes a seat, or again the one that is kept for the session. @throws JuntoError `forbidden`, `room_full`, or `already_joined`. */
  reserve(session: SessionInfo): void {
    if (!this.#taken.has(session)) this.#handOver(session)
    if (this.#taken.get(session)?.claim()) return
    if (this.#taken.has(session)) {
      throw new JuntoError('already_joined', 'this session is a member of the room already')
    }
    if (this.locked) throw new JuntoError('forbidden', 'the room is locked: nobody new comes in')
    const { most } = this
    if (this.#taken.size >= most) throw full(most)
    this.#taken.set(session, undefined)
    this.#options.onTaken(session)
  }

  /** Gives back a seat on which nobody came to sit. One that was kept is kept on. */
  release(session: SessionInfo): void {
    const seat = this.#taken.get(session)
    if (seat?.unclaim() !== true) this.#free(session)
    else if (this.#awaited?.isOverdue(seat) === true) seat.leave('disconnected')
  }

  /**
   * Seats somebody on the seat that was reserved, and runs `onJoin`. Whatever happens, the seat is taken care of.
   *
   * @throws JuntoError saying why it came to nothing.
   */
  async join(host: SeatHost, entrant: Entrant, joined: JoinedInfo, signal: AbortSignal): Promise<MemberSeat> {
    // What was claimed may have ended meanwhile.
    if (!this.#taken.has(entrant.session)) this.reserve(entrant.session)
    if (!this.hasPlace(entrant.session)) {
      this.#free(entrant.session)
      throw full(this.most)
    }
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

  /**
   * The seat that was claimed again by {@link reserve}; nothing where there was none, or it is gone since.
   *
   * @throws JuntoError `room_full` when all seats turned out to be those of members who are awaited. The reserved one is free again then.
   */
  claimed(session: SessionInfo): MemberSeat | undefined {
    // It was reserved before the room was restored.
    if (this.#taken.has(session) && this.#taken.get(session) === undefined) {
      this.#handOver(session)?.claim()
      if (this.#taken.get(session) === undefined && this.#taken.size > this.most && this.#awaited !== undefined) {
        this.#free(session)
        throw full(this.most)
      }
    }
    const seat = this.#taken.get(session)
    if (seat !== undefined && this.#awaited?.delete(seat) === true) this.#options.onChanged(true)
    return seat
  }

  // ---- Over the end of the process.

  /** The seats for the room's record. Who is joining has none yet. */
  record(): readonly object[] {
    const seats = new Set<MemberSeat>()
    for (const seat of this.#taken.values()) if (seat !== undefined && !this.#joining.has(seat)) seats.add(seat)
    this.#recorded = seats
    return [...seats].map((seat) =>
      encodeSeat({
        member: seat.id,
        session: seat.session.session,
        proof: seat.session.proof?.hashes ?? [],
        user: seat.member.user,
        userKey: seat.userKey,
        join: seat.member.join,
        away: seat.isAway,
        mutation: seat.progress.mutation,
        input: seat.lastInput,
        until: this.#awaited?.untilOf(seat) ?? this.#keptUntil,
      }),
    )
  }

  /**
   * The room was saved with these. Each is a member that is not connected, until its session comes for it. Before `onRestore`; nothing is
   * told to the room.
   *
   * @param awaited Where they wait. See {@link begin}.
   */
  restore(
    host: SeatHost,
    saved: readonly SavedSeat[],
    joined: Omit<JoinedInfo, 'member'>,
    awaited: AwaitedSeats,
  ): void {
    this.#awaited = awaited
    for (const one of saved) {
      const { member, session, proof, user, userKey, join } = one
      const info: SessionInfo = {
        session,
        connection: { auth: undefined, remoteAddress: '' },
        abandoned: { count: 0 },
        proof: { hashes: proof, knows: () => false },
      }
      const entrant: Entrant = { session: info, identity: { user, key: userKey }, join, link: nobody, layouts: [] }
      const seat = new MemberSeat(host, entrant, { ...joined, member })
      seat.restore(one, awaited.add(seat, one))
      this.#taken.set(info, seat)
      this.members.set(member, seat.member)
      this.#options.onTaken(info)
    }
    this.#recorded = new Set([...this.#taken.values()].filter((seat) => seat !== undefined))
  }

  /** The room is open: it hears who is away, and who did not come back in time. */
  begin(): void {
    this.#awaited?.begin()
  }

  /**
   * The server stops, and the room is saved. Who can show to the next process who they are keep their seats, and nobody says goodbye to
   * them; the others leave.
   *
   * @param until How long the seats wait, in milliseconds since 1970.
   */
  keepAll(until: number, reason: LeaveReason, message?: string): void {
    this.#keptUntil = until
    this.#awaited?.stop()
    const kept = new Set<MemberSeat>()
    for (const seat of this.#taken.values()) {
      if (seat !== undefined && !this.#joining.has(seat) && seat.session.proof !== undefined) kept.add(seat)
    }
    this.#endAll(reason, message, kept)
    for (const seat of kept) {
      this.members.delete(seat.id)
      seat.part()
    }
    if (kept.size > 0) this.#options.onChanged(true)
  }

  /** Gives the seat that waits for a session to it. */
  #handOver(session: SessionInfo): MemberSeat | undefined {
    const seat = this.#awaited?.find(session)
    if (seat === undefined) return undefined
    this.#taken.delete(seat.session)
    this.#options.onFreed(seat.session)
    seat.session = session
    this.#taken.set(session, seat)
    this.#options.onTaken(session)
    return seat
  }

  /** Sends all members a message, except some. */
  sendAll(message: Message, isExcepted: (member: RoomMember) => boolean): void {
    for (const seat of this.#taken.values())
      if (seat !== undefined && !isExcepted(seat.member)) seat.say(message, 'visible')
  }

  /** A seat's session is away. For the seat's host. */
  dropped(seat: MemberSeat): void {
    this.#runHook('onDrop', () => this.#options.onDrop(seat.member))
  }

  /** A seat's session is back. For the seat's host. */
  resumed(seat: MemberSeat, resumption: Resumption): void {
    const { onResume, onChanged } = this.#options
    // Its session has another secret now.
    onChanged(false)
    this.#runHook('onResume', () => onResume(seat.member, resumption))
  }

  /** A seat was left. For the seat's host. */
  left(seat: MemberSeat): void {
    this.members.delete(seat.id)
    this.#awaited?.delete(seat)
    if (this.#recorded.has(seat)) this.#options.onChanged(true)
    if (this.#ended !== undefined) this.#ended.push(seat)
    else if (!this.#joining.has(seat)) this.#sayGoodbye(seat)
    this.#free(seat.session)
  }

  /**
   * Ends all memberships, and only then runs `onLeave` for each: otherwise all who are still there would be told what each of these
   * writes, and be gone the next moment.
   */
  endAll(reason: LeaveReason, message?: string): void {
    this.#awaited?.stop()
    this.#endAll(reason, message, new Set())
  }

  #endAll(reason: LeaveReason, message: string | undefined, except: ReadonlySet<MemberSeat>): void {
    const ended: MemberSeat[] = []
    this.#ended = ended
    for (const seat of this.#taken.values()) if (seat !== undefined && !except.has(seat)) seat.end(reason, message)
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
      const code = thrownAs(error, JuntoError)?.code
      if (code === 'forbidden' || code === 'room_closed') throw error
      faults.report(error, 'onJoin', seat)
      throw new JuntoError('room_failed', "the room failed while it admitted you; the server's log says why")
    }
    this.#joining.delete(seat)
    if (!seat.gone) {
      seat.admit()
      this.#options.onChanged(false)
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
    this.#runHook('onLeave', () => this.#options.onLeave(seat.member, seat.reason))
  }

  #runHook(name: string, hook: () => unknown): void {
    const { underWay, faults, atomic } = this.#options
    atomic.whenWhole(() => void underWay.track(name, faults.settle(name, hook)))
  }

  #free(session: SessionInfo): void {
    if (!this.#taken.delete(session)) return
    this.#options.onFreed(session)
    if (this.isEmpty) this.#options.onEmpty()
  }
}

/** What leads to a member whose session is not known here. */
const nobody: MemberLink = {
  congested: true,
  maxFrame: Infinity,
  send() {},
  sendState() {},
  sendLoose() {},
  notice() {},
  identified() {},
  ended() {},
}

function full(most: number): JuntoError {
  const message = most === 1 ? 'the only seat of the room is taken' : `all ${most} seats of the room are taken`
  return new JuntoError('room_full', message)
}
