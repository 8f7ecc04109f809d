import { JuntoError, RandomSource } from '@junto/protocol'
import { Sfc32 } from '@junto/protocol/internal'

/**
 * Randomness that a seed repeats, for tests and simulations: no secret to anybody.
 */
export class SeededRandom extends RandomSource {
  readonly #generator: Sfc32

  /** @param seed any whole number; the same seed gives the same sequence. */
  constructor(seed: number) {
    super()
    this.#generator = new Sfc32(seed, Math.floor(seed / 0x1_0000_0000), 0x9e37_79b9, 1, 12)
  }

  override bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i++) bytes[i] = this.#generator.next() >>> 24
    return bytes
  }

  override number(): number {
    return this.#generator.next() / 0x1_0000_0000
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
}
