// Node's own HdrHistogram, in C and kept with Node: figures are exact to three digits, and there is nothing to install. It reads no clock.
// oxlint-disable-next-line no-restricted-imports -- see above
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

const microseconds = 1_000
/** An hour: longer ones count as one. */
const longest = 3_600 * 1_000_000

/** How long something took, many times over: percentiles without keeping each time. */
export class Histogram {
  #times: RecordableHistogram = fresh()
  #count = 0
  #sum = 0

  get count(): number {
    return this.#count
  }

  /** Milliseconds, as all that follows; 0 when there are none. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#times.min / microseconds
  }

  get max(): number {
    return this.#count === 0 ? 0 : this.#times.max / microseconds
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  record(ms: number): void {
    this.#count++
    this.#sum += ms
    this.#times.record(Math.min(longest, Math.max(1, Math.round(ms * microseconds))))
  }

  /** The time within which so many percent ended. */
  percentile(percent: number): number {
    if (this.#count === 0) return 0
    // Node refuses 0.
    return percent <= 0 ? this.min : Math.min(this.max, this.#times.percentile(percent) / microseconds)
  }

  /** Which part of all ended within so many milliseconds, from 0 to 1: percentiles read the other way. */
  shareWithin(ms: number): number {
    if (this.#count === 0 || ms < this.min) return 0
    if (ms >= this.max) return 1
    let [low, high] = [0, 100]
    while (high - low > 1e-9) {
      const middle = (low + high) / 2
      if (this.percentile(middle) <= ms) low = middle
      else high = middle
    }
    // Percentiles are rounded to the nearest whole count: `low` is half a count beyond the one that is looked for.
    return Math.floor((low / 100) * this.#count) / this.#count
  }

  reset(): void {
    this.#times.reset()
    this.#count = 0
    this.#sum = 0
  }
}

function fresh(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: longest, figures: 3 })
}
