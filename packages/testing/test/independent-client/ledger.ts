import { wrong } from './layout.ts'
import type { Addressed, Frame } from './wire.ts'

/** What a session keeps over its connections: numbered frames and their counts (docs/protocol.md, K1 to K9). */
export class Ledger {
  /** How many numbered frames of the server were taken. */
  received = 0
  /** How many of those the server knows of. */
  told = 0
  /** Numbered frames of ours that the server may not have taken, the one numbered `acknowledged + 1` first. */
  readonly kept: Addressed[] = []
  #acknowledged = 0
  #sent = 0

  /** The number of the first frame that can be sent again. */
  get from(): number {
    return this.#acknowledged + 1
  }

  /** Keeps a frame that is sent now, or that waits for a connection. */
  keep(ref: number, frame: Frame): void {
    this.kept.push([ref, frame])
  }

  /** So many of those that are kept have been sent: all. */
  sent(): void {
    this.#sent = this.#acknowledged + this.kept.length
  }

  acknowledged(count: number): void {
    if (count < this.#acknowledged || count > this.#sent) wrong(`an ack of ${count}`)
    this.kept.splice(0, count - this.#acknowledged)
    this.#acknowledged = count
  }

  /** The ack that is worth sending with what leaves anyway. */
  ack(least: number): Frame | undefined {
    if (this.received - this.told < least) return undefined
    this.told = this.received
    return [11, this.received]
  }
}

/** By the type alone (K1). */
export function isNumbered([type]: Frame): boolean {
  return typeof type === 'number' && ((type >= 3 && type <= 7) || (type >= 16 && type <= 24))
}
