/** Runs what concerns one key in the order in which it was asked for, each when the one before has settled. */
export class KeyQueue {
  /** The last piece of work of each key; the next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>()

  /** Resolves or rejects as the work does. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(key) ?? Promise.resolve()).then(work)
    const settled = result.then(
      () => {},
      () => {},
    )
    this.#last.set(key, settled)
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    })
    return result
  }
}
