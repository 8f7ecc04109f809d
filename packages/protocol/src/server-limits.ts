import { defaultMaxFrame, KiB, MiB } from './limit-defaults.ts'
import { bytes, commonLimits, count, mergeLimits, ms, type LimitsOf, type LimitTable } from './limits.ts'

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
  /** From what was sent to the next beat at the latest, and from that beat to its answer: a dead link under use is noticed within 10 s. */
  activeHeartbeat: ms(5_000, 100),
  /** For a session to be resumed after its connection is gone: a tunnel, a lift, a change of networks. */
  resumeWindow: ms(60_000, 0),
  /** Sessions without a connection. Those that went first end when there are more. */
  maxAwaySessions: count(10_000, 0),
  /** Kept for all sessions without a connection: each gets its share on average, and few use it. Those that went first give theirs up. */
  maxResumeTotal: bytes(64 * MiB, KiB),
  /** Waiting for all peers together. Beyond it those for whom most waits are closed, to come back. */
  maxOutboxTotal: bytes(256 * MiB, KiB),
  /** For a peer to answer a close frame; then its socket is destroyed. A slow line needs a round trip or two. */
  closeTimeout: ms(2_000, 1),
  /** Memberships of one connection, those under way included. */
  maxRoomsPerConnection: count(64, 1),
  /**
   * Calls, events, streams and joins of one session a second. A mouse of 240 Hz as reliable events with as many calls
   * beside it stays below; each costs the server some 5 µs, more in your handlers.
   */
  messageRate: count(500, 1),
  /** So many of them at once: a document of 2,000 shapes that a script puts in one by one. */
  messageBurst: count(2_000, 1),
  /** The same of one user, over all of its sessions: two tabs at their full rate. */
  userMessageRate: count(1_000, 1),
  /** So many of them at once. */
  userMessageBurst: count(4_000, 1),
  /** Frames of any kind and messages of one session a second, those that are not counted above too: each costs some µs. */
  frameRate: count(4_000, 1),
  /** So many of them at once: all that a client keeps for a resume, twice over. */
  frameBurst: count(16_000, 1),
  /**
   * Bytes of one session a second, beyond which the server reads later: the rest waits at the client. Decoding what is
   * made to be dear costs 0.25 µs a byte, so one client takes a fifteenth of a core and no more.
   */
  byteRate: bytes(256 * KiB, 16 * KiB),
  /** So many of them at once: a picture, or a whole replay after a resume. */
  byteBurst: bytes(MiB, KiB),
  /**
   * Bytes of all connections from one address a second, 32 more for each message; beyond it they are read later, one after the other.
   * Three hundred players of a game with 60 inputs a second, or eight sessions that send all they may. Made to be dear, they take half a
   * core.
   */
  byteRatePerAddress: bytes(2 * MiB, 64 * KiB),
  /** So many of them at once: a school class that comes back, each with all that its client may have kept meanwhile. */
  byteBurstPerAddress: bytes(16 * MiB, 64 * KiB),
  /**
   * For what a client sends again after a resume to wait for the limits of single messages: half a minute without a connection is taken at
   * the pace at which it was sent. What stands behind waits as well, so there is an end to it.
   */
  replayWait: ms(30_000, 0),
  /**
   * WebSocket pings and pongs of one connection a second, and messages before its hello. Each ping is answered by a system call of
   * 10 µs; Junto's clients send none.
   */
  controlRate: count(10, 1),
  /** So many of them at once. */
  controlBurst: count(50, 1),
  /** Mistakes of one session that are answered with a notice; then it is closed. */
  strikes: count(20, 1),
  /** After so long one mistake is forgotten: a page that stays open for a week may make more than twenty. */
  strikeHealing: ms(30_000, 1),
  /** Snapshots that one member may ask for within a minute, because its mirror came apart. Junto's client asks for three, and then joins afresh. */
  maxResyncs: count(6, 1),
  /**
   * What one member shows of itself, as it stands in the frame: everybody else is sent it, some twenty times a second. A cursor has 30 bytes, a name and a
   * selection of a hundred things 2,000.
   */
  maxPresence: bytes(4 * KiB, 64),
  /**
   * How long ago a mutation may have been issued, by its client: an older one counts as this old. As long as a session waits for its client, which may
   * go on with edits that it made meanwhile.
   */
  mutationAge: ms(60_000, 0),
  /** Undoable mutations of one member that can be taken back: a drag of five seconds is three hundred. */
  undoSteps: count(1_000, 1),
  /** For what these have changed: the newest that fit. A stroke of a pen has some 2 KB. */
  undoBytes: bytes(256 * KiB, KiB),
  /** Between checks of mirrors in one room, which go behind patches: 12 bytes and some 10 µs for the 64 nodes of one. */
  checkInterval: ms(5_000, 0),
  /**
   * Strangers of one server: connections before their hello or while their resume is judged, and sessions that join before a room type
   * has said who they are. One of the address with most makes way for others.
   */
  maxPendingConnections: count(1000, 1),
  /**
   * Credentials of one hello, as held in memory: 64 bytes for each value besides its content. Any token fits; they are kept as long
   * as the session.
   */
  maxAuth: bytes(8 * KiB, 128),
  /** The same for `where`, `join` and `options` of all joins of one session that wait for their rooms. */
  maxJoining: bytes(64 * KiB, KiB),
  /** Connections of one server: some 14 KB each, 280 MB together. */
  maxConnections: count(20_000, 1),
  /** Connections from one address. A school or an office stands behind one; a single machine must not take all. */
  maxConnectionsPerAddress: count(1_000, 1),
  /** Sessions of one user, those that are away included: tabs and devices, and what a crashed browser left behind. */
  maxConnectionsPerUser: count(50, 1),
  /** New connections a second. Each costs 0.3 ms with its hello and a join: after an outage there is time for the rooms, too. */
  acceptRate: count(1_000, 1),
  /** So many of them at once. */
  acceptBurst: count(2_000, 1),
  /** New connections from one address a second: one that connects in a loop takes a tenth of what the server accepts. */
  acceptRatePerAddress: count(100, 1),
  /** So many of them at once: everybody of a school comes back after an outage. */
  acceptBurstPerAddress: count(1_000, 1),
  /** New sessions of one address a second. Each begins with bursts of its own: a thousand visitors in a minute stay below. */
  sessionRatePerAddress: count(20, 1),
  /** So many of them at once: as many as an address may have connections, after a restart of the server. */
  sessionBurstPerAddress: count(1_000, 1),
  /** Resumes of one session a minute: each may bring whole states. A client that loses its connection that often is better off waiting a little. */
  resumesPerMinute: count(12, 1),
  /** So many of them at once: a network that comes and goes for a while. */
  resumeBurst: count(30, 1),
  /** Joins of one user a second. Where rooms have to be looked at one by one, a thousand of them count as one more. */
  joinRatePerUser: count(10, 1),
  /** So many of them at once: some tabs with all the rooms that a connection may have. */
  joinBurstPerUser: count(200, 1),
  /** Joins from one address a second, counted in the same way. */
  joinRatePerAddress: count(200, 1),
  /** So many of them at once: a school, with two rooms each. */
  joinBurstPerAddress: count(2_000, 1),
  /** Rooms that one user causes to be made, or loaded from the store, a second. */
  createRatePerUser: count(2, 1),
  /** So many of them at once: someone who opens all documents of a folder. */
  createBurstPerUser: count(50, 1),
  /** Rooms that one address causes to be made, or loaded, a second. */
  createRatePerAddress: count(20, 1),
  /** So many of them at once. */
  createBurstPerAddress: count(500, 1),
  /** Rooms that exist because one user asked for them. */
  maxRoomsPerUser: count(200, 1),
  /** Rooms that exist because one address asked for them. */
  maxRoomsPerAddress: count(2_000, 1),
  /** Percent of the heap's limit in use, above which a server takes no new rooms and joins: garbage collection needs the rest to keep up. */
  heapMark: count(85, 1, 100),
  /** Uninterrupted work of one room after which a server names it: players notice a pause of a quarter second. */
  blockedAfter: ms(250, 1),
  /** Rooms of one server. An idle one costs some 16 KB; whoever creates rooms as fast as possible meets this. */
  maxRooms: count(20_000, 1),
  /** Lists of rooms that a server keeps up to date, each for all who ask for the same: some 16 KB, and half a kilobyte for each room that it shows. */
  maxListings: count(1_000, 1),
  /** Lists that exist because one user asked for them: a lobby, open in some tabs, whose filters somebody plays with. */
  maxListingsPerUser: count(20, 1),
  /** Lists that exist because one address asked for them. */
  maxListingsPerAddress: count(200, 1),
  /** Rooms in one list. Nobody reads more; each is some 60 bytes and its metadata in the first state. */
  maxListed: count(1_000, 1),
  /** Rooms in all lists that exist because one address asked for them: as many lists as it may have, of a hundred each. */
  maxListedPerAddress: count(20_000, 1),
  /** Join codes that lead nowhere, from one address a second. With a thousand rooms that have a code, one is guessed in twelve days. */
  codeGuessRate: count(1, 1),
  /** So many of them at once: a school class that mistypes. */
  codeGuessBurst: count(60, 1),
  /** How long a saved room keeps the seats of its members from the end of the process on: a deployment. After a crash: from the room's return on. */
  seatWindow: ms(120_000, 0),
  /** For handlers that run when the server stops: what they were sent may be acknowledged, and what they do is saved. */
  handlerPatience: ms(2_000, 0),
  /** Clients that are told at once to come back, when the server stops. */
  drainBatch: count(100, 1),
  /** Between one batch and the next, on average: a thousand clients come back within a second, as fast as acceptRate takes them. */
  drainPause: ms(100, 0),
  /** For a room's last hooks (onLeave, onDispose) before it is disposed without waiting for them any longer. */
  hookTimeout: ms(10_000, 1),
  /** Faults of one room within roomFaultWindow after which it is closed. A throwing 20 Hz tick ends in a second. */
  roomFaults: count(20, 1),
  /** Faults further apart than this are told to onError and the log, and the room lives. */
  roomFaultWindow: ms(10_000, 1),
  /** How often a room with a key that was closed because it failed is made again within roomRestartWindow. What breaks it may be what was saved of it. */
  roomRestarts: count(3, 0),
  /** After that many, those who ask for the room hear `room_failed` and when to come back; it is loaded and broken no oftener than that. */
  roomRestartWindow: ms(60_000, 1),
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
