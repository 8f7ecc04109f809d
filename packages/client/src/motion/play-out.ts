/** What is off by more than this is not made up for by going faster or slower. */
const jump = 1_000
/** Milliseconds in which the time shown would make up for being off, but that it goes no more than a tenth faster or slower meanwhile. */
const settling = 500
const mostOff = 0.1
/** Of so many patches it is remembered how late they came. */
const remembered = 64
/** Of these, so many were not later than what is waited for: the others are a stall, for which nobody wants to wait all the time. */
const share = 0.9
/** Patches that are further apart had a rest between them. */
const longestInterval = 1_000
/** Until it is known how far patches are apart: 20 a second are usual. */
const usualInterval = 50

/**
 * The time of the server that is drawn: a little in the past, so that what happened then, and right behind it, has come. It goes on evenly, never
 * back, and by how late patches come it finds out by itself how far in the past that has to be.
 */
export class PlayOut {
  /** What is drawn; undefined before the first frame. */
  time: number | undefined
  readonly #fixed: number | undefined
  #now = 0
  readonly #late: number[] = []
  readonly #intervals: number[] = []
  #told: number | undefined
  #delay = usualInterval

  /** @param delay Milliseconds behind the server's clock; undefined: as many as it takes. */
  constructor(delay: number | undefined) {
    this.#fixed = delay
  }

  /** How many milliseconds behind the server's clock it is to be. */
  get delay(): number {
    return this.#fixed ?? this.#delay
  }

  /**
   * A patch came.
   *
   * @param time of what it told, by the server's clock.
   * @param now The server's time at which it came; undefined while that is not known.
   */
  came(time: number, now: number | undefined): void {
    const interval = time - (this.#told ?? time)
    this.#told = time
    if (interval > 0 && interval < longestInterval) keep(this.#intervals, interval)
    if (now !== undefined) keep(this.#late, now - time)
    this.#delay = (quantile(this.#late, share) ?? 0) + (quantile(this.#intervals, 0.5) ?? usualInterval)
  }

  /**
   * A frame is drawn.
   *
   * @param now The server's time.
   * @returns what it shows.
   */
  advance(now: number): number {
    const passed = Math.max(0, now - this.#now)
    this.#now = now
    const wanted = now - this.delay
    const even = (this.time ?? wanted) + passed
    const off = wanted - even
    const most = mostOff * passed
    const step = Math.max(-most, Math.min(most, (off * passed) / settling))
    return (this.time = this.time === undefined || Math.abs(off) > jump ? wanted : even + step)
  }
}

function keep(values: number[], value: number): void {
  values.push(value)
  if (values.length > remembered) values.shift()
}

function quantile(values: readonly number[], part: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}
