/** What a series is: for whoever reads it, and for formats that want to know before the first number. */
export interface SeriesDescription {
  /** `counter`: only grows. `gauge`: goes up and down. `histogram`: how often which sizes came. */
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** What it counts: a sentence without its end. */
  readonly help: string
  /** What tells its numbers apart. */
  readonly labels?: readonly string[]
  /** Of a histogram: the upper bounds of its buckets, smallest first. What is larger counts as well. */
  readonly buckets?: readonly number[]
}

/** Bytes of patches: from a field that changed to a snapshot's size. */
const sizes = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 65_536, 262_144, 1_048_576]

/** Seconds by which ticks are late: from what timers do anyway to what everybody feels. */
const tickDelays = [0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.125, 0.25, 0.5, 1]

/** Seconds of round trips: from a neighbour to what nobody would play with. */
const roundTrips = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10]

/**
 * The server's own series, by name. The table in docs/operations.md says the same, and a test compares the two, and both with the names
 * in the sources.
 */
export const ownSeries = {
  connections: { kind: 'gauge', help: 'Connections open now' },
  connections_opened: { kind: 'counter', help: 'Connections accepted' },
  connections_refused: {
    kind: 'counter',
    labels: ['reason'],
    help: 'Requests refused before they became a connection',
  },
  connections_closed: {
    kind: 'counter',
    labels: ['reason'],
    help: "Connections ended: by the name of the server's close code, by the peer's fault, `left`, or `lost`",
  },
  rooms: { kind: 'gauge', labels: ['room'], help: 'Rooms there are now' },
  members: { kind: 'gauge', labels: ['room'], help: 'Members of rooms, with those whose connection is lost' },
  messages_received: { kind: 'counter', help: 'Messages received; each holds one frame or more' },
  message_bytes_received: { kind: 'counter', help: 'Their bytes' },
  messages_sent: { kind: 'counter', help: 'Messages sent; each holds one frame or more' },
  message_bytes_sent: { kind: 'counter', help: 'Their bytes' },
  frames_received: { kind: 'counter', labels: ['type'], help: 'Frames received: `call`, `event`, `ack` and the like' },
  frame_bytes_received: { kind: 'counter', labels: ['type'], help: 'Their bytes' },
  frames_sent: {
    kind: 'counter',
    labels: ['type'],
    help: 'Frames given to connections: `patch`, `event`, `reply` and the like',
  },
  frame_bytes_sent: { kind: 'counter', labels: ['type'], help: 'Their bytes' },
  messages_dropped: {
    kind: 'counter',
    labels: ['reason'],
    help: 'Messages that clients do not get: `volatile` (the client could take none just then), `replaced` (a newer `latest` one took its place), `forfeited` (too much waited for the client)',
  },
  patch_bytes: {
    kind: 'histogram',
    labels: ['room'],
    buckets: sizes,
    help: 'Bytes of patches and snapshots as they are made; one that many members get counts once',
  },
  round_trip_seconds: {
    kind: 'histogram',
    buckets: roundTrips,
    help: "Time between a connection's heartbeat and its answer",
  },
  loop_delay_seconds: {
    kind: 'gauge',
    labels: ['at'],
    help: 'How late the event loop was since the last reading: `p50`, `p99`, `max`',
  },
  sessions_away: { kind: 'gauge', help: 'Sessions without a connection, that may be resumed' },
  resumes: {
    kind: 'counter',
    labels: ['outcome'],
    help: 'Clients that came back: `resumed`, `resynced` (frames are gone), `reloaded` (they had forgotten all), `lost` (the session is not there any more)',
  },
  resumes_refused: {
    kind: 'counter',
    labels: ['reason'],
    help: '`wrong_secret`, `retired_secret` (a security event), `gap` (frames of the client are gone), `credentials` (refused while another connection has the session), `no_resume` (a new session under the id of one that goes on)',
  },
  sessions_expired: { kind: 'counter', labels: ['reason'], help: 'Sessions that ended away: `window`, or `max_away`' },
  resume_bytes: { kind: 'gauge', help: 'Bytes kept for clients until they acknowledge them, to some 16 KiB' },
  resume_buffers_dropped: {
    kind: 'counter',
    help: 'Sessions that gave up what was kept for them, because of `maxResumeTotal`',
  },
  outbox_bytes: { kind: 'gauge', help: 'Bytes that wait for clients that do not take them at once' },
  frames_refused: { kind: 'counter', labels: ['reason'], help: 'Frames answered by a notice instead of being obeyed' },
  messages_refused: {
    kind: 'counter',
    labels: ['limit'],
    help: 'Calls, events, streams and joins that came too fast for their `session` or `user`, or for the limit of that `message`',
  },
  floods: {
    kind: 'counter',
    labels: ['of'],
    help: 'Connections that went on too fast: `messages`, `frames`, or `control` (pings)',
  },
  reading_paused: {
    kind: 'counter',
    labels: ['limit'],
    help: 'Times that a client was read later: because of its own bytes, or of what waited (`session`), or of the bytes of its `address`',
  },
  joins_refused: { kind: 'counter', labels: ['code'], help: 'Joins answered by a refusal' },
  room_faults: { kind: 'counter', labels: ['room'], help: "Times that a room's own code failed" },
  rooms_blocked: { kind: 'counter', labels: ['room'], help: 'Times that a room held up the event loop' },
  rooms_given_up: {
    kind: 'counter',
    help: 'Rooms that were not done when the grace of a drain was over',
  },
  tick_delay_seconds: {
    kind: 'histogram',
    labels: ['room'],
    buckets: tickDelays,
    help: 'How late ticks of rooms began',
  },
  ticks_dropped: {
    kind: 'counter',
    labels: ['room'],
    help: 'Ticks that never were, because more were late than `maxCatchUp`',
  },
  inputs_applied: {
    kind: 'counter',
    labels: ['room'],
    help: 'Inputs of members that were applied, or given to their room',
  },
  inputs_dropped: {
    kind: 'counter',
    labels: ['room', 'reason'],
    help: 'Inputs of members that were not: `late` (or twice), `surplus` (too many waited), `invalid`',
  },
  members_behind: {
    kind: 'gauge',
    labels: ['room'],
    help: 'Members that take no patches now, because too much waits for them',
  },
  catch_ups: {
    kind: 'counter',
    labels: ['room'],
    help: 'Members that were behind and got one patch over all they missed',
  },
  snapshots_sent: {
    kind: 'counter',
    labels: ['room'],
    help: 'Whole states sent: to those who join, come back from too far behind, or ask',
  },
  desyncs: { kind: 'counter', labels: ['room'], help: 'Mirrors that came apart, and asked for a snapshot' },
  mutations: {
    kind: 'counter',
    labels: ['room', 'outcome'],
    help: 'Mutations of members: `applied`, `rejected` (by the mutator, or because they did not satisfy the contract), `failed` (through a fault of the room)',
  },
  presences_replaced: {
    kind: 'counter',
    labels: ['room'],
    help: 'Presences of members that were replaced by newer ones before anybody looked at them',
  },
  rooms_saved: { kind: 'counter', labels: ['room'], help: 'Saves of rooms' },
  room_bytes_saved: { kind: 'counter', labels: ['room'], help: 'Bytes that these have written' },
  room_saves_failed: {
    kind: 'counter',
    labels: ['room', 'reason'],
    help: 'Attempts to save that failed: `full`, `damaged`, `conflict`, `other`',
  },
  room_loads_failed: {
    kind: 'counter',
    labels: ['room', 'reason'],
    help: 'Saved rooms that could not be opened: `damaged`, `timeout`, `other`',
  },
  rooms_damaged: {
    kind: 'counter',
    labels: ['room'],
    help: 'Saved rooms of which something was lost on the disk, opened with what could be read',
  },
  log_lines_lost: { kind: 'counter', help: 'Lines that the logger threw at, or rejected, instead of writing them' },
} as const satisfies Readonly<Record<string, SeriesDescription>>

/** The description of a series of the server, by its name; undefined for those that a program counts itself. */
export function describeSeries(name: string): SeriesDescription | undefined {
  return new Map<string, SeriesDescription>(Object.entries(ownSeries)).get(name)
}
