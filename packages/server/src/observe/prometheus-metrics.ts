import { JuntoError } from '@junto/protocol'
import * as prometheus from 'prom-client'
import {
  Metrics,
  usualBuckets,
  type Counter,
  type Exposition,
  type Gauge,
  type Histogram,
  type Labels,
} from './metrics.ts'
import { describeSeries, type SeriesDescription } from './series.ts'

/** How numbers are shown to Prometheus. */
export interface PrometheusOptions {
  /**
   * A registry that you have already, such as prom-client's `register`: the numbers stand among yours, and you expose them all. Default:
   * one of its own, which also has prom-client's numbers of the process: CPU, memory, garbage collection.
   */
  readonly registry?: prometheus.Registry
  /** Put before every name. Default: `junto_`. */
  readonly prefix?: string
}

type Kind = SeriesDescription['kind']

/** All series of one name. */
interface Family {
  readonly kind: Kind
  readonly metric: prometheus.Counter | prometheus.Gauge | prometheus.Histogram
  /** Names of labels, sorted. */
  readonly labels: readonly string[]
}

/**
 * Shows the server's numbers to Prometheus, by [prom-client](https://github.com/siimon/prom-client). `npm install prom-client`, then:
 *
 * ```ts
 * import { JuntoServer } from '@junto/server'
 * import { PrometheusMetrics } from '@junto/server/prometheus'
 *
 * const server = new JuntoServer({ metrics: new PrometheusMetrics(), http: { metrics: '/metrics' } })
 * ```
 *
 * Names get the prefix `junto_`, those of counters the ending `_total`, as is usual there: `resumes` is `junto_resumes_total`.
 */
export class PrometheusMetrics extends Metrics {
  /** Where the numbers stand. */
  readonly registry: prometheus.Registry
  readonly #prefix: string
  readonly #families = new Map<string, Family>()

  constructor({ registry, prefix = 'junto_' }: PrometheusOptions = {}) {
    super()
    this.#prefix = prefix
    this.registry = registry ?? new prometheus.Registry()
    // Registries ask their metrics in order, and this one comes before all others of the server.
    const { labels: _, ...connections } = this.#describe('connections', 'gauge', undefined)
    const gauge = new prometheus.Gauge({ ...connections, registers: [this.registry], collect: () => this.collect() })
    this.#families.set('connections', { kind: 'gauge', metric: gauge, labels: [] })
    if (registry === undefined) prometheus.collectDefaultMetrics({ register: this.registry })
  }

  override counter(name: string, labels: Labels = {}): Counter {
    const { metric } = this.#family(name, 'counter', labels)
    if (!(metric instanceof prometheus.Counter)) throw otherKind(name)
    const counter = metric.labels(labels)
    return { add: (by = 1) => counter.inc(by) }
  }

  override gauge(name: string, labels: Labels = {}): Gauge {
    const { metric } = this.#family(name, 'gauge', labels)
    if (!(metric instanceof prometheus.Gauge)) throw otherKind(name)
    const gauge = metric.labels(labels)
    return { set: (value) => gauge.set(value), add: (by) => gauge.inc(by) }
  }

  override histogram(name: string, labels: Labels = {}, buckets: readonly number[] = usualBuckets): Histogram {
    const { metric } = this.#family(name, 'histogram', labels, buckets)
    if (!(metric instanceof prometheus.Histogram)) throw otherKind(name)
    const histogram = metric.labels(labels)
    return { observe: (value) => histogram.observe(value) }
  }

  override async expose(): Promise<Exposition> {
    // Now, too: a registry leaves out what is first counted while it is being read.
    this.collect()
    return { contentType: this.registry.contentType, body: await this.registry.metrics() }
  }

  #family(name: string, kind: Kind, labels: Labels, buckets?: readonly number[]): Family {
    const present = this.#families.get(name)
    if (present !== undefined) {
      refuseOthers(name, kind, labels, present)
      return present
    }
    const family = { kind, metric: this.#make(name, kind, labels, buckets), labels: Object.keys(labels).toSorted() }
    this.#families.set(name, family)
    return family
  }

  #make(name: string, kind: Kind, labels: Labels, buckets?: readonly number[]): Family['metric'] {
    const { name: fullName, help, labels: labelNames } = this.#describe(name, kind, labels)
    const settings = { name: fullName, help, labelNames, registers: [this.registry] }
    try {
      if (kind === 'counter') return new prometheus.Counter(settings)
      if (kind === 'gauge') return new prometheus.Gauge(settings)
      return new prometheus.Histogram({ ...settings, buckets: [...(buckets ?? usualBuckets)] })
    } catch (error) {
      const message = `the series ${name} cannot be shown to Prometheus: ${error instanceof Error ? error.message : String(error)}`
      throw new JuntoError('misuse', message, { cause: error })
    }
  }

  #describe(name: string, kind: Kind, labels: Labels | undefined): { name: string; help: string; labels: string[] } {
    const own = describeSeries(name)
    return {
      name: `${this.#prefix}${name}${kind === 'counter' ? '_total' : ''}`,
      help: own?.help ?? `The ${kind} ${name} of a program`,
      labels: own?.labels === undefined ? Object.keys(labels ?? {}) : [...own.labels],
    }
  }
}

/** Prometheus wants of all series of one name that they are of one kind and have the same labels. */
function refuseOthers(name: string, kind: Kind, labels: Labels, present: Family): void {
  if (present.kind !== kind) throw otherKind(name)
  const given = Object.keys(labels).toSorted()
  if (given.join() === present.labels.join()) return
  const say = (names: readonly string[]): string => (names.length === 0 ? 'no label' : `the labels ${names.join(', ')}`)
  throw new JuntoError(
    'misuse',
    `the ${kind} ${name} is counted with ${say(given)}, and was with ${say(present.labels)} before: use the same ones each time`,
  )
}

function otherKind(name: string): JuntoError {
  return new JuntoError('misuse', `${name} is another kind of series already: choose another name`)
}
