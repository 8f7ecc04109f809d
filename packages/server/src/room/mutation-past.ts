import { UndoLog } from '@junto/schema/internal'
import { TokenBucket } from '../limits/token-bucket.ts'

/** Limits of what can be taken back. */
export interface UndoLimits {
  readonly undoSteps: number
  readonly undoBytes: number
}

/** To find out what has become of a list costs some ten times what a field does. */
const listCost = 10

/** What one member can take back, and how much of that at a time. */
export class MutationPast {
  readonly log: UndoLog
  /** A few bytes ask for all that is kept, and where it was changed since can ask again: so what is looked at is counted, not who asks. */
  readonly #changes: TokenBucket

  constructor({ undoSteps, undoBytes }: UndoLimits) {
    this.log = new UndoLog({ steps: undoSteps, bytes: undoBytes })
    this.#changes = new TokenBucket({ rate: 2 * undoSteps, burst: 8 * undoSteps })
  }

  /** These mutations are to be taken back. @returns 0, or the milliseconds after which that may be asked for. */
  ask(of: readonly number[], now: number): number {
    const wait = this.#changes.wait(now)
    if (wait > 0) return wait
    let cost = 0
    for (const n of of) for (const { kind } of this.log.entriesOf(n) ?? []) cost += kind === 'list' ? listCost : 1
    // Also what is more than there is: one large change must not stay for that.
    this.#changes.take(now, cost)
    return 0
  }
}
