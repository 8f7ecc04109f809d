import type { Limits } from '@junto/protocol'
import { TokenBucket } from './token-bucket.ts'

/** Counts the mistakes of one session, and forgets them one by one as time goes by. */
export class Strikes {
  readonly #bucket: TokenBucket

  constructor({ strikes, strikeHealing }: Pick<Limits, 'strikes' | 'strikeHealing'>) {
    // The last one is one too many.
    this.#bucket = new TokenBucket({ rate: 1000 / strikeHealing, burst: strikes - 1 })
  }

  /** One more. @returns whether it was one too many. */
  add(now: number): boolean {
    return !this.#bucket.tryTake(now)
  }
}
