import { isDeepStrictEqual } from 'node:util'
import { JuntoError } from '@junto/protocol'
import type { SessionInfo } from './seat.ts'

/** What is asked of a room's metadata: fields that must be equal. */
export type Where = Readonly<Record<string, unknown>>

/** What matchmaking looks at. */
export interface Candidate {
  readonly key: string | undefined
  readonly metadata: unknown
  /** While it is being created: what the client that caused it asked for. Its metadata is not known yet. */
  readonly wanted: Where | undefined
  /** Whether this session could sit down there. */
  canSeat(session: SessionInfo): boolean
}

/** Reads the `where` of a join. @throws JuntoError `invalid`. */
export function readWhere(where: unknown): Where {
  if (where === undefined || where === null) return {}
  if (typeof where !== 'object' || Array.isArray(where) || where instanceof Uint8Array) {
    throw new JuntoError('invalid', 'where: must be a map from the names of metadata fields to their values')
  }
  // A map from msgpack: its keys are strings.
  return where as Where
}

/** Whether a room with this metadata is what was asked for. */
export function fits(metadata: unknown, where: Where): boolean {
  const names = Object.keys(where)
  if (names.length === 0) return true
  if (typeof metadata !== 'object' || metadata === null) return false
  const fields = metadata as Readonly<Record<string, unknown>>
  return names.every((name) => Object.hasOwn(fields, name) && isDeepStrictEqual(fields[name], where[name]))
}

/**
 * The room to join, the oldest first, so that rooms fill up one after the other. A room that is just being created for
 * the same wish counts as fitting: else a hundred who come at once would each make one.
 */
export function chooseRoom<C extends Candidate>(rooms: Iterable<C>, where: Where, session: SessionInfo): C | undefined {
  for (const room of rooms) {
    // Whoever opened a room by a key did not mean it to be found.
    if (room.key !== undefined || !room.canSeat(session)) continue
    if (room.wanted ? isDeepStrictEqual(room.wanted, where) : fits(room.metadata, where)) return room
  }
  return undefined
}
