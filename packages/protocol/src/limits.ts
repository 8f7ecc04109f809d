import { JuntoError } from './errors.ts'
import { commonDefaults, KiB, mostCredit } from './limit-defaults.ts'

/** One limit. What it is for, and why its default is what it is, stands in the comment of its row or of its default. */
export interface Limit {
  /** The default. */
  readonly value: number
  readonly unit: 'bytes' | 'ms' | 'count'
  /** The smallest value that works. */
  readonly least: number
  /** The largest. */
  readonly most: number
}

/** A table of limits by name. */
export type LimitTable = Readonly<Record<string, Limit>>

/** The values of a table's limits by name. */
export type LimitsOf<T extends LimitTable> = { readonly [K in keyof T]: number }

// Timers and array lengths end there.
const mostOfAll = 0x7fff_ffff

/** A row of a table: a number of bytes. */
export function bytes(value: number, least: number): Limit {
  return { value, unit: 'bytes', least, most: mostOfAll }
}

/** A row of a table: a number of milliseconds. */
export function ms(value: number, least: number): Limit {
  return { value, unit: 'ms', least, most: mostOfAll }
}

/** A row of a table: a number of things. */
export function count(value: number, least: number, most = mostOfAll): Limit {
  return { value, unit: 'count', least, most }
}

/** The limits that clients and servers both have, with the same defaults. */
export const commonLimits = {
  maxMessage: bytes(commonDefaults.maxMessage, KiB),
  partSize: bytes(commonDefaults.partSize, 256),
  maxDepth: count(commonDefaults.maxDepth, 8, 512),
  maxElements: count(commonDefaults.maxElements, 256),
  authTimeout: ms(commonDefaults.authTimeout, 100),
  joinTimeout: ms(commonDefaults.joinTimeout, 100),
  pongTimeout: ms(commonDefaults.pongTimeout, 100),
  callTimeout: ms(commonDefaults.callTimeout, 1),
  maxCallsInFlight: count(commonDefaults.maxCallsInFlight, 1),
  streamCredit: count(commonDefaults.streamCredit, 1, mostCredit),
  softOutbox: bytes(commonDefaults.softOutbox, KiB),
  hardOutbox: bytes(commonDefaults.hardOutbox, 2 * KiB),
  resumeBuffer: bytes(commonDefaults.resumeBuffer, KiB),
  resumeFrames: count(commonDefaults.resumeFrames, 16),
  ackDelay: ms(commonDefaults.ackDelay, 1),
  maxLatest: count(commonDefaults.maxLatest, 1),
} satisfies LimitTable

/**
 * The values of a table, some of them overridden.
 *
 * @throws JuntoError `misuse` naming a limit that is unknown or out of its range.
 */
export function mergeLimits<T extends LimitTable>(table: T, overrides: Partial<LimitsOf<T>>): LimitsOf<T> {
  const given: Readonly<Record<string, number | undefined>> = overrides
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) {
      throw new JuntoError('misuse', `there is no limit '${name}'; the limits are ${Object.keys(table).join(', ')}`)
    }
  }
  const merged: Record<string, number> = {}
  for (const [name, limit] of Object.entries(table)) merged[name] = checked(name, given[name] ?? limit.value, limit)
  inOrder(merged, 'softOutbox', 'hardOutbox')
  inOrder(merged, 'reconnectMin', 'reconnectMax')
  // Every name of the table was just set.
  return Object.freeze(merged) as LimitsOf<T>
}

function checked(name: string, value: number, { unit, least, most }: Limit): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  const what = `limit ${name} must be a whole number (${unit}) from ${least} to ${most}`
  throw new JuntoError('misuse', `${what}, not ${String(value)}`)
}

function inOrder(limits: Readonly<Record<string, number>>, lower: string, upper: string): void {
  const [low = 0, high = low] = [limits[lower], limits[upper]]
  if (low > high) throw new JuntoError('misuse', `limit ${lower} (${low}) must not be above ${upper} (${high})`)
}
