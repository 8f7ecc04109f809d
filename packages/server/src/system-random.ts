import { randomBytes } from 'node:crypto'
import { RandomSource } from '@junto/protocol'

/** The operating system's randomness. */
export class SystemRandom extends RandomSource {
  override bytes(count: number): Uint8Array {
    return randomBytes(count)
  }

  /** From 32 random bits: [0, 1). */
  override number(): number {
    return randomBytes(4).readUInt32LE() / 2 ** 32
  }
}
