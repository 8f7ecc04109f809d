/** What tells two series of one name apart: `{ reason: 'origin' }`. Values from a small, known set only. */
export type Labels = Readonly<Record<string, string>>

/** A number that only grows. */
export interface Counter {
  /** Adds to it; one, unless said otherwise. */
  add(by?: number): void
}

/** A number that goes up and down. */
export interface Gauge {
  set(value: number): void
  /** Adds to it; a negative number lowers it. */
  add(by: number): void
}

/**
 * Where the server counts what happens. Whoever counts often asks for the counter once and keeps it.
 *
 * The server's own names:
 *
 * | name                   | labels          | counts                                                    |
 * | ---------------------- | --------------- | --------------------------------------------------------- |
 * | `connections`          |                 | gauge: connections open now                               |
 * | `connections_opened`   |                 | connections accepted                                      |
 * | `connections_refused`  | `reason`        | requests refused before they became a connection          |
 * | `connections_closed`   | `reason`        | connections ended, by the name of our close code or of the peer's fault; `left`, `lost` |
 * | `sessions_away`        |                 | gauge: sessions without a connection, that may be resumed |
 * | `resumes`              | `outcome`       | clients that came back: `resumed`, `resynced` (frames are gone), `reloaded` (they had forgotten all), `lost` (the session is not there any more) |
 * | `resumes_refused`      | `reason`        | `wrong_secret`, `retired_secret` (a security event), `gap` (frames of the client are gone), `credentials` (refused while another connection has the session) |
 * | `sessions_expired`     | `reason`        | sessions that ended away: `window`, or `max_away`         |
 * | `resume_bytes`         |                 | gauge: bytes kept for clients until they acknowledge them, to some 16 KiB |
 * | `resume_buffers_dropped` |               | sessions that gave up what was kept for them, because of `maxResumeTotal` |
 * | `outbox_bytes`         |                 | gauge: bytes that wait for clients that do not take them at once |
 * | `frames_refused`       | `reason`        | frames answered by a notice instead of being obeyed       |
 * | `messages_refused`     | `limit`         | calls, events, streams and joins that came too fast for their `session` or `user`, or for the limit of that `message` |
 * | `floods`               | `of`            | connections that went on too fast: `messages`, `frames`, or `control` (pings) |
 * | `reading_paused`       | `limit`         | times that a client was read later: because of its own bytes, or of what waited (`session`), or of the bytes of its `address` |
 * | `joins_refused`        | `code`          | joins answered by a refusal                               |
 * | `room_faults`          | `room`          | times that a room's own code failed                       |
 * | `rooms_blocked`        | `room`          | times that a room held up the event loop                  |
 * | `members_behind`       | `room`          | gauge: members that take no patches now, because too much waits for them |
 * | `catch_ups`            | `room`          | members that were behind and got one patch over all they missed |
 * | `snapshots_sent`       | `room`          | whole states sent: to those who join, come back from too far behind, or ask |
 * | `desyncs`              | `room`          | mirrors that came apart, and asked for a snapshot         |
 * | `presences_replaced`   | `room`          | presences of members that were replaced by newer ones before anybody looked at them |
 * | `rooms_saved`          | `room`          | saves of rooms                                            |
 * | `room_bytes_saved`     | `room`          | bytes that these have written                             |
 * | `room_saves_failed`    | `room`, `reason` | attempts to save that failed: `full`, `damaged`, `conflict` (see `StoreError`), `other` |
 */
export abstract class Metrics {
  abstract counter(name: string, labels?: Labels): Counter
  abstract gauge(name: string, labels?: Labels): Gauge

  /** Adds to a counter that is not worth keeping. */
  count(name: string, labels?: Labels, by = 1): void {
    this.counter(name, labels).add(by)
  }
}

class Series implements Counter, Gauge {
  value = 0

  set(value: number): void {
    this.value = value
  }

  add(by = 1): void {
    this.value += by
  }
}

/** Keeps the numbers in memory, to be read by whoever wants to. */
export class MemoryMetrics extends Metrics {
  readonly #series = new Map<string, Series>()

  override counter(name: string, labels?: Labels): Counter {
    return this.#at(name, labels)
  }

  override gauge(name: string, labels?: Labels): Gauge {
    return this.#at(name, labels)
  }

  /** The number of one series; 0 when nothing was counted there. */
  read(name: string, labels?: Labels): number {
    return this.#series.get(seriesKey(name, labels))?.value ?? 0
  }

  /** All series as `name{label=value}` and number, sorted. */
  *entries(): IterableIterator<[string, number]> {
    for (const key of [...this.#series.keys()].toSorted()) yield [key, this.#series.get(key)?.value ?? 0]
  }

  #at(name: string, labels: Labels | undefined): Series {
    const key = seriesKey(name, labels)
    let series = this.#series.get(key)
    if (!series) this.#series.set(key, (series = new Series()))
    return series
  }
}

function seriesKey(name: string, labels: Labels | undefined): string {
  if (!labels) return name
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${name}{${pairs.map(([label, value]) => `${label}=${value}`).join(',')}}`
}
