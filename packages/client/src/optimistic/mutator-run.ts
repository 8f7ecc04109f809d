import { MutationChance } from '@junto/protocol/internal'

/** What a mutator is told, in one run; the same on the server, and in each run. */
export interface MutatorRun {
  readonly by: string
  /** What authentication yielded: only the server knows. */
  readonly user: undefined
  /** Whole milliseconds since 1970, by the server's clock. */
  readonly now: number
  readonly random: () => number
  readonly newId: () => string
}

/**
 * What a mutator is told in a run.
 *
 * @param by The member.
 * @param seed Of what it gets at random, with the time.
 * @param at When it was issued, in milliseconds since 1970 by the server's clock. The mutator is told whole ones, as `t.Timestamp()` takes them.
 */
export function mutatorRun(by: string, seed: number, at: number): MutatorRun {
  const { random, newId } = new MutationChance(seed, at)
  return { by, user: undefined, now: Math.round(at), random, newId }
}
