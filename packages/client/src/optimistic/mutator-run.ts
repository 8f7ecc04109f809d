import { MutationChance } from '@junto/protocol/internal'

/** What a mutator is told, in one run; the same on the server, and in each run. */
export class MutatorRun {
  readonly by: string
  /** What authentication yielded: only the server knows. */
  readonly user = undefined
  readonly now: number
  readonly random: () => number
  readonly newId: () => string

  /**
   * @param by The member.
   * @param seed Of what it gets at random, with the time.
   * @param at When it was issued, in milliseconds since 1970 by the server's clock.
   */
  constructor(by: string, seed: number, at: number) {
    this.by = by
    this.now = at
    // Most ask for nothing.
    let chance: MutationChance | undefined
    const begun = (): MutationChance => (chance ??= new MutationChance(seed, at))
    this.random = () => begun().random()
    this.newId = () => begun().newId()
  }
}
