/** What a client was told of a ref without having asked: that its membership ended, or its join was refused. */
export type Told = 'left' | 'refused'

/**
 * Refs whose memberships or joins the server ended: what the client sent before it knew must not count against it. Behind a
 * join that was refused that can be a leave; frames for the room had to wait for its answer.
 */
export class EndedRefs {
  readonly #most: number
  /** Made on first use: most sessions never need it. */
  #told: Map<number, Told> | undefined

  /** @param most How many are remembered. A bound, not a promise: a client with frames under way for more rooms than it may have is rare. */
  constructor(most: number) {
    this.#most = most
  }

  get(ref: number): Told | undefined {
    return this.#told?.get(ref)
  }

  remember(ref: number, told: Told): void {
    this.#told ??= new Map()
    this.#told.set(ref, told)
    if (this.#told.size <= this.#most) return
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest)
      break
    }
  }

  /** It is in use again. */
  forget(ref: number): void {
    this.#told?.delete(ref)
  }

  clear(): void {
    this.#told = undefined
  }
}
