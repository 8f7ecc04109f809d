import { Listeners } from './listeners.ts'
import type { Report } from './warnings.ts'

/** A value that changes, for interfaces: read it, and be told when it is another one. Fits React's `useSyncExternalStore`. */
export interface Observable<T> {
  /** The value now. The same object as long as nothing changed. */
  readonly value: T
  /** Calls the listener after each change, with nothing: read `value`. Returns what ends the subscription. */
  subscribe(listener: () => void): () => void
}

/** An observable with its setter, which stays with the owner. */
export class ObservableValue<T> implements Observable<T> {
  readonly #listeners: Listeners<void>
  #value: T

  constructor(value: T, report: Report) {
    this.#value = value
    this.#listeners = new Listeners(report, 'a subscriber')
  }

  get value(): T {
    return this.#value
  }

  // An arrow function, so that it can be handed to React as it is.
  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener)

  set(value: T): void {
    this.assign(value)
    this.tell()
  }

  /** Sets the value before its subscribers may be told, which `tell` does. */
  assign(value: T): void {
    this.#value = value
  }

  tell(): void {
    this.#listeners.tell()
  }
}
