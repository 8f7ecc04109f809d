import { JuntoError, type Clock } from '@junto/protocol'
import { FrameType, OfferingExchange, type Exchange, type Frame, type Settle } from '@junto/protocol/internal'
import type { MessageCodec, Viewer } from '@junto/schema/internal'
import type { AnswerValidators } from '@junto/schema/validate'
import { Feed } from '../sync/feed.ts'
import type { RoomSync } from '../sync/room-sync.ts'
import { eventSenders } from './event-senders.ts'
import { memberCalls, type MemberCallSettings } from './member-calls.ts'
import type { Culprit } from './faults.ts'
import type { Router, Sender } from './router.ts'
import type { JoinedInfo, LeaveReason, MemberLink, Seat, SessionInfo } from './seat.ts'
import { SeatView } from './seat-view.ts'

/** What a seat needs of its room. */
export interface SeatHost {
  readonly clock: Clock
  readonly sync: RoomSync
  readonly router: Router
  readonly down: readonly MessageCodec[]
  /** Validators of what clients answer, by id. */
  readonly answerChecks: readonly AnswerValidators[]
  readonly callTimeout: number
  readonly maxCallsInFlight: number
  readonly streamCredit: number
  /** Bytes that may wait here for one member. */
  readonly maxHeld: number
  /** Snapshots that one member may ask for within a minute. */
  readonly maxResyncs: number
  /** The seat was left, by whichever side. Called once. */
  left(seat: MemberSeat): void
  /** Something failed that no code of the room is known to have done. */
  report(error: unknown, where: string, by: Culprit): void
}

/** Who sits there. */
export interface Sitter {
  readonly id: string
  readonly session: SessionInfo
  readonly user: unknown
  readonly join: unknown
}

/**
 * - `joining`: `onJoin` runs; what is sent waits.
 * - `joined`: the client is being told; what is sent waits.
 * - `live`: it holds a snapshot and gets what follows.
 * - `gone`: it was left.
 */
type Phase = 'joining' | 'joined' | 'live' | 'gone'

const minute = 60_000

/** One membership: between the session's link and the room. */
export class MemberSeat implements Seat, Sender {
  readonly id: string
  /** How it looks at the state. */
  readonly viewer: Viewer
  readonly session: SessionInfo
  readonly member: RoomMember
  readonly joined: JoinedInfo
  readonly #host: SeatHost
  readonly #link: MemberLink
  readonly #feed: Feed
  #phase: Phase = 'joining'
  #reason: LeaveReason = 'disconnected'
  #message: string | undefined
  /** The room ended it before the session knew of the seat: to be told as soon as it does. */
  #untold = false
  /** When it asked for snapshots within the last minute. */
  #resyncs: readonly number[] | undefined
  // All are made on first use: most members of most rooms sit there quietly.
  #exchange: Exchange | undefined
  #gone: AbortController | undefined
  #view: SeatView | undefined

  constructor(host: SeatHost, link: MemberLink, sitter: Sitter, joined: JoinedInfo) {
    this.#host = host
    this.#link = link
    this.id = sitter.id
    this.viewer = host.sync.tree.viewer({ owner: sitter.id })
    this.#feed = new Feed(this.id, this.viewer, link, host.maxHeld)
    this.session = sitter.session
    this.joined = joined
    this.member = new RoomMember(this, sitter)
  }

  /** Why it was left. */
  get reason(): LeaveReason {
    return this.#reason
  }

  /** What the room said when it ended it. */
  get message(): string | undefined {
    return this.#message
  }

  get gone(): boolean {
    return this.#phase === 'gone'
  }

  get signal(): AbortSignal {
    if (!this.#gone) {
      this.#gone = new AbortController()
      if (this.#phase === 'gone') this.#gone.abort()
    }
    return this.#gone.signal
  }

  /** `onJoin` is done: the session may be told. */
  admit(): void {
    if (this.#phase === 'joining') this.#phase = 'joined'
  }

  start(): void {
    if (this.#untold) this.#link.ended(this.#reason, this.#message)
    this.#untold = false
    if (this.#phase !== 'joined') return
    this.#phase = 'live'
    this.#host.sync.add(this.#feed)
  }

  receive(frame: Frame): void {
    if (this.#phase !== 'live') return
    switch (frame.type) {
      case FrameType.event:
        this.#host.router.event(this, frame.id, frame.payload)
        return
      case FrameType.call:
      case FrameType.reply:
      case FrameType.failed:
      case FrameType.cancel:
      case FrameType.stream:
      case FrameType.item:
      case FrameType.end:
      case FrameType.credit:
        try {
          this.exchange.receive(frame)
        } catch (error) {
          this.#misbehaved(error)
        }
        return
      case FrameType.resync:
        this.#resync()
        return
      default:
        this.#link.notice('unknown_frame', 'a room takes no frame of this type from a client')
    }
  }

  drained(): void {
    this.#host.sync.drained(this.#feed)
  }

  drop(): void {
    this.leave('disconnected')
  }

  resume(): void {}

  resumed(): void {}

  forfeited(): void {}

  unseat(): void {
    this.leave('disconnected')
  }

  /** It came back, and was let in again as this user. */
  readmitted(user: unknown): void {
    this.member.user = user
  }

  leave(reason: LeaveReason): void {
    this.#untold = false
    this.#leave(reason)
  }

  /** The room ends it. The client is told. */
  end(reason: LeaveReason, message?: string): void {
    const phase = this.#phase
    // What was sent before this shall arrive before it.
    if (phase === 'live') this.#host.sync.deliver(this.#feed)
    this.#message = message
    if (!this.#leave(reason)) return
    if (phase === 'live') this.#link.ended(reason, message)
    else this.#untold = phase === 'joined'
  }

  notice(code: 'unsupported' | 'invalid', message: string): void {
    this.#link.notice(code, message)
  }

  /** Sends an event, encoded already. */
  event(frame: Uint8Array, codec: MessageCodec): void {
    if (codec.delivery === 'volatile' && (this.#phase !== 'live' || this.#link.congested || this.#feed.behind)) return
    this.#send(frame, 'visible')
  }

  /** Calls and streams of this membership. */
  get exchange(): Exchange {
    return (this.#exchange ??= this.#openExchange())
  }

  /** Calls the member's client. */
  call(codec: MessageCodec, params: unknown, settings: MemberCallSettings): Promise<unknown> {
    if (this.#phase === 'gone') return Promise.reject(new JuntoError('disconnected', 'the member has left'))
    const timeout = settings.timeout ?? codec.timeout ?? this.#host.callTimeout
    return this.exchange.call(codec.id, params, {
      timeout: timeout === Infinity ? undefined : timeout,
      signal: settings.signal,
      settle: settings.settle,
    })
  }

  /** Makes what stands under `member.call`. */
  calls(): Readonly<Record<string, unknown>> {
    const { down, answerChecks } = this.#host
    return memberCalls(down, answerChecks, (codec, params, settings) => this.call(codec, params, settings))
  }

  /** Makes what stands under `member.view`. */
  get view(): SeatView {
    return (this.#view ??= new SeatView(this.#host.sync.tree, this.viewer))
  }

  /** Makes what stands under `member.send`. */
  senders(): Readonly<Record<string, unknown>> {
    return eventSenders(this.#host.down, (frame, codec) => {
      this.#checkSize(frame)
      this.event(frame, codec)
    })
  }

  #openExchange(): Exchange {
    const { clock, router, maxCallsInFlight, streamCredit } = this.#host
    return new OfferingExchange({
      clock,
      maxCallsInFlight,
      streamCredit,
      abandoned: this.session.abandoned,
      answer: router.answererFor(this),
      send: (frame, settle) => {
        this.#checkSize(frame)
        this.#send(frame, settle)
      },
    })
  }

  /** What the client would never accept fails here, where somebody hears of it: the call's caller, or the handler. */
  #checkSize(frame: Uint8Array): void {
    const { maxFrame } = this.#link
    if (frame.length <= maxFrame) return
    throw new JuntoError('too_large', `${frame.length} bytes for one member, whose client accepts ${maxFrame} at once`)
  }

  #send(frame: Uint8Array, settle: Settle): void {
    switch (this.#phase) {
      case 'joining':
      case 'joined':
        // A peer that does not read may keep its seat from starting for long.
        if (this.#feed.hold(frame)) return
        this.end('failed', 'too much was sent to this member before it could be told that it had joined')
        return
      case 'live':
        if (settle === 'reply') this.#link.send(frame)
        else this.#host.sync.say(this.#feed, frame)
        return
      case 'gone':
    }
  }

  /** The client says that its mirror came apart. */
  #resync(): void {
    const { clock, sync, maxResyncs } = this.#host
    const now = clock.now()
    const recent = this.#resyncs?.filter((at) => now - at < minute) ?? []
    if (recent.length >= maxResyncs) {
      this.#link.notice('rate_limited', `[M5] more than ${maxResyncs} snapshots were asked for within a minute`)
      return
    }
    this.#resyncs = [...recent, now]
    sync.resync(this.#feed)
  }

  #leave(reason: LeaveReason): boolean {
    if (this.#phase === 'gone') return false
    // What was said to one that is not live yet has not left. What has may have run at the client or not.
    const lost = this.#phase === 'live' ? 'outcome_unknown' : 'disconnected'
    this.#phase = 'gone'
    this.#reason = reason
    this.#host.sync.remove(this.#feed)
    this.viewer.close()
    this.#view?.close()
    this.#exchange?.close(reason === 'disconnected' ? lost : 'cancelled')
    this.#gone?.abort()
    this.#host.left(this)
    return true
  }

  #misbehaved(error: unknown): void {
    if (error instanceof JuntoError) this.#link.notice(error.code, error.message)
    else this.#host.report(error, 'message', this)
  }
}

/** What users see of a membership. Its types come from the contract, where it is handed out. */
export class RoomMember {
  readonly id: string
  user: unknown
  readonly join: unknown
  readonly #seat: MemberSeat
  #call: Readonly<Record<string, unknown>> | undefined
  #send: Readonly<Record<string, unknown>> | undefined

  constructor(seat: MemberSeat, sitter: Sitter) {
    this.#seat = seat
    this.id = sitter.id
    this.user = sitter.user
    this.join = sitter.join
  }

  get call(): Readonly<Record<string, unknown>> {
    return (this.#call ??= this.#seat.calls())
  }

  get send(): Readonly<Record<string, unknown>> {
    return (this.#send ??= this.#seat.senders())
  }

  get view(): SeatView {
    return this.#seat.view
  }

  kick(message?: string): void {
    this.#seat.end('kicked', message)
  }
}
