import { encodePresences } from '@junto/protocol/internal'

/** What the head of a frame takes at most, beside its entries: five bytes, and one for the flag. */
const headSize = 6

/** The frames that tell of some presences: put together once for all who accept frames of one size. */
export class PresenceFrames {
  readonly entries: readonly Uint8Array[]
  readonly #whole: boolean
  #size = 0
  #frames: readonly Uint8Array[] = []

  /** @param whole These are all there are. */
  constructor(entries: readonly Uint8Array[], whole: boolean) {
    this.entries = entries
    this.#whole = whole
  }

  /**
   * @param size Bytes that one of them should have at most. One with a single presence may be larger.
   * @returns them, in order. They must not be written to.
   */
  ofSize(size: number): readonly Uint8Array[] {
    if (this.#size !== size) {
      this.#size = size
      this.#frames = this.#make(size)
    }
    return this.#frames
  }

  #make(size: number): readonly Uint8Array[] {
    const frames: Uint8Array[] = []
    let first = 0
    let bytes = headSize
    const end = (next: number): void => {
      // Only the first says that what was there before is gone.
      frames.push(encodePresences(this.entries.slice(first, next), this.#whole && frames.length === 0))
      first = next
      bytes = headSize
    }
    for (const [index, { length }] of this.entries.entries()) {
      if (index > first && bytes + length > size) end(index)
      bytes += length
    }
    if (first < this.entries.length || this.#whole) end(this.entries.length)
    return frames
  }
}
