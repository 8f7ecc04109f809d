import { KeyQueue } from './key-queue.ts'
import { roomName } from './room-name.ts'
import { Store } from './store.ts'

/**
 * The store as rooms of a server use it: one call at a time for each room. A room that was disposed may have left a save behind
 * that its store never answered; the next room of that key is not loaded before it is decided, so that it can neither miss what
 * was saved nor be overwritten by it. Stores promise the order of calls themselves, but this order must not hang on a pool of
 * connections or a retry in somebody's store.
 */
export class OrderedStore extends Store {
  override readonly incremental: boolean
  readonly #store: Store
  readonly #queue = new KeyQueue()

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
    return this.#queue.run(roomName(room, key), () => this.#store.load(room, key, damaged))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    return this.#queue.run(roomName(room, key), () => this.#store.save(room, key, bytes))
  }

  override append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    return this.#queue.run(roomName(room, key), () => this.#store.append(room, key, base, bytes))
  }

  override delete(room: string, key: string): Promise<void> {
    return this.#queue.run(roomName(room, key), () => this.#store.delete(room, key))
  }
}
