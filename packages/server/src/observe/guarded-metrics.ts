import type { Logger } from './log.ts'
import { Metrics, seriesKey, type Counter, type Gauge, type Histogram, type Labels } from './metrics.ts'

/** Stands for what the program's metrics could not make. */
const uncounted: Counter & Gauge & Histogram = { add() {}, set() {}, observe() {} }

/** Stands before whatever metrics a program has: what they throw costs a number and nothing else. The log says so, once for each series. */
export class GuardedMetrics extends Metrics {
  /** The program's own. */
  readonly given: Metrics
  readonly #logger: Logger
  readonly #told = new Set<string>()
  // One for all who count the same: a thousand rooms of one type have the same numbers.
  readonly #counters = new Map<string, Counter>()
  readonly #gauges = new Map<string, Gauge>()
  readonly #histograms = new Map<string, Histogram>()

  constructor(metrics: Metrics, logger: Logger) {
    super()
    this.given = metrics
    this.#logger = logger
    const expose = metrics.expose?.bind(metrics)
    if (expose !== undefined) this.expose = expose
  }

  override counter(name: string, labels?: Labels): Counter {
    return this.#guarded(this.#counters, name, labels, () => {
      const counter = this.given.counter(name, labels)
      return { add: (by) => this.#try(name, () => counter.add(by)) }
    })
  }

  override gauge(name: string, labels?: Labels): Gauge {
    return this.#guarded(this.#gauges, name, labels, () => {
      const gauge = this.given.gauge(name, labels)
      return {
        set: (value) => this.#try(name, () => gauge.set(value)),
        add: (by) => this.#try(name, () => gauge.add(by)),
      }
    })
  }

  override histogram(name: string, labels?: Labels, buckets?: readonly number[]): Histogram {
    return this.#guarded(this.#histograms, name, labels, () => {
      const histogram = this.given.histogram(name, labels, buckets)
      return { observe: (value) => this.#try(name, () => histogram.observe(value)) }
    })
  }

  override count(name: string, labels?: Labels, by?: number): void {
    this.#try(name, () => this.given.count(name, labels, by))
  }

  override beforeReading(collect: () => void): () => void {
    return this.given.beforeReading(collect)
  }

  /** What cannot be made now counts nothing, and is tried again when it is asked for anew. */
  #guarded<T>(all: Map<string, T>, name: string, labels: Labels | undefined, make: () => T): T | typeof uncounted {
    const key = seriesKey(name, labels)
    const known = all.get(key)
    if (known !== undefined) return known
    const made = this.#try(name, make)
    if (made !== undefined) all.set(key, made)
    return made ?? uncounted
  }

  #try<T>(name: string, count: () => T): T | undefined {
    try {
      return count()
    } catch (error) {
      if (!this.#told.has(name)) {
        this.#told.add(name)
        this.#logger.error(`The series ${name} could not be counted, now and maybe later`, { series: name, error })
      }
      return undefined
    }
  }
}
