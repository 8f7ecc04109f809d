import { putVarint } from '../../patch/put.ts'
import { Places } from './places.ts'
import { longestVarint, roomFor, type Room, type Slices } from '../encode/slices.ts'
import type { Update } from './update.ts'

/** What the turn tells all who have the same tags: put together once, and copied into the patches of those who are told more. */
export class CommonRows {
  readonly places = new Places()
  /** By the version they are for, patches of these rows alone. */
  readonly updates = new Map<number, Update>()
  #made = false
  #body = roomFor(0)
  #length = 0
  /** By row, where its slice begins in the body, and where it ends. */
  #slices = new Int32Array(8)
  #ends = new Int32Array(8)
  /** By group among these rows: which it is in the table, its first row, and where its header begins. */
  #groups: number[] = []
  #firsts: number[] = []
  #heads: number[] = []

  clear(): void {
    this.places.clear()
    this.updates.clear()
    this.#made = false
  }

  /** The bytes that it takes at most, with some rows left out. */
  most(slices: Slices, skipped: number): number {
    if (!this.#made) this.#make(slices)
    // Behind each row that is left out an id may take more.
    return this.#length + skipped * longestVarint
  }

  /** How many groups there are. */
  get groups(): number {
    return this.#groups.length
  }

  /** How many of its groups stand before a group of the table, that one included. */
  groupsUntil(group: number, from: number): number {
    let until = from
    while (until < this.#groups.length && this.#groups[until]! <= group) until++
    return until
  }

  /** Writes some of its groups, without rows that are left out: their indexes ascend. */
  put(out: Room, start: number, slices: Slices, from: number, until: number, skipped: readonly number[]): number {
    let at = start
    let group = from
    while (group < until) {
      // As many groups at once as are whole.
      let end = group
      while (end < until && !this.#lacks(end, skipped)) end++
      at = this.#copy(out, at, this.#heads[group]!, this.#heads[end]!)
      if (end < until) at = this.#putPart(out, at, slices, end, skipped)
      group = end + 1
    }
    return at
  }

  #lacks(group: number, skipped: readonly number[]): boolean {
    const first = this.#firsts[group]!
    const end = this.#firsts[group + 1]!
    return skipped.some((row) => row >= first && row < end)
  }

  /** A group of which rows are left out: what is between them is copied, and the ids behind them count from others. */
  #putPart(out: Room, start: number, slices: Slices, group: number, skipped: readonly number[]): number {
    const first = this.#firsts[group]!
    const end = this.#firsts[group + 1]!
    const gaps = skipped.filter((row) => row >= first && row < end)
    if (gaps.length === end - first) return start
    let at = slices.putHeader(out.bytes, start, this.#groups[group]!, end - first - gaps.length)
    let next = 0
    let row = first
    for (const gap of [...gaps, end]) {
      if (row < gap) {
        at = putVarint(out.bytes, at, slices.ids[this.places.items[row]!]! - next)
        at = this.#copy(out, at, this.#slices[row]!, this.#ends[gap - 1]!)
        next = slices.ids[this.places.items[gap - 1]!]! + 1
      }
      row = gap + 1
    }
    return at
  }

  #copy(out: Room, at: number, from: number, to: number): number {
    if (to > from) out.bytes.set(this.#body.bytes.subarray(from, to), at)
    return at + to - from
  }

  #make(slices: Slices): void {
    const { items, count } = this.places
    const most = slices.most(items, count)
    if (this.#body.bytes.length < most) this.#body = roomFor(2 * most)
    if (this.#ends.length < count) {
      this.#slices = new Int32Array(2 * count)
      this.#ends = new Int32Array(2 * count)
    }
    this.#groups = []
    this.#firsts = []
    this.#heads = []
    let at = 0
    for (let first = 0; first < count;) {
      const end = slices.endOf(items, first, count)
      this.#groups.push(slices.groups[items[first]!]!)
      this.#firsts.push(first)
      this.#heads.push(at)
      at = slices.put(this.#body, at, items, first, end)
      let to = at
      for (let row = end - 1; row >= first; row--) {
        const place = items[row]!
        const before = row === first ? 0 : slices.ids[items[row - 1]!]! + 1
        this.#ends[row] = to
        to -= slices.starts[place + 1]! - slices.starts[place]!
        this.#slices[row] = to
        to -= varintLength(slices.ids[place]! - before)
      }
      first = end
    }
    this.#firsts.push(count)
    this.#heads.push(at)
    this.#length = at
    this.#made = true
  }
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length++
  return length
}
