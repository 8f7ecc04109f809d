import { sameValues, type Space, type Values } from './space.ts'

/** What was confirmed of an entity, at a time of the server. */
interface Sample {
  time: number
  values: Values
}

/** How a {@link Track} is read. */
export interface TrackOptions {
  /** A step that is longer than this is one that was not walked: nothing is drawn along it. */
  readonly snap: number
  /** For so many milliseconds behind the last sample an entity is taken to go on as it went. */
  readonly extrapolate: number
}

/** A page that draws nothing keeps no more than so many: three seconds at 20 patches a second. */
const mostSamples = 64

/**
 * Where an entity was, as the server told it: what is drawn of it is read from here, at times a little in the past, so that there is a
 * sample on both sides. Times are milliseconds of the server's clock.
 */
export class Track {
  readonly #space: Space
  readonly #options: TrackOptions
  /** Oldest first. Two at least, of which the second is later, unless there is one only. */
  readonly #samples: [Sample, ...Sample[]]

  constructor(space: Space, options: TrackOptions, time: number, values: Values) {
    this.#space = space
    this.#options = options
    this.#samples = [{ time, values }]
  }

  /** What was told last. */
  get latest(): Values {
    return this.#last.values
  }

  /** The entity stood there at that time. One that is not later than the last is told anew, or by another clock: what is known is forgotten. */
  add(time: number, values: Values): void {
    const samples = this.#samples
    const last = this.#last
    const before = samples.at(-2)
    if (time < last.time) samples.length = 1
    if (time <= last.time) Object.assign(this.#last, { time, values })
    // Of a rest only its beginning and its end are of interest.
    else if (before !== undefined && sameValues(before.values, values) && sameValues(last.values, values)) {
      last.time = time
    } else {
      samples.push({ time, values })
      if (samples.length > mostSamples) samples.shift()
    }
  }

  /** It stood there still at that time. */
  hold(time: number): void {
    this.add(time, this.latest)
  }

  /** Where it was at a time: between two samples in proportion, before the first one there, behind the last one going on for a while. */
  at(time: number): Values {
    const samples = this.#samples
    const next = samples.findIndex((sample) => sample.time > time)
    if (next === 0) return samples[0].values
    const [from, to] = next < 0 ? samples.slice(-2) : samples.slice(next - 1, next + 1)
    if (from === undefined) return this.latest
    if (to === undefined) return from.values
    const way = this.#space.way(from.values, to.values)
    const isLeap = this.#space.length(way) > this.#options.snap
    if (isLeap) return next < 0 ? to.values : from.values
    if (next >= 0) return this.#space.between(from.values, to.values, (time - from.time) / (to.time - from.time))
    const beyond = Math.min(time - to.time, this.#options.extrapolate)
    return beyond <= 0 ? to.values : this.#space.along(to.values, way, beyond / (to.time - from.time))
  }

  /** Nothing before this time is asked for any more. */
  forget(time: number): void {
    const samples = this.#samples
    // The last two tell how it goes on.
    while (samples.length > 2 && (samples[1]?.time ?? Infinity) <= time) samples.shift()
  }

  get #last(): Sample {
    return this.#samples.at(-1) ?? this.#samples[0]
  }
}
