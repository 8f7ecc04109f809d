import { JuntoError, type ClientLimits, type Clock } from '@junto/protocol'
import { encodeEvent, encodeLoose, LatestSlots } from '@junto/protocol/internal'
import type { MessageCodec } from '@junto/schema/internal'
import type { SendOutcome } from '../room/joined-room.ts'
import { isEvent, opensSomething } from './frame-kinds.ts'
import type { Outbox } from './outbox.ts'

/** Milliseconds between presences: what is newer replaces what waits. */
const presenceInterval = 1000 / 30

/**
 * What one membership sends. While it is `open`, it has a number at the server, under which the session's outbox takes
 * everything, with a connection or without. While it is being joined again, what must arrive waits here.
 */
export class RoomOutbox {
  readonly #outbox: Outbox
  readonly #latest: LatestSlots
  readonly #clock: Clock
  #ref: number | undefined
  /** What must arrive, in order. */
  #waiting: Uint8Array[] = []
  /** What the member shows of itself, when that did not leave yet. */
  #presence: Uint8Array | undefined
  /** When the next presence may leave. */
  #presenceDue = -Infinity
  /** Who waits until nothing waits any more. */
  #drains: { readonly resolve: () => void; readonly reject: (error: JuntoError) => void }[] = []

  constructor(outbox: Outbox, options: { readonly clock: Clock; readonly limits: ClientLimits }) {
    this.#outbox = outbox
    this.#clock = options.clock
    this.#latest = new LatestSlots(options.limits.maxLatest, options.limits.resumeBuffer)
  }

  /** The room is joined under this number: what waited leaves, as fast as the server takes it. */
  open(ref: number): void {
    this.#ref = ref
    this.#outbox.whenWritable(this.flush)
  }

  /**
   * The seat is lost. Of what never left, what the program began is kept for the next one.
   *
   * @returns what is, now and since an earlier loss.
   */
  close(unsent: readonly Uint8Array[]): readonly Uint8Array[] {
    this.#ref = undefined
    // Each had its place where it was, and has it here.
    for (const frame of unsent) if (opensSomething(frame)) this.#hold(frame)
    return this.#waiting
  }

  /** Drops what waits. Returns how many reliable events there were. */
  clear(): number {
    const events = this.#waiting.filter(isEvent).length
    this.#latest.clear()
    this.#presence = undefined
    for (const frame of this.#waiting.splice(0)) this.#outbox.release(frame)
    return events
  }

  /** Nothing is sent any more. */
  end(error: JuntoError): void {
    this.#ref = undefined
    this.clear()
    for (const { reject } of this.#drains.splice(0)) reject(error)
  }

  /** Sends what must arrive. `dropped`: it was not taken. @throws JuntoError `too_large`. */
  #send(frame: Uint8Array): SendOutcome {
    if (this.#ref !== undefined && this.#waiting.length === 0) return this.#outbox.send(this.#ref, frame)
    this.#outbox.check(frame)
    return this.#hold(frame) ? 'queued' : 'dropped'
  }

  #hold(frame: Uint8Array): boolean {
    const isTaken = this.#outbox.hold(frame)
    if (isTaken) this.#waiting.push(frame)
    return isTaken
  }

  /** For calls and streams. @throws JuntoError */
  sendOrThrow(frame: Uint8Array): void {
    if (this.#send(frame) !== 'dropped' || !opensSomething(frame)) return
    const isAttached = this.#outbox.attached
    throw new JuntoError(
      isAttached ? 'rate_limited' : 'disconnected',
      `too much waits ${isAttached ? 'for the network' : 'without a connection'}: await room.drained()`,
    )
  }

  /** Takes back what never left. Returns whether that is so. */
  retract(frame: Uint8Array): boolean {
    const index = this.#waiting.indexOf(frame)
    if (index < 0) return this.#outbox.retract(frame)
    this.#waiting.splice(index, 1)
    this.#outbox.release(frame)
    return true
  }

  /** Sends an event as its class wants it. @throws JuntoError `too_large`. */
  sendEvent({ delivery, id, priority, key }: MessageCodec, wire: unknown, payload: unknown): SendOutcome {
    if (delivery === 'reliable') return this.#send(encodeEvent(id, wire))
    const frame = encodeLoose(id, wire)
    this.#outbox.check(frame)
    const ref = this.#outbox.writable ? this.#ref : undefined
    if (delivery === 'volatile') {
      if (ref === undefined) return 'dropped'
      this.#outbox.sendLoose(ref, frame)
      return 'sent'
    }
    // Also for the end of the turn: what is replaced before it leaves does not leave.
    this.#latest.set(0, `${id}:${keyOf(payload, key)}`, frame, priority)
    this.#outbox.whenWritable(this.flush)
    return ref === undefined ? 'queued' : 'sent'
  }

  /** Sends what the member shows of itself, in the place of what waits. @throws JuntoError `too_large`. */
  show(frame: Uint8Array): void {
    this.#outbox.check(frame)
    this.#presence = frame
    this.#outbox.whenWritable(this.flush)
  }

  /** Sends a frame that nobody waits for, when it can leave now. Returns whether it did. */
  sendLoose(frame: Uint8Array): boolean {
    if (this.#ref === undefined || !this.#outbox.attached) return false
    this.#outbox.sendLoose(this.#ref, frame)
    return true
  }

  /** Resolves when nothing waits any more, and what left is acknowledged down to a mark. */
  drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#drains.push({ resolve, reject })
      this.#outbox.whenWritable(this.flush)
    })
  }

  /**
   * Sends what can leave.
   *
   * @param isLast Nothing can leave later.
   * @returns whether nothing waits any more.
   */
  readonly flush = (isLast = false): boolean => {
    const ref = this.#ref
    while (ref !== undefined && this.#waiting.length > 0 && (isLast || this.#outbox.mayRelease())) {
      const [next] = this.#waiting.splice(0, 1)
      if (next !== undefined) this.#outbox.forward(ref, next)
    }
    while (ref !== undefined && this.#outbox.writable) {
      const next = this.#latest.take()
      if (next === undefined) break
      this.#outbox.sendLoose(ref, next.frame)
    }
    const now = this.#clock.now()
    if (ref !== undefined && this.#presence !== undefined && this.#outbox.writable && now >= this.#presenceDue) {
      this.#outbox.sendLoose(ref, this.#presence)
      this.#presence = undefined
      this.#presenceDue = now + presenceInterval
    }
    const isEmpty = this.#latest.size === 0 && this.#waiting.length === 0 && this.#presence === undefined
    if (isEmpty && ref !== undefined && this.#outbox.ready) {
      for (const { resolve } of this.#drains.splice(0)) resolve()
    }
    return isEmpty && this.#drains.length === 0
  }
}

/** What tells the newest of one thing from the newest of another. */
function keyOf(payload: unknown, key: string | undefined): string {
  // Encoded already, so that it is a record which has the field.
  return key === undefined ? '' : String((payload as { readonly [name: string]: unknown })[key])
}
