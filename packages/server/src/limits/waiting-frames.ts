import type { Frame } from '@junto/protocol/internal'
import { heldSize } from './held-size.ts'

/** A frame that waits for its turn. */
export interface Waiting {
  readonly ref: number
  readonly frame: Frame
  /** What it takes in memory, which may be far more than it took on the wire. */
  readonly bytes: number
}

/** Frames of one session that wait, in order. */
export class WaitingFrames {
  #frames: Waiting[] = []
  #bytes = 0

  /** How many wait. */
  get size(): number {
    return this.#frames.length
  }

  /** What they take in memory, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** The one whose turn is next. */
  get first(): Waiting | undefined {
    return this.#frames[0]
  }

  push(ref: number, frame: Frame): void {
    const bytes = heldSize(frame)
    this.#frames.push({ ref, frame, bytes })
    this.#bytes += bytes
  }

  /** Takes the first one out. */
  shift(): Waiting | undefined {
    const first = this.#frames.shift()
    this.#bytes -= first?.bytes ?? 0
    return first
  }

  /** Those of one room wait no longer. */
  drop(ref: number): void {
    if (!this.#frames.some((waiting) => waiting.ref === ref)) return
    this.#frames = this.#frames.filter((waiting) => waiting.ref !== ref)
    this.#bytes = this.#frames.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
  }
}
