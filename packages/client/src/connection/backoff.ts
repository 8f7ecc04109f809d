import type { RandomSource } from '@junto/protocol'

/** How long to wait between attempts to connect. */
export interface BackoffOptions {
  /** The longest wait before the first retry, in ms. Default 500. */
  readonly first?: number
  /** The longest wait there is, in ms. Default 20,000. */
  readonly longest?: number
}

/**
 * Waits between attempts: doubling, with full jitter. Each wait is drawn evenly from zero to its limit, so that the
 * clients of a server that was restarted do not come back all at once, while a single dropped connection is mended
 * almost at once.
 */
export class Backoff {
  readonly #random: RandomSource
  readonly #first: number
  readonly #longest: number

  constructor(random: RandomSource, { first = 500, longest = 20_000 }: BackoffOptions = {}) {
    this.#random = random
    this.#first = first
    this.#longest = longest
  }

  /** Milliseconds to wait before attempt number `attempt`, counted from 1 after the loss. */
  delay(attempt: number): number {
    const limit = Math.min(this.#longest, this.#first * 2 ** Math.min(attempt - 1, 30))
    return Math.round(this.#random.number() * limit)
  }
}
