import { JuntoError, type ErrorCode } from '@junto/protocol'
import { FrameType, type ExchangeEnd, type Frame, type Settle } from '@junto/protocol/internal'
import type { Viewer } from '@junto/schema/internal'
import type { Attendee, Present } from '../presence/attendee.ts'
import { Feed, type Message } from '../sync/feed.ts'
import type { Progress } from '../sync/stamp.ts'
import type { Allowance } from '../limits/message-limits.ts'
import { Conversation, type Partner } from './conversation.ts'
import { RoomMember } from './room-member.ts'
import type { Identity } from './authenticator.ts'
import type { HeldState, JoinedInfo, LeaveReason, MemberLink, ResumeOutcome, Seat, SessionInfo } from './seat.ts'
import type { SavedSeat } from './saved-seat.ts'
import type { Entrant, SeatHost } from './seat-host.ts'
import { SeatView, type MemberSight } from './seat-view.ts'
import { SnapshotRequests } from './snapshot-requests.ts'

/**
 * - `joining`: `onJoin` runs; what is sent waits.
 * - `joined`: the client is being told; what is sent waits.
 * - `live`: it holds a snapshot and gets what follows.
 * - `away`: its line is gone; the link keeps what is reliable.
 * - `unseated`: its client has forgotten it, and may join again; what is sent is only counted.
 * - `returning`: that is under way.
 * - `gone`: it was left.
 */
type Phase = 'joining' | 'joined' | 'live' | 'away' | 'unseated' | 'returning' | 'gone'

/** One membership: between the session's link and the room. It stays the same while lines come and go. */
export class MemberSeat implements Seat, Partner, Present {
  readonly id: string
  /** How it looks at the state. */
  readonly viewer: Viewer
  session: SessionInfo
  readonly member: RoomMember
  joined: JoinedInfo
  readonly #host: SeatHost
  readonly #userKey: string | undefined
  readonly #feed: Feed
  readonly #attendee: Attendee | undefined
  #phase: Phase = 'joining'
  #reason: LeaveReason = 'disconnected'
  #message: string | undefined
  /** The room ended it before the session knew of the seat: to be told as soon as it does. */
  #untold = false
  /** What the room is told of its being away, that in a process before included. */
  #absence: { readonly since: number; isTold: boolean } | undefined
  /** Messages that did not reach a page that was reloaded, or were said while it was not there. */
  #missed = 0
  // All are made on first use: most members of most rooms sit there quietly.
  #snapshots: SnapshotRequests | undefined
  #conversation: Conversation | undefined
  #gone: AbortController | undefined
  #view: SeatView | undefined

  constructor(host: SeatHost, entrant: Entrant, joined: JoinedInfo) {
    this.#host = host
    this.id = joined.member
    this.viewer = host.sync.tree.viewer({ owner: this.id })
    this.#feed = new Feed(this.id, this.viewer, entrant.link, host.maxHeld)
    this.session = entrant.session
    this.#userKey = entrant.identity.key
    this.joined = joined
    this.member = new RoomMember(this, entrant)
    this.#attendee = host.presence?.admit(this, this.#feed)
    this.#feed.motion = host.motion?.admit(this)
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

  get connected(): boolean {
    return this.#phase === 'live' || this.#phase === 'joined' || this.#phase === 'joining'
  }

  /** Whether it waits for its session to join again. */
  get unseated(): boolean {
    return this.#phase === 'unseated'
  }

  get unreachable(): string | undefined {
    switch (this.#phase) {
      case 'gone':
        return 'the member has left'
      case 'unseated':
      case 'returning':
        return "the member's page was reloaded, or the server restarted, and it has not joined again yet"
      default:
        return undefined
    }
  }

  get signal(): AbortSignal {
    if (!this.#gone) {
      this.#gone = new AbortController()
      if (this.#phase === 'gone') this.#gone.abort()
    }
    return this.#gone.signal
  }

  /** How far the room is with what it does. */
  get progress(): Progress {
    return this.#feed.progress
  }

  /** Number of its last input that is in the state; 0: none. */
  get lastInput(): number {
    return this.#feed.motion?.applied ?? 0
  }

  /** A mutation of its was handled: its client is told so. */
  handled(): void {
    this.#host.sync.handled(this.#feed)
  }

  /** What tells its user from others. */
  get userKey(): string | undefined {
    return this.#userKey
  }

  /** Whether the room was told that it is away. */
  get isAway(): boolean {
    return this.#absence?.isTold === true
  }

  /**
   * It is one of a room that was saved, and waits for its session to join again.
   *
   * @param saved `away`: the room was told so before it was saved. Else {@link toldAway} is to follow.
   * @param since Milliseconds for which its member has been away.
   */
  restore({ away, mutation, input }: SavedSeat, since: number): void {
    this.#phase = 'unseated'
    this.progress.mutation = mutation
    this.#feed.motion?.restore(input)
    if (!away) this.#host.presence?.expectBack()
    this.#absence = { since: this.#host.clock.now() - since, isTold: away }
  }

  /** The room is open, and hears that it is away, unless it knows. */
  toldAway(): void {
    if (this.#phase === 'unseated') this.#tellDropped()
  }

  /**
   * The server stops, and the seat lives on in the room's record: the room says no goodbye, and its client is told by the end of its
   * connection.
   */
  part(): void {
    if (this.#phase === 'live') this.#host.sync.deliver(this.#feed)
    this.#go('shutdown', 'outcome_unknown')
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
    if (this.#attendee !== undefined) this.#host.presence?.begin(this.#attendee)
    // It had this seat before.
    this.#tellResumed('resynced', this.#missed)
    this.#missed = 0
  }

  get limited(): boolean {
    return this.#host.router.limited
  }

  allowance(frame: Frame): Allowance | undefined {
    return this.#host.router.allowance(this.session, frame)
  }

  receive(frame: Frame): void {
    if (this.#phase !== 'live') return
    if (this.#host.heard !== undefined && isOwnWord(frame)) this.#host.heard()
    switch (frame.type) {
      case FrameType.event:
      case FrameType.loose:
        this.#host.router.event(this, frame)
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
          this.conversation.receive(frame)
        } catch (error) {
          this.#misbehaved(error)
        }
        return
      case FrameType.resync:
        this.#resync()
        return
      case FrameType.presence:
        if (this.#attendee !== undefined) this.#host.presence?.receive(this.#attendee, frame)
        else this.notice('unsupported', '[N3] the contract of this room declares no presence')
        return
      case FrameType.inputs:
        if (this.#feed.motion?.buffer !== undefined) this.#host.motion?.receive(this.#feed.motion, frame)
        else this.notice('unsupported', '[U10] the contract of this room declares no input')
        return
      default:
        this.#link.notice('unknown_frame', 'a room takes no frame of this type from a client')
    }
  }

  drained(): void {
    this.#host.sync.drained(this.#feed)
    if (this.#attendee !== undefined) this.#host.presence?.drained(this.#attendee)
  }

  drop(): void {
    if (this.#phase !== 'live') return
    this.#phase = 'away'
    this.#host.sync.suspend(this.#feed)
    if (this.#attendee !== undefined) this.#host.presence?.drop(this.#attendee)
    this.#tellDropped()
  }

  resume(has: HeldState | undefined): void {
    if (this.#phase !== 'away') return
    this.#phase = 'live'
    if (has === undefined) this.viewer.reset()
    else this.viewer.resume(has.epoch, has.version)
    this.#host.sync.resume(this.#feed)
    if (this.#attendee !== undefined) this.#host.presence?.resume(this.#attendee)
  }

  resumed(outcome: ResumeOutcome, missed: number): void {
    if (this.#phase !== 'live') return
    // Also where all has arrived after all: what was ended when it was given up stays ended.
    this.#feed.omits = undefined
    this.#conversation?.tellLost()
    this.#tellResumed(outcome, missed)
  }

  forfeited(frames: readonly Uint8Array[]): void {
    // What they belonged to has ended.
    if (this.#phase !== 'away' && this.#phase !== 'live') this.#missed += frames.length
    else this.#lose(frames)
  }

  unseat(): void {
    this.drop()
    if (this.#phase !== 'away' && this.#phase !== 'joined') return
    this.#phase = 'unseated'
    for (const message of this.#feed.release() ?? []) this.#miss(message)
    this.viewer.reset()
    this.#conversation?.restart()
    this.#feed.motion?.restart()
    // Also where it had not begun: the room has to hear that what it said is lost.
    this.#tellDropped()
  }

  /** Its session is about to join again. @returns whether it waited for that. */
  claim(): boolean {
    if (this.#phase !== 'unseated') return false
    this.#phase = 'returning'
    return true
  }

  /** That came to nothing. @returns whether it waits again. */
  unclaim(): boolean {
    if (this.#phase !== 'returning') return false
    this.#phase = 'unseated'
    return true
  }

  /**
   * Its session has joined again. What it once said in its join stays.
   *
   * @throws JuntoError as {@link readmit} does.
   */
  retake({ identity, link }: Entrant, joined: JoinedInfo): void {
    this.readmit(identity)()
    this.#phase = 'joined'
    this.#feed.link = link
    this.joined = joined
  }

  /**
   * Somebody wants to go on with its session.
   *
   * @returns what to call once it is let in.
   * @throws JuntoError `forbidden` when it is another user now: what the room knows of this member is not theirs.
   */
  readmit({ user, key }: Identity): () => void {
    if (key !== this.#userKey) throw new JuntoError('forbidden', 'this seat is that of another user')
    return () => {
      this.member.user = user
    }
  }

  leave(reason: LeaveReason): void {
    this.#untold = false
    this.#leave(reason)
  }

  /** The room ends it. The client is told. */
  end(reason: LeaveReason, message?: string): void {
    this.#host.atomic.whenWhole(() => this.#end(reason, message))
  }

  #end(reason: LeaveReason, message: string | undefined): void {
    const phase = this.#phase
    // What was sent before this shall arrive before it.
    if (phase === 'live') this.#host.sync.deliver(this.#feed)
    this.#message = message
    if (!this.#leave(reason)) return
    if (phase === 'joined') this.#untold = true
    else if (phase !== 'joining') this.#link.ended(reason, message)
  }

  notice(code: ErrorCode, message: string): void {
    this.#link.notice(code, message)
  }

  get maxFrame(): number {
    return this.#link.maxFrame
  }

  say(message: Message, settle: Settle): void {
    const volatile = message.loose !== undefined && message.loose.key === undefined
    if (volatile && (this.#phase !== 'live' || this.#link.congested || this.#feed.behind)) {
      if (this.#phase !== 'gone') this.#host.sync.dropped()
      return
    }
    switch (this.#phase) {
      case 'joining':
      case 'joined':
        // A peer that does not read may keep its seat from starting for long.
        if (this.#feed.hold(message)) return
        this.end('failed', 'too much was sent to this member before it could be told that it had joined')
        return
      case 'live':
        if (settle === 'reply') this.#feed.pass(message)
        else this.#host.sync.say(this.#feed, message)
        return
      case 'away':
        this.#feed.pass(message)
        return
      case 'unseated':
      case 'returning':
        this.#miss(message)
        return
      case 'gone':
    }
  }

  /** What the room and this member say to each other. */
  get conversation(): Conversation {
    return (this.#conversation ??= new Conversation(this.#host, this))
  }

  /** Makes what stands under `member.view`. */
  get view(): SeatView {
    return (this.#view ??= new SeatView(this.#host.sync.tree, this.viewer, this.#sight()))
  }

  /** Milliseconds between patches for it at least, where that is more than for others; 0: it is not. */
  get patchInterval(): number {
    return this.#feed.pace.interval
  }

  set patchInterval(interval: number) {
    this.#host.sync.repace(this.#feed, interval)
  }

  /** What it shows of itself, as users see it. */
  get presence(): unknown {
    return this.#attendee && this.#host.presence?.shownBy(this.#attendee)
  }

  #sight(): MemberSight | undefined {
    const { presence } = this.#host
    const attendee = this.#attendee
    if (presence === undefined || attendee === undefined) return undefined
    return {
      see: (member) => presence.see(attendee, member),
      unsee: (member) => presence.unsee(attendee, member),
      sees: (member) => presence.sees(attendee, member),
    }
  }

  /** Nobody is there to whom it could be said. Who knows whether the page comes back: nothing is kept for it. */
  #miss({ loose }: Message): void {
    if (loose === undefined) this.#missed++
  }

  /** What waits for these, and is handed over after them, is of no use any more. */
  #lose(frames: readonly Uint8Array[]): void {
    const conversation = this.#conversation
    if (conversation === undefined) return
    conversation.lost(frames)
    this.#feed.omits = (frame) => conversation.hasLost(frame)
  }

  #tellDropped(): void {
    // Where the line went again before all was replayed, the room does not know that there was one.
    if (this.isAway) return
    this.#absence ??= { since: this.#host.clock.now(), isTold: false }
    this.#absence.isTold = true
    this.#host.dropped(this)
  }

  #tellResumed(outcome: ResumeOutcome, missed: number): void {
    if (this.#absence?.isTold !== true) return
    const downtime = this.#host.clock.now() - this.#absence.since
    this.#absence = undefined
    this.#host.resumed(this, { outcome, missed, downtime })
  }

  get #link(): MemberLink {
    return this.#feed.link
  }

  /** The client says that its mirror came apart. */
  #resync(): void {
    const { clock, sync, maxResyncs } = this.#host
    this.#snapshots ??= new SnapshotRequests()
    if (this.#snapshots.add(clock.now(), maxResyncs)) sync.resync(this.#feed)
    else this.notice('rate_limited', `[M5] more than ${maxResyncs} snapshots were asked for within a minute`)
  }

  #leave(reason: LeaveReason): boolean {
    if (this.#phase === 'gone') return false
    // What was said to one that has not begun has not left. What has may have run at the client or not.
    const begun = this.#phase !== 'joining' && this.#phase !== 'joined'
    this.#go(reason, reason !== 'disconnected' ? 'cancelled' : begun ? 'outcome_unknown' : 'disconnected')
    this.#host.left(this)
    return true
  }

  /** @param calls How those end that wait for its answer. */
  #go(reason: LeaveReason, calls: ExchangeEnd): void {
    this.#phase = 'gone'
    this.#reason = reason
    this.#host.sync.remove(this.#feed)
    if (this.#attendee !== undefined) this.#host.presence?.remove(this.#attendee)
    this.#host.motion?.remove(this.member)
    this.viewer.close()
    this.#view?.close()
    this.#conversation?.close(calls)
    this.#gone?.abort()
  }

  #misbehaved(error: unknown): void {
    if (error instanceof JuntoError) this.#link.notice(error.code, error.message)
    else this.#host.report(error, 'message', this)
  }
}

/** Whether it shows that somebody is there: answers and the like, programs give by themselves. */
function isOwnWord({ type }: Frame): boolean {
  return (
    type === FrameType.call ||
    type === FrameType.event ||
    type === FrameType.loose ||
    type === FrameType.stream ||
    type === FrameType.presence ||
    type === FrameType.inputs
  )
}
