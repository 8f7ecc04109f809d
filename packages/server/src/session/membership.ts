import { JuntoError } from '@junto/protocol'
import type { ErrorCode } from '@junto/protocol'
import { encodeFrame, errorToWire, FrameType } from '@junto/protocol/internal'
import type { Frame, JoinFrame } from '@junto/protocol/internal'
import type { LeaveReason, MemberLink, Rooms, Seat, SessionInfo } from '../room/seat.ts'
import type { Outbox } from './outbox.ts'

/** What a membership needs of its session. */
export interface MembershipHost {
  readonly outbox: Outbox
  /** A fault of the peer that belongs to no call. */
  strike(code: ErrorCode, message: string): void
  /**
   * The membership has ended and the client was told: its ref is free.
   *
   * @param told What the client was told without having asked for it, so that frames of its may still be under way: `left`,
   *   or `refused`. Undefined when it asked.
   */
  ended(membership: Membership, told: 'left' | 'refused' | undefined): void
  /** A join was refused: for the log and the metrics. */
  refused(room: string, error: JuntoError): void
  /** Something failed that should not have. */
  report(error: unknown, where: string): void
}

/**
 * - `joining`: the registry finds or makes the room and takes a seat; aborting gives it back.
 * - `seated`: the seat is taken, but the client is not told yet, because too much waits for it.
 * - `joined`: the client was told, frames flow.
 * - `ended`: nothing flows any more.
 */
type State =
  | { readonly kind: 'joining'; readonly abort: AbortController }
  | { readonly kind: 'seated'; readonly seat: Seat }
  | { readonly kind: 'joined'; readonly seat: Seat }
  | { readonly kind: 'ended' }

/** One room on one connection: what stands behind a room ref. */
export class Membership implements MemberLink {
  readonly ref: number
  readonly #host: MembershipHost
  #state: State

  constructor(ref: number, host: MembershipHost) {
    this.ref = ref
    this.#host = host
    this.#state = { kind: 'joining', abort: new AbortController() }
  }

  /** Asks for a seat. To be called once. Never rejects. */
  async join(rooms: Rooms, frame: JoinFrame, session: SessionInfo): Promise<void> {
    if (this.#state.kind !== 'joining') return
    const { signal } = this.#state.abort
    let seat: Seat
    try {
      const { by, room, key, id, where, join, options, version, layouts } = frame
      const request = { by, room, key, id, where, join, options, version, layouts, session }
      seat = await rooms.join(request, this, signal)
    } catch (error) {
      this.#refused(frame.room, error)
      return
    }
    // It left, or the connection ended, while the seat was being taken.
    if (this.#state.kind !== 'joining') return seat.leave(leaveReasonOf(signal))
    this.#state = { kind: 'seated', seat }
    this.proceed()
  }

  /** Tells the client of its seat, unless too much waits for it already: a snapshot may be large. */
  proceed(): void {
    if (this.#state.kind !== 'seated' || this.#host.outbox.congested) return
    const { seat } = this.#state
    this.#state = { kind: 'joined', seat }
    if (!this.#send(0, encodeFrame({ type: FrameType.joined, ref: this.ref, ...seat.joined }))) return
    seat.start()
  }

  /** What waited for the client has left. */
  drained(): void {
    if (this.#state.kind === 'joined') this.#state.seat.drained()
    else this.proceed()
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
      case 'ended':
      // It ended while the frame was under way: nobody's fault.
    }
  }

  /** The client leaves, or refuses to go on. It is told that it has left. */
  leave(): void {
    if (!this.#release('left')) return
    this.#tellLeft('left')
    this.#host.ended(this, undefined)
  }

  /** The connection is over: nobody is told. */
  drop(reason: LeaveReason): void {
    this.#release(reason)
  }

  send(frame: Uint8Array): void {
    if (this.#state.kind === 'joined') this.#send(this.ref, frame)
  }

  sendState(frame: Uint8Array): void {
    this.send(frame)
  }

  sendLoose(frame: Uint8Array): void {
    this.send(frame)
  }

  get congested(): boolean {
    return this.#host.outbox.congested
  }

  /** Bytes of one frame that the client accepts. */
  get maxFrame(): number {
    return this.#host.outbox.maxFrame
  }

  notice(code: ErrorCode, message: string): void {
    if (this.#state.kind === 'joined') this.#host.strike(code, message)
  }

  ended(reason: LeaveReason, message?: string): void {
    if (this.#state.kind === 'ended') return
    this.#state = { kind: 'ended' }
    this.#tellLeft(reason, message)
    this.#host.ended(this, 'left')
  }

  /** @returns whether the frame will go out. One that the client can never take ends the membership. */
  #send(room: number, frame: Uint8Array): boolean {
    try {
      this.#host.outbox.add(room, frame)
      return true
    } catch (error) {
      if (!this.#release('failed')) return false
      const why = error instanceof JuntoError ? error.message : 'a frame could not be sent'
      if (!(error instanceof JuntoError)) this.#host.report(error, 'outbox')
      this.#tellLeft('failed', `too_large: ${why}`)
      this.#host.ended(this, 'left')
      return false
    }
  }

  #refused(room: string, thrown: unknown): void {
    const { kind } = this.#state
    if (kind !== 'joining') return
    this.#state = { kind: 'ended' }
    const known = thrown instanceof JuntoError
    if (!known) this.#host.report(thrown, 'join')
    const error = known ? thrown : new JuntoError('internal', 'the join failed; the reason is in the log of the server')
    this.#host.refused(room, error)
    this.#sendAnswer({ type: FrameType.refused, ref: this.ref, ...stringCode(error) })
    this.#host.ended(this, 'refused')
  }

  #tellLeft(reason: LeaveReason, message?: string): void {
    this.#sendAnswer({ type: FrameType.left, ref: this.ref, reason, message })
  }

  /** Small frames, which any peer accepts. */
  #sendAnswer(frame: Parameters<typeof encodeFrame>[0]): void {
    try {
      this.#host.outbox.add(0, encodeFrame(frame))
    } catch (error) {
      this.#host.report(error, 'answer')
    }
  }

  #release(reason: LeaveReason): boolean {
    const state = this.#state
    this.#state = { kind: 'ended' }
    switch (state.kind) {
      case 'joining':
        state.abort.abort(reason)
        return true
      case 'seated':
      case 'joined':
        state.seat.leave(reason)
        return true
      case 'ended':
        return false
    }
  }
}

function leaveReasonOf(signal: AbortSignal): LeaveReason {
  // Only `#release` aborts it, with such a reason.
  return signal.aborted ? (signal.reason as LeaveReason) : 'disconnected'
}

function stringCode(error: JuntoError): { code: string; message: string; data?: unknown } {
  const { message, data } = errorToWire(error)
  return { code: error.code, message, ...(data === undefined ? {} : { data }) }
}
