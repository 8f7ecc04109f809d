import type { TokenBucket } from '../limits/token-bucket.ts'
import type { Culprit } from '../room/faults.ts'
import type { Author } from '../room/mutator-run.ts'
import type { Progress } from '../sync/stamp.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { ToldTicks } from './tick-times.ts'

/** A member, as ticks know it. */
export interface Mover extends Culprit, Author {
  /** What it is told of its inputs. */
  readonly progress: Progress
  readonly connected: boolean
  /** A fault of its own. */
  notice(code: 'unsupported' | 'invalid', message: string): void
}

/** What is known of a member for the sake of ticks. */
export class MemberMotion {
  readonly mover: Mover
  readonly #progress: Progress
  /** Of which ticks it was told, where its room looks back. */
  readonly told: ToldTicks | undefined
  /** Where its contract declares an input. */
  readonly buffer: InputBuffer | undefined
  /** Of when what it was shown is, when it made the input that was applied last, or is now: milliseconds since 1970. */
  seen: number | undefined
  /** When a fault that it had brought about was told last. */
  toldFault = -Infinity
  /** For what it sends that is no input; made with the first. */
  patience: TokenBucket | undefined
  /** It has left. */
  isGone = false

  constructor(mover: Mover, told: ToldTicks | undefined, buffer: InputBuffer | undefined) {
    this.mover = mover
    this.#progress = mover.progress
    this.told = told
    this.buffer = buffer
  }

  /** Number of the last input that is in the state; 0: none. */
  get applied(): number {
    return this.buffer?.applied ?? 0
  }

  /** The state was saved, and has inputs up to this number. */
  restore(applied: number): void {
    this.buffer?.restore(applied)
    this.settle()
  }

  /** Its client is to be told how far its inputs are now. */
  settle(): void {
    if (this.buffer === undefined) return
    this.#progress.input = this.buffer.applied
    this.#progress.waiting = this.buffer.waiting
  }

  /** Its client has forgotten everything, and begins anew. */
  restart(): void {
    this.buffer?.restart()
    this.seen = undefined
    this.settle()
  }
}
