import { JuntoError, type ClientLimits, type Clock } from '@junto/protocol'
import * as FrameType from '@junto/protocol/frame-type'
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

/** What an outbox needs. */
export interface OutboxOptions {
  readonly clock: Clock
  readonly limits: ClientLimits
}

/**
 * How much of what may be kept the program may fill. The rest is for what must not fail: answers, cancellations, leaving.
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
  #accepted: Pick<WelcomeFrame, 'maxFrame'> | undefined
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
    if (this.#connection.line?.busy !== true) return
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
    const link = this.#link
    const { hardOutbox, resumeBuffer, resumeFrames } = this.#options.limits
    const isProgram = opensSomething(frame)
    const share = isProgram ? programShare : 1
    const size = link.kept + frame.length + frameOverhead
    const count = link.sent - link.oldest + link.unsent + 2
    const hasPlace =
      size <= share * (link.attached ? hardOutbox : resumeBuffer) && (link.attached || count <= share * resumeFrames)
    if (!((hasPlace || !isProgram) && link.send(room, frame))) {
      const error = new JuntoError('disconnected', `more than ${link.kept} bytes wait for the server`)
      if (!isProgram) {
        this.#options.clock.atEndOfTurn(() => {
          // Several may have found no place: the session is given up once.
          if (link === this.#link) this.#overflowed(error)
        })
      }
      return 'dropped'
    }
    return this.writable ? 'sent' : 'queued'
  }

  /** Takes back what never left. Returns whether that is so. */
  retract(frame: Uint8Array): boolean {
    return this.#link.retract(frame)
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
    const { resumeBuffer, resumeFrames, hardOutbox } = this.#options.limits
    return new Link({
      maxBytes: resumeBuffer,
      maxFrames: resumeFrames,
      mostAttached: hardOutbox,
      transmit: (room, frame) => this.#connection.send(room, frame, true),
    })
  }
}

/** Whether a frame is what a program begins something with, and can be told of when it finds no place. Its type stands behind the head of the array. */
export function opensSomething(frame: Uint8Array): boolean {
  const type = frame[1]
  return type === FrameType.event || type === FrameType.call || type === FrameType.stream
}
