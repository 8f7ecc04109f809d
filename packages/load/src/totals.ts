import { Histogram } from './histogram.ts'
import type { ErrorCount, Figures } from './messages.ts'
import { ownCounters } from './recorder.ts'
import type { Judged } from './thresholds.ts'

/** What was measured under one name, in all processes. */
export interface Measure {
  readonly times: Histogram
  failed: number
}

/** Figures of one interval, for the line that shows how it goes, and for whoever draws a chart. */
export interface Interval {
  /** Seconds from the begin of the run to the end of the interval. */
  readonly at: number
  readonly bots: number
  /** A second. */
  readonly joins: number
  /** Calls and mutations a second. */
  readonly calls: number
  /** Milliseconds; undefined when nothing was called. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** So far. */
  readonly errors: number
}

/** The figures of all processes together. */
export class Totals {
  readonly measures = new Map<string, Measure>()
  readonly counters = new Map<string, number>(ownCounters.map((name) => [name, 0]))
  readonly errors = new Map<string, ErrorCount>()
  /** What calls and mutations took within the interval. */
  readonly #called = new Histogram()
  #joined = 0

  take({ times, failed, counts, errors }: Figures): void {
    for (const [name, values] of times) {
      const [first = name] = name.split('.')
      const isCall = first === 'call' || first === 'mutate'
      // All calls together are a measure too.
      const measures = first === name ? [this.#measure(name)] : [this.#measure(name), this.#measure(first)]
      if (name === 'join') this.#joined += values.length
      for (const ms of values) {
        for (const each of measures) each.times.record(ms)
        if (isCall) this.#called.record(ms)
      }
    }
    for (const [name, count] of failed) {
      this.#measure(name).failed += count
      const [first = name] = name.split('.')
      if (first !== name) this.#measure(first).failed += count
    }
    for (const [name, count] of counts) this.counters.set(name, this.counter(name) + count)
    for (const error of errors) {
      const known = this.errors.get(error.key)
      if (known === undefined) this.errors.set(error.key, { ...error })
      else known.count += error.count
    }
  }

  counter(name: string): number {
    return this.counters.get(name) ?? 0
  }

  /** What a threshold may speak of. */
  find(name: string): Judged | undefined {
    const measure = this.measures.get(name)
    if (measure !== undefined) return { times: timesOf(measure), count: measure.times.count, failed: measure.failed }
    const count = this.counters.get(name)
    return count === undefined ? undefined : { count }
  }

  get names(): string[] {
    return [...this.measures.keys(), ...this.counters.keys()]
  }

  /**
   * Ends an interval.
   *
   * @param seconds How long it was.
   * @param at Seconds since the run began.
   */
  endInterval(seconds: number, at: number, bots: number): Interval {
    const called = this.#called
    const some = called.count > 0
    const interval = {
      at,
      bots,
      joins: perSecond(this.#joined, seconds),
      calls: perSecond(called.count, seconds),
      p50: some ? called.percentile(50) : undefined,
      p99: some ? called.percentile(99) : undefined,
      errors: this.counter('errors'),
    }
    called.reset()
    this.#joined = 0
    return interval
  }

  #measure(name: string): Measure {
    const known = this.measures.get(name)
    if (known !== undefined) return known
    const fresh = { times: new Histogram(), failed: 0 }
    this.measures.set(name, fresh)
    return fresh
  }
}

/** A measure that has only failed has no times. */
function timesOf({ times }: Measure): Judged['times'] {
  return times.count === 0 ? undefined : times
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0
}

/** What failed most comes first; what calls declare comes last. */
export function sortedErrors({ errors }: Totals): ErrorCount[] {
  return [...errors.values()].sort((a, b) => Number(a.declared) - Number(b.declared) || b.count - a.count)
}
