import { MutatorRun, type Author } from '../room/mutator-run.ts'
import type { BufferedInput } from './input-buffer.ts'

/** What the mutator of the input is told in one run. Rooms that take inputs by themselves get it with the input. */
export class InputRun extends MutatorRun {
  readonly dt: number
  readonly seq: number
  readonly input: unknown
  readonly seen: number | undefined

  /**
   * @param now When it counts as made.
   * @param dt Milliseconds of one tick.
   */
  constructor(author: Author, { seq, at, value, seen }: BufferedInput, now: number, dt: number) {
    // No two inputs of a member have the same number, as no two mutations have the same seed.
    super(author, { at, seed: seq }, now)
    this.dt = dt
    this.seq = seq
    this.input = value
    this.seen = seen
  }
}
