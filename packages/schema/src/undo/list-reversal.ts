import { Handle, livePlain } from '../state/nodes/state-node.ts'
import type { TrackedList } from '../state/nodes/tracked-list.ts'
import type { Item, ListEntry } from './entry.ts'
import { longestAscent, nearestRun } from './sequences.ts'
import { samePlain, textOf } from './same-plain.ts'
import { latest, succeed } from './successors.ts'

/** What becomes of a list. */
interface Plan {
  /** Indexes of items that go. */
  readonly gone: Set<number>
  /** Indexes of items that stand elsewhere from now on. */
  readonly moved: Set<number>
  /** By the index of the item that they stand behind (-1: in front of all), what comes to stand there: an item's index, or what comes back. */
  readonly behind: Map<number, (number | Item)[]>
  skipped: number
}

/**
 * Takes back what was done to a list: items that came go, those that went come back, and those that changed places go where they
 * were. What comes back stands behind the item that it stood behind, or the nearest before that one which is still there; so a list that is
 * as it was left becomes exactly what it was.
 */
export function reverseList(list: TrackedList, entry: ListEntry, force: boolean): { done: number; skipped: number } {
  const plan = planFor(list, entry, force)
  const back = [...plan.behind.values()].flat().filter((placed) => typeof placed !== 'number').length
  const done = plan.gone.size + plan.moved.size + back
  if (done > 0) apply(list, plan, back)
  return { done, skipped: plan.skipped }
}

function planFor(list: TrackedList, { at, left, before, after }: ListEntry, force: boolean): Plan {
  const plan: Plan = { gone: new Set(), moved: new Set(), behind: new Map(), skipped: 0 }
  const names = new Names()
  const old = before.map((item) => names.ofItem(item))
  const next = after.map((item) => names.ofItem(item))
  const isAsLeft = after.every((item, index) => standsAt(list, at + index, item))
  const isLeftThere = left === undefined ? at === 0 : standsAt(list, at - 1, left)
  // Mostly nobody else has written there: then a long list need not be looked through.
  const now =
    isAsLeft && (after.length > 0 || isLeftThere)
      ? []
      : list.map((item, index) => names.of(item instanceof Handle ? item : list[livePlain](index)))
  const run = !isAsLeft ? nearestRun(now, next, at) : after.length > 0 ? at : -1
  // Where each of `after` stands now; -1: it does not.
  const places = run === -1 ? scattered(now, next, at) : next.map((_, index) => run + index)
  const partners = match(old, next)
  for (const [index, place] of places.entries()) {
    if (partners.taken.has(index)) continue
    const item = after[index]
    const touched = item?.item !== undefined && place !== -1 && !samePlain(list[livePlain](place), item.value)
    if (place === -1 || (touched && !force)) plan.skipped++
    else plan.gone.add(place)
  }
  const staying = longestAscent(partners.of)
  let anchor = run - 1
  if (run === -1) anchor = left === undefined ? -1 : isLeftThere ? at - 1 : nearest(now, names.ofItem(left), at - 1)
  for (const [index, partner] of partners.of.entries()) {
    const item = before[index]
    const place = partner === -1 ? -1 : (places[partner] ?? -1)
    if (partner === -1) {
      if (item !== undefined) putBehind(plan, anchor, item)
    } else if (staying.has(index)) {
      if (place !== -1) anchor = place
    } else if (place === -1) plan.skipped++
    else {
      plan.moved.add(place)
      putBehind(plan, anchor, place)
    }
  }
  return plan
}

/** Whether an item stands at an index, so that {@link Names} would know it by the same name. */
function standsAt(list: TrackedList, index: number, { item, value }: Item): boolean {
  if (index < 0 || index >= list.length) return false
  const there = list.at(index)
  if (item !== undefined || there instanceof Handle) return item !== undefined && there === latest(item)
  return samePlain(list[livePlain](index), value)
}

function putBehind({ behind }: Plan, anchor: number, placed: number | Item): void {
  const known = behind.get(anchor)
  if (known === undefined) behind.set(anchor, [placed])
  else known.push(placed)
}

function apply(list: TrackedList, plan: Plan, back: number): void {
  const { gone, moved, behind } = plan
  if (moved.size === 0) {
    comeAndGo(list, plan)
    return
  }
  const [from] = moved
  const [anchor] = behind.keys()
  if (moved.size === 1 && back === 0 && gone.size === 0 && from !== undefined && anchor !== undefined) {
    list.move(from, anchor < from ? anchor + 1 : anchor)
    return
  }
  const next: unknown[] = []
  const returned: (readonly [index: number, item: Item])[] = []
  for (let index = -1; index < list.length; index++) {
    if (index !== -1 && !gone.has(index) && !moved.has(index)) next.push(list.at(index))
    for (const placed of behind.get(index) ?? []) {
      if (typeof placed !== 'number') returned.push([next.length, placed])
      next.push(typeof placed === 'number' ? list.at(placed) : placed.value)
    }
  }
  list.replace(next)
  for (const [index, { source }] of returned) if (source !== undefined) succeed(source, list.at(index))
}

/** From the end on, so that the indexes before stay what they are. */
function comeAndGo(list: TrackedList, { gone, behind }: Plan): void {
  const touched = [...new Set([...gone, ...behind.keys()])].toSorted((one, other) => other - one)
  let done = list.length
  for (const index of touched) {
    // It went with those behind it.
    if (index >= done) continue
    const back = (behind.get(index) ?? []).filter((placed) => typeof placed !== 'number')
    if (back.length > 0) comeBack(list, index + 1, back)
    if (!gone.has(index)) continue
    let first = index
    while (gone.has(first - 1) && !behind.has(first - 1)) first--
    list.splice(first, index + 1 - first)
    done = first
  }
}

/** So many arguments a call may have, whatever the stack. */
const atOnce = 1000

function comeBack(list: TrackedList, index: number, items: readonly Item[]): void {
  for (let from = 0; from < items.length; from += atOnce) {
    list.insert(index + from, ...items.slice(from, from + atOnce).map(({ value }) => value))
  }
  for (const [offset, { source }] of items.entries()) if (source !== undefined) succeed(source, list.at(index + offset))
}

/** Small numbers for items: the same for the same item. */
class Names {
  readonly #names = new Map<Handle | string, number>()

  of(item: unknown): number {
    const key = item instanceof Handle ? item : textOf(item)
    let known = this.#names.get(key)
    if (known === undefined) {
      known = this.#names.size
      this.#names.set(key, known)
    }
    return known
  }

  ofItem({ item, value }: Item): number {
    return this.of(item === undefined ? value : latest(item))
  }
}

/** Which item of one list is which of the other: the first with the first of the same name, and so on. */
function match(old: readonly number[], next: readonly number[]): { of: number[]; taken: ReadonlySet<number> } {
  const places = placesIn(next)
  const taken = new Set<number>()
  const of = old.map((item) => {
    const place = places.get(item)?.shift() ?? -1
    if (place !== -1) taken.add(place)
    return place
  })
  return { of, taken }
}

/** Where items stand that do not stand together any more: in their order as far as possible, else the nearest. */
function scattered(now: readonly number[], items: readonly number[], at: number): number[] {
  const places = placesIn(now)
  let last = -1
  return items.map((item, index) => {
    const free = places.get(item) ?? []
    if (free.length === 0) return -1
    let chosen = free.findIndex((place) => place > last)
    if (chosen === -1) chosen = nearestOf(free, at + index)
    const [place] = free.splice(chosen, 1)
    last = Math.max(last, place ?? -1)
    return place ?? -1
  })
}

function placesIn(items: readonly number[]): Map<number, number[]> {
  const places = new Map<number, number[]>()
  for (const [index, item] of items.entries()) {
    const known = places.get(item)
    if (known === undefined) places.set(item, [index])
    else known.push(index)
  }
  return places
}

/** Where an item stands that stood at an index; if it does not any more, what stands there now. */
function nearest(now: readonly number[], item: number, at: number): number {
  const places = placesIn(now).get(item)
  return places === undefined ? Math.min(at, now.length - 1) : (places[nearestOf(places, at)] ?? -1)
}

function nearestOf(places: readonly number[], at: number): number {
  let best = 0
  for (const [index, place] of places.entries()) {
    if (Math.abs(place - at) < Math.abs((places[best] ?? 0) - at)) best = index
  }
  return best
}
