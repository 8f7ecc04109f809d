import type { MapNode } from './map-node.ts'
import type { Sighting } from './sighting.ts'

/** So many leavings are remembered per viewer. One that missed more gets a snapshot. */
const remembered = 512

/** What has left somebody's view, and when: whoever is behind is told of it. */
export class ViewLog {
  /** In the order of leaving. */
  #left: Sighting[] = []
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

  /** Takes in what left with a version. */
  note(left: readonly Sighting[]): void {
    for (const sighting of left) this.#left.push(sighting)
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

  /** What was in view at a version that it {@link covers}, and has left since, by map. */
  goneSince(version: number): ReadonlyMap<MapNode, readonly Sighting[]> {
    const gone = new Map<MapNode, Sighting[]>()
    for (let index = this.#left.length - 1; index >= this.#forgotten; index--) {
      const sighting = this.#left[index]
      if (sighting === undefined || sighting.until <= version) break
      // What came later than that, it never had.
      if (sighting.since > version) continue
      const { map } = sighting.view
      const known = gone.get(map)
      if (known === undefined) gone.set(map, [sighting])
      else known.push(sighting)
    }
    return gone
  }
}
