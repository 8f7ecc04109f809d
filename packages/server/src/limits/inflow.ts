import type { Clock, Limits } from '@junto/protocol'
import { FrameType, isNumbered } from '@junto/protocol/internal'
import type { Frame, SentFrame } from '@junto/protocol/internal'
import type { Metrics } from '../observe/metrics.ts'
import { LatestEvents } from './latest-events.ts'
import type { Allowance } from './message-limits.ts'
import { Refusals } from './refusals.ts'
import { TokenBucket } from './token-bucket.ts'
import { WaitingFrames, type Waiting } from './waiting-frames.ts'

/** What the flow needs of its session. */
export interface InflowHost {
  /** A frame may be handled now. */
  deliver(ref: number, frame: Frame): void
  /** How often its user may send a message that has a limit of its own; undefined for all others. Asked when it is its turn. */
  allowance(ref: number, frame: Frame): Allowance | undefined
  /**
   * A frame is over a limit and reaches nobody, but counts as taken.
   *
   * @param answer What its sender is told: see {@link Refusals.answer}.
   */
  refused(ref: number, frame: Frame, answer: SentFrame | undefined): void
  /** It goes on although it was told: the connection is to be closed with `flooding`. */
  flooding(): void
  /** Does what a message does to a session: frames that had waited are delivered within. */
  run(work: () => void): void
}

/** Whose messages count together with those of other sessions. */
export interface Party {
  /** What its user may send, over all sessions; undefined while nobody has said who it is. */
  readonly messages: TokenBucket | undefined
}

/** A connection, as far as it is read. */
export interface Source {
  /** So many bytes have come. */
  took(now: number, bytes: number): void
  /** Stops reading. */
  pause(): void
  /** Reads on. */
  resume(): void
}

/** Parts of an {@link Inflow}. */
export interface InflowOptions {
  readonly clock: Clock
  readonly limits: Pick<
    Limits,
    | 'messageRate'
    | 'messageBurst'
    | 'frameRate'
    | 'frameBurst'
    | 'byteRate'
    | 'byteBurst'
    | 'maxFrame'
    | 'maxLatest'
    | 'softOutbox'
    | 'resumeBuffer'
    | 'resumeFrames'
    | 'replayWait'
  >
  readonly metrics: Metrics
  readonly party: Party
}

/** Milliseconds after a resume in which a client that answers at once has begun to replay. */
const replayBegins = 10_000

/** Milliseconds between deliveries of frames that wait: each delivery is one message to whoever hears of it. */
const pumpInterval = 20

/**
 * How fast one session may send. It outlives the connections of the session, so that a new one begins with what the last
 * has left.
 *
 * - Messages (calls, events, streams, joins) have a bucket of their session and one of their user. Beyond them a call fails with
 *   `rate_limited`, an event is dropped and told of; unnumbered events wait, the newest of them, so that the last one counts.
 * - A message may have a limit of its own. Beyond that it is refused in the same way, alone; of events of class `latest` the newest of
 *   each key waits.
 * - What a client replays after a resume was sent within the limits once, only not received: it waits for its tokens, in order,
 *   with everything newer behind it. It is neither refused nor held against anyone; but for the limits of single messages it waits
 *   `replayWait` and no longer, since what stands behind it waits as well.
 * - Bytes beyond their rate, and what would be too much to let wait, stay at the client: the server stops reading.
 * - Who goes on for long, or sends more frames than a program of good will has reason to, is flooding.
 */
export class Inflow {
  readonly #host: InflowHost
  readonly #options: InflowOptions
  readonly #messages: TokenBucket
  readonly #frames: TokenBucket
  readonly #bytes: TokenBucket
  #source: Source | undefined
  /** When the message came whose frames are told now: reading the clock for each of them would cost more than all the rest. */
  #now = 0
  #replayBegins = -Infinity
  #replayEnds = -Infinity
  /** What a client replays, and all that has come behind it. */
  readonly #replayed = new WaitingFrames()
  // What most sessions never need is made on first use.
  /** For refused messages: a flood is what outlasts it. */
  #patience: TokenBucket | undefined
  /** Unnumbered events for which the session or its user has no tokens. */
  #loose: WaitingFrames | undefined
  /** Unnumbered events over the limit of their message. */
  #latest: LatestEvents | undefined
  #refusals: Refusals | undefined
  #paused = false
  /** When what waits is looked at. */
  #pump: { readonly at: number; readonly cancel: () => void } | undefined
  #cancelPause: (() => void) | undefined

  constructor(host: InflowHost, options: InflowOptions) {
    const { limits } = options
    this.#host = host
    this.#options = options
    this.#messages = new TokenBucket({ rate: limits.messageRate, burst: limits.messageBurst })
    this.#frames = new TokenBucket({ rate: limits.frameRate, burst: limits.frameBurst })
    this.#bytes = new TokenBucket({ rate: limits.byteRate, burst: limits.byteBurst })
  }

  /** Frames that wait for tokens. */
  get waiting(): number {
    return this.#replayed.size + (this.#loose?.size ?? 0) + (this.#latest?.size ?? 0)
  }

  /**
   * A connection is there.
   *
   * @param replaying Its client was there before: what comes next may be what has waited for the connection.
   */
  attach(source: Source, replaying: boolean): void {
    this.detach()
    this.#source = source
    this.#now = this.#options.clock.now()
    this.#replayBegins = replaying ? this.#now + replayBegins : -Infinity
    this.#replayEnds = replaying ? this.#now + this.#options.limits.replayWait : -Infinity
  }

  /** The connection is gone. What waited was never taken: numbered frames are replayed on the next one. */
  detach(): void {
    this.#source = undefined
    this.#replayed.clear()
    this.#loose?.clear()
    this.#latest?.clear()
    this.#paused = false
    this.#pump?.cancel()
    this.#pump = undefined
    this.#cancelPause?.()
    this.#cancelPause = undefined
  }

  /** The session has left a room: events that wait, and may be dropped, go nowhere any more. */
  forget(ref: number): void {
    this.#loose?.drop(ref)
    this.#latest?.drop(ref)
  }

  /** A message of the peer has come, and is about to be read. */
  message(bytes: number): void {
    const now = (this.#now = this.#options.clock.now())
    if (!this.#frames.tryTake(now)) return this.#flood('frames')
    this.#source?.took(now, bytes)
    const wait = this.#bytes.spend(now, bytes)
    if (wait > 0 || this.#paused) this.#adjustReading(now)
  }

  /** A frame of the peer. It is delivered now, later, or not at all. */
  frame(ref: number, frame: Frame): void {
    // What stands behind it in a message that ended the connection.
    if (this.#source === undefined) return
    if (this.#replayed.size > 0 && keepsOrder(ref, frame)) return this.#hold(ref, frame)
    const now = this.#now
    if (!this.#frames.tryTake(now)) return this.#flood('frames')
    if (!isMessage(frame)) return this.#host.deliver(ref, frame)
    // Among each other they come in order, as far as they come.
    if (frame.type === FrameType.loose && this.#loose !== undefined && this.#loose.size > 0) {
      return this.#holdLoose(ref, frame, now)
    }
    const wait = this.#wait(now)
    if (wait > 0) return this.#tooMany(ref, frame, now, wait)
    const allowance = this.#host.allowance(ref, frame)
    if (allowance !== undefined && this.#mayWait(frame, now) && allowance.wait(now) > 0) return this.#hold(ref, frame)
    this.#handle(ref, frame, allowance, now)
  }

  /** The session or its user has no token for a message. */
  #tooMany(ref: number, frame: Frame, now: number, wait: number): void {
    if (now < this.#replayBegins) this.#hold(ref, frame)
    else if (frame.type === FrameType.loose) this.#holdLoose(ref, frame, now)
    else this.#refuse(ref, frame, now, wait)
  }

  /** Whether a message that just came may wait for its limit with all that comes behind it, since it may be of a replay. */
  #mayWait(frame: Frame, now: number): boolean {
    return frame.type !== FrameType.loose && now < this.#replayBegins && now < this.#replayEnds
  }

  /** A message for which there is a token of its session. */
  #handle(ref: number, frame: Frame, allowance: Allowance | undefined, now: number): void {
    this.#messages.take(now)
    this.#options.party.messages?.take(now)
    if (allowance === undefined) return this.#host.deliver(ref, frame)
    const place = frame.type === FrameType.loose ? allowance.limit.place?.(frame.payload) : undefined
    // It must not come before an older one, nor take the token of another key each time.
    if (place !== undefined && this.#latest !== undefined && this.#latest.size > 0) {
      return this.#holdLatest(ref, place, frame, now)
    }
    const wait = allowance.wait(now)
    if (wait === 0) {
      allowance.take(now)
      this.#host.deliver(ref, frame)
    } else if (place !== undefined) this.#holdLatest(ref, place, frame, now)
    else this.#refuseOne(ref, frame, allowance, now)
  }

  // ---- What waits.

  #hold(ref: number, frame: Frame): void {
    this.#replayed.push(ref, frame)
    this.#adjustReading(this.#options.clock.now())
    this.#schedule()
  }

  /** Nobody is punished for events that may be dropped: where too many come, the oldest are. */
  #holdLoose(ref: number, frame: Frame, now: number): void {
    const { maxLatest, softOutbox } = this.#options.limits
    const loose = (this.#loose ??= new WaitingFrames())
    loose.push(ref, frame)
    this.#pumpLoose(now)
    while (loose.size > maxLatest || loose.bytes > softOutbox) {
      const oldest = loose.shift()
      if (oldest === undefined) break
      this.#tellTooMany(oldest.ref, oldest.frame, now, this.#wait(now))
    }
    this.#schedule()
  }

  #holdLatest(ref: number, place: string, frame: Frame, now: number): void {
    const latest = (this.#latest ??= new LatestEvents(this.#options.limits))
    latest.set(ref, place, frame)
    this.#pumpLatest(now)
    for (let over = latest.overflow(); over !== undefined; over = latest.overflow()) {
      const allowance = this.#host.allowance(over.ref, over.frame)
      if (allowance !== undefined) this.#refuseOne(over.ref, over.frame, allowance, now)
    }
    this.#schedule()
  }

  #schedule(): void {
    if (this.#source === undefined) return
    const { clock } = this.#options
    const now = clock.now()
    const wait = Math.max(pumpInterval, this.#nextTurn(now))
    if (wait === Infinity) return
    if (this.#pump !== undefined) {
      if (this.#pump.at <= now + wait) return
      this.#pump.cancel()
    }
    const cancel = clock.after(wait, () => {
      this.#pump = undefined
      this.#host.run(() => this.#pumpAll())
      this.#adjustReading(clock.now())
      this.#schedule()
    })
    this.#pump = { at: now + wait, cancel }
  }

  /** Milliseconds until something that waits can be delivered; Infinity where nothing waits. */
  #nextTurn(now: number): number {
    const first = this.#replayed.first
    let next = first === undefined ? Infinity : this.#turnOf(first, now)
    if (first === undefined && this.#loose !== undefined && this.#loose.size > 0) next = this.#wait(now)
    for (const [, { ref, frame }] of this.#latest ?? []) {
      next = Math.min(next, this.#host.allowance(ref, frame)?.wait(now) ?? 0)
    }
    return next
  }

  /** Milliseconds until the first frame of a replay has its turn. */
  #turnOf({ ref, frame }: Waiting, now: number): number {
    if (!isMessage(frame)) return 0
    const wait = this.#wait(now)
    // What may be dropped, or waits elsewhere, holds up nobody.
    if (now >= this.#replayEnds || frame.type === FrameType.loose) return wait
    const own = this.#host.allowance(ref, frame)?.wait(now) ?? 0
    return Math.max(wait, Math.min(own, this.#replayEnds - now))
  }

  #pumpAll(): void {
    const now = this.#options.clock.now()
    this.#pumpReplayed(now)
    if (this.#replayed.size === 0) this.#pumpLoose(now)
    this.#pumpLatest(now)
  }

  #pumpReplayed(now: number): void {
    for (let first = this.#replayed.first; first !== undefined; first = this.#replayed.first) {
      if (this.#turnOf(first, now) > 0) return
      this.#replayed.shift()
      const { ref, frame } = first
      if (isMessage(frame)) this.#handle(ref, frame, this.#host.allowance(ref, frame), now)
      else this.#host.deliver(ref, frame)
    }
  }

  #pumpLoose(now: number): void {
    for (let first = this.#loose?.first; first !== undefined; first = this.#loose?.first) {
      if (this.#wait(now) > 0) return
      this.#loose?.shift()
      this.#handle(first.ref, first.frame, this.#host.allowance(first.ref, first.frame), now)
    }
  }

  #pumpLatest(now: number): void {
    for (const [key, { ref, frame }] of this.#latest ?? []) {
      const allowance = this.#host.allowance(ref, frame)
      if (allowance !== undefined && allowance.wait(now) > 0) continue
      allowance?.take(now)
      this.#latest?.delete(key)
      this.#host.deliver(ref, frame)
    }
  }

  // ---- Reading.

  /** Stops reading when too much came or waits, and goes on when that is over. */
  #adjustReading(now: number): void {
    const held = this.#replayed.size
    const wait = this.#bytes.wait(now, 0)
    if (wait > 0 && this.#cancelPause === undefined && this.#source !== undefined) {
      this.#cancelPause = this.#options.clock.after(wait, () => {
        this.#cancelPause = undefined
        this.#adjustReading(this.#options.clock.now())
      })
    }
    // What filled the queue has to leave it, rather than that reading starts and stops with each frame.
    const paused = wait > 0 || (held > 0 && (this.#paused || this.#isFull()))
    if (paused === this.#paused || this.#source === undefined) return
    this.#paused = paused
    if (paused) {
      this.#options.metrics.count('reading_paused', { limit: 'session' })
      this.#source.pause()
    } else this.#source.resume()
  }

  #isFull(): boolean {
    const { maxFrame, resumeBuffer, resumeFrames } = this.#options.limits
    return this.#replayed.size > resumeFrames || this.#replayed.bytes > resumeBuffer + maxFrame
  }

  // ---- Limits.

  /** Milliseconds until session and user have a token for a message. */
  #wait(now: number): number {
    const own = this.#messages.wait(now)
    const { messages } = this.#options.party
    return messages === undefined ? own : Math.max(own, messages.wait(now))
  }

  #refuse(ref: number, frame: Frame, now: number, wait: number): void {
    const { messageRate, messageBurst } = this.#options.limits
    this.#patience ??= new TokenBucket({ rate: messageRate / 2, burst: messageBurst })
    if (!this.#patience.tryTake(now)) return this.#flood('messages')
    this.#tellTooMany(ref, frame, now, wait)
  }

  #tellTooMany(ref: number, frame: Frame, now: number, wait: number): void {
    const limit = this.#messages.wait(now) > 0 ? 'session' : 'user'
    this.#tell(ref, frame, `more messages than ${this.#options.limits.messageRate} a second`, limit, now, wait)
  }

  /** A message over its own limit: what it asks for is not done, and it has cost its session a token. */
  #refuseOne(ref: number, frame: Frame, allowance: Allowance, now: number): void {
    const { what, rate } = allowance.limit
    this.#tell(ref, frame, `${what} may be sent ${rate} times a second`, 'message', now, allowance.wait(now))
  }

  #tell(ref: number, frame: Frame, why: string, limit: string, now: number, wait: number): void {
    this.#options.metrics.count('messages_refused', { limit })
    this.#refusals ??= new Refusals()
    this.#host.refused(ref, frame, this.#refusals.answer(frame, why, now, wait))
  }

  #flood(what: 'messages' | 'frames'): void {
    if (this.#source === undefined) return
    this.#options.metrics.count('floods', { of: what })
    this.#host.flooding()
  }
}

/** Whether a frame makes work for a room's code: the others are answers, or a few microseconds. */
function isMessage({ type }: Frame): boolean {
  switch (type) {
    case FrameType.call:
    case FrameType.event:
    case FrameType.loose:
    case FrameType.stream:
    case FrameType.join:
    case FrameType.unfitJoin:
      return true
    default:
      return false
  }
}

/** Whether a frame has its place among those before and after it: all of rooms, and of the session's the numbered ones. */
function keepsOrder(ref: number, frame: Frame): boolean {
  return ref !== 0 || isNumbered(frame)
}
