/** A run of items that stand together: in the list as mirrors have it from `from` on, or new. */
export interface Run {
  /** Where the run begins in the list as it was; -1 for items that are new or replaced. */
  from: number
  count: number
}

/** With more runs than this, sending the whole list is cheaper than finding one's way among them. */
const runsAtMost = 1024

/**
 * What happened to a list since the last patch: the present list as runs of items it had and runs of new ones.
 *
 * Whatever was done in whichever order comes down to this: insertions, removals, replacements and moves. It costs by the
 * number of operations, not by the length of the list, and an item that came and went leaves no trace.
 */
export class Edits {
  readonly #runs: Run[] = []
  readonly #before: number
  #length: number

  /** @param length The length of the list before anything happened. */
  constructor(length: number) {
    this.#before = length
    this.#length = length
    if (length > 0) this.#runs.push({ from: 0, count: length })
  }

  /** The same, which goes its own way from now on. */
  clone(): Edits {
    const clone = new Edits(this.#before)
    clone.#length = this.#length
    clone.#runs.length = 0
    for (const { from, count } of this.#runs) clone.#runs.push({ from, count })
    return clone
  }

  /** Whether there are so many runs that the list had better be sent whole. */
  get scattered(): boolean {
    return this.#runs.length > runsAtMost
  }

  /** Whether everything stands where it stood. */
  get none(): boolean {
    if (this.#length !== this.#before) return false
    let expected = 0
    for (const { from, count } of this.#runs) {
      if (from !== expected) return false
      expected += count
    }
    return true
  }

  /** Whether any item is left of those there were. */
  get keepsSome(): boolean {
    return this.#runs.some((run) => run.from !== -1)
  }

  /** `removed` items at `index` were replaced by `added` new ones. */
  splice(index: number, removed: number, added: number): void {
    const start = this.#cut(index)
    const end = this.#cut(index + removed)
    this.#length += added - removed
    const before = this.#runs[start - 1]
    if (added > 0 && before?.from === -1) {
      // Appending one by one makes one run.
      before.count += added
      this.#runs.splice(start, end - start)
    } else if (added > 0) this.#runs.splice(start, end - start, { from: -1, count: added })
    else this.#runs.splice(start, end - start)
  }

  /** The item at `from` was taken out and put back so that it stands at `to`. */
  move(from: number, to: number): void {
    const start = this.#cut(from)
    this.#cut(from + 1)
    const taken = this.#runs.splice(start, 1)
    this.#length--
    const target = this.#cut(to)
    this.#runs.splice(target, 0, ...taken)
    this.#length++
  }

  /** The runs, those that continue each other joined. */
  runs(): readonly Run[] {
    const joined: Run[] = []
    let last: Run | undefined
    for (const run of this.#runs) {
      if (
        last !== undefined &&
        (run.from === -1 ? last.from === -1 : last.from !== -1 && last.from + last.count === run.from)
      ) {
        last.count += run.count
      } else {
        last = { ...run }
        joined.push(last)
      }
    }
    return joined
  }

  /** Makes a run begin at an index, and returns which one; the number of runs for the end of the list. */
  #cut(index: number): number {
    if (index === this.#length) return this.#runs.length
    let start = 0
    for (let at = 0; at < this.#runs.length; at++) {
      const run = this.#runs[at]
      if (run === undefined) break
      if (start === index) return at
      if (start + run.count > index) {
        const left = index - start
        const right = { from: run.from === -1 ? -1 : run.from + left, count: run.count - left }
        run.count = left
        this.#runs.splice(at + 1, 0, right)
        return at + 1
      }
      start += run.count
    }
    return this.#runs.length
  }
}
