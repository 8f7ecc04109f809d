import type { Clock } from '@junto/protocol'
import { MemoryStore, Store } from '@junto/server'
import type { SeededRandom } from '../../src/index.ts'

/**
 * A store that takes its time, and fails now and then: before it has written, or when it has. Not twice in a row: rooms are given up when
 * it does so for long.
 */
export class MoodyStore extends Store {
  override readonly incremental = true
  /** Whether it fails, ever. */
  fails = true
  /** Servers that have died. */
  #deaths = 0
  /** Keys of rooms of which it has failed to write the last time. */
  readonly #failed = new Set<string>()
  readonly #store = new MemoryStore()
  readonly #clock: () => Clock
  readonly #random: SeededRandom
  /** The last call for each room: those behind it wait for it, whoever made them. */
  readonly #last = new Map<string, Promise<unknown>>()

  constructor(clock: () => Clock, random: SeededRandom) {
    super()
    this.#clock = clock
    this.#random = random
  }

  override load(room: string, key: string): Promise<readonly Uint8Array[] | undefined> {
    return this.#inTurn(key, () => this.#store.load(room, key))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    return this.#write(key, () => this.#store.save(room, key, bytes))
  }

  override append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    return this.#write(key, () => this.#store.append(room, key, base, bytes))
  }

  override delete(room: string, key: string): Promise<void> {
    return this.#write(key, () => this.#store.delete(room, key))
  }

  /** The server that writes here dies: what it has not written yet, it may never write. */
  lose(): void {
    this.#deaths++
  }

  #write(key: string, write: () => Promise<void>): Promise<void> {
    const deaths = this.#deaths
    return this.#inTurn(key, async () => {
      if (this.#deaths > deaths && this.#random.chance(0.5)) throw new Error('whoever wrote is gone')
      const mood = this.fails && !this.#failed.has(key) ? this.#random.number() : 1
      if (mood < 0.2) this.#failed.add(key)
      else this.#failed.delete(key)
      if (mood < 0.1) throw new Error('the store is in no mood')
      await write()
      if (mood < 0.2) throw new Error('the store has written, and does not say so')
    })
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const doing = (async (): Promise<T> => {
      await before?.catch(() => {})
      const ms = this.#random.pick([0, 0, 2, 20, 200])
      if (ms > 0) await new Promise<void>((resolve) => void this.#clock().after(ms, resolve))
      return work()
    })()
    this.#last.set(key, doing)
    return doing
  }
}
