import { expected } from '../../codec/fault.ts'
import { SchemaError } from '../../errors.ts'
import type { StateMap } from '../../model.ts'
import { Handle, type StateNode } from './state-node.ts'

/** What people see of the entries of a map. */
export interface ShownEntries extends Iterable<[string, unknown]> {
  readonly size: number
  has(key: string): boolean
  get(key: string): unknown
  keys(): IterableIterator<string>
  values(): IterableIterator<unknown>
  entries(): IterableIterator<[string, unknown]>
}

/** What the handle of a map does its work with. */
export interface MapWork {
  /** Of a map of a server's state. */
  readonly state: StateNode | undefined
  readonly entries: ShownEntries
  /** Where it stands. */
  readonly path: string
  /** Sets an entry; returns what then stands there. */
  set(key: string, value: unknown): unknown
  delete(key: string): boolean
  clear(): void
}

/**
 * The handle of a map.
 *
 * Changing it while iterating does what it does with a `Map`: an entry that was deleted is not visited, one that was added
 * is.
 */
export class TrackedMap extends Handle implements StateMap<unknown> {
  readonly #map: MapWork

  constructor(map: MapWork) {
    super(map.state)
    this.#map = map
    // `map.key = …` would be kept here, and never be sent.
    Object.preventExtensions(this)
  }

  get size(): number {
    return this.#map.entries.size
  }

  has(key: string): boolean {
    return this.#map.entries.has(key)
  }

  get(key: string): unknown {
    return this.#map.entries.get(key)
  }

  set(key: string, value: unknown): unknown {
    if (typeof key !== 'string')
      throw new SchemaError('invalid_value', this.#map.path, expected('a string as key', key).what)
    return this.#map.set(key, value)
  }

  delete(key: string): boolean {
    return this.#map.delete(key)
  }

  clear(): void {
    this.#map.clear()
  }

  keys(): IterableIterator<string> {
    return this.#map.entries.keys()
  }

  values(): IterableIterator<unknown> {
    return this.#map.entries.values()
  }

  entries(): IterableIterator<[string, unknown]> {
    return this.#map.entries.entries()
  }

  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.#map.entries.entries()
  }

  forEach(visit: (value: unknown, key: string, map: StateMap<unknown>) => void): void {
    for (const [key, value] of this.#map.entries) visit(value, key, this)
  }
}
