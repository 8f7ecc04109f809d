import type { Clock } from '@junto/protocol'

/** Things that are each due the same time after they came. One timer serves all of them; without any, there is none. */
export class DueQueue<T> {
  readonly #clock: Clock
  readonly #delay: number
  readonly #due: (item: T) => void
  /** Each with the time at which it is due: in the order in which they came, so in that of these times. */
  readonly #items = new Map<T, number>()
  #cancel: (() => void) | undefined

  /**
   * @param delay Milliseconds.
   * @param due Called for each item that was not deleted before. It is in the queue no longer then.
   */
  constructor(clock: Clock, delay: number, due: (item: T) => void) {
    this.#clock = clock
    this.#delay = delay
    this.#due = due
  }

  get size(): number {
    return this.#items.size
  }

  /** What is due next. */
  get oldest(): T | undefined {
    for (const item of this.#items.keys()) return item
    return undefined
  }

  /** All that wait, the oldest first. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items.keys()
  }

  /** Puts something in, unless it is in already. */
  add(item: T): void {
    if (this.#items.has(item)) return
    this.#items.set(item, this.#clock.now() + this.#delay)
    if (this.#cancel === undefined) this.#wait(this.#delay)
  }

  /** @returns whether it was in. */
  delete(item: T): boolean {
    if (!this.#items.delete(item)) return false
    if (this.#items.size === 0) {
      this.#cancel?.()
      this.#cancel = undefined
    }
    return true
  }

  #wait(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = undefined
      const now = this.#clock.now()
      for (const [item, due] of this.#items) {
        if (due > now) {
          // The first of those that stay; what came meanwhile may have begun to wait already.
          if (this.#cancel === undefined) this.#wait(due - now)
          return
        }
        this.#items.delete(item)
        this.#due(item)
      }
    })
  }
}
