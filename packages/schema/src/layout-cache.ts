import type { CompiledLayout } from './compiled-layout.ts'

/** Layouts kept; a client speaks with few kinds of rooms, each in one or two versions. */
const kept = 64

/** Hashes that a join names. */
const most = 4

/** The compiled layouts a client holds, so that a server need not send them again. The least recently used go first. */
export class LayoutCache {
  readonly #limit: number
  // A Map keeps the order of insertion: what is used is put in again, so the first is the least recently used.
  readonly #layouts = new Map<string, CompiledLayout>()

  constructor(limit: number = kept) {
    this.#limit = limit
  }

  get(hash: string): CompiledLayout | undefined {
    return this.#layouts.get(hash)
  }

  /** Keeps a layout that was used. */
  set(hash: string, layout: CompiledLayout): void {
    this.#layouts.delete(hash)
    this.#layouts.set(hash, layout)
    const [oldest = ''] = this.#layouts.keys()
    if (this.#layouts.size > this.#limit) this.#layouts.delete(oldest)
  }

  /** The hashes held for a room of that name, the last used first: what a join names. */
  hashesFor(roomName: string): readonly string[] {
    const held = [...this.#layouts].filter(([, { layout }]) => layout.name === roomName)
    return held
      .map(([hash]) => hash)
      .slice(-most)
      .reverse()
  }
}
