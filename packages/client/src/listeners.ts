import { subscription, type Subscription } from './subscription.ts'
import { reportFault, type Report } from './warnings.ts'

/** Functions of the program that are called with something. One that throws is reported, and the others are called. */
export class Listeners<T> {
  readonly #report: Report
  readonly #what: string
  readonly #entries = new Set<{ readonly call: (told: T) => void }>()

  /** @param what What one of them is, for the report: "a listener to 'cleared' of room 'board'". */
  constructor(report: Report, what: string) {
    this.#report = report
    this.#what = what
  }

  get size(): number {
    return this.#entries.size
  }

  add(listener: (told: T) => void): Subscription {
    // Wrapped: the same function added twice is called twice, and each subscription ends for itself.
    const entry = { call: listener }
    this.#entries.add(entry)
    return subscription(() => this.#entries.delete(entry))
  }

  tell(told: T): void {
    // A copy: who is added meanwhile knows it already.
    const entries = [...this.#entries]
    for (const { call } of entries) {
      try {
        call(told)
      } catch (error) {
        reportFault(this.#report, this.#what, error)
      }
    }
  }
}
