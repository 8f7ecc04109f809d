import type { AddressBudget } from './address-budget.ts'
import { TokenBucket, type BucketSize } from './token-bucket.ts'

/** What users and addresses both have. */
interface PartySizes {
  readonly joins: BucketSize
  readonly creations: BucketSize
}

/** A user, or an address: whose sessions count together. */
export abstract class Party {
  /** Rooms that exist because it asked for them. */
  rooms = 0
  /** Lists of rooms that exist because it asked for them. */
  listings = 0
  readonly joins: TokenBucket
  readonly creations: TokenBucket

  constructor(sizes: PartySizes) {
    this.joins = new TokenBucket(sizes.joins)
    this.creations = new TokenBucket(sizes.creations)
  }

  /** Whether nothing would be different if it were forgotten. */
  isIdle(now: number): boolean {
    if (this.rooms > 0 || this.listings > 0) return false
    return this.joins.isFull(now) && this.creations.isFull(now)
  }
}

/** Somebody whom rooms know. */
export class User extends Party {
  /** Sessions that are there, away ones included. */
  readonly sessions = new Set<object>()
  /** When the last of the buckets that others keep for it is full again: forgotten before that, it would find new ones. */
  spentUntil = -Infinity
  readonly messages: TokenBucket

  constructor(sizes: PartySizes & { readonly messages: BucketSize }) {
    super(sizes)
    this.messages = new TokenBucket(sizes.messages)
  }

  override isIdle(now: number): boolean {
    return this.sessions.size === 0 && this.spentUntil <= now && this.messages.isFull(now) && super.isIdle(now)
  }
}

/** From where somebody comes. */
export class Address extends Party {
  /** Rooms that those lists may show that exist because it asked for them. */
  listed = 0
  /** New sessions. */
  readonly sessions: TokenBucket
  /** Join codes that lead nowhere. */
  readonly guesses: TokenBucket
  readonly budget: AddressBudget

  constructor(
    sizes: PartySizes & { readonly sessions: BucketSize; readonly guesses: BucketSize },
    budget: AddressBudget,
  ) {
    super(sizes)
    this.sessions = new TokenBucket(sizes.sessions)
    this.guesses = new TokenBucket(sizes.guesses)
    this.budget = budget
  }

  override isIdle(now: number): boolean {
    if (!this.budget.isIdle(now) || !this.guesses.isFull(now)) return false
    return this.sessions.isFull(now) && super.isIdle(now)
  }
}

/** Below so many it is not worth looking for idle ones. */
const leastSwept = 1000

/** Parties by key. Those that are idle are forgotten when the number of them has doubled since the last look: no timer. */
export class Parties<T extends Party> {
  readonly #make: () => T
  readonly #byKey = new Map<string, T>()
  #sweepAt = leastSwept

  constructor(make: () => T) {
    this.#make = make
  }

  /** How many are known. */
  get size(): number {
    return this.#byKey.size
  }

  /** The party of a key, made when it is not known. */
  of(key: string, now: number): T {
    let party = this.#byKey.get(key)
    if (party === undefined) {
      if (this.#byKey.size >= this.#sweepAt) this.#sweep(now)
      this.#byKey.set(key, (party = this.#make()))
    }
    return party
  }

  #sweep(now: number): void {
    for (const [key, party] of this.#byKey) if (party.isIdle(now)) this.#byKey.delete(key)
    this.#sweepAt = Math.max(leastSwept, 2 * this.#byKey.size)
  }
}
