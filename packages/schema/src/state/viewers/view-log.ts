import type { Sighting } from './sighting.ts'

/** What was in somebody's view. It refers to nothing of the state, which may be gone. */
export interface Leaving {
  /** The id of the map. */
  readonly map: number
  readonly key: string
  /** The version from which on it was in view, and that from which on it was no longer. */
  readonly since: number
  readonly until: number
}

/** So many leavings are remembered per viewer. One that missed more gets a snapshot. */
const remembered = 512

/** What has left somebody's view, and when: whoever is behind is told of it. */
export class ViewLog {
  /** In the order of leaving. */
  #left: Leaving[] = []
  /** Of these, so many at the front are forgotten. */
  #forgotten = 0
  /** All that left after this version is known. */
  #since: number

  /** @param version Nothing has left after it so far. */
  constructor(version: number) {
    this.#since = version
  }

  /** How many leavings are remembered. */
  get size(): number {
    return this.#left.length - this.#forgotten
  }

  /** Takes in what left the view of a map with a version. */
  note(map: number, left: readonly Sighting[], version: number): void {
    for (const { key, since } of left) this.#left.push({ map, key, since, until: version })
    while (this.size > remembered) {
      this.#since = this.#left[this.#forgotten]?.until ?? this.#since
      this.#forgotten++
    }
    if (this.#forgotten < remembered) return
    this.#left = this.#left.slice(this.#forgotten)
    this.#forgotten = 0
  }

  /** Whether it knows what left after a version. */
  covers(version: number): boolean {
    return version >= this.#since
  }

  /**
   * What was in view at a version that it {@link covers}, and has left since, by the id of the map. A map that has that id now
   * and was there at that version is the one meant: what another had under the same id had left before.
   */
  goneSince(version: number): ReadonlyMap<number, readonly Leaving[]> {
    const gone = new Map<number, Leaving[]>()
    for (let index = this.#left.length - 1; index >= this.#forgotten; index--) {
      const leaving = this.#left[index]
      if (leaving === undefined || leaving.until <= version) break
      // What came later than that, it never had.
      if (leaving.since > version) continue
      const known = gone.get(leaving.map)
      if (known === undefined) gone.set(leaving.map, [leaving])
      else known.push(leaving)
    }
    return gone
  }
}
