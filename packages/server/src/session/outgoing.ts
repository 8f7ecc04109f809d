import { ForfeitingLink, frameOverhead, LatestSlots, refuseTooLarge } from '@junto/protocol/internal'
import type { ForfeitingLinkHost, LinkFrame } from '@junto/protocol/internal'
import type { ServerLimits } from '../config.ts'
import type { Traffic } from '../observe/traffic.ts'
import type { LooseDelivery } from '../room/seat.ts'
import { Acks } from './acks.ts'
import type { AcksEnvironment } from './acks.ts'
import type { Outbox, OutboxSource } from './outbox.ts'

/** What {@link Outgoing} is made of. */
export interface OutgoingEnvironment extends AcksEnvironment {
  readonly limits: ServerLimits
  readonly traffic: Traffic
}

/** Whom {@link Outgoing} tells what became of frames. */
export interface OutgoingHost {
  /** Numbered frames of a room were given up, because too much is kept. */
  forfeited(room: number, frames: readonly Uint8Array[]): void
  /** The client has a frame of the session. */
  taken(frame: Uint8Array): void
}

/** What a session says to its client: on the line that it has, or on the next one. */
export class Outgoing implements OutboxSource, ForfeitingLinkHost {
  readonly #host: OutgoingHost
  readonly #limits: ServerLimits
  readonly #traffic: Traffic
  /** Without it nobody can come back, and nothing is numbered and kept. */
  readonly link: ForfeitingLink | undefined
  readonly acks: Acks | undefined
  /** Of the line, while there is one. */
  #outbox: Outbox | undefined
  /** What the client accepts. */
  #peer = { maxFrame: 0 }
  /** What waits of class `latest`. Made on first use. */
  #latest: LatestSlots | undefined
  #isOver = false

  /** @param keeps Whether the client may come back for what it did not get. */
  constructor(environment: OutgoingEnvironment, host: OutgoingHost, keeps: boolean) {
    const { limits, traffic } = environment
    this.#host = host
    this.#limits = limits
    this.#traffic = traffic
    if (!keeps) return
    this.link = new ForfeitingLink(this)
    this.acks = new Acks(environment, this.link, this)
  }

  // ---- Lines.

  /** There is a line. What is numbered goes out from {@link ForfeitingLink.replay} on. */
  attach(outbox: Outbox): void {
    this.#outbox = outbox
    this.#peer = { maxFrame: outbox.maxFrame }
    outbox.source = this
    this.acks?.attach(outbox)
  }

  /** There is none. */
  detach(): void {
    this.#outbox = undefined
    this.acks?.detach()
    this.link?.detach()
  }

  /** All that was kept has been sent again. */
  replayed(): void {
    this.count()
    if (this.#latest !== undefined) this.#outbox?.wake()
  }

  /** The session is over: nothing is sent or kept any more. */
  end(): void {
    this.#isOver = true
    this.#outbox = undefined
    this.acks?.detach()
    this.#latest = undefined
    this.link?.reset()
    this.count()
  }

  /** Whether there is a line on which frames flow. */
  get isAttached(): boolean {
    return this.#outbox !== undefined
  }

  /** Whether too much waits for the client already; also while there is no line. */
  get congested(): boolean {
    return this.#outbox === undefined || this.#outbox.congested
  }

  /** Bytes of one frame that the client accepts. */
  get maxFrame(): number {
    return this.#peer.maxFrame
  }

  // ---- Frames.

  /** Sends a numbered frame, now or when the client is back. @throws JuntoError `too_large` when it would never take it. */
  send(room: number, frame: Uint8Array): void {
    // Before it is numbered: a frame that has a number must arrive.
    refuseTooLarge(frame, this.#peer)
    if (this.#isOver) return
    if (this.link === undefined) {
      this.#outbox?.add(room, frame)
      return
    }
    this.link.send(room, frame)
    if (this.#outbox === undefined) this.count()
  }

  /** Sends a frame that makes sense only now: none while there is no line. @throws JuntoError `too_large`. */
  sendState(room: number, frame: Uint8Array): void {
    this.#outbox?.add(room, frame)
  }

  /** See `MemberLink.sendLoose`. */
  sendLoose(room: number, frame: Uint8Array, { key, priority }: LooseDelivery): void {
    if (this.#isOver || !this.#accepts(frame)) return
    const outbox = this.#outbox
    if (key === undefined) {
      if (outbox === undefined) this.#traffic.dropped('volatile')
      else outbox.addVolatile(room, frame, priority)
      return
    }
    // What waits already under the same key is older, and must not come later.
    if ((this.#latest === undefined || this.#latest.size === 0) && outbox?.offer(room, frame)) return
    this.#latest ??= new LatestSlots(this.#limits.maxLatest, this.#limits.softOutbox)
    const { size } = this.#latest
    this.#latest.set(room, key, frame, priority)
    if (this.#latest.size <= size) this.#traffic.dropped('replaced', size + 1 - this.#latest.size)
    if (outbox === undefined) this.count()
    else outbox.wake()
  }

  // ---- What the outbox asks when a message leaves.

  ride(): Uint8Array | undefined {
    return this.acks?.ride()
  }

  takeLatest(): LinkFrame | undefined {
    let next = this.#latest?.take()
    // What waited for a client that accepted more than it does since it has come back.
    while (next !== undefined && !this.#accepts(next.frame)) next = this.#latest?.take()
    return next
  }

  #accepts(frame: Uint8Array): boolean {
    try {
      refuseTooLarge(frame, this.#peer)
      return true
    } catch {
      return false
    }
  }

  // ---- What the link asks and tells.

  get maxBytes(): number {
    return this.#limits.resumeBuffer
  }

  get maxFrames(): number {
    return this.#limits.resumeFrames
  }

  transmit(room: number, frame: Uint8Array): void {
    this.#outbox?.add(room, frame)
  }

  forfeited(room: number, frames: readonly Uint8Array[]): void {
    this.#traffic.dropped('forfeited', frames.length)
    this.#host.forfeited(room, frames)
  }

  taken(frame: Uint8Array): void {
    this.#host.taken(frame)
  }

  // ---- What is kept.

  /** Bytes kept for the client. */
  get kept(): number {
    return this.link === undefined ? 0 : this.link.kept + this.waitingLatest
  }

  /** Of these, what waits in class `latest`. */
  get waitingLatest(): number {
    return this.#latest === undefined ? 0 : this.#latest.bytes + this.#latest.size * frameOverhead
  }

  /** To be called when what is kept may have changed. */
  count(): void {
    this.acks?.count()
  }

  /** Gives up what is kept, where there is no line: others need the memory. */
  forfeit(): void {
    if (this.#outbox === undefined && this.link !== undefined) {
      this.link.forfeit()
      for (let gone = this.#latest?.take(); gone !== undefined; gone = this.#latest?.take()) this.link.miss(gone.room)
    }
    this.count()
  }

  /** A room is over: what waits of it in class `latest` goes nowhere. */
  dropRoom(ref: number): void {
    this.#latest?.dropRoom(ref)
  }

  /**
   * The client has forgotten everything: both directions begin anew. To be called while there is no line.
   *
   * @returns the numbered frames that were kept, in order.
   */
  reset(): readonly LinkFrame[] {
    this.#latest?.clear()
    const dropped = this.link?.reset() ?? []
    this.count()
    return dropped
  }
}
