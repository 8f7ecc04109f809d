import type { Condition } from '@junto/schema/internal'
import { canonical } from './canonical.ts'
import { compareBy, entryOf, isCurrent, type Compare, type Entry, type Found } from './entry.ts'
import { SortedRooms } from './sorted-rooms.ts'
import { fieldOf, fitter, type Wish } from './wish.ts'

/** Below so many rooms, to look at each costs no more than to keep them in order. */
const fewRooms = 64

/** So many times the rooms there are must have been looked at for wishes of one shape before they are put in order for it: that costs as much. */
const worthIt = 16

/** Shapes of wishes for which rooms are kept in order, and others that are remembered. Those used longest ago make way. */
const mostShapes = 16

/** What was found for a wish. */
export interface Finding<R> {
  readonly room: R | undefined
  /** How many rooms were looked at one by one. */
  readonly looked: number
}

/**
 * Finds the room that fits a wish and comes first in its order, at about the same cost among ten rooms or ten thousand.
 *
 * Wishes of one program have few shapes (the fields they ask for, and the order), and many values. For each shape that is asked for often, the
 * rooms stand in order: those with the same values in the fields that must be equal beside each other, sorted by the range or the order asked
 * for. Only further ranges are tested room by room.
 */
export class RoomIndex<R extends Found> {
  readonly #entries = new Map<R, Entry<R>>()
  /** By shape; those used last come last. */
  readonly #arrangements = new Map<string, Arrangement<R>>()
  /** How many rooms were looked at for shapes that have no arrangement. */
  readonly #looked = new Map<string, number>()

  get size(): number {
    return this.#entries.size
  }

  /** Puts a room in, or in its new place. Where nothing has changed, that costs nothing. */
  set(room: R): void {
    const before = this.#entries.get(room)
    if (before !== undefined && isCurrent(before)) return
    const entry = entryOf(room)
    this.#entries.set(room, entry)
    for (const arrangement of this.#arrangements.values()) {
      if (before !== undefined) {
        if (!arrangement.isMoved(before, entry)) continue
        arrangement.delete(before)
      }
      arrangement.add(entry)
    }
  }

  delete(room: R): void {
    const entry = this.#entries.get(room)
    if (entry === undefined) return
    this.#entries.delete(room)
    for (const arrangement of this.#arrangements.values()) arrangement.delete(entry)
  }

  /** The first room in the order of a wish that fits it and passes the test. */
  best(wish: Wish, test: (room: R) => boolean): Finding<R> {
    if (this.#entries.size < fewRooms) return this.#lookAtEach(wish, test)
    const arrangement = this.#arrangementFor(shapeOf(wish))
    return arrangement === undefined ? this.#lookAtEach(wish, test) : arrangement.best(wish.where, test)
  }

  #lookAtEach({ where, order }: Wish, test: (room: R) => boolean): Finding<R> {
    const compare = compareBy(order)
    const fits = fitter(where)
    let best: Entry<R> | undefined
    for (const entry of this.#entries.values()) {
      if (best !== undefined && compare(entry, best) > 0) continue
      if (fits(entry.metadata) && test(entry.room)) best = entry
    }
    return { room: best?.room, looked: this.#entries.size }
  }

  #arrangementFor(shape: Shape): Arrangement<R> | undefined {
    const { name } = shape
    let arrangement = this.#arrangements.get(name)
    if (arrangement === undefined) {
      const looked = (this.#looked.get(name) ?? 0) + this.#entries.size
      this.#looked.delete(name)
      if (looked < worthIt * this.#entries.size) {
        this.#looked.set(name, looked)
        forgetOldest(this.#looked)
        return undefined
      }
      arrangement = new Arrangement<R>(shape)
      for (const entry of this.#entries.values()) arrangement.add(entry)
    }
    // Used last, it stands last.
    this.#arrangements.delete(name)
    this.#arrangements.set(name, arrangement)
    forgetOldest(this.#arrangements)
    return arrangement
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (map.size > mostShapes && oldest !== undefined) map.delete(oldest)
}

/** What wishes have in common that rooms can be put in order for. */
interface Shape {
  /** Equal for equal shapes. */
  readonly name: string
  /** Fields that must equal something. */
  readonly equal: readonly string[]
  /** The field that must lie in a range: the first one. */
  readonly range: string | undefined
  readonly order: Wish['order']
}

function shapeOf({ where, order }: Wish): Shape {
  const equal: string[] = []
  let range: string | undefined
  for (const condition of where) {
    if ('values' in condition) equal.push(condition.field)
    else range ??= condition.field
  }
  return { name: canonical([equal, range, order]), equal, range, order }
}

/** All rooms, in order for wishes of one shape. */
class Arrangement<R> {
  readonly #shape: Shape
  readonly #order: Compare
  readonly #preference: Compare
  /** By the values of the fields that must be equal. */
  readonly #places = new Map<string, SortedRooms<R>>()

  constructor(shape: Shape) {
    const { range, order } = shape
    this.#shape = shape
    this.#preference = compareBy(order)
    this.#order = range === undefined ? this.#preference : compareBy({ field: range, direction: 'asc' })
  }

  /** Whether a room that was like this stands in another place, now that it is like that. */
  isMoved(before: Entry<R>, now: Entry<R>): boolean {
    return before.metadata !== now.metadata || this.#shape.order?.field === 'members'
  }

  add(entry: Entry<R>): void {
    const place = this.#placeOf(entry)
    if (place === undefined) return
    let rooms = this.#places.get(place)
    if (rooms === undefined) this.#places.set(place, (rooms = new SortedRooms(this.#order, this.#preference)))
    rooms.add(entry)
  }

  delete(entry: Entry<R>): void {
    const place = this.#placeOf(entry)
    const rooms = this.#places.get(place ?? '')
    rooms?.delete(entry)
    if (rooms?.size === 0) this.#places.delete(place ?? '')
  }

  /** The first of those that fit and pass. */
  best(where: readonly Condition[], test: (room: R) => boolean): Finding<R> {
    const { range } = this.#shape
    const { from, to } = where.find(isRangeOf(range)) ?? unbounded
    // Those of further ranges are looked at one by one.
    const fits = fitter(where.filter((condition) => !('values' in condition) && condition.field !== range))
    const passes = (entry: Entry<R>): boolean => fits(entry.metadata) && test(entry.room)
    let looked = 0
    let best: Entry<R> | undefined
    for (const place of placesOf(where)) {
      const rooms = this.#places.get(place)
      const found =
        range === undefined
          ? rooms?.first((entry) => (looked++, passes(entry)))
          : rooms?.best(
              // Asked of each, whether or not it passes.
              ({ metadata }) => (looked++, numberIn(metadata, range) < from),
              ({ metadata }) => numberIn(metadata, range) > to,
              passes,
            )
      if (found !== undefined && (best === undefined || this.#preference(found, best) < 0)) best = found
    }
    return { room: best?.room, looked }
  }

  /** Where a room stands; nowhere, if it lacks a field that must be equal, or a number where a range is asked for. */
  #placeOf({ metadata }: Entry<R>): string | undefined {
    const { equal, range } = this.#shape
    if (range !== undefined && typeof fieldOf(metadata, range) !== 'number') return undefined
    const values: string[] = []
    for (const field of equal) {
      const value = fieldOf(metadata, field)
      if (value === undefined) return undefined
      values.push(canonical(value))
    }
    return values.join()
  }
}

type RangeCondition = Exclude<Condition, { readonly values: unknown }>

const unbounded: Pick<RangeCondition, 'from' | 'to'> = { from: -Infinity, to: Infinity }

function isRangeOf(field: string | undefined) {
  return (condition: Condition): condition is RangeCondition => !('values' in condition) && condition.field === field
}

/** Whatever stands in an arrangement by a field has a number there. */
function numberIn(metadata: unknown, field: string): number {
  const value = fieldOf(metadata, field)
  return typeof value === 'number' ? value : NaN
}

/** All places where rooms stand that fit: as many as the lists of values have combinations, which has a bound where wishes are read. */
function placesOf(where: readonly Condition[]): readonly string[] {
  let places: readonly string[] | undefined
  for (const condition of where) {
    if (!('values' in condition)) continue
    const values = condition.values.map(canonical)
    places = places === undefined ? values : places.flatMap((place) => values.map((value) => `${place},${value}`))
  }
  return places ?? ['']
}
