import type { UndoParams, UndoResult } from '../mutation-layout.ts'
import type { Entry } from './entry.ts'
import { sizeOf } from './entry-size.ts'
import { reverse } from './reverse.ts'
import { atomicSuccession } from './successors.ts'

/** How much an {@link UndoLog} keeps. What is older is forgotten. */
export interface UndoBounds {
  /** Mutations that changed something; and as many that did not. */
  readonly steps: number
  /** Bytes of what they changed, about. */
  readonly bytes: number
}

interface Kept {
  readonly entries: readonly Entry[]
  readonly size: number
}

/** What the mutations of a member changed, by their numbers, for as long as it can be taken back. */
export class UndoLog {
  readonly #bounds: UndoBounds
  readonly #kept = new Map<number, Kept>()
  /** Mutations that changed nothing, such as undos of what others have changed since. They push out no other. */
  readonly #empty = new Set<number>()
  #bytes = 0

  constructor(bounds: UndoBounds) {
    this.#bounds = bounds
  }

  /** How many mutations it knows, those that changed nothing among them. */
  get size(): number {
    return this.#kept.size + this.#empty.size
  }

  /** About how many bytes it keeps. */
  get bytes(): number {
    return this.#bytes
  }

  /** Keeps what a mutation changed, in place of what was kept under its number. What is too large to be kept is forgotten at once. */
  keep(n: number, entries: readonly Entry[]): void {
    this.forget(n)
    const { steps, bytes } = this.#bounds
    if (entries.length === 0) {
      this.#empty.add(n)
      const [oldest] = this.#empty
      if (this.#empty.size > steps && oldest !== undefined) this.forget(oldest)
      return
    }
    const size = sizeOf(entries)
    if (size > bytes) return
    this.#kept.set(n, { entries, size })
    this.#bytes += size
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= steps && this.#bytes <= bytes) break
      this.forget(oldest)
    }
  }

  /** What a mutation changed; nothing when that is forgotten, or was never known. */
  entriesOf(n: number): readonly Entry[] | undefined {
    return this.#kept.get(n)?.entries ?? (this.#empty.has(n) ? [] : undefined)
  }

  /** A mutation cannot be taken back any more. */
  forget(n: number): void {
    this.#bytes -= this.#kept.get(n)?.size ?? 0
    this.#kept.delete(n)
    this.#empty.delete(n)
  }

  /**
   * Takes back mutations, in the order in which they are named. What was taken back whole is forgotten: what takes back the taking back is
   * the undo, whose own changes are to be kept under its own number.
   *
   * @param accept Asked when the state is as it would be. What it throws goes on: then nothing is forgotten, and the state is to be put back.
   */
  undo(state: unknown, params: UndoParams, accept: (result: UndoResult) => void = () => {}): UndoResult {
    return atomicSuccession(() => this.#undo(state, params, accept))
  }

  #undo(state: unknown, { of, force }: UndoParams, accept: (result: UndoResult) => void): UndoResult {
    const result = { done: 0, skipped: 0, forgotten: 0 }
    const whole: number[] = []
    for (const n of of) {
      const entries = this.entriesOf(n)
      if (entries === undefined) {
        result.forgotten++
        continue
      }
      const { done, skipped } = reverse(state, entries, force)
      result.done += done
      result.skipped += skipped
      if (skipped === 0) whole.push(n)
    }
    accept(result)
    for (const n of whole) this.forget(n)
    return result
  }
}
