import { encodeNamed } from '@junto/schema/internal'
import type { RoomDefinition } from './definition.ts'

/** A member of a saved room, as the room's record has it. */
export interface SavedSeat {
  /** The member's id. */
  readonly member: string
  /** The id of its session. */
  readonly session: string
  /** Hashes of the secrets by which the session is known. None: nobody can come back to it. */
  readonly proof: readonly string[]
  /** What authentication said of it, and by what that tells it from others. */
  readonly user: unknown
  readonly userKey: string | undefined
  /** What it said when it joined. */
  readonly join: unknown
  /** Whether the room was told that it is away. */
  readonly away: boolean
  /** Number of its last mutation that is in the saved state; 0: none. */
  readonly mutation: number
  /** Number of its last input that is in the saved state; 0: none. */
  readonly input: number
  /** When it counts as having left, in milliseconds since 1970, where that was known when it was saved. */
  readonly until: number | undefined
}

/** A seat for the record: plain values by name. The same as long as nothing about the seat changes. */
export function encodeSeat({
  member,
  session,
  proof,
  user,
  userKey,
  join,
  away,
  mutation,
  input,
  until,
}: SavedSeat): object {
  return {
    member,
    session,
    proof,
    ...(user !== undefined && { user: encodeNamed(user, 'user') }),
    ...(userKey !== undefined && { userKey }),
    ...(join !== undefined && { join: encodeNamed(join, 'join') }),
    ...(away && { away }),
    ...(mutation > 0 && { mutation }),
    ...(input > 0 && { input }),
    ...(until !== undefined && { until }),
  }
}

/**
 * Reads the seats of a record.
 *
 * @param unfit Told of each that is left out, because it is none, or the contract has changed too much for what the member said of itself.
 */
export function readSeats(
  definition: RoomDefinition,
  values: readonly unknown[],
  unfit: (error: unknown) => void,
): readonly SavedSeat[] {
  return values.flatMap((value) => {
    try {
      return [readSeat(definition, value)]
    } catch (error) {
      unfit(error)
      return []
    }
  })
}

function readSeat(definition: RoomDefinition, value: unknown): SavedSeat {
  if (typeof value !== 'object' || value === null) throw new Error('a seat is no record')
  const { member, session, proof, user, userKey, join, away, mutation, input, until } = value as Readonly<
    Record<string, unknown>
  >
  if (typeof member !== 'string' || typeof session !== 'string' || !isTexts(proof)) {
    throw new Error('a seat says not whose it is')
  }
  return {
    member,
    session,
    proof,
    user: definition.readNamed('user', user),
    userKey: typeof userKey === 'string' ? userKey : undefined,
    join: definition.readNamed('join', join),
    away: away === true,
    mutation: typeof mutation === 'number' ? mutation : 0,
    input: typeof input === 'number' ? input : 0,
    until: typeof until === 'number' ? until : undefined,
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
