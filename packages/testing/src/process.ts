import { Clock } from '@junto/protocol'
import { Store } from '@junto/server'

/**
 * The time of one process: that of the whole world, until the process dies. Then its timers are gone, and nothing that it still puts
 * off ever runs.
 */
export class ProcessClock extends Clock {
  readonly #clock: Clock
  readonly #timers = new Set<() => void>()
  #dead = false

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }

  override now(): number {
    return this.#clock.now()
  }

  override time(): number {
    return this.#clock.time()
  }

  override after(ms: number, fn: () => void): () => void {
    if (this.#dead) return () => {}
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(stop)
      fn()
    })
    const stop = (): void => {
      this.#timers.delete(stop)
      cancel()
    }
    this.#timers.add(stop)
    return stop
  }

  override atEndOfTurn(fn: () => void): void {
    this.#clock.atEndOfTurn(() => {
      if (!this.#dead) fn()
    })
  }

  /** How many timers of this process are set and not cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** The process dies. */
  kill(): void {
    this.#dead = true
    for (const stop of this.#timers) stop()
  }
}

/** A store as one process reaches it. When the process has died, nothing of it arrives there any more. */
export class ProcessStore extends Store {
  override readonly incremental: boolean
  readonly #store: Store
  #dead = false

  constructor(store: Store) {
    super()
    this.#store = store
    this.incremental = store.incremental
  }

  override load(
    room: string,
    key: string,
    damaged?: (what: string) => void,
  ): Promise<readonly Uint8Array[] | undefined> {
    return this.#dead ? never() : this.#store.load(room, key, damaged)
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    return this.#dead ? never() : this.#store.save(room, key, bytes)
  }

  override append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    return this.#dead ? never() : this.#store.append(room, key, base, bytes)
  }

  override delete(room: string, key: string): Promise<void> {
    return this.#dead ? never() : this.#store.delete(room, key)
  }

  /** The process dies. */
  kill(): void {
    this.#dead = true
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}
