import { JuntoError, type ClientLimits, type Clock } from '@junto/protocol'
import {
  encodeAck,
  frameOverhead,
  isNumbered,
  Link,
  refuseTooLarge,
  type Frame,
  type LinkFrame,
  type WelcomeFrame,
} from '@junto/protocol/internal'
import type { Connection } from '../connection/connection.ts'
import type { SendOutcome } from '../room/joined-room.ts'
import { opensSomething } from './frame-kinds.ts'

/** What an outbox needs. */
export interface OutboxOptions {
  readonly clock: Clock
  readonly limits: ClientLimits
}

/**
 * How much of what may be kept the program may fill, and how much of the server's rate what waited for a room. The rest is for
 * what must not fail (answers, cancellations, leaving), and for what is said meanwhile.
 */
const programShare = 0.75

/** How often it is looked whether the network has taken what waits: browsers do not tell. */
const drainInterval = 50

/** What a session sends: what must arrive is kept by its link until the server has it, over as many connections as that takes. */
export class Outbox {
  readonly #connection: Connection
  readonly #options: OutboxOptions
  readonly #overflowed: (error: JuntoError) => void
  #link: Link
  #accepted: Pick<WelcomeFrame, 'maxFrame' | 'messageRate'> | undefined
  /** What waits for rooms that are being joined again. */
  #held = { frames: 0, bytes: 0 }
  /** Until when the server's rate is used up by what had waited. */
  #paced = -Infinity
  #stopAck: (() => void) | undefined
  #stopPolling: (() => void) | undefined
  readonly #waiting = new Set<() => boolean>()

  /** @param overflowed Something that must arrive has no place any more: the session cannot go on. */
  constructor(connection: Connection, options: OutboxOptions, overflowed: (error: JuntoError) => void) {
    this.#connection = connection
    this.#options = options
    this.#overflowed = overflowed
    this.#link = this.#newLink()
  }

  /** Whether the server is there: what is sent leaves at once. */
  get attached(): boolean {
    return this.#link.attached
  }

  /** What a hello says of it. */
  get progress(): { readonly received: number; readonly from: number } {
    return { received: this.#link.received, from: this.#link.oldest }
  }

  /** Whether what may be dropped or replaced can leave now. */
  get writable(): boolean {
    return this.#link.attached && !this.#connection.congested
  }

  /**
   * Whether who sends much can go on: the server has acknowledged so much that the next finds its place, even should the connection be
   * gone by then.
   */
  get ready(): boolean {
    const { resumeBuffer, hardOutbox } = this.#options.limits
    return this.writable && this.#link.kept <= (programShare / 2) * Math.min(resumeBuffer, hardOutbox)
  }

  // ---- Connections come and go.

  /** The session begins on this connection. */
  begin(): void {
    this.#link.begin()
  }

  /** What the server accepts, from now on. */
  setLimits(accepted: WelcomeFrame): void {
    this.#accepted = accepted
  }

  /**
   * The session goes on over this connection: sends what the server lacks.
   *
   * @throws JuntoError `bad_message` when it claims what cannot be.
   */
  resume(received: number): void {
    this.#link.attach(received)
    // At once: it proves the new secret.
    this.#connection.send(0, encodeAck(this.#link.ack('alone') ?? this.#link.received))
    this.#link.replay()
  }

  /** There is no connection any more. */
  detach(): void {
    this.#link.detach()
    this.#stopAck?.()
    this.#stopAck = undefined
    this.#stopPolling?.()
    this.#stopPolling = undefined
  }

  /**
   * Begins anew: the server knows nothing.
   *
   * @returns what never left, and what the server may have got or not.
   */
  restart(): { readonly unsent: readonly LinkFrame[]; readonly unknown: readonly LinkFrame[] } {
    const unsent = this.#link.takeUnsent()
    const unknown = this.#link.reset()
    // Another one: what is being received when this happens does not count in it.
    this.#link = this.#newLink()
    return { unsent, unknown }
  }

  // ---- What comes.

  /** Delivers a frame, and counts it when that has succeeded: what is acknowledged was dealt with. */
  take(frame: Frame, deliver: () => void): void {
    const link = this.#link
    deliver()
    if (isNumbered(frame)) link.take()
  }

  /** The server has taken so much. @throws JuntoError `bad_message` when that cannot be. */
  acknowledged(received: number): void {
    this.#link.acknowledged(received)
    if (this.#waiting.size > 0) this.#connection.flushLater()
  }

  /** A message of so many bytes came: when it has to be acknowledged, and nothing leaves on which the ack could ride, it goes alone. */
  heard(bytes: number): void {
    this.#link.arrived(bytes)
    if (this.#link.ackIsDue) this.#acknowledge()
    else if (this.#link.owesAck)
      this.#stopAck ??= this.#options.clock.after(this.#options.limits.ackDelay, () => this.#acknowledge())
  }

  /** A message is about to leave. */
  leaving(): void {
    // While the session waits to be resumed, nothing stands behind the hello: that says what was taken.
    if (!this.#link.attached) return
    this.#poll()
    if (!this.#connection.line?.writer.size) return
    const received = this.#link.ack('riding')
    if (received !== undefined) this.#connection.send(0, encodeAck(received))
  }

  #acknowledge(): void {
    this.#stopAck?.()
    this.#stopAck = undefined
    const received = this.#link.ack('alone')
    if (received !== undefined) this.#connection.send(0, encodeAck(received))
  }

  // ---- What leaves.

  /**
   * Sends what must arrive.
   *
   * @returns `dropped` when it was not taken, because too much of the program's waits already.
   * @throws JuntoError `too_large` when the server would never accept it.
   */
  send(room: number, frame: Uint8Array): SendOutcome {
    this.check(frame)
    if (room > 0 && !this.#takes(frame, this.#link.attached)) return 'dropped'
    this.#link.send(room, frame)
    return this.ready ? 'sent' : 'queued'
  }

  /**
   * What must arrive begins to wait for a room that is being joined again.
   *
   * @returns false when too much of the program's waits already.
   */
  hold(frame: Uint8Array): boolean {
    if (!this.#takes(frame, false)) return false
    this.#held.frames++
    this.#held.bytes += frame.length + frameOverhead
    return true
  }

  /** It no longer does. */
  release(frame: Uint8Array): void {
    this.#held.frames--
    this.#held.bytes -= frame.length + frameOverhead
  }

  /** Sends what has waited: its place it has already. */
  forward(room: number, frame: Uint8Array): void {
    this.release(frame)
    this.#link.send(room, frame)
  }

  /** Whether one more of what waited may leave: not faster than the server takes it, for what is too much is refused there. */
  mayRelease(): boolean {
    const now = this.#options.clock.now()
    this.#paced = Math.max(this.#paced, now - drainInterval)
    if (this.#paced > now) return false
    this.#paced += 1000 / (programShare * (this.#accepted?.messageRate ?? Infinity))
    return true
  }

  /**
   * Whether a frame has its place among all that is kept for the server. For what the program does not know of there is more, in any
   * state; when that is full as well, the session cannot go on.
   */
  #takes(frame: Uint8Array, isLive: boolean): boolean {
    const { hardOutbox, resumeBuffer, resumeFrames } = this.#options.limits
    const link = this.#link
    // What is under way does not come to wait for a room: should the session be lost, nobody sends it again.
    const isApart = !isLive && link.attached
    const bytes = (isApart ? 0 : link.kept) + this.#held.bytes + frame.length + frameOverhead
    if (opensSomething(frame)) {
      const frames = (isApart ? 0 : link.length) + this.#held.frames + 1
      return (
        bytes <= programShare * (isLive ? hardOutbox : resumeBuffer) &&
        (isLive || frames <= programShare * resumeFrames)
      )
    }
    if (bytes <= Math.max(hardOutbox, resumeBuffer)) return true
    this.#options.clock.atEndOfTurn(() => {
      // Several may have found no place: the session is given up once.
      if (link === this.#link) this.#overflowed(new JuntoError('disconnected', `${bytes} bytes wait for the server`))
    })
    return false
  }

  /** Takes back what never left. Returns whether that is so. */
  retract(frame: Uint8Array): boolean {
    return this.#link.retract(frame)
  }

  /** Whether a frame has left, or waits, that the server has not said to have taken. */
  keeps(frame: Uint8Array): boolean {
    return this.#link.keeps(frame)
  }

  /** Sends what may get lost with the connection. */
  sendLoose(room: number, frame: Uint8Array): void {
    this.#connection.send(room, frame)
  }

  /** @throws JuntoError `too_large` when the server would never accept it. */
  check(frame: Uint8Array): void {
    if (this.#accepted !== undefined) refuseTooLarge(frame, this.#accepted)
  }

  /** Calls a function at the end of the turn, and then again and again as the network takes what waits, until it returns true. */
  whenWritable(done: () => boolean): void {
    this.#waiting.add(done)
    this.#connection.flushLater()
  }

  #poll(): void {
    this.#stopPolling?.()
    this.#stopPolling = undefined
    for (const done of this.#waiting) if (done()) this.#waiting.delete(done)
    if (this.#waiting.size === 0) return
    this.#stopPolling = this.#options.clock.after(drainInterval, () => this.#connection.flush())
  }

  #newLink(): Link {
    return new Link({
      maxBytes: this.#options.limits.resumeBuffer,
      transmit: (room, frame) => this.#connection.send(room, frame, true),
    })
  }
}
