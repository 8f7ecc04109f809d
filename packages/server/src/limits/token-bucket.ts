/** How fast a bucket fills, and how much it holds. */
export interface BucketSize {
  /** Tokens a second, above 0. */
  readonly rate: number
  /** The most tokens that it holds: what may be taken at once after a rest. */
  readonly burst: number
}

/** Rounding of sums of fractions must not make somebody wait for a billionth of a millisecond. */
const rounding = 1e-6

/**
 * Allows so much a second, and so much at once after a rest. It has no timer: what it keeps is the one moment at which it
 * will be full again, from which follows how many tokens it holds at any other. A new one is full.
 */
export class TokenBucket {
  readonly #burst: number
  /** Milliseconds in which one token comes. */
  readonly #interval: number
  #fullAt = -Infinity

  constructor({ rate, burst }: BucketSize) {
    this.#burst = burst
    this.#interval = 1000 / rate
  }

  /** Milliseconds until it holds so many tokens; 0: it does. `Infinity` when it never will. */
  wait(now: number, tokens = 1): number {
    if (tokens > this.#burst) return Infinity
    const ms = this.#fullAt - now - (this.#burst - tokens) * this.#interval
    return ms > rounding ? ms : 0
  }

  /** Takes tokens, also those that are not there yet: then it holds less than none for a while. */
  take(now: number, tokens = 1): void {
    this.#fullAt = (this.#fullAt > now ? this.#fullAt : now) + tokens * this.#interval
  }

  /** As {@link take}. @returns milliseconds until what was not there has come. */
  spend(now: number, tokens: number): number {
    this.take(now, tokens)
    return this.wait(now, 0)
  }

  /** Takes tokens if they are there. */
  tryTake(now: number, tokens = 1): boolean {
    if (this.wait(now, tokens) > 0) return false
    this.take(now, tokens)
    return true
  }

  /** How many tokens it holds; less than none where more were taken than there were. */
  tokens(now: number): number {
    return this.#fullAt > now ? this.#burst - (this.#fullAt - now) / this.#interval : this.#burst
  }

  /** When it is full again, should nothing be taken; in the past: it is. */
  get fullAt(): number {
    return this.#fullAt
  }

  /** Whether nothing was taken for so long that it might as well be a new one. */
  isFull(now: number): boolean {
    return this.#fullAt <= now
  }
}
