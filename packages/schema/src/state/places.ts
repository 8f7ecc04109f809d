/** Places in the table of a turn, ascending. */
export class Places {
  items = new Int32Array(8)
  count = 0

  add(place: number): void {
    if (this.count === this.items.length) {
      const grown = new Int32Array(2 * this.count)
      grown.set(this.items)
      this.items = grown
    }
    this.items[this.count++] = place
  }

  clear(): void {
    this.count = 0
  }

  /** Becomes what stands in either of two others, but not in `without`. */
  merge(one: Places, other: Places, without: ReadonlySet<number>): void {
    const all = [...one.items.subarray(0, one.count), ...other.items.subarray(0, other.count)]
    const left = all.filter((place) => !without.has(place)).sort((a, b) => a - b)
    this.items = Int32Array.from(left)
    this.count = left.length
  }
}
