import { Store } from './store.ts'

/** Keeps rooms as long as the process lives: for tests, and for servers that need no more. */
export class MemoryStore extends Store {
  readonly #rooms = new Map<string, Uint8Array>()

  override load(room: string, key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#rooms.get(nameOf(room, key)))
  }

  override save(room: string, key: string, bytes: Uint8Array): Promise<void> {
    this.#rooms.set(nameOf(room, key), bytes)
    return Promise.resolve()
  }

  override delete(room: string, key: string): Promise<void> {
    this.#rooms.delete(nameOf(room, key))
    return Promise.resolve()
  }
}

function nameOf(room: string, key: string): string {
  // The length keeps apart ('a', 'b/c') and ('a/b', 'c').
  return `${room.length}:${room}/${key}`
}
