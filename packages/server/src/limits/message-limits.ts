import { TokenBucket, type BucketSize } from './token-bucket.ts'

/** Who is counted. */
export interface Holder {
  /** When the last of its buckets is full again: so long it must not be forgotten. */
  spentUntil: number
}

/** How often one message may be sent, by whoever sends it. */
export interface MessageLimit extends BucketSize {
  /** The message, as errors name it: `call render`. */
  readonly what: string
  /**
   * Where a loose event waits that came too soon: of those with the same place, the newest. Undefined for what does not wait. Left out:
   * nothing of this message does.
   */
  readonly place?: (payload: unknown) => string | undefined
}

/** What one holder may send of one message now. Asked for each frame: it is not to be kept. */
export interface Allowance {
  readonly limit: MessageLimit
  /** Milliseconds until one more may be handled; 0: now. */
  wait(now: number): number
  /** One is handled. */
  take(now: number): void
}

/** The allowance of one holder for one message. */
class HeldAllowance implements Allowance {
  readonly limit: MessageLimit
  readonly #holder: Holder
  readonly #bucket: TokenBucket

  constructor(limit: MessageLimit, holder: Holder) {
    this.limit = limit
    this.#holder = holder
    this.#bucket = new TokenBucket(limit)
  }

  wait(now: number): number {
    return this.#bucket.wait(now)
  }

  take(now: number): void {
    this.#bucket.take(now)
    this.#holder.spentUntil = Math.max(this.#holder.spentUntil, this.#bucket.fullAt)
  }
}

/**
 * Limits of single messages in one room, each for whoever sends it: an expensive call that is asked for too often fails, and the
 * cheap ones beside it do not. What is to be done about a message that comes too soon is the flow's affair, which asks before it delivers.
 */
export class MessageLimits {
  readonly #limits: readonly (MessageLimit | undefined)[]
  /** By holder and message id. A holder that leaves and joins again finds its own. */
  readonly #held = new WeakMap<Holder, (HeldAllowance | undefined)[]>()

  /** @param limits By message id; undefined for those that may be sent as often as all messages together. */
  constructor(limits: readonly (MessageLimit | undefined)[]) {
    this.#limits = limits
  }

  /** Whether any message has a limit. */
  get any(): boolean {
    return this.#limits.some((limit) => limit !== undefined)
  }

  /** Whether a message has a limit: cheap, asked for each. */
  has(id: number): boolean {
    return this.#limits[id] !== undefined
  }

  /**
   * What a holder may send of a message; undefined where that has no limit of its own.
   *
   * @param holder Who is counted: see `Account.holder`.
   */
  of(holder: Holder, id: number): Allowance | undefined {
    const limit = this.#limits[id]
    if (limit === undefined) return undefined
    let held = this.#held.get(holder)
    if (held === undefined) this.#held.set(holder, (held = []))
    return (held[id] ??= new HeldAllowance(limit, holder))
  }
}
