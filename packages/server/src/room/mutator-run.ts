import { MutationChance } from '@junto/protocol/internal'

/** A member, as its mutators know it. */
export interface Author {
  readonly id: string
  /** What users see of it. */
  readonly member: { readonly user: unknown }
}

/** When something was issued, and with what chance: as its client says. Untrusted. */
export interface Issue {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly seed: number
}

/**
 * What a mutator is told, in one run. All of it stands on the object itself, so that it can be taken apart, and copied with something else
 * in its place.
 */
export class MutatorRun {
  readonly member: object
  readonly by: string
  readonly user: unknown
  readonly now: number
  readonly random: () => number
  readonly newId: () => string

  /** @param now When it counts as issued: see {@link boundedTime}. */
  constructor({ id, member }: Author, { at, seed }: Issue, now: number) {
    this.member = member
    this.by = id
    this.user = member.user
    this.now = now
    // By what travelled, not by the time it counts for: the client has no other.
    const { random, newId } = new MutationChance(seed, at)
    this.random = random
    this.newId = newId
  }
}

/** By so many milliseconds what a client takes for the server's time may be ahead of it: both would have to write the same. */
const tolerance = 1_000

/**
 * When something counts as issued, whatever its client says: not later than now, but for what its estimate may be off by, and no longer ago than
 * `longest` milliseconds.
 *
 * @returns whole milliseconds, the same as on the client.
 */
export function boundedTime(at: number, now: number, longest: number): number {
  // What is no number is no time ago.
  return Math.round(at <= now + tolerance ? Math.max(at, now - longest) : now)
}
