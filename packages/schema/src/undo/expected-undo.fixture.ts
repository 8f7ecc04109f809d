import { expect } from 'vitest'
import {
  copyOf,
  isCaptured,
  itemsOf,
  latestStep,
  partAt,
  plainOf,
  type Captured,
  type Difference,
  type ListDifference,
  type PlaceDifference,
} from './captured.fixture.ts'
import type { Reversal } from './reverse.ts'
import { samePlain, textOf } from './same-plain.ts'
import { latest } from './successors.ts'

/** What an undo is to make of a state, worked out on a plain copy of all of it. */
export class ExpectedUndo {
  readonly #state: Captured
  readonly #force: boolean
  readonly #after: Captured
  #done = 0
  #skipped = 0
  #exact = true

  /** @param after The state after the undo, for lists: these are not worked out, but looked at. */
  constructor(before: Captured, after: Captured, force: boolean) {
    this.#state = copyOf(before)
    this.#after = after
    this.#force = force
  }

  get plain(): unknown {
    return plainOf(this.#state)
  }

  /** Takes back differences: what is within items first, while these are where they were. */
  take(differences: readonly Difference[]): void {
    for (const each of differences) if (!('items' in each)) this.#takePlace(each)
    for (const each of differences) if ('items' in each) this.#takeList(each)
  }

  #takePlace({ path, type, place, before, after }: PlaceDifference): void {
    const container = partAt(this.#state, path)
    if (container?.type !== type) this.#skipped++
    else if (!this.#force && !samePlain(plainOf(container?.parts.get(place)), after)) this.#skipped++
    else {
      this.#done++
      if (before === undefined) container?.parts.delete(place)
      else container?.parts.set(place, before)
    }
  }

  #takeList({ path, before, after }: ListDifference): void {
    this.#exact = false
    const now = partAt(this.#state, path)
    const next = partAt(this.#after, path.map(latestStep))
    if (now === undefined || next === undefined || now.type !== before.type) return
    checkList(itemsOf(before), itemsOf(after), itemsOf(now), itemsOf(next), this.#force)
    // What was worked out of items that stayed goes on.
    const known = new Map(itemsOf(now).map((item) => [isCaptured(item) ? item.handle : undefined, item]))
    now.parts.clear()
    for (const [index, item] of next.parts)
      now.parts.set(index, isCaptured(item) ? (known.get(item.handle) ?? item) : item)
  }

  checkCounts({ done, skipped }: Reversal): void {
    if (this.#exact) expect([done, skipped]).toEqual([this.#done, this.#skipped])
    else {
      expect(done).toBeGreaterThanOrEqual(this.#done)
      expect(skipped).toBeGreaterThanOrEqual(this.#skipped)
    }
  }
}

/** What has to hold of a list, in which a mutation made `after` of `before`, when an undo makes `next` of `now`. */
function checkList(
  before: readonly unknown[],
  after: readonly unknown[],
  now: readonly unknown[],
  next: readonly unknown[],
  force: boolean,
): void {
  const had = new Set(before.map(nameOf))
  const has = new Set(after.map(nameOf))
  const isLeft = (item: unknown, was: unknown) =>
    !isCaptured(item) || had.has(nameOf(item)) || samePlain(plainOf(item), plainOf(was))
  if (
    now.length === after.length &&
    now.every((item, index) => nameOf(item) === nameOf(after[index]) && isLeft(item, after[index]))
  ) {
    // As the mutation left it: exactly the former list.
    expect(next.length).toBe(before.length)
    for (const [index, item] of before.entries()) {
      // What stayed may have been changed within by others.
      const stayed = isCaptured(item) && has.has(nameOf(item))
      if (stayed) expect(nameOf(next[index])).toBe(nameOf(item))
      else expect(plainOf(next[index])).toEqual(plainOf(item))
    }
    return
  }
  // What came goes, unless somebody changed it; what went comes back; all else stays.
  const counts = new Counts(now.map(nameOf))
  const kept = new Set(now.map(nameOf))
  const came = new Counts(after.map(nameOf)).minus(before.map(nameOf))
  // Of equal values of which some are gone, nobody can tell whether those that came are.
  const unclear = new Set<string>()
  for (const [name, count] of came) {
    const was = after.find((item) => nameOf(item) === name)
    const is = now.find((item) => nameOf(item) === name)
    if (counts.get(name) < new Counts(after.map(nameOf)).get(name)) unclear.add(name)
    if (is !== undefined && (force || isLeft(is, was))) counts.add(name, -Math.min(count, counts.get(name)))
  }
  const returned: string[] = []
  for (const [name, count] of new Counts(before.map(nameOf)).minus(after.map(nameOf))) {
    const item = before.find((each) => nameOf(each) === name)
    if (isCaptured(item)) returned.push(textOf(plainOf(item)))
    else counts.add(name, count)
  }
  const copies = next.filter((item) => isCaptured(item) && !kept.has(nameOf(item)))
  expect(copies.map((item) => textOf(plainOf(item))).sort()).toEqual(returned.sort())
  const rest = next.filter((item) => !copies.includes(item))
  expect(sorted(new Counts(rest.map(nameOf)), unclear)).toEqual(sorted(counts, unclear))
  // What the mutation had nothing to do with stands in the same order.
  const others = (items: readonly unknown[]) =>
    items.map(nameOf).filter((name) => !had.has(name) && !has.has(name) && kept.has(name))
  expect(others(rest)).toEqual(others(now))
}

const numbers = new WeakMap<object, number>()
let count = 0

/** A name for an item: the same for those that are one. */
function nameOf(item: unknown): string {
  if (!isCaptured(item)) return textOf(item)
  const handle = latest(item.handle)
  let number = numbers.get(handle)
  if (number === undefined) {
    number = ++count
    numbers.set(handle, number)
  }
  return `#${number}`
}

class Counts extends Map<string, number> {
  constructor(names: readonly string[]) {
    super()
    for (const name of names) this.add(name, 1)
  }

  override get(name: string): number {
    return super.get(name) ?? 0
  }

  add(name: string, count: number): void {
    this.set(name, this.get(name) + count)
  }

  minus(names: readonly string[]): [string, number][] {
    const others = new Counts(names)
    return [...this]
      .map(([name, each]): [string, number] => [name, each - others.get(name)])
      .filter(([, each]) => each > 0)
  }
}

function sorted(counts: Counts, without: ReadonlySet<string>): unknown {
  return [...counts]
    .filter(([name, each]) => each !== 0 && !without.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
}
