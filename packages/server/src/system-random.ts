import { randomBytes } from 'node:crypto'
import { RandomSource } from '@junto/protocol'

/** Bytes that are taken at once: to ask the operating system costs more than all the rest of what makes an id. */
const poolSize = 4096

/** The operating system's randomness. */
export class SystemRandom extends RandomSource {
  /** Handed out piece by piece, each once. Never written again: whoever got a piece may keep it. */
  #pool = Buffer.alloc(0)
  #used = 0

  override bytes(count: number): Uint8Array {
    return this.#take(count)
  }

  /** From 32 random bits: [0, 1). */
  override number(): number {
    return this.#take(4).readUInt32LE() / 2 ** 32
  }

  #take(count: number): Buffer {
    if (this.#used + count > this.#pool.length) {
      this.#pool = randomBytes(Math.max(poolSize, count))
      this.#used = 0
    }
    const from = this.#used
    this.#used += count
    return this.#pool.subarray(from, this.#used)
  }
}
