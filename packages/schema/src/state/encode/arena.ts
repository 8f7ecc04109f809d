import { roomFor, type Room } from './slices.ts'

/** Room for many small results: one allocation holds hundreds of them. */
const chunkSize = 32 * 1024

/**
 * Makes arrays of bytes that are never written again. Small ones share their memory, because an array of its own costs more than
 * to fill it.
 */
export class Arena {
  #chunk = roomFor(0)
  #used = 0

  /** Where to write up to that many bytes: at {@link start} of what is returned. */
  reserve(most: number): Room {
    if (this.#chunk.bytes.length - this.#used < most) {
      this.#chunk = roomFor(Math.max(most, chunkSize))
      this.#used = 0
    }
    return this.#chunk
  }

  get start(): number {
    return this.#used
  }

  /** What was written from {@link start} to `end`. */
  take(end: number): Uint8Array {
    const bytes = this.#chunk.bytes.subarray(this.#used, end)
    this.#used = end
    return bytes
  }
}
