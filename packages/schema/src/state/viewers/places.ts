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

  /** Where a place stands among them; -1 when it does not. */
  indexOf(place: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.items[middle]! < place) low = middle + 1
      else high = middle
    }
    return low < this.count && this.items[low] === place ? low : -1
  }

  /** Leaves one out, if it is among them. */
  remove(place: number): void {
    const index = this.indexOf(place)
    if (index === -1) return
    this.items.copyWithin(index, index + 1, this.count)
    this.count--
  }
}
