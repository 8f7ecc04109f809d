/** The strokes this page has erased and the state still holds. They are hidden at once. */
export class Erasures {
  readonly #ids = new Set<string>()
  readonly #unsent = new Set<string>()

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** False when it was erased here already. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false
    this.#ids.add(id)
    this.#unsent.add(id)
    return true
  }

  /** What to send now; counts as sent from here on. */
  take(most: number): string[] {
    const ids = [...this.#unsent].slice(0, most)
    for (const id of ids) this.#unsent.delete(id)
    return ids
  }

  /** The stroke is gone, or the server refused: there is nothing left to hide. */
  settle(id: string): void {
    this.#ids.delete(id)
    this.#unsent.delete(id)
  }

  /** The connection is back: what the state still holds is sent again. */
  rejoined(state: { has(id: string): boolean }): void {
    for (const id of this.#ids) {
      if (state.has(id)) this.#unsent.add(id)
      else this.settle(id)
    }
  }
}
