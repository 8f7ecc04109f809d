import { JuntoError } from '@junto/protocol'
import type { ErrorCode } from '@junto/protocol'
import { encodeFrame, errorToWire, FrameType } from '@junto/protocol/internal'
import type { Frame, JoinFrame } from '@junto/protocol/internal'
import type { Allowance } from '../limits/message-limits.ts'
import type { Verdict } from './candidates.ts'
import type { Outgoing } from './outgoing.ts'
import type {
  ConnectionInfo,
  HeldState,
  JoinRequest,
  LeaveReason,
  LooseDelivery,
  MemberLink,
  Rooms,
  Seat,
  SessionInfo,
} from '../room/seat.ts'

/** What a membership needs of its session. */
export interface MembershipHost {
  /** What is said to the client. */
  readonly outgoing: Outgoing
  /** A fault of the peer that belongs to no call. */
  strike(code: ErrorCode, message: string): void
  /** The room type has said who it is that joins. */
  identified(): void
  /** This seat was taken: no other membership of the session has it any more. */
  tookSeat(seat: Seat): void
  /** This frame tells the client of its seat. {@link Membership.heard} is to be called when it has that. */
  announced(membership: Membership, frame: Uint8Array): void
  /**
   * The membership has ended and the client was told: its ref is free.
   *
   * @param told What the client was told without having asked for it, so that frames of its may still be under way: `left`,
   *   or `refused`. Undefined when it asked.
   */
  ended(membership: Membership, told: 'left' | 'refused' | undefined): void
  /** A join was refused: for the log and the metrics. */
  joinRefused(room: string, error: JuntoError): void
  /** Something failed that should not have. */
  report(error: unknown, where: string): void
}

/**
 * - `joining`: the registry finds or makes the room and takes a seat; aborting gives it back.
 * - `seated`: the seat is taken, but the client is not told yet, because too much waits for it.
 * - `joined`: frames flow, or are kept for the client while it is away. `announced`: the joined frame, as long as the client may not
 *   have it.
 * - `unseated`: the client has forgotten it, and may join the room again.
 * - `ended`: nothing flows any more.
 */
type State =
  | { readonly kind: 'joining'; readonly abort: AbortController }
  | { readonly kind: 'seated'; readonly seat: Seat }
  | { readonly kind: 'joined'; readonly seat: Seat; announced: Uint8Array | undefined }
  | { readonly kind: 'unseated'; readonly seat: Seat }
  | { readonly kind: 'ended' }

/** One room in one session: what stands behind a room ref. */
export class Membership implements MemberLink {
  readonly ref: number
  readonly #host: MembershipHost
  readonly #outgoing: Outgoing
  #state: State

  constructor(ref: number, host: MembershipHost) {
    this.ref = ref
    this.#host = host
    this.#outgoing = host.outgoing
    this.#state = { kind: 'joining', abort: new AbortController() }
  }

  /** The seat, once there is one. */
  get seat(): Seat | undefined {
    return 'seat' in this.#state ? this.#state.seat : undefined
  }

  /** The joined frame, as long as the client may not have it. */
  get announced(): Uint8Array | undefined {
    return this.#state.kind === 'joined' ? this.#state.announced : undefined
  }

  /** Whether its client has forgotten it. */
  get isUnseated(): boolean {
    return this.#state.kind === 'unseated'
  }

  // ---- Its beginning.

  /** The join under way: settles when it has been granted, refused or given up. Never rejects. */
  joining: Promise<void> | undefined

  /**
   * Asks for a seat. To be called once.
   *
   * @param after What has to be over first: joins of the session that are being given up.
   * @returns see {@link joining}.
   */
  join(rooms: Rooms, frame: JoinFrame, session: SessionInfo, after?: Promise<unknown>): Promise<void> {
    const joining = this.#join(rooms, frame, session, after).catch((error: unknown) => this.#host.report(error, 'join'))
    this.joining = joining
    void joining.then(() => (this.joining = undefined))
    return joining
  }

  async #join(rooms: Rooms, frame: JoinFrame, session: SessionInfo, after?: Promise<unknown>): Promise<void> {
    if (this.#state.kind !== 'joining') return
    const { signal } = this.#state.abort
    let seat: Seat | undefined
    try {
      const { type: _, ref: _ref, ...asked } = frame
      const request: JoinRequest = { ...asked, session }
      if (after) await after
      let judged = session.connection
      seat = await rooms.join(request, this, signal)
      // Who came back meanwhile may be somebody else, or not be let in any more: before anything is announced to them.
      while (judged !== session.connection && this.#state.kind === 'joining') {
        judged = session.connection
        const takeEffect = await rooms.readmit(seat, session, judged)
        if (judged === session.connection) takeEffect()
      }
    } catch (error) {
      seat?.leave(signal.aborted ? leaveReasonOf(signal) : 'refused')
      this.#refused(frame.room, error)
      return
    }
    // It left, or the session ended, while the seat was being taken.
    if (this.#state.kind !== 'joining') return seat.leave(leaveReasonOf(signal))
    this.#host.tookSeat(seat)
    this.#state = { kind: 'seated', seat }
    this.proceed()
  }

  /** Tells the client of its seat, unless too much waits for it already: a snapshot may be large. */
  proceed(): void {
    if (this.#state.kind !== 'seated') return
    if (!this.#outgoing.isAttached) return this.#announceAway(this.#state.seat)
    if (!this.#outgoing.congested) this.#announce(this.#state.seat)
  }

  #announce(seat: Seat): void {
    const frame = encodeFrame({ type: FrameType.joined, ref: this.ref, ...seat.joined })
    this.#state = { kind: 'joined', seat, announced: frame }
    if (!this.#send(0, frame)) return
    this.#host.announced(this, frame)
    seat.start()
  }

  /** What there is to tell waits for the client; the state is brought when it is back. */
  #announceAway(seat: Seat): void {
    this.#announce(seat)
    if (this.#state.kind === 'joined') seat.drop()
  }

  /** The client has the joined frame. */
  heard(): void {
    if (this.#state.kind === 'joined') this.#state.announced = undefined
  }

  // ---- Lines that go and come.

  /** The line is gone. */
  drop(): void {
    if (this.#state.kind === 'joined') this.#state.seat.drop()
    else this.proceed()
  }

  /**
   * Asks whether whoever came back may still sit there. A join under way asks when it has come about.
   *
   * @param signal Aborted when nobody waits for the answer any more.
   */
  async readmit(
    rooms: Rooms,
    session: SessionInfo,
    connection: ConnectionInfo,
    signal?: AbortSignal,
  ): Promise<Verdict> {
    const { seat } = this
    if (seat === undefined) return { kind: 'admitted', takeEffect: () => {} }
    try {
      return { kind: 'admitted', takeEffect: await rooms.readmit(seat, session, connection, signal) }
    } catch (error) {
      const isRefusal = error instanceof JuntoError && (error.code === 'unauthorized' || error.code === 'forbidden')
      return isRefusal ? { kind: 'refused', error } : { kind: 'unclear' }
    }
  }

  /** There is a line again, and the client knows that it has joined. */
  resume(has: HeldState | undefined): void {
    if (this.#state.kind === 'joined') this.#state.seat.resume(has)
  }

  /** All that was kept has been replayed, but for so many frames that are gone. */
  resumed(missed: number): void {
    if (this.#state.kind === 'joined') this.#state.seat.resumed(missed > 0 ? 'resynced' : 'resumed', missed)
  }

  /** The client is back and has forgotten everything. @returns whether there is a seat that it may take again. */
  unseat(): boolean {
    const state = this.#state
    switch (state.kind) {
      case 'joining':
        this.release('disconnected')
        return false
      case 'seated':
      case 'joined':
        this.#state = { kind: 'unseated', seat: state.seat }
        state.seat.unseat()
        return true
      case 'unseated':
        return true
      case 'ended':
        return false
    }
  }

  /** Another membership has the seat now. */
  handOver(): void {
    this.#state = { kind: 'ended' }
  }

  /** It ends, and its client is not told: of a seat that it has forgotten it need not hear. */
  giveUp(reason: LeaveReason): void {
    if (this.release(reason)) this.#host.ended(this, undefined)
  }

  // ---- What flows.

  /** What waited for the client has left. */
  drained(): void {
    if (this.#state.kind === 'joined') this.#state.seat.drained()
    else this.proceed()
  }

  /** See {@link Seat.allowance}. */
  allowance(frame: Frame): Allowance | undefined {
    return this.#state.kind === 'joined' ? this.#state.seat.allowance(frame) : undefined
  }

  /** A frame of the client. */
  receive(frame: Frame): void {
    switch (this.#state.kind) {
      case 'joined':
        this.#state.seat.receive(frame)
        return
      case 'joining':
      case 'seated':
        this.#host.strike('not_joined', `room ${this.ref} is not joined yet: wait for the answer to the join`)
        return
      case 'unseated':
      case 'ended':
      // It ended while the frame was under way: nobody's fault.
    }
  }

  send(frame: Uint8Array): void {
    if (this.#state.kind === 'joined') this.#send(this.ref, frame)
  }

  sendState(frame: Uint8Array): void {
    if (this.#state.kind !== 'joined') return
    try {
      this.#outgoing.sendState(this.ref, frame)
    } catch (error) {
      this.#unsendable(error)
    }
  }

  sendLoose(frame: Uint8Array, how: LooseDelivery): void {
    if (this.#state.kind === 'joined') this.#outgoing.sendLoose(this.ref, frame, how)
  }

  get congested(): boolean {
    return this.#outgoing.congested
  }

  get maxFrame(): number {
    return this.#outgoing.maxFrame
  }

  notice(code: ErrorCode, message: string): void {
    if (this.#state.kind === 'joined') this.#host.strike(code, message)
  }

  identified(): void {
    if (this.#state.kind === 'joining') this.#host.identified()
  }

  /** The link gave up numbered frames of its. */
  forfeited(frames: readonly Uint8Array[]): void {
    if (this.#state.kind === 'joined' || this.#state.kind === 'unseated') this.#state.seat.forfeited(frames)
  }

  /** @returns whether the frame will go out. One that the client can never take ends the membership. */
  #send(room: number, frame: Uint8Array): boolean {
    try {
      this.#outgoing.send(room, frame)
      return true
    } catch (error) {
      this.#unsendable(error)
      return false
    }
  }

  #unsendable(error: unknown): void {
    const why = error instanceof JuntoError ? error.message : 'a frame could not be sent'
    if (!(error instanceof JuntoError)) this.#host.report(error, 'outbox')
    this.end('failed', `too_large: ${why}`)
  }

  // ---- Its end.

  /** The client leaves, or refuses to go on. It is told that it has left. */
  leave(): void {
    if (!this.release('left')) return
    this.#tellLeft('left')
    this.#host.ended(this, undefined)
  }

  /** The session ends it, and tells the client. */
  end(reason: LeaveReason, message?: string): void {
    if (!this.release(reason)) return
    this.#tellLeft(reason, message)
    this.#host.ended(this, 'left')
  }

  /** The session ends it, and its client, which does not know yet that it has joined, hears that it has not. */
  refuse(error: JuntoError): void {
    if (!this.release('refused')) return
    this.#sendAnswer({ type: FrameType.refused, ref: this.ref, ...errorToWire(error) })
    this.#host.ended(this, 'refused')
  }

  /** Gives the seat back. Nobody is told. @returns false when that was done before. */
  release(reason: LeaveReason): boolean {
    const state = this.#state
    this.#state = { kind: 'ended' }
    switch (state.kind) {
      case 'joining':
        state.abort.abort(reason)
        return true
      case 'seated':
      case 'joined':
      case 'unseated':
        state.seat.leave(reason)
        return true
      case 'ended':
        return false
    }
  }

  ended(reason: LeaveReason, message?: string): void {
    const { kind } = this.#state
    if (kind === 'ended') return
    this.#state = { kind: 'ended' }
    // Of one that the client has forgotten it hears no more.
    if (kind !== 'unseated') this.#tellLeft(reason, message)
    this.#host.ended(this, kind === 'unseated' ? undefined : 'left')
  }

  #refused(room: string, thrown: unknown): void {
    if (this.#state.kind !== 'joining') return
    this.#state = { kind: 'ended' }
    const known = thrown instanceof JuntoError
    if (!known) this.#host.report(thrown, 'join')
    const error = known ? thrown : new JuntoError('internal', 'the join failed; the reason is in the log of the server')
    this.#host.joinRefused(room, error)
    this.#sendAnswer({ type: FrameType.refused, ref: this.ref, ...errorToWire(error) })
    this.#host.ended(this, 'refused')
  }

  #tellLeft(reason: LeaveReason, message?: string): void {
    this.#sendAnswer({ type: FrameType.left, ref: this.ref, reason, message })
  }

  /** Small frames, which any peer accepts. */
  #sendAnswer(frame: Parameters<typeof encodeFrame>[0]): void {
    try {
      this.#outgoing.send(0, encodeFrame(frame))
    } catch (error) {
      this.#host.report(error, 'answer')
    }
  }
}

function leaveReasonOf(signal: AbortSignal): LeaveReason {
  // Only `release` aborts it, with such a reason.
  return signal.aborted ? (signal.reason as LeaveReason) : 'disconnected'
}
