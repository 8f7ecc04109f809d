import type { Compare, Entry } from './entry.ts'

/** Some of the entries that stand one after the other. */
interface Chunk<R> {
  readonly entries: Entry<R>[]
  /** The one of them that is preferred to all others. */
  best: Entry<R>
}

/** What is put into one chunk: to move so many references costs less than to find a better way. */
const most = 128

/**
 * Rooms in order, which can also be asked for the one of a range that is preferred by another order. In chunks, each of which knows its
 * best: of 10,000 rooms in a range, a few hundred are looked at.
 */
export class SortedRooms<R> {
  readonly #order: Compare
  readonly #preference: Compare
  readonly #chunks: Chunk<R>[] = []
  #size = 0

  /**
   * @param order How they stand.
   * @param preference Which of a range is wanted.
   */
  constructor(order: Compare, preference: Compare = order) {
    this.#order = order
    this.#preference = preference
  }

  get size(): number {
    return this.#size
  }

  add(entry: Entry<R>): void {
    this.#size++
    const at = Math.min(this.#chunkOf(entry), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push({ entries: [entry], best: entry })
      return
    }
    const { entries } = chunk
    entries.splice(this.#placeIn(entries, entry), 0, entry)
    if (this.#preference(entry, chunk.best) < 0) chunk.best = entry
    if (entries.length > most) this.#split(at, chunk)
  }

  /** Takes out what stands for a room: as it was when it was put in, as far as the order goes. */
  delete(entry: Entry<R>): void {
    const at = this.#chunkOf(entry)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const { entries } = chunk
    const place = this.#placeIn(entries, entry)
    if (entries[place]?.room !== entry.room) return
    entries.splice(place, 1)
    this.#size--
    const [first] = entries
    if (first === undefined) this.#chunks.splice(at, 1)
    else if (chunk.best.room === entry.room) chunk.best = this.#bestOf(entries, first)
  }

  /** In their order. */
  *[Symbol.iterator](): Iterator<Entry<R>, void> {
    for (const { entries } of this.#chunks) yield* entries
  }

  /** The one at a place, from 0. */
  at(place: number): Entry<R> | undefined {
    let left = place
    for (const { entries } of this.#chunks) {
      if (left < entries.length) return entries[left]
      left -= entries.length
    }
    return undefined
  }

  /** Those that stand behind one, up to another one and with it, whether or not these two are here. Undefined: the end, behind which there is none. */
  *between(one: Entry<R> | undefined, other: Entry<R> | undefined): Iterable<Entry<R>> {
    if (one === undefined) return
    const isBehind = (entry: Entry<R>): boolean => this.#order(entry, one) > 0
    for (let at = firstIndex(this.#chunks, ({ entries }) => isBehind(last(entries))); at < this.#chunks.length; at++) {
      for (const entry of this.#chunks[at]?.entries ?? []) {
        if (other !== undefined && this.#order(entry, other) > 0) return
        if (isBehind(entry)) yield entry
      }
    }
  }

  /** The first one that passes. */
  first(test: (entry: Entry<R>) => boolean): Entry<R> | undefined {
    for (const { entries } of this.#chunks) for (const entry of entries) if (test(entry)) return entry
    return undefined
  }

  /**
   * The one of a range that is preferred and passes.
   *
   * @param isBefore Whether one stands before the range: of those in order, the first ones.
   * @param isBehind Whether one stands behind it: the last ones.
   */
  best(
    isBefore: (entry: Entry<R>) => boolean,
    isBehind: (entry: Entry<R>) => boolean,
    test: (entry: Entry<R>) => boolean,
  ): Entry<R> | undefined {
    let best: Entry<R> | undefined
    const begin = firstIndex(this.#chunks, ({ entries }) => !isBefore(last(entries)))
    for (let at = begin; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]
      const [first] = chunk?.entries ?? []
      if (chunk === undefined || first === undefined || isBehind(first)) break
      if (best !== undefined && this.#preference(chunk.best, best) > 0) continue
      for (const entry of chunk.entries) {
        if (isBefore(entry) || isBehind(entry)) continue
        if ((best === undefined || this.#preference(entry, best) < 0) && test(entry)) best = entry
      }
    }
    return best
  }

  /** Where the chunk is in which one stands, or belongs; behind the last chunk for one that comes after all. */
  #chunkOf(entry: Entry<R>): number {
    return firstIndex(this.#chunks, ({ entries }) => this.#order(last(entries), entry) >= 0)
  }

  #placeIn(entries: readonly Entry<R>[], entry: Entry<R>): number {
    return firstIndex(entries, (each) => this.#order(each, entry) >= 0)
  }

  #split(at: number, chunk: Chunk<R>): void {
    const entries = chunk.entries.splice(most / 2)
    this.#chunks.splice(at + 1, 0, { entries, best: this.#bestOf(entries, last(entries)) })
    chunk.best = this.#bestOf(chunk.entries, last(chunk.entries))
  }

  #bestOf(entries: readonly Entry<R>[], first: Entry<R>): Entry<R> {
    return entries.reduce((best, entry) => (this.#preference(entry, best) < 0 ? entry : best), first)
  }
}

/** A chunk has at least one. */
function last<T>(items: readonly T[]): T {
  return items[items.length - 1] as T
}

/** Of items that first do not pass and then all do, where those begin that do. */
function firstIndex<T>(items: readonly T[], passes: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    // It lies between 0 and the length.
    if (passes(items[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}
