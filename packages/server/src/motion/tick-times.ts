/** When the last ticks were, by number: a ring. */
export class TickTimes {
  /** Of so many ticks the times are known. */
  readonly size: number
  readonly #times: Float64Array
  #last = 0

  constructor(size: number) {
    this.size = size
    this.#times = new Float64Array(size)
  }

  /** The last tick; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** The oldest tick of which the time is known. With none, the one after {@link last}. */
  get first(): number {
    return Math.max(1, this.#last - this.size + 1)
  }

  /** The next tick is at this time, which is after those before. */
  add(tick: number, time: number): void {
    this.#last = tick
    this.#times[tick % this.size] = time
  }

  /** The time of one of the last ticks. */
  at(tick: number): number {
    return this.#times[tick % this.size] ?? NaN
  }
}

/** A moment between two ticks: the share `part`, from 0 up to and without 1, of the way from the tick `from` to the tick `to`. */
export interface Between {
  readonly from: number
  readonly to: number
  readonly part: number
  readonly time: number
}

/** Of which ticks one member was told: the ones whose state its client has seen. */
export class ToldTicks {
  readonly #times: TickTimes
  /** Ascending, the oldest in front: a ring. Ticks are told once each, and no more fit than there are times. */
  readonly #told: Float64Array
  #count = 0
  #next = 0

  constructor(times: TickTimes) {
    this.#times = times
    this.#told = new Float64Array(times.size)
  }

  /** The state after this tick is sent to the member. Telling a tick again changes nothing. */
  add(tick: number): void {
    if (this.#count > 0 && this.#at(this.#count - 1) >= tick) return
    this.#told[this.#next] = tick
    this.#next = (this.#next + 1) % this.#told.length
    this.#count = Math.min(this.#count + 1, this.#told.length)
  }

  /**
   * What the member saw at a time: between the last tick before it of which it was told, and the next. Not before `oldest`, nor before
   * what is known, nor after what it was told last. To a member who was told nothing yet, that is the last tick.
   */
  between(time: number, oldest: number): Between {
    const times = this.#times
    let to = this.#count > 0 ? this.#at(this.#count - 1) : times.last
    const wanted = Math.max(time, oldest, times.at(times.first))
    if (to < times.first) return { from: times.first, to: times.first, part: 0, time: times.at(times.first) }
    // From the newest back: nobody looks far behind.
    for (let index = this.#count - 2; times.at(to) > wanted && index >= 0; index--) {
      const from = this.#at(index)
      if (from < times.first) break
      const since = times.at(from)
      if (since <= wanted) return { from, to, part: (wanted - since) / (times.at(to) - since), time: wanted }
      to = from
    }
    return { from: to, to, part: 0, time: times.at(to) }
  }

  #at(index: number): number {
    return this.#told[(this.#next - this.#count + index + 2 * this.#told.length) % this.#told.length] ?? 0
  }
}
