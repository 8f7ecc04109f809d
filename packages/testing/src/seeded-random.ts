import { JuntoError, RandomSource } from '@junto/protocol'

/**
 * Randomness that a seed repeats, for tests and simulations (the generator is sfc32: fast and even, and no secret to anybody).
 */
export class SeededRandom extends RandomSource {
  #a: number
  #b: number
  #c: number
  #counter: number

  /** @param seed any whole number; the same seed gives the same sequence. */
  constructor(seed: number) {
    super()
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0
    this.#c = 0x9e37_79b9
    this.#counter = 1
    // The first values still show the seed.
    for (let i = 0; i < 12; i++) this.#next()
  }

  override bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i++) bytes[i] = this.#next() >>> 24
    return bytes
  }

  override number(): number {
    return this.#next() / 0x1_0000_0000
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.number() * (most - least + 1))
  }

  /**
   * One of the choices.
   *
   * @throws JuntoError `misuse` when there are none.
   */
  pick<const T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new JuntoError('misuse', 'pick() needs choices: the list is empty')
    // The index is within the list.
    return choices[this.integer(0, choices.length - 1)] as T
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.number() < probability
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
