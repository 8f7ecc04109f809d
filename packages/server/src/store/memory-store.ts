import { conflict } from './conflict.ts'
import { roomName } from './room-name.ts'
import { Store } from './store.ts'

/** Keeps rooms as long as the process lives: for tests, and for servers that need no more. */
export class MemoryStore extends Store {
  override readonly incremental = true
  readonly #rooms = new Map<string, readonly Uint8Array[]>()

  override load(room: string, key: string): Promise<readonly Uint8Array[] | undefined> {
    return Promise.resolve(this.#rooms.get(roomName(room, key)))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    // A copy: the bytes may be a small part of a memory that they would hold on to.
    this.#rooms.set(roomName(room, key), [bytes.slice()])
    return Promise.resolve()
  }

  override append(room: string, key: string, base: number, bytes: Uint8Array): Promise<void> {
    const name = roomName(room, key)
    const pieces = this.#rooms.get(name) ?? []
    if (base < 1 || pieces.length !== base) return Promise.reject(conflict(room, key, base, pieces.length))
    // A new list: somebody may be reading the one before.
    this.#rooms.set(name, [...pieces, bytes.slice()])
    return Promise.resolve()
  }

  override delete(room: string, key: string): Promise<void> {
    this.#rooms.delete(roomName(room, key))
    return Promise.resolve()
  }
}
