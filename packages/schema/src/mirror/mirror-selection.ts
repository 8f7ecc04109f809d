import { frozenCopy } from './frozen-copy.ts'
import type { Selection } from './listeners.ts'
import type { MirrorTree } from './mirror-tree.ts'

/**
 * Selects a part of the state, or makes something from it, as a value that never changes: what the selector returns is copied and
 * frozen, with all of the state that it is, or that stands in arrays, plain objects and maps which the selector made. Copies share
 * what has not changed, and are made when the value is asked for.
 *
 * A function, so that pages without selections do not load it.
 */
export function select<S, V>(mirror: MirrorTree<S>, selector: (state: S) => V): Selection<V> {
  return new MirrorSelection(mirror, selector)
}

/** A selected value that keeps its identity while it stays the same. */
class MirrorSelection<S, V> implements Selection<V> {
  readonly #mirror: MirrorTree<S>
  readonly #selector: (state: S) => V
  readonly #listeners = new Set<{ readonly call: () => void }>()
  #revision = -1
  #kept: { readonly value: V } | undefined
  /** What the listeners were last told of, or saw when they subscribed. Others may read a newer value before they are told. */
  #told: { readonly value: V } | undefined

  constructor(mirror: MirrorTree<S>, selector: (state: S) => V) {
    this.#mirror = mirror
    this.#selector = selector
  }

  get value(): V {
    const kept = this.#kept
    if (kept !== undefined && this.#revision === this.#mirror.shown) return kept.value
    // A copy is of the type of what it is a copy of.
    const { space, state } = this.#mirror
    const value = frozenCopy(space, this.#selector(state), kept?.value) as V
    if (kept === undefined || !Object.is(kept.value, value)) this.#kept = { value }
    this.#revision = this.#mirror.shown
    return value
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // One entry per subscription: the same function may subscribe twice.
    const entry = { call: listener }
    this.#listeners.add(entry)
    if (this.#listeners.size === 1) {
      this.#told = this.#peek()
      this.#mirror.afterPatches.add(this.#refresh)
    }
    return () => {
      this.#listeners.delete(entry)
      if (this.#listeners.size === 0) this.#mirror.afterPatches.delete(this.#refresh)
    }
  }

  readonly #refresh = (): void => {
    const before = this.#told
    this.#told = this.#peek()
    if (before !== undefined && before === this.#told) return
    for (const entry of Array.from(this.#listeners)) {
      try {
        if (this.#listeners.has(entry)) entry.call()
      } catch (error) {
        this.#mirror.report(error)
      }
    }
  }

  /** The value as it is now, unless the selector throws: then whoever reads the value is told. */
  #peek(): { readonly value: V } | undefined {
    try {
      void this.value
      return this.#kept
    } catch {
      this.#kept = undefined
      return undefined
    }
  }
}
