import type { Line } from './line.ts'

/**
 * Strokes of this page that the server has confirmed and, if it dies now, may not have saved. When a board comes back from the store without
 * them, they are added again.
 */
export class Unsaved {
  readonly #lines = new Map<string, { readonly line: Line; readonly at: number }>()
  readonly #keepFor: number

  /** `keepFor`: milliseconds for which strokes are kept, longer than a server takes to save. */
  constructor(keepFor = 10_000) {
    this.#keepFor = keepFor
  }

  /** The server has confirmed a stroke. */
  keep(line: Line, now: number): void {
    this.#lines.set(line.id, { line, at: now })
    for (const [id, { at }] of this.#lines) if (now - at > this.#keepFor) this.#lines.delete(id)
  }

  /** Somebody has removed it: it shall not come back. */
  forget(id: string): void {
    this.#lines.delete(id)
  }

  /** The board was taken from the store, after the connection was lost at `lostAt`: what has to be added again. */
  missing(strokes: { has(id: string): boolean }, lostAt: number): Line[] {
    const missing = [...this.#lines.values()].filter(({ line, at }) => {
      return !strokes.has(line.id) && lostAt - at <= this.#keepFor
    })
    return missing.map(({ line }) => line)
  }
}
