import type { BucketSize } from './token-bucket.ts'
import { TokenBucket } from './token-bucket.ts'

/** Sizes of a party's buckets. */
export interface PartySizes {
  readonly joins: BucketSize
  readonly creations: BucketSize
  readonly messages?: BucketSize
}

/** A user, or an address: whose sessions count together. */
export class Party {
  /** Sessions that are there, away ones included. */
  readonly sessions = new Set<object>()
  /** Rooms that exist because it asked for them. */
  rooms = 0
  /** When the last of the buckets that others keep for it is full again: forgotten before that, it would find new ones. */
  spentUntil = -Infinity
  readonly joins: TokenBucket
  readonly creations: TokenBucket
  readonly messages: TokenBucket | undefined

  constructor(sizes: PartySizes) {
    this.joins = new TokenBucket(sizes.joins)
    this.creations = new TokenBucket(sizes.creations)
    this.messages = sizes.messages && new TokenBucket(sizes.messages)
  }

  /** Whether nothing would be different if it were forgotten. */
  isIdle(now: number): boolean {
    if (this.sessions.size > 0 || this.rooms > 0 || this.spentUntil > now) return false
    return this.joins.isFull(now) && this.creations.isFull(now) && (this.messages?.isFull(now) ?? true)
  }
}

/** Below so many it is not worth looking for idle ones. */
const leastSwept = 1000

/** Parties by key. Those that are idle are forgotten when the number of them has doubled since the last look: no timer. */
export class Parties {
  readonly #sizes: PartySizes
  readonly #byKey = new Map<string, Party>()
  #sweepAt = leastSwept

  constructor(sizes: PartySizes) {
    this.#sizes = sizes
  }

  /** How many are known. */
  get size(): number {
    return this.#byKey.size
  }

  /** The party of a key, made when it is not known. */
  of(key: string, now: number): Party {
    let party = this.#byKey.get(key)
    if (party === undefined) {
      if (this.#byKey.size >= this.#sweepAt) this.#sweep(now)
      this.#byKey.set(key, (party = new Party(this.#sizes)))
    }
    return party
  }

  #sweep(now: number): void {
    for (const [key, party] of this.#byKey) if (party.isIdle(now)) this.#byKey.delete(key)
    this.#sweepAt = Math.max(leastSwept, 2 * this.#byKey.size)
  }
}
