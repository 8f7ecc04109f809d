import type { Clock, Limits } from '@junto/protocol'
import { encodeAck } from '@junto/protocol/internal'
import type { ForfeitingLink } from '@junto/protocol/internal'
import type { Acknowledging, AckTimer } from './ack-timer.ts'
import type { Outbox } from './outbox.ts'
import type { ResumeMemory } from './resume-memory.ts'

/** What the acks of all sessions share. */
export interface AcksEnvironment {
  readonly clock: Clock
  readonly limits: Pick<Limits, 'hardOutbox' | 'pongTimeout'>
  readonly acks: AckTimer
  readonly memory: ResumeMemory
}

/** What is kept for a client besides what its link keeps. */
export interface KeptBesides {
  /** Bytes that wait in class `latest`. */
  readonly waitingLatest: number
}

/**
 * The acks of one session, both ways: when to tell the client how far its frames were taken, whether the client does the same, and how
 * much is kept until it has.
 */
export class Acks implements Acknowledging {
  readonly #environment: AcksEnvironment
  readonly #link: ForfeitingLink
  readonly #memory: ResumeMemory
  /** Of the line, while there is one. */
  #outbox: Outbox | undefined
  /** The timer is to call back. */
  #awaiting = false
  /** A look found that this frame was the last one sent: how long it takes the client to acknowledge it shows how it does. */
  #mark: { readonly number: number; readonly at: number } | undefined
  /** Bytes that are counted as kept. */
  #counted = 0

  readonly #besides: KeptBesides

  /** @param besides Where more is kept for the client. */
  constructor(environment: AcksEnvironment, link: ForfeitingLink, besides: KeptBesides) {
    this.#environment = environment
    this.#memory = environment.memory
    this.#link = link
    this.#besides = besides
  }

  /** There is a line. */
  attach(outbox: Outbox): void {
    this.#outbox = outbox
    this.#mark = undefined
  }

  /** There is none. */
  detach(): void {
    this.#outbox = undefined
    this.#mark = undefined
    if (this.#awaiting) this.#environment.acks.forget(this)
    this.#awaiting = false
  }

  // ---- To the client.

  /** What a message brought has been done: an ack goes at once when much has come, and else rides or goes alone later. */
  settle(): void {
    if (!this.#link.owesAck || this.#outbox === undefined) return
    if (this.#link.ackIsDue) return this.#send()
    if (this.#awaiting) return
    this.#awaiting = true
    this.#environment.acks.await(this)
  }

  /** The ack that a message takes along which leaves anyway, if it is worth its bytes. */
  ride(): Uint8Array | undefined {
    this.count()
    const received = this.#link.ack('riding')
    return received === undefined ? undefined : encodeAck(received)
  }

  acknowledge(): void {
    this.#awaiting = false
    this.#send()
  }

  #send(): void {
    if (this.#outbox === undefined) return
    const received = this.#link.ack('alone')
    if (received !== undefined) this.#outbox.urgent(encodeAck(received))
  }

  // ---- From the client.

  /** @throws JuntoError `bad_message` when it cannot have taken so many. */
  acknowledged(received: number): void {
    this.#link.acknowledged(received)
    this.count()
  }

  /**
   * Looks whether the client acknowledges what it gets. To be called now and then.
   *
   * @returns whether it has the server keep more than may wait for a client, for as long as it has to answer a ping.
   */
  areOverdue(): boolean {
    const { clock, limits } = this.#environment
    const unacknowledged = this.#unacknowledged
    if (this.#mark !== undefined && this.#link.oldest > this.#mark.number) this.#mark = undefined
    if (unacknowledged > 0) this.#mark ??= { number: this.#link.sent, at: clock.now() }
    return unacknowledged > limits.hardOutbox && this.isSilent
  }

  /**
   * Whether the client is there, and has long not acknowledged what it was sent. Acks that say nothing new, or creep on by a frame now and
   * then, do not help it.
   */
  get isSilent(): boolean {
    const { clock, limits } = this.#environment
    if (this.#mark === undefined || this.#link.oldest > this.#mark.number) return false
    return clock.now() - this.#mark.at >= limits.pongTimeout
  }

  /** Bytes that have left for the client and that it has not acknowledged, as counted for what is kept. */
  get #unacknowledged(): number {
    const { kept } = this.#link
    // What waits is looked for last: that costs more than all the rest of a look, and mostly nothing is kept.
    return kept === 0 || this.#outbox === undefined ? 0 : Math.max(0, kept - this.#outbox.waiting)
  }

  // ---- What is kept.

  /** Counts what is kept for the client among what is kept for all. To be called when that may have changed. */
  count(): void {
    const kept = this.#link.kept + this.#besides.waitingLatest
    if (kept === this.#counted) return
    this.#memory.changed(kept - this.#counted)
    this.#counted = kept
  }
}
