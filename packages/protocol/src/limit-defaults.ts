// The defaults stand apart from what checks others, so that a page loads the numbers only.

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

/** The limits that clients and servers both have, with the same defaults. */
export const commonDefaults = {
  /**
   * One incoming WebSocket message; announced to the peer, which splits below it. Small, so that nobody makes the
   * other side hold or decode much at once.
   */
  maxMessage: 64 * KiB,
  /**
   * Larger frames leave in pieces of this size, so that beats pass between them and sending stops when the socket
   * is full.
   */
  partSize: 16 * KiB,
  /** Nesting of an incoming message. Contracts nest a few levels; decoders recurse. */
  maxDepth: 32,
  /**
   * Values in one frame, containers and keys included. Decoding costs up to 0.25 µs for each (empty bins; 0.02 µs
   * for numbers). Senders count too: more fails there.
   */
  maxElements: 100_000,
  /** For the application to check credentials, or on a client to fetch them. Shorter than a client waits for its welcome. */
  authTimeout: 8_000,
  /** For a room to be created or restored and to admit a member; longer than loading from a store takes. */
  joinTimeout: 15_000,
  /** From a ping until the link counts as dead: an idle dead link is noticed within 25 s. */
  pongTimeout: 10_000,
  /** Deadline of a call that neither the contract nor the caller gave one. */
  callTimeout: 15_000,
  /** Unanswered incoming calls and streams of one membership. Sixteen times the eight of a busy client. */
  maxCallsInFlight: 128,
  /**
   * Items of a stream under way or unread: covers a round trip of 100 ms at 160 items a second. So many are also made in one
   * turn, by all streams of a membership together.
   */
  streamCredit: 16,
  /** Waiting for one peer: from here on volatile events are dropped, and further joins are answered later. */
  softOutbox: 256 * KiB,
  /**
   * Waiting for one peer: beyond it the connection is closed, to be made again. Times 10,000 clients it still fits
   * a machine.
   */
  hardOutbox: 1 * MiB,
  /**
   * Kept of what one peer has not acknowledged while its connection is down; 64 bytes are counted for each frame besides its
   * own. Four messages of the largest size, or half a minute of 60 actions a second.
   */
  resumeBuffer: 256 * KiB,
  /** Frames kept for a peer whose connection is down: replaying them takes some 10 ms. */
  resumeFrames: 4096,
  /**
   * What came is acknowledged this long after it at the latest. Where messages flow, acks ride on them; elsewhere one small
   * message a second is cheap.
   */
  ackDelay: 1_000,
  /** Events of class latest that wait for one peer, each the newest of its key: a screen full of cursors. */
  maxLatest: 256,
} as const

/** Every limit of a client. */
export const clientDefaults = {
  ...commonDefaults,
  /**
   * One incoming frame, put together from parts; announced to the peer. A client accepts the snapshot of a large
   * room from the server it chose.
   */
  maxFrame: 64 * MiB,
  /** A client gives up on a connection that was not established and welcomed by then. */
  connectTimeout: 10_000,
  /**
   * For a sign of life when there is reason to doubt the connection: the page comes back to the front or runs again, the network changed.
   * A phone's radio wakes up in a second or two.
   */
  probeTimeout: 3_000,
  /** Events that wait on a client for their first listener. */
  maxUnheard: 256,
  /** What comes for a room while its mirror waits for the snapshot that repairs it; with more, the room is joined afresh. */
  maxHeld: MiB,
  /** Upper bound of a client's first random wait before it comes back; doubles with each failure. */
  reconnectMin: 500,
  /** Upper bound of any such wait: after an outage everybody is back within half a minute. */
  reconnectMax: 20_000,
} as const
