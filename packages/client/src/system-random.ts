import type { RandomSource } from '@junto/protocol'

/** The platform's cryptographic random source. */
export class SystemRandom implements RandomSource {
  bytes(count: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(count))
  }

  /** From 32 random bits: [0, 1). */
  number(): number {
    const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
    return word / 2 ** 32
  }
}
