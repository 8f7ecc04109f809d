import type { Selection } from './listeners.ts'

/** What a selection needs of the mirror it belongs to. */
export interface SelectionHost {
  /** Grows with everything applied. */
  readonly revision: number
  /** Evaluates a selector on a frozen copy of the state. */
  selectFrozen<V>(selector: (state: unknown) => V): V
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
  #stop: (() => void) | undefined

  constructor(host: SelectionHost, selector: (state: unknown) => V) {
    this.#host = host
    this.#selector = selector
  }

  get value(): V {
    if (this.#kept === undefined || this.#revision !== this.#host.revision) {
      const value = this.#host.selectFrozen(this.#selector)
      // Something made anew by the selector, such as a filtered list, is often what it was.
      if (this.#kept === undefined || !sameSelection(this.#kept.value, value)) this.#kept = { value }
      this.#revision = this.#host.revision
    }
    return this.#kept.value
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // One entry per subscription: the same function may subscribe twice.
    const entry = { call: listener }
    this.#listeners.add(entry)
    if (this.#stop === undefined) {
      this.#peek()
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
    const before = this.#kept
    const after = this.#peek()
    if (before !== undefined && before === after) return
    for (const { call } of Array.from(this.#listeners)) {
      try {
        call()
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

/** The same value, or arrays or plain objects of the same values. */
function sameSelection(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const kind: unknown = Object.getPrototypeOf(one)
  if (kind !== Object.getPrototypeOf(other) || (kind !== Array.prototype && kind !== Object.prototype)) return false
  const keys = Object.keys(one)
  // Both are plain: reading their keys asks nothing of their type.
  const [a, b] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>]
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && Object.is(a[key], b[key]))
  )
}
