import type { Clock } from '../clock.ts'

/**
 * Lets so many steps happen in one turn of the event loop, and the others in the turns after it, in the order in which they
 * were asked for. What never waits for anything, such as a generator without an `await`, goes on from promise to promise:
 * without this, nothing else would have its turn until it ended.
 */
export class Pace {
  readonly #clock: Clock
  readonly #perTurn: number
  #left: number
  #waiting: (() => void)[] = []
  /** Whether the end of this turn is asked for. */
  #counting = false

  constructor(clock: Clock, perTurn: number) {
    this.#clock = clock
    this.#perTurn = perTurn
    this.#left = perTurn
  }

  /** Resolves when the step may be taken; who asks next comes after those who wait. */
  step(): Promise<void> | undefined {
    this.#count()
    if (this.#left === 0) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#left--
    return undefined
  }

  #count(): void {
    if (this.#counting) return
    this.#counting = true
    this.#clock.atEndOfTurn(() => this.#nextTurn())
  }

  #nextTurn(): void {
    this.#counting = false
    const resumed = this.#waiting.slice(0, this.#perTurn)
    this.#waiting = this.#waiting.slice(this.#perTurn)
    this.#left = this.#perTurn - resumed.length
    // Those have taken their steps of the turn that begins: its end is awaited with them.
    if (resumed.length > 0) this.#count()
    for (const resume of resumed) resume()
  }
}
