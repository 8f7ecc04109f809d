import {
  bytes,
  commonLimits,
  count,
  defaultMaxFrame,
  KiB,
  mergeLimits,
  ms,
  type LimitsOf,
  type LimitTable,
} from './limits.ts'

/** Every limit of a server, with its default and its reason. */
export const serverLimitsTable = {
  ...commonLimits,
  /** One incoming frame, put together from parts; announced to the peer. */
  maxFrame: bytes(defaultMaxFrame, KiB),
  /** Fragments of one incoming WebSocket message. Browsers send one; each costs an object until the last is there. */
  maxFragments: count(64, 1),
  /** From the connection to a complete request, on a port of the server itself. Slower lines end in 408. */
  headerTimeout: ms(10_000, 100),
  /** From the connection to a complete hello, whatever else comes: a stranger holds no socket longer. */
  helloTimeout: ms(10_000, 100),
  /** Between beats of a server: below the idle time-outs of proxies (30 s and more), a ping costs some 30 µs. */
  heartbeat: ms(15_000, 100),
  /** For a peer to answer a close frame; then its socket is destroyed. A slow line needs a round trip or two. */
  closeTimeout: ms(2_000, 1),
  /** Memberships of one connection, those under way included. */
  maxRoomsPerConnection: count(64, 1),
  /** Errors of one connection that are answered with a notice; then it is closed. */
  strikes: count(20, 1),
  /** Snapshots that one member may ask for within a minute, because its mirror came apart. Junto's client asks for three, and then joins afresh. */
  maxResyncs: count(6, 1),
  /** Between checks of mirrors in one room, which go behind patches: 12 bytes and some 10 µs for the 64 nodes of one. */
  checkInterval: ms(5_000, 0),
  /** Connections of one server that have not yet said hello or are being authenticated. */
  maxPendingConnections: count(1000, 1),
  /** Connections of one server: some 14 KB each, 280 MB together. */
  maxConnections: count(20_000, 1),
  /** Connections from one address. A school or an office stands behind one; a single machine must not take all. */
  maxConnectionsPerAddress: count(1_000, 1),
  /** Uninterrupted work of one room after which a server names it: players notice a pause of a quarter second. */
  blockedAfter: ms(250, 1),
  /** Rooms of one server. An idle one costs a few KB; whoever creates rooms as fast as possible meets this. */
  maxRooms: count(20_000, 1),
  /** For a room's last hooks (onLeave, onDispose) before it is disposed without waiting for them any longer. */
  hookTimeout: ms(10_000, 1),
  /** Faults of one room within roomFaultWindow after which it is closed. A throwing 20 Hz tick ends in a second. */
  roomFaults: count(20, 1),
  /** Faults further apart than this are told to onError and the log, and the room lives. */
  roomFaultWindow: ms(10_000, 1),
  /** From a room being empty to its disposal: reloading a page or changing the network takes a second or two. */
  disposeAfter: ms(5_000, 0),
  /** From the last change of a room to a save: strokes of a pen are saved together. What a crash may cost. */
  saveDelay: ms(1_000, 0),
  /** A room that changes all the time is saved this long after the first unsaved change, and no later. */
  saveInterval: ms(5_000, 0),
  /** Longest wait between attempts to save while the store fails; the waits double from saveDelay. */
  saveRetryMax: ms(30_000, 1),
  /** How long the disposal of a room waits for a failing store before the unsaved changes are given up, loudly. */
  saveDeadline: ms(30_000, 1),
} satisfies LimitTable

/** The limits of a server. */
export type Limits = LimitsOf<typeof serverLimitsTable>

/** Name of a limit of a server. */
export type LimitName = keyof Limits

/**
 * The limits of a server: the defaults, and what differs.
 *
 * @throws JuntoError `misuse` naming a limit that cannot be.
 */
export function serverLimits(overrides: Partial<Limits> = {}): Limits {
  return mergeLimits(serverLimitsTable, overrides)
}
