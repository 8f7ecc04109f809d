import { JuntoError, type Clock } from '@junto/protocol'
import { TokenBucket, type BucketSize } from './token-bucket.ts'

/** Who is counted. */
export interface Holder {
  /** When the last of its buckets is full again: so long it must not be forgotten. */
  spentUntil: number
}

/**
 * Limits of single messages in one room, each for whoever sends it: an expensive call that is asked for too often fails, and the
 * cheap ones beside it do not.
 */
export class MessageLimits {
  readonly #clock: Clock
  readonly #sizes: readonly (BucketSize | undefined)[]
  /** Buckets by holder and message id. A holder that leaves and joins again finds its own. */
  readonly #buckets = new WeakMap<Holder, (TokenBucket | undefined)[]>()

  /** @param sizes By message id; undefined for those that may be sent as often as all messages together. */
  constructor(clock: Clock, sizes: readonly (BucketSize | undefined)[]) {
    this.#clock = clock
    this.#sizes = sizes
  }

  /**
   * A message is about to be handled.
   *
   * @param holder Who is counted: see `Account.holder`.
   * @returns the error to answer with, when it came too soon.
   */
  check(holder: Holder, id: number, where: string): JuntoError | undefined {
    const size = this.#sizes[id]
    if (size === undefined) return undefined
    let buckets = this.#buckets.get(holder)
    if (buckets === undefined) this.#buckets.set(holder, (buckets = []))
    const bucket = (buckets[id] ??= new TokenBucket(size))
    const now = this.#clock.now()
    if (bucket.tryTake(now)) {
      holder.spentUntil = Math.max(holder.spentUntil, bucket.fullAt)
      return undefined
    }
    const retryAfter = Math.ceil(bucket.wait(now))
    return new JuntoError(
      'rate_limited',
      `${where} may be sent ${size.rate} times a second: try again in ${retryAfter} ms`,
      { retryAfter },
    )
  }
}
