import { JuntoError } from './errors.ts'

/** One limit. What it is for, and why its default is what it is, stands in the comment of its row. */
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

export const KiB = 1024
export const MiB = 1024 * KiB

/** What a frame may have at a server by default: what a client goes by until it is welcomed. */
export const defaultMaxFrame = 256 * KiB

/** The most credit that a stream may have. No consumer wants more items unread; a larger number is a mistake, or an attack. */
export const mostCredit = 0xffff

/** The most nodes that one check may be of: a client computes a hash over them when it comes. */
export const mostChecked = 0xffff

/** The most inputs of one frame: half a second of 60 ticks, after which older ones are of no use. */
export const mostInputs = 32

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
  /**
   * One incoming WebSocket message; announced to the peer, which splits below it. Small, so that nobody makes the
   * other side hold or decode much at once.
   */
  maxMessage: bytes(64 * KiB, KiB),
  /**
   * Larger frames leave in pieces of this size, so that beats pass between them and sending stops when the socket
   * is full.
   */
  partSize: bytes(16 * KiB, 256),
  /** Nesting of an incoming message. Contracts nest a few levels; decoders recurse. */
  maxDepth: count(32, 8, 512),
  /**
   * Values in one frame, containers and keys included. Decoding costs up to 0.25 µs for each (empty bins; 0.02 µs
   * for numbers). Senders count too: more fails there.
   */
  maxElements: count(100_000, 256),
  /** For the application to check credentials, or on a client to fetch them. Shorter than a client waits for its welcome. */
  authTimeout: ms(8_000, 100),
  /** For a room to be created or restored and to admit a member; longer than loading from a store takes. */
  joinTimeout: ms(15_000, 100),
  /** From a ping until the link counts as dead: an idle dead link is noticed within 25 s. */
  pongTimeout: ms(10_000, 100),
  /** Deadline of a call that neither the contract nor the caller gave one. */
  callTimeout: ms(15_000, 1),
  /** Unanswered incoming calls and streams of one membership. Sixteen times the eight of a busy client. */
  maxCallsInFlight: count(128, 1),
  /**
   * Items of a stream under way or unread: covers a round trip of 100 ms at 160 items a second. So many are also made in one
   * turn, by all streams of a membership together.
   */
  streamCredit: count(16, 1, mostCredit),
  /** Waiting for one peer: from here on volatile events are dropped, and further joins are answered later. */
  softOutbox: bytes(256 * KiB, KiB),
  /**
   * Waiting for one peer: beyond it the connection is closed, to be made again. Times 10,000 clients it still fits
   * a machine.
   */
  hardOutbox: bytes(1 * MiB, 2 * KiB),
  /**
   * Kept of what one peer has not acknowledged while its connection is down; 64 bytes are counted for each frame besides its
   * own. Four messages of the largest size, or half a minute of 60 actions a second.
   */
  resumeBuffer: bytes(256 * KiB, KiB),
  /** Frames kept for a peer whose connection is down: replaying them takes some 10 ms. */
  resumeFrames: count(4096, 16),
  /**
   * What came is acknowledged this long after it at the latest. Where messages flow, acks ride on them; elsewhere one small
   * message a second is cheap.
   */
  ackDelay: ms(1_000, 1),
  /** Events of class latest that wait for one peer, each the newest of its key: a screen full of cursors. */
  maxLatest: count(256, 1),
} satisfies LimitTable

/** The values of a table. */
export function defaultsOf<T extends LimitTable>(table: T): LimitsOf<T> {
  // It has every name of the table.
  return Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value])) as LimitsOf<T>
}

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
