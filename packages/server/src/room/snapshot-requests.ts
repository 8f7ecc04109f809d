const minute = 60_000

/** The snapshots that one member asked for within the last minute. */
export class SnapshotRequests {
  #times: readonly number[] = []

  /** One more. @returns whether there are no more than so many. One that is beyond does not count. */
  add(now: number, most: number): boolean {
    this.#times = this.#times.filter((at) => now - at < minute)
    if (this.#times.length >= most) return false
    this.#times = [...this.#times, now]
    return true
  }
}
