import { forEachFrame, FrameType } from '@junto/protocol/internal'
import type { Counter, Histogram, Metrics } from './metrics.ts'
import { ownSeries } from './series.ts'

/** Frame types are below this. */
const types = 64

/** Names of frame types, for labels. Those that this side does not know are `unknown`. */
const names = new Map<number, string>(
  Object.entries(FrameType)
    .filter(([, type]) => type > 0)
    .map(([name, type]) => [type, name]),
)

/** A number that is handed to a counter now and then: to add to a number costs next to nothing, to a counter somebody else's code. */
class Tally {
  value = 0
  #reported = 0

  /** What came since the last time. */
  take(): number {
    const since = this.value - this.#reported
    this.#reported = this.value
    return since
  }
}

/** Messages and frames in one direction. */
class Direction {
  readonly #metrics: Metrics
  readonly #name: string
  readonly #messages = new Tally()
  readonly #messageBytes = new Tally()
  /** By frame type. */
  readonly #frames = new Float64Array(types)
  readonly #frameBytes = new Float64Array(types)
  readonly #reportedFrames = new Float64Array(types)
  readonly #reportedBytes = new Float64Array(types)
  readonly #counters = new Map<string, Counter>()

  constructor(metrics: Metrics, name: 'received' | 'sent') {
    this.#metrics = metrics
    this.#name = name
  }

  message(bytes: number): void {
    this.#messages.value++
    this.#messageBytes.value += bytes
  }

  frame(type: number, bytes: number): void {
    const place = type < types ? type : 0
    // In place: reading and writing would tell the compiler twice that there may be nothing.
    this.#frames[place]! += 1
    this.#frameBytes[place]! += bytes
  }

  report(): void {
    this.#counter(`messages_${this.#name}`).add(this.#messages.take())
    this.#counter(`message_bytes_${this.#name}`).add(this.#messageBytes.take())
    for (const [type, frames] of this.#frames.entries()) {
      const since = frames - (this.#reportedFrames[type] ?? 0)
      if (since === 0) continue
      const bytes = this.#frameBytes[type] ?? 0
      const label = names.get(type) ?? 'unknown'
      this.#counter(`frames_${this.#name}`, label).add(since)
      this.#counter(`frame_bytes_${this.#name}`, label).add(bytes - (this.#reportedBytes[type] ?? 0))
      this.#reportedFrames[type] = frames
      this.#reportedBytes[type] = bytes
    }
  }

  #counter(name: string, type?: string): Counter {
    const key = type === undefined ? name : `${name}/${type}`
    let counter = this.#counters.get(key)
    if (counter === undefined) {
      counter = this.#metrics.counter(name, type === undefined ? undefined : { type })
      this.#counters.set(key, counter)
    }
    return counter
  }
}

/** Why a client does not get a message. */
export type Drop = 'volatile' | 'replaced' | 'forfeited'

/**
 * Counts what goes over all connections. Called for every frame of every client, so it only adds to numbers that it has; the server's
 * metrics get them when somebody reads them.
 */
export class Traffic {
  /** Seconds between a beat and its answer. */
  readonly roundTrips: Histogram
  readonly #received: Direction
  readonly #sent: Direction
  readonly #drops: Readonly<Record<Drop, Tally>> = {
    volatile: new Tally(),
    replaced: new Tally(),
    forfeited: new Tally(),
  }
  readonly #dropCounters: readonly (readonly [Tally, Counter])[]
  readonly #count = (type: number, size: number): void => this.#received.frame(type, size)

  constructor(metrics: Metrics) {
    this.#received = new Direction(metrics, 'received')
    this.#sent = new Direction(metrics, 'sent')
    this.roundTrips = metrics.histogram('round_trip_seconds', undefined, ownSeries.round_trip_seconds.buckets)
    this.#dropCounters = Object.entries(this.#drops).map(([reason, tally]) => [
      tally,
      metrics.counter('messages_dropped', { reason }),
    ])
  }

  /** A message has come; what is in it, nobody knows yet. */
  received(bytes: number): void {
    this.#received.message(bytes)
  }

  /** A message that has come was read, and is in order: counts what it holds. */
  read(message: Uint8Array): void {
    forEachFrame(message, this.#count)
  }

  /** A message leaves. */
  sent(bytes: number): void {
    this.#sent.message(bytes)
  }

  /** A frame of ours is given to a connection: an array head of one byte, then its type. */
  frame(frame: Uint8Array): void {
    this.#sent.frame(frame[1] ?? 0, frame.length)
  }

  /** So many messages are given up. */
  dropped(reason: Drop, count = 1): void {
    this.#drops[reason].value += count
  }

  /** Hands the numbers to the metrics. */
  report(): void {
    this.#received.report()
    this.#sent.report()
    for (const [tally, counter] of this.#dropCounters) counter.add(tally.take())
  }
}
