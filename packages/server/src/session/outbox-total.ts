import type { Gauge } from '../observe/metrics.ts'

/** Somebody for whom bytes wait. */
export interface Waiter {
  /** The peer is closed, and nothing waits for it any more. */
  giveUp(): void
}

/** How much waits for all peers together. Where that is too much, those for whom most waits are given up. */
export class OutboxTotal {
  readonly #most: number
  readonly #gauge: Gauge
  readonly #waiting = new Map<Waiter, number>()
  #bytes = 0

  /** @param most Bytes: the limit `maxOutboxTotal`. */
  constructor(most: number, gauge: Gauge) {
    this.#most = most
    this.#gauge = gauge
  }

  /** So many bytes wait for this one now. May give it up. */
  report(waiter: Waiter, bytes: number): void {
    const before = this.#waiting.get(waiter) ?? 0
    if (bytes > 0) this.#waiting.set(waiter, bytes)
    else this.#waiting.delete(waiter)
    this.#bytes += bytes - before
    this.#gauge.set(this.#bytes)
    while (this.#bytes > this.#most) this.#greediest()?.giveUp()
  }

  #greediest(): Waiter | undefined {
    let greediest: Waiter | undefined
    let most = 0
    for (const [waiter, bytes] of this.#waiting) {
      if (bytes <= most) continue
      greediest = waiter
      most = bytes
    }
    return greediest
  }
}
