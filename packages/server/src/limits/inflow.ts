import { JuntoError } from '@junto/protocol'
import type { Clock, Limits } from '@junto/protocol'
import { errorToWire, FrameType, isNumbered } from '@junto/protocol/internal'
import type { Frame, SentFrame } from '@junto/protocol/internal'
import type { Metrics } from '../observe/metrics.ts'
import type { Connection } from '../transport/transport.ts'
import { heldSize } from './held-size.ts'
import { TokenBucket } from './token-bucket.ts'

/** What the flow needs of its session. */
export interface InflowHost {
  /** A frame may be handled now. */
  deliver(ref: number, frame: Frame): void
  /**
   * A frame is over the limit and reaches nobody, but counts as taken.
   *
   * @param answer What its sender is told, at the frame's own ref: `failed` for a call or stream, `refused` for a join, now and
   *   then a `notice` for events.
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
  >
  readonly metrics: Metrics
  readonly party: Party
}

/** Milliseconds after a resume in which a client that answers at once has begun to replay. */
const replayBegins = 10_000

/** Milliseconds between deliveries of frames that wait: each delivery is one message to whoever hears of it. */
const pumpInterval = 20

/** Milliseconds between notices to one client that events of its are dropped. */
const noticeInterval = 1000

/** A frame that waits for its token. */
interface Waiting {
  readonly ref: number
  readonly frame: Frame
  /** What it takes in memory, which may be far more than it took on the wire. */
  readonly bytes: number
}

/**
 * How fast one session may send. It outlives the connections of the session, so that a new one begins with what the last
 * has left.
 *
 * - Messages (calls, events, streams, joins) have a bucket of their session and one of their user. Beyond them a call fails with
 *   `rate_limited`, an event is dropped and told of; unnumbered events wait, the newest of them, so that the last one counts.
 * - What a client replays after a resume was sent within the limits once, only not received: it waits for its tokens, in order,
 *   with everything newer behind it. It is neither refused nor held against anyone.
 * - Bytes beyond their rate, and what would be too much to let wait, stay at the client: the server stops reading.
 * - Who goes on for long, or sends more frames than a program of good will has reason to, is flooding.
 */
export class Inflow {
  readonly #host: InflowHost
  readonly #options: InflowOptions
  readonly #messages: TokenBucket
  readonly #frames: TokenBucket
  readonly #bytes: TokenBucket
  /** For refused messages: a flood is what outlasts it. Made when it is first needed: most sessions never do. */
  #patience: TokenBucket | undefined
  #connection: Pick<Connection, 'pause' | 'resume'> | undefined
  /** When the message came whose frames are told now: reading the clock for each of them would cost as much as all the rest. */
  #now = 0
  #replayUntil = -Infinity
  /** What a client replays, and all that has come behind it. */
  #replayed: Waiting[] = []
  #replayedBytes = 0
  /** Unnumbered events, oldest first. */
  #loose: Waiting[] = []
  #paused = false
  #cancelPump: (() => void) | undefined
  #cancelPause: (() => void) | undefined
  #dropped = 0
  #noticedAt = -Infinity

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
    return this.#replayed.length + this.#loose.length
  }

  /**
   * A connection is there.
   *
   * @param replaying It resumes the session: what comes next may be a replay.
   */
  attach(connection: Pick<Connection, 'pause' | 'resume'>, replaying: boolean): void {
    this.detach()
    this.#connection = connection
    this.#now = this.#options.clock.now()
    this.#replayUntil = replaying ? this.#now + replayBegins : -Infinity
  }

  /** The connection is gone. What waited was never taken: numbered frames are replayed on the next one. */
  detach(): void {
    this.#connection = undefined
    this.#replayed = []
    this.#replayedBytes = 0
    this.#loose = []
    this.#paused = false
    this.#cancelPump?.()
    this.#cancelPump = undefined
    this.#cancelPause?.()
    this.#cancelPause = undefined
  }

  /** The session has left a room: events that wait, and may be dropped, go nowhere any more. */
  forget(ref: number): void {
    if (this.#loose.some((waiting) => waiting.ref === ref)) {
      this.#loose = this.#loose.filter((waiting) => waiting.ref !== ref)
    }
  }

  /** A message of the peer has come, and is about to be read. */
  message(bytes: number): void {
    const now = (this.#now = this.#options.clock.now())
    if (!this.#frames.tryTake(now)) return this.#flood('frames')
    this.#bytes.take(now, bytes)
    this.#adjustReading(now)
  }

  /** A frame of the peer. It is delivered now, later, or not at all. */
  frame(ref: number, frame: Frame): void {
    // What stands behind it in a message that ended the connection.
    if (this.#connection === undefined) return
    if (this.#replayed.length > 0 && keepsOrder(ref, frame)) return this.#hold(ref, frame)
    const now = this.#now
    if (!this.#frames.tryTake(now)) return this.#flood('frames')
    if (!isMessage(frame)) return this.#host.deliver(ref, frame)
    // Among each other they come in order, as far as they come.
    if (frame.type === FrameType.loose && this.#loose.length > 0) return this.#holdLoose(ref, frame, now)
    const wait = this.#wait(now)
    if (wait === 0) {
      this.#take(now)
      this.#host.deliver(ref, frame)
    } else if (now < this.#replayUntil) {
      this.#hold(ref, frame)
    } else if (frame.type === FrameType.loose) {
      this.#holdLoose(ref, frame, now)
    } else {
      this.#refuse(ref, frame, now, wait)
    }
  }

  // ---- What waits.

  #hold(ref: number, frame: Frame): void {
    const bytes = heldSize(frame)
    this.#replayed.push({ ref, frame, bytes })
    this.#replayedBytes += bytes
    this.#adjustReading(this.#options.clock.now())
    this.#schedule()
  }

  /** Nobody is punished for events that may be dropped: where too many come, the oldest are. */
  #holdLoose(ref: number, frame: Frame, now: number): void {
    const { maxLatest, softOutbox } = this.#options.limits
    this.#loose.push({ ref, frame, bytes: heldSize(frame) })
    this.#loose = this.#pumpFrom(this.#loose, now)
    this.#schedule()
    let bytes = this.#loose.reduce((sum, waiting) => sum + waiting.bytes, 0)
    while (this.#loose.length > maxLatest || bytes > softOutbox) {
      const oldest = this.#loose.shift()
      if (oldest === undefined) return
      bytes -= oldest.bytes
      this.#tell(oldest.ref, oldest.frame, now, this.#wait(now))
    }
  }

  #schedule(): void {
    if (this.#cancelPump !== undefined || this.#connection === undefined || this.waiting === 0) return
    const { clock } = this.#options
    this.#cancelPump = clock.after(Math.max(pumpInterval, this.#wait(clock.now())), () => {
      this.#cancelPump = undefined
      this.#host.run(() => this.#pump())
      this.#adjustReading(clock.now())
      this.#schedule()
    })
  }

  #pump(): void {
    const now = this.#options.clock.now()
    this.#replayed = this.#pumpFrom(this.#replayed, now)
    this.#replayedBytes = this.#replayed.reduce((sum, { bytes }) => sum + bytes, 0)
    if (this.#replayed.length === 0) this.#loose = this.#pumpFrom(this.#loose, now)
  }

  /** Delivers what there are tokens for. @returns the rest. */
  #pumpFrom(queue: readonly Waiting[], now: number): Waiting[] {
    let next = 0
    for (const { ref, frame } of queue) {
      if (isMessage(frame)) {
        if (this.#wait(now) > 0) break
        this.#take(now)
      }
      next++
      this.#host.deliver(ref, frame)
      // What it led to has ended the connection.
      if (this.#connection === undefined) return []
    }
    return queue.slice(next)
  }

  // ---- Reading.

  /** Stops reading when too much came or waits, and goes on when that is over. */
  #adjustReading(now: number): void {
    const { maxFrame, resumeBuffer, resumeFrames } = this.#options.limits
    const held = this.#replayed.length
    const full = held > resumeFrames || (held > 0 && this.#replayedBytes > resumeBuffer + maxFrame)
    const wait = this.#bytes.wait(now, 0)
    if (wait > 0 && this.#cancelPause === undefined) {
      this.#cancelPause = this.#options.clock.after(wait, () => {
        this.#cancelPause = undefined
        this.#adjustReading(this.#options.clock.now())
      })
    }
    // What filled the queue has to leave it, rather than that reading starts and stops with each frame.
    const paused = wait > 0 || full || (this.#paused && held > 0)
    if (paused === this.#paused || this.#connection === undefined) return
    this.#paused = paused
    if (paused) {
      this.#options.metrics.count('reading_paused')
      this.#connection.pause()
    } else this.#connection.resume()
  }

  // ---- Limits.

  #wait(now: number): number {
    return Math.max(this.#messages.wait(now), this.#options.party.messages?.wait(now) ?? 0)
  }

  #take(now: number): void {
    this.#messages.take(now)
    this.#options.party.messages?.take(now)
  }

  #refuse(ref: number, frame: Frame, now: number, wait: number): void {
    const { messageRate, messageBurst } = this.#options.limits
    this.#patience ??= new TokenBucket({ rate: messageRate / 2, burst: messageBurst })
    if (!this.#patience.tryTake(now)) return this.#flood('messages')
    this.#tell(ref, frame, now, wait)
  }

  #tell(ref: number, frame: Frame, now: number, wait: number): void {
    this.#options.metrics.count('messages_refused', { limit: this.#messages.wait(now) > 0 ? 'session' : 'user' })
    this.#host.refused(ref, frame, this.#answer(frame, now, Math.ceil(wait)))
  }

  #answer(frame: Frame, now: number, retryAfter: number): SentFrame | undefined {
    const error = new JuntoError(
      'rate_limited',
      `more messages than ${this.#options.limits.messageRate} a second: try again in ${retryAfter} ms`,
      { retryAfter },
    )
    const { message, data } = errorToWire(error)
    switch (frame.type) {
      case FrameType.call:
      case FrameType.stream:
        return { type: FrameType.failed, no: frame.no, code: error.code, message, data }
      case FrameType.join:
      case FrameType.unfitJoin:
        return { type: FrameType.refused, ref: frame.ref, code: error.code, message, data }
      default: {
        this.#dropped++
        if (now < this.#noticedAt + noticeInterval) return undefined
        const dropped = this.#dropped
        this.#dropped = 0
        this.#noticedAt = now
        return { type: FrameType.notice, code: error.code, message: `${message}; events dropped: ${dropped}` }
      }
    }
  }

  #flood(what: 'messages' | 'frames'): void {
    if (this.#connection === undefined) return
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
