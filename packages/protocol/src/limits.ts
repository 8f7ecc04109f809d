import { JuntoError } from './errors.ts'

/** One limit: its default on either side, and the reason for the number. */
export interface LimitEntry {
  /** Default on a server, and on a client where that has no own. */
  readonly value: number
  /** Default on a client, where it differs. */
  readonly client?: number
  /** Unit of the number. */
  readonly unit: 'bytes' | 'ms' | 'count'
  /** The smallest value that works. */
  readonly least: number
  /** The largest, where it is not 2^31 - 1. */
  readonly most?: number
  /** Why this number. */
  readonly reason: string
}

const KiB = 1024
const MiB = 1024 * KiB

/** Every limit with its default and its reason: the one place where these numbers stand. */
export const limitsTable = {
  maxMessage: {
    value: 64 * KiB,
    unit: 'bytes',
    least: KiB,
    reason:
      'One incoming WebSocket message; announced to the peer, which splits below it. Small, so that nobody makes the other side hold or decode much at once.',
  },
  maxFrame: {
    value: 256 * KiB,
    client: 64 * MiB,
    unit: 'bytes',
    least: KiB,
    reason:
      'One incoming frame, put together from parts; announced to the peer. A client accepts the snapshot of a large room from the server it chose.',
  },
  partSize: {
    value: 16 * KiB,
    unit: 'bytes',
    least: 256,
    reason:
      'Larger frames leave in pieces of this size, so that beats pass between them and sending stops when the socket is full.',
  },
  maxDepth: {
    value: 32,
    unit: 'count',
    least: 8,
    most: 512,
    reason: 'Nesting of an incoming message. Contracts nest a few levels; decoders recurse.',
  },
  maxElements: {
    value: 100_000,
    unit: 'count',
    least: 256,
    reason:
      'Values in one frame, containers and keys included. Decoding costs up to 0.25 µs for each (empty bins; 0.02 µs for numbers). Senders count too: more fails there.',
  },
  maxFragments: {
    value: 64,
    unit: 'count',
    least: 1,
    reason:
      'Fragments of one incoming WebSocket message. Browsers send one; each costs an object until the last is there.',
  },
  headerTimeout: {
    value: 10_000,
    unit: 'ms',
    least: 100,
    reason: 'From the connection to a complete request, on a port of the server itself. Slower lines end in 408.',
  },
  helloTimeout: {
    value: 10_000,
    unit: 'ms',
    least: 100,
    reason: 'From the connection to a complete hello, whatever else comes: a stranger holds no socket longer.',
  },
  authTimeout: {
    value: 10_000,
    unit: 'ms',
    least: 100,
    reason: 'For the application to check credentials, or on a client to fetch them.',
  },
  joinTimeout: {
    value: 15_000,
    unit: 'ms',
    least: 100,
    reason: 'For a room to be created or restored and to admit a member; longer than loading from a store takes.',
  },
  connectTimeout: {
    value: 10_000,
    unit: 'ms',
    least: 100,
    reason: 'A client gives up on a connection that was not established and welcomed by then.',
  },
  heartbeat: {
    value: 15_000,
    unit: 'ms',
    least: 100,
    reason: 'Between beats of a server: below the idle time-outs of proxies (30 s and more), a ping costs some 30 µs.',
  },
  pongTimeout: {
    value: 10_000,
    unit: 'ms',
    least: 100,
    reason: 'From a ping until the link counts as dead: an idle dead link is noticed within 25 s.',
  },
  closeTimeout: {
    value: 2_000,
    unit: 'ms',
    least: 1,
    reason: 'For a peer to answer a close frame; then its socket is destroyed. A slow line needs a round trip or two.',
  },
  callTimeout: {
    value: 15_000,
    unit: 'ms',
    least: 1,
    reason: 'Deadline of a call that neither the contract nor the caller gave one.',
  },
  maxRoomsPerConnection: {
    value: 64,
    unit: 'count',
    least: 1,
    reason: 'Memberships of one connection, those under way included.',
  },
  maxCallsInFlight: {
    value: 128,
    unit: 'count',
    least: 1,
    reason: 'Unanswered incoming calls and streams of one membership. Sixteen times the eight of a busy client.',
  },
  streamCredit: {
    value: 16,
    unit: 'count',
    least: 1,
    reason: 'Items of a stream under way or unread. Covers a round trip of 100 ms at 160 items a second.',
  },
  softOutbox: {
    value: 256 * KiB,
    unit: 'bytes',
    least: KiB,
    reason: 'Waiting for one peer: from here on state is postponed and volatile events are dropped.',
  },
  hardOutbox: {
    value: 1 * MiB,
    unit: 'bytes',
    least: 2 * KiB,
    reason:
      'Waiting for one peer: beyond it the connection is closed, to be made again. Times 10,000 clients it still fits a machine.',
  },
  maxUnheard: {
    value: 256,
    unit: 'count',
    least: 1,
    reason: 'Events that wait on a client for their first listener.',
  },
  strikes: {
    value: 20,
    unit: 'count',
    least: 1,
    reason: 'Errors of one connection that are answered with a notice; then it is closed.',
  },
  maxPendingConnections: {
    value: 1000,
    unit: 'count',
    least: 1,
    reason: 'Connections of one server that have not yet said hello or are being authenticated.',
  },
  maxConnections: {
    value: 20_000,
    unit: 'count',
    least: 1,
    reason: 'Connections of one server: some 14 KB each, 280 MB together.',
  },
  maxConnectionsPerAddress: {
    value: 1_000,
    unit: 'count',
    least: 1,
    reason:
      'Connections from one address. A school or an office stands behind one; a single machine must not take all.',
  },
  blockedAfter: {
    value: 250,
    unit: 'ms',
    least: 1,
    reason: 'Uninterrupted work of one room after which a server names it: players notice a pause of a quarter second.',
  },
  maxRooms: {
    value: 20_000,
    unit: 'count',
    least: 1,
    reason: 'Rooms of one server. An idle one costs a few KB; whoever creates rooms as fast as possible meets this.',
  },
  hookTimeout: {
    value: 10_000,
    unit: 'ms',
    least: 1,
    reason: "For a room's last hooks (onLeave, onDispose) before it is disposed without waiting for them any longer.",
  },
  roomFaults: {
    value: 20,
    unit: 'count',
    least: 1,
    reason:
      'Faults of one room within roomFaultWindow after which it is closed. A throwing 20 Hz tick ends in a second.',
  },
  roomFaultWindow: {
    value: 10_000,
    unit: 'ms',
    least: 1,
    reason: 'Faults further apart than this are told to onError and the log, and the room lives.',
  },
  disposeAfter: {
    value: 5_000,
    unit: 'ms',
    least: 0,
    reason: 'From a room being empty to its disposal: reloading a page or changing the network takes a second or two.',
  },
  saveDelay: {
    value: 1_000,
    unit: 'ms',
    least: 0,
    reason: 'From the last change of a room to a save: strokes of a pen are saved together. What a crash may cost.',
  },
  saveInterval: {
    value: 5_000,
    unit: 'ms',
    least: 0,
    reason: 'A room that changes all the time is saved this long after the first unsaved change, and no later.',
  },
  saveRetryMax: {
    value: 30_000,
    unit: 'ms',
    least: 1,
    reason: 'Longest wait between attempts to save while the store fails; the waits double from saveDelay.',
  },
  saveDeadline: {
    value: 30_000,
    unit: 'ms',
    least: 1,
    reason:
      'How long the disposal of a room waits for a failing store before the unsaved changes are given up, loudly.',
  },
  reconnectMin: {
    value: 500,
    unit: 'ms',
    least: 1,
    reason: "Upper bound of a client's first random wait before it comes back; doubles with each failure.",
  },
  reconnectMax: {
    value: 20_000,
    unit: 'ms',
    least: 1,
    reason: 'Upper bound of any such wait: after an outage everybody is back within half a minute.',
  },
} as const satisfies Record<string, LimitEntry>

/** Name of a limit. */
export type LimitName = keyof typeof limitsTable

/** All limits of one side, as numbers. */
export type Limits = { readonly [K in LimitName]: number }

/** The limits of a server: the defaults with `overrides`. @throws JuntoError `misuse` naming a limit that cannot be. */
export function serverLimits(overrides: Partial<Limits> = {}): Limits {
  return merge('server', overrides)
}

/** The limits of a client: the defaults with `overrides`. @throws JuntoError `misuse` naming a limit that cannot be. */
export function clientLimits(overrides: Partial<Limits> = {}): Limits {
  return merge('client', overrides)
}

function merge(side: 'server' | 'client', overrides: Partial<Limits>): Limits {
  // The table's own key type is lost by Object.keys.
  const names = Object.keys(limitsTable) as LimitName[]
  for (const name of Object.keys(overrides)) {
    if (!Object.hasOwn(limitsTable, name)) {
      throw new JuntoError('misuse', `there is no limit '${name}'; the limits are ${names.join(', ')}`)
    }
  }
  const merged: Partial<Record<LimitName, number>> = {}
  for (const name of names) {
    const entry: LimitEntry = limitsTable[name]
    const preset = side === 'client' ? (entry.client ?? entry.value) : entry.value
    merged[name] = checked(name, overrides[name] ?? preset, entry)
  }
  // Every name of the table was just set.
  const limits = merged as Limits
  if (limits.hardOutbox <= limits.softOutbox) {
    throw new JuntoError(
      'misuse',
      `limit hardOutbox (${limits.hardOutbox}) must be above softOutbox (${limits.softOutbox})`,
    )
  }
  if (limits.reconnectMax < limits.reconnectMin) {
    throw new JuntoError(
      'misuse',
      `limit reconnectMax (${limits.reconnectMax}) must not be below reconnectMin (${limits.reconnectMin})`,
    )
  }
  return Object.freeze(limits)
}

function checked(name: LimitName, value: number, entry: LimitEntry): number {
  const most = entry.most ?? 0x7fff_ffff
  if (Number.isInteger(value) && value >= entry.least && value <= most) return value
  throw new JuntoError(
    'misuse',
    `limit ${name} must be a whole number (${entry.unit}) from ${entry.least} to ${most}, not ${String(value)}`,
  )
}
