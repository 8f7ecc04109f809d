import type { PageEvent, PageEvents } from './page-events.ts'

/** A page that a test moves. */
export class ScriptedPage implements PageEvents {
  offline = false
  readonly #listeners = new Set<(event: PageEvent) => void>()

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size
  }

  listen(listener: (event: PageEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** This happens to the page. */
  tell(event: PageEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
