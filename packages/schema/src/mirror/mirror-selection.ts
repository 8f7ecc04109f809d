import type { Selection } from './listeners.ts'

/** What a selection needs of the mirror it belongs to. */
export interface SelectionHost {
  /** Grows with everything applied that people are shown. */
  revision(): number
  /** Evaluates a selector and freezes what it returns, which is `before` when that is the same. Throws while there is no state. */
  select(selector: (state: unknown) => unknown, before: unknown): unknown
  /** Has `changed` called after each patch; returns what ends that. */
  afterPatches(changed: () => void): () => void
  /** Takes what a listener threw. */
  report(error: unknown): void
}

/** A selected value that keeps its identity while it stays the same. */
export class MirrorSelection<V> implements Selection<V> {
  readonly #host: SelectionHost
  readonly #selector: (state: unknown) => V
  readonly #listeners = new Set<{ readonly call: () => void }>()
  #revision = -1
  #kept: { readonly value: V } | undefined
  /** What the listeners were last told of, or saw when they subscribed. Others may read a newer value before they are told. */
  #told: { readonly value: V } | undefined
  #stop: (() => void) | undefined

  constructor(host: SelectionHost, selector: (state: unknown) => V) {
    this.#host = host
    this.#selector = selector
  }

  get value(): V {
    const kept = this.#kept
    if (kept !== undefined && this.#revision === this.#host.revision()) return kept.value
    // A copy is of the type of what it is a copy of.
    const value = this.#host.select(this.#selector, kept?.value) as V
    if (kept === undefined || !Object.is(kept.value, value)) this.#kept = { value }
    this.#revision = this.#host.revision()
    return value
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // One entry per subscription: the same function may subscribe twice.
    const entry = { call: listener }
    this.#listeners.add(entry)
    if (this.#stop === undefined) {
      this.#told = this.#peek()
      this.#stop = this.#host.afterPatches(() => this.#refresh())
    }
    return () => {
      this.#listeners.delete(entry)
      if (this.#listeners.size > 0) return
      this.#stop?.()
      this.#stop = undefined
    }
  }

  #refresh(): void {
    const before = this.#told
    this.#told = this.#peek()
    if (before !== undefined && before === this.#told) return
    for (const entry of Array.from(this.#listeners)) {
      try {
        if (this.#listeners.has(entry)) entry.call()
      } catch (error) {
        this.#host.report(error)
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
