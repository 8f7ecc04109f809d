import { idSigns } from './random.ts'
import { Sfc32 } from './sfc32.ts'

/** Signs of an id: eighty bits. */
const idLength = 16

/**
 * Chance for one run of a mutation: the same sequence on both sides and in each run. No secret: who sends the mutation has chosen what
 * comes.
 */
export class MutationChance {
  readonly #seed: number
  readonly #at: number
  /** Most runs ask for nothing: it is begun when somebody does. */
  #generator: Sfc32 | undefined

  /**
   * Both as they travel. The time takes part because thirty-two bits alone would have first ids meet after some ten thousand of them; the
   * member and its count do not, since an edit that goes over to another seat keeps the ids that it has shown.
   *
   * @param seed a whole number of 32 bits, random for each mutation.
   * @param at milliseconds since 1970, with fractions, at which it was issued.
   */
  constructor(seed: number, at: number) {
    this.#seed = seed
    this.#at = at
  }

  /** A number of [0, 1). */
  readonly random = (): number => this.#draw() / 0x1_0000_0000

  /** An id of 16 lower-case letters and digits, such as `randomId` makes. */
  readonly newId = (): string => {
    let id = ''
    while (id.length < idLength) id += idSigns.charAt(this.#draw() >>> 27)
    return id
  }

  #draw(): number {
    const at = this.#at
    // Whatever is sent as a time: what is no finite number counts as 0.
    this.#generator ??= new Sfc32(this.#seed, at, at * 4096, at / 0x1_0000_0000, 12)
    return this.#generator.next()
  }
}
