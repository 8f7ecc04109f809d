import type { CompiledLayout } from './compiled-layout.ts'

/** Layouts kept; a client speaks with few kinds of rooms, each in one or two versions. */
const kept = 64

/** The compiled layouts a client holds, so that a server need not send them again. The least recently used go first. */
export class LayoutCache {
  readonly #limit: number
  // A Map keeps the order of insertion: what is used is put in again, so the first is the least recently used.
  readonly #layouts = new Map<string, CompiledLayout>()

  constructor(limit: number = kept) {
    this.#limit = limit
  }

  /** The layout of a hash; counts as a use. */
  get(hash: string): CompiledLayout | undefined {
    const layout = this.#layouts.get(hash)
    if (layout !== undefined) this.#touch(hash, layout)
    return layout
  }

  set(hash: string, layout: CompiledLayout): void {
    this.#touch(hash, layout)
    for (const oldest of this.#layouts.keys()) {
      if (this.#layouts.size <= this.#limit) break
      this.#layouts.delete(oldest)
    }
  }

  /** The hashes held for a room of that name, the last used first: what a join names. */
  hashesFor(roomName: string): readonly string[] {
    const hashes: string[] = []
    for (const [hash, { layout }] of this.#layouts) if (layout.name === roomName) hashes.unshift(hash)
    return hashes.slice(0, 4)
  }

  #touch(hash: string, layout: CompiledLayout): void {
    this.#layouts.delete(hash)
    this.#layouts.set(hash, layout)
  }
}
