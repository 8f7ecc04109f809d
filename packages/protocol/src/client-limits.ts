import {
  bytes,
  commonLimits,
  count,
  defaultsOf,
  KiB,
  MiB,
  mergeLimits,
  ms,
  type LimitsOf,
  type LimitTable,
} from './limits.ts'

/** Every limit of a client, with its default and its reason. */
export const clientLimitsTable = {
  ...commonLimits,
  /**
   * One incoming frame, put together from parts; announced to the peer. A client accepts the snapshot of a large
   * room from the server it chose.
   */
  maxFrame: bytes(64 * MiB, KiB),
  /** A client gives up on a connection that was not established and welcomed by then. */
  connectTimeout: ms(10_000, 100),
  /**
   * For a sign of life when there is reason to doubt the connection: the page comes back to the front or runs again, the network changed.
   * A phone's radio wakes up in a second or two.
   */
  probeTimeout: ms(3_000, 100),
  /** Events that wait on a client for their first listener. */
  maxUnheard: count(256, 1),
  /** What comes for a room while its mirror waits for the snapshot that repairs it; with more, the room is joined afresh. */
  maxHeld: bytes(MiB, KiB),
  /** Upper bound of a client's first random wait before it comes back; doubles with each failure. */
  reconnectMin: ms(500, 1),
  /** Upper bound of any such wait: after an outage everybody is back within half a minute. */
  reconnectMax: ms(20_000, 1),
} satisfies LimitTable

/** The limits of a client. */
export type ClientLimits = LimitsOf<typeof clientLimitsTable>

/** Those that {@link clientLimits} has checked. */
const made = new WeakSet<ClientLimits>()

/**
 * The limits of a client: the defaults, and what differs.
 *
 * ```ts
 * import { clientLimits, JuntoClient } from '@junto/client'
 *
 * const client = new JuntoClient({ url: 'ws://localhost:1727', limits: clientLimits({ reconnectMax: 60_000 }) })
 * ```
 *
 * A function, so that pages which keep to the defaults do not load what checks others.
 *
 * @throws JuntoError `misuse` naming a limit that cannot be.
 */
export function clientLimits(overrides: Partial<ClientLimits> = {}): ClientLimits {
  const limits = mergeLimits(clientLimitsTable, overrides)
  made.add(limits)
  return limits
}

/** Limits that a program gave, or the defaults; undefined for what does not come from {@link clientLimits}. */
export function givenLimits(limits: ClientLimits | undefined): ClientLimits | undefined {
  if (limits === undefined) return defaultsOf(clientLimitsTable)
  return made.has(limits) ? limits : undefined
}
