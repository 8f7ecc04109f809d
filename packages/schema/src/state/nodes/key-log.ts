/** What a touch says of a key: it was there before the version; it stands at the end of the map since. */
const Touch = { there: 1, placed: 2 } as const

/** Keys to delete and keys to set, which together lead from an earlier version to the present one. */
export interface KeyChanges {
  readonly deleted: readonly string[]
  /** New keys in the order in which they stand in the map. */
  readonly set: readonly string[]
}

/** Entries in front that are gone are tolerated up to this many. */
const slack = 32

/**
 * Which keys of a map were touched in which version, so that whoever is behind is told of these and not of the whole map.
 *
 * It remembers no more touches than the map has entries, for beyond that telling the whole map is shorter. So nothing is left
 * of a crowd that has come and gone.
 */
export class KeyLog {
  /** The key of each touch, the oldest first. */
  #keys: string[] = []
  /** Of each touch the version, times four, and what it was. */
  #touches: number[] = []
  /** Touches at the front that are forgotten. */
  #forgotten = 0
  /** Touches are known of all versions after this one. */
  #since: number

  /** @param version Nothing was touched after it so far. */
  constructor(version: number) {
    this.#since = version
  }

  /** How many touches are remembered. */
  get size(): number {
    return this.#keys.length - this.#forgotten
  }

  /**
   * Notes that a version touched a key. Within a version, keys that are placed are noted in the order of the map.
   *
   * @param there Whether the key was there before that version.
   * @param placed Whether it stands at the end of the map now, as it was not there, or not all the time.
   */
  note(version: number, key: string, there: boolean, placed: boolean): void {
    this.#keys.push(key)
    this.#touches.push(version * 4 + (there ? Touch.there : 0) + (placed ? Touch.placed : 0))
  }

  /** Forgets the oldest touches beyond a number of them. */
  trim(most: number): void {
    if (this.size <= most) return
    this.#forgotten = this.#keys.length - most
    this.#since = Math.floor((this.#touches[this.#forgotten - 1] ?? 0) / 4)
    if (this.#forgotten <= most + slack) return
    this.#keys = this.#keys.slice(this.#forgotten)
    this.#touches = this.#touches.slice(this.#forgotten)
    this.#forgotten = 0
  }

  /** Whether it knows what was touched after a version. */
  covers(version: number): boolean {
    return version >= this.#since
  }

  /** What was touched after a version that it {@link covers}. @param has Whether the map has a key now. */
  changesSince(version: number, has: (key: string) => boolean): KeyChanges {
    const touched = new Map<string, number>()
    for (let index = this.#firstAfter(version); index < this.#keys.length; index++) {
      const key = this.#keys[index] ?? ''
      const touch = (this.#touches[index] ?? 0) % 4
      // Whether it was there is what the first touch says; a place at the end is what the last one to place it says.
      const before = touched.get(key)
      if (before === undefined) touched.set(key, touch)
      else if ((touch & Touch.placed) !== 0) {
        touched.delete(key)
        touched.set(key, before | Touch.placed)
      }
    }
    const deleted: string[] = []
    const set: string[] = []
    for (const [key, touch] of touched) {
      const kept = has(key)
      if ((touch & Touch.there) !== 0 && (!kept || (touch & Touch.placed) !== 0)) deleted.push(key)
      if (kept) set.push(key)
    }
    return { deleted, set }
  }

  #firstAfter(version: number): number {
    let low = this.#forgotten
    let high = this.#touches.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#touches[middle] ?? 0) >= (version + 1) * 4) high = middle
      else low = middle + 1
    }
    return low
  }
}
