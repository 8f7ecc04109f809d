import type { Logger } from './log.ts'
import { Metrics, type Counter, type Gauge, type Histogram, type Labels } from './metrics.ts'

/** Stands before whatever metrics a program has: what they throw costs a number and nothing else. The log says so, once for each series. */
export class GuardedMetrics extends Metrics {
  /** The program's own. */
  readonly given: Metrics
  readonly #logger: Logger
  readonly #told = new Set<string>()

  constructor(metrics: Metrics, logger: Logger) {
    super()
    this.given = metrics
    this.#logger = logger
    const expose = metrics.expose?.bind(metrics)
    if (expose !== undefined) this.expose = expose
  }

  override counter(name: string, labels?: Labels): Counter {
    const counter = this.#try(name, () => this.given.counter(name, labels))
    return { add: (by) => this.#try(name, () => counter?.add(by)) }
  }

  override gauge(name: string, labels?: Labels): Gauge {
    const gauge = this.#try(name, () => this.given.gauge(name, labels))
    return {
      set: (value) => this.#try(name, () => gauge?.set(value)),
      add: (by) => this.#try(name, () => gauge?.add(by)),
    }
  }

  override histogram(name: string, labels?: Labels, buckets?: readonly number[]): Histogram {
    const histogram = this.#try(name, () => this.given.histogram(name, labels, buckets))
    return { observe: (value) => this.#try(name, () => histogram?.observe(value)) }
  }

  override count(name: string, labels?: Labels, by?: number): void {
    this.#try(name, () => this.given.count(name, labels, by))
  }

  override beforeReading(collect: () => void): () => void {
    return this.given.beforeReading(collect)
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
