/** Lets so many pieces of work be under way at once; the others wait, in the order in which they came. */
export class Slots {
  #free: number
  /** A set keeps the order, and gives up its first in no time, however many wait. */
  readonly #waiting = new Set<() => void>()

  /** @param count How many at once: from 1 on. */
  constructor(count: number) {
    this.#free = count
  }

  /** Resolves or rejects as the work does. Work must not wait for other work of the same slots. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.add(resolve))
    try {
      return await work()
    } finally {
      this.#release()
    }
  }

  #release(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      // The slot is handed on: whoever comes in between waits behind.
      next()
      return
    }
    this.#free++
  }
}
