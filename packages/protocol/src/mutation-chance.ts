import { idSigns } from './random.ts'

/** Signs of an id: eighty bits. */
const idLength = 16

/**
 * Chance for one run of a mutation: the same sequence on both sides and in each run. The generator is sfc32, fast and even. No secret:
 * who sends the mutation has chosen what comes.
 */
export class MutationChance {
  #a: number
  #b: number
  #c: number
  #counter: number
  /** Most runs ask for nothing: it is begun when somebody does. */
  #isBegun = false

  /**
   * Both as they travel. The time takes part because thirty-two bits alone would have first ids meet after some ten thousand of them; the
   * member and its count do not, since an edit that goes over to another seat keeps the ids that it has shown.
   *
   * @param seed a whole number of 32 bits, random for each mutation.
   * @param at milliseconds since 1970, with fractions, at which it was issued.
   */
  constructor(seed: number, at: number) {
    this.#a = seed | 0
    // Whatever is sent as a time: what is no finite number counts as 0.
    this.#b = at | 0
    this.#c = (at * 4096) | 0
    this.#counter = (at / 0x1_0000_0000) | 0
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
    if (!this.#isBegun) {
      this.#isBegun = true
      // The first values still show what it began with.
      for (let i = 0; i < 12; i++) this.#next()
    }
    return this.#next()
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }
}
