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

/** How often which sizes came. */
export interface Histogram {
  /** Counts one of this size. */
  observe(value: number): void
}

/** The upper bounds of a histogram's buckets where nothing else is said: seconds, from 5 ms to 10 s. */
export const usualBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** All numbers, as a program that gathers them reads them. */
export interface Exposition {
  /** For the header `Content-Type`. */
  readonly contentType: string
  readonly body: string
}

/**
 * Where the server counts what happens, and rooms by `this.inject(Metrics)`. Whoever counts often asks for the counter once and keeps
 * it. The server's own series stand in a table of docs/operations.md.
 *
 * To count elsewhere, extend it: {@link counter}, {@link gauge} and {@link histogram} give what is counted with, the same one for the
 * same name and labels; and {@link collect} is to be called before the numbers are read or sent away.
 */
export abstract class Metrics {
  readonly #collectors = new Set<() => void>()

  abstract counter(name: string, labels?: Labels): Counter
  abstract gauge(name: string, labels?: Labels): Gauge
  /** @param buckets Upper bounds, smallest first; those of the first call with this name hold. Default: seconds, from 5 ms to 10 s. */
  abstract histogram(name: string, labels?: Labels, buckets?: readonly number[]): Histogram

  /** All numbers, in the format of whatever scrapes `/metrics`. Left out by those that nobody scrapes. */
  expose?(): Promise<Exposition>

  /** Adds to a counter that is not worth keeping. */
  count(name: string, labels?: Labels, by = 1): void {
    this.counter(name, labels).add(by)
  }

  /**
   * Has this done each time before the numbers are read: for what is cheaper to look up then than to count whenever it happens.
   *
   * @returns a function that ends it.
   */
  beforeReading(collect: () => void): () => void {
    this.#collectors.add(collect)
    return () => void this.#collectors.delete(collect)
  }

  /** Brings the numbers up to date. */
  protected collect(): void {
    for (const collect of this.#collectors) collect()
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

/** What a histogram in memory has counted. */
export interface HistogramReading {
  /** How many came. */
  readonly count: number
  /** All their sizes together. */
  readonly sum: number
  /** By upper bound, how many were at most as large; the last one is `Infinity`. */
  readonly buckets: ReadonlyMap<number, number>
}

class MemoryHistogram implements Histogram {
  readonly #bounds: readonly number[]
  /** How many fell between a bound and the one before. The last is of those beyond all bounds. */
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? Infinity)) at++
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sum += value
  }

  read(): HistogramReading {
    let count = 0
    const buckets = new Map<number, number>()
    for (const [index, here] of this.#counts.entries()) {
      count += here
      buckets.set(this.#bounds[index] ?? Infinity, count)
    }
    return { count, sum: this.#sum, buckets }
  }
}

/** Keeps the numbers in memory, to be read by whoever wants to. */
export class MemoryMetrics extends Metrics {
  readonly #series = new Map<string, Series>()
  readonly #histograms = new Map<string, MemoryHistogram>()
  /** The bounds of histograms, by name. */
  readonly #bounds = new Map<string, readonly number[]>()

  override counter(name: string, labels?: Labels): Counter {
    return this.#at(name, labels)
  }

  override gauge(name: string, labels?: Labels): Gauge {
    return this.#at(name, labels)
  }

  override histogram(name: string, labels?: Labels, buckets: readonly number[] = usualBuckets): Histogram {
    const key = seriesKey(name, labels)
    let histogram = this.#histograms.get(key)
    if (histogram === undefined) {
      const bounds = this.#bounds.get(name) ?? buckets
      this.#bounds.set(name, bounds)
      this.#histograms.set(key, (histogram = new MemoryHistogram(bounds)))
    }
    return histogram
  }

  /** The number of one counter or gauge; 0 when nothing was counted there. */
  read(name: string, labels?: Labels): number {
    this.collect()
    return this.#series.get(seriesKey(name, labels))?.value ?? 0
  }

  /** What one histogram has counted; undefined when nothing was. */
  readHistogram(name: string, labels?: Labels): HistogramReading | undefined {
    this.collect()
    return this.#histograms.get(seriesKey(name, labels))?.read()
  }

  /** All counters and gauges as `name{label=value}` and number, sorted. */
  *entries(): IterableIterator<[string, number]> {
    this.collect()
    for (const key of [...this.#series.keys()].toSorted()) yield [key, this.#series.get(key)?.value ?? 0]
  }

  #at(name: string, labels: Labels | undefined): Series {
    const key = seriesKey(name, labels)
    let series = this.#series.get(key)
    if (!series) this.#series.set(key, (series = new Series()))
    return series
  }
}

/** Name and labels of a series as one text. */
export function seriesKey(name: string, labels: Labels | undefined): string {
  if (!labels) return name
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${name}{${pairs.map(([label, value]) => `${label}=${value}`).join(',')}}`
}
