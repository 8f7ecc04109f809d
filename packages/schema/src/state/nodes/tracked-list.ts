import type { StateList } from '../../model.ts'
import { Handle, type StateNode } from './state-node.ts'

/** What the handle of a list does its work with. */
export interface ListWork {
  /** Of a list of a server's state. */
  readonly state: StateNode | undefined
  /** What people see of its items. */
  readonly items: readonly unknown[]
  /** An index as people give it, negative ones counted from the end. Throws when it is not from 0 to `limit`, `limit` excluded. */
  indexOf(index: number, limit: number): number
  /** What becomes of values that somebody puts here, the first at an index. */
  adopt(values: readonly unknown[], index: number): readonly unknown[]
  /** Removes, and inserts what was adopted; returns what was removed. */
  splice(index: number, remove: number, kept: readonly unknown[]): unknown[]
  /** Replaces the item at an index as people give it; returns what then stands there. */
  set(index: number, value: unknown): unknown
  move(from: number, to: number): void
  sort(compare?: (a: unknown, b: unknown) => number): void
  replace(values: Iterable<unknown>): void
}

/**
 * The handle of a list.
 *
 * Changing it while iterating does what it does with an array: iterating goes on at the next index.
 */
export class TrackedList extends Handle implements StateList<unknown> {
  readonly #list: ListWork

  constructor(list: ListWork) {
    super(list.state)
    this.#list = list
    // `list[0] = …` would be kept here, and never be sent.
    Object.preventExtensions(this)
  }

  get length(): number {
    return this.#list.items.length
  }

  at(index: number): unknown {
    return this.#list.items.at(index)
  }

  set(index: number, item: unknown): unknown {
    return this.#list.set(index, item)
  }

  push(...items: readonly unknown[]): number {
    const kept = this.#list.adopt(items, this.length)
    this.#list.splice(this.length, 0, kept)
    return this.length
  }

  pop(): unknown {
    return this.length === 0 ? undefined : this.#list.splice(this.length - 1, 1, [])[0]
  }

  shift(): unknown {
    return this.length === 0 ? undefined : this.#list.splice(0, 1, [])[0]
  }

  unshift(...items: readonly unknown[]): number {
    this.#list.splice(0, 0, this.#list.adopt(items, 0))
    return this.length
  }

  insert(index: number, ...items: readonly unknown[]): void {
    const place = (): number => this.#list.indexOf(index, this.length + 1)
    // Adopting may change the list: the place is asked for again.
    const kept = this.#list.adopt(items, place())
    this.#list.splice(place(), 0, kept)
  }

  splice(start: number, deleteCount?: number, ...items: readonly unknown[]): unknown[]
  splice(...given: readonly [start: number, deleteCount?: number, ...items: unknown[]]): unknown[] {
    const [start, deleteCount, ...items] = given
    const place = (): number => clamp(start < 0 ? start + this.length : start, this.length)
    // Adopting may change the list: the place is asked for again.
    const kept = this.#list.adopt(items, place())
    const index = place()
    // As with arrays: left out means all the rest, `undefined` means none.
    const rest = this.length - index
    return this.#list.splice(index, given.length === 1 ? rest : clamp(deleteCount ?? 0, rest), kept)
  }

  move(from: number, to: number): void {
    const list = this.#list
    list.move(list.indexOf(from, this.length), list.indexOf(to, this.length))
  }

  sort(compare?: (a: unknown, b: unknown) => number): this {
    this.#list.sort(compare)
    return this
  }

  clear(): void {
    this.#list.splice(0, this.length, [])
  }

  replace(items: Iterable<unknown>): void {
    this.#list.replace(items)
  }

  indexOf(item: unknown): number {
    return this.#list.items.indexOf(item)
  }

  includes(item: unknown): boolean {
    return this.#list.items.includes(item)
  }

  find(test: (item: unknown, index: number) => boolean): unknown {
    return this.#list.items.find(test)
  }

  findIndex(test: (item: unknown, index: number) => boolean): number {
    return this.#list.items.findIndex(test)
  }

  some(test: (item: unknown, index: number) => boolean): boolean {
    return this.#list.items.some(test)
  }

  every(test: (item: unknown, index: number) => boolean): boolean {
    return this.#list.items.every(test)
  }

  filter(test: (item: unknown, index: number) => boolean): unknown[] {
    return this.#list.items.filter(test)
  }

  map<R>(project: (item: unknown, index: number) => R): R[] {
    return this.#list.items.map((item, index) => project(item, index))
  }

  forEach(visit: (item: unknown, index: number) => void): void {
    for (const [index, item] of this.#list.items.entries()) visit(item, index)
  }

  slice(start?: number, end?: number): unknown[] {
    return this.#list.items.slice(start, end)
  }

  keys(): IterableIterator<number> {
    return this.#list.items.keys()
  }

  values(): IterableIterator<unknown> {
    return this.#list.items.values()
  }

  entries(): IterableIterator<[number, unknown]> {
    return this.#list.items.entries()
  }

  [Symbol.iterator](): IterableIterator<unknown> {
    return this.#list.items.values()
  }
}

/** A whole number from 0 to `most`. */
function clamp(value: number, most: number): number {
  return Math.min(Math.max(Math.trunc(value) || 0, 0), most)
}
