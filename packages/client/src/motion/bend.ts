import type { Space, Values } from './space.ts'

/** How a {@link Bend} goes. */
export interface BendOptions {
  /** Milliseconds in which half of what is left goes. */
  readonly halfLife: number
  /** What is further off than this is not bent: it is shown where it is at once. */
  readonly snap: number
}

/** Below so much of a unit nothing is seen of it: the rest is let go of. */
const nothing = 1e-6

/**
 * What an entity is shown beside its place, so that it never jumps: when it is learned that the place is another one, what is shown stays
 * where it was, and goes over to the place within a few frames.
 */
export class Bend {
  readonly #space: Space
  readonly #options: BendOptions
  #way: Values | undefined

  constructor(space: Space, options: BendOptions) {
    this.#space = space
    this.#options = options
  }

  /** How far what is shown is from the place. */
  get length(): number {
    return this.#way === undefined ? 0 : this.#space.length(this.#way)
  }

  /**
   * The place is not `from`, where it was thought to be, but `to`.
   *
   * @returns how far that is.
   */
  add(from: Values, to: Values): number {
    const way = this.#space.way(to, from)
    const length = this.#space.length(way)
    const sum = this.#way === undefined ? way : this.#space.along(this.#way, way, 1)
    this.#way = this.#space.length(sum) > this.#options.snap ? undefined : sum
    return length
  }

  /** So many milliseconds pass. */
  pass(ms: number): void {
    if (this.#way === undefined) return
    const left = 2 ** (-ms / this.#options.halfLife)
    const way = this.#way.map((part) => part * left)
    this.#way = way.some((part) => Math.abs(part) > nothing) ? way : undefined
  }

  /** What is shown of an entity that is at this place. */
  shown(place: Values): Values {
    return this.#way === undefined ? place : this.#space.along(place, this.#way, 1)
  }

  /** Shows it where it is. */
  clear(): void {
    this.#way = undefined
  }
}
