import { broken } from './errors.ts'
import { isRef } from './frame-elements.ts'
import * as FrameType from './frame-type.ts'
import type { Frame } from './frames.ts'
import { unpackSequence } from './msgpack.ts'

/** What this side accepts: see the limits table. */
export interface ReaderLimits {
  readonly maxMessage: number
  readonly maxFrame: number
  readonly maxDepth: number
  readonly maxElements: number
}

/** The most bytes that the room number before a frame takes. */
const roomSize = 5

/** Frames of lower types concern the session, and stand at room 0; the others stand behind a room. */
const firstRoomFrame = 16

/** Reads the messages of one peer, and puts large frames together from their parts. */
export class MessageReader {
  readonly #limits: ReaderLimits
  readonly #parse: (value: unknown) => Frame
  // What has come of a large frame. Copied out of the messages, since a view of a part would keep its whole message.
  #large: Uint8Array | undefined
  #largeSize = 0

  /** @param parse Makes a frame of a decoded value: of those that the peer sends in its role, or of any. */
  constructor(limits: ReaderLimits, parse: (value: unknown) => Frame) {
    this.#limits = limits
    this.#parse = parse
  }

  /** Bytes held of a large frame that is not complete. */
  get pending(): number {
    return this.#largeSize
  }

  /**
   * Reads one message and delivers its frames in order, with the room each concerns (0: the session). A message that is
   * wrong anywhere delivers nothing at all.
   *
   * @throws JuntoError `bad_message`: the connection cannot go on. What `deliver` throws passes through.
   */
  read(message: Uint8Array, deliver: (room: number, frame: Frame) => void): void {
    if (message.length > this.#limits.maxMessage) {
      throw broken('F2', message.length)
    }
    const rooms: number[] = []
    const frames: Frame[] = []
    this.#collect(message, rooms, frames, false)
    // By index: an iterator over pairs would cost an array for each frame.
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i]
      if (frame !== undefined) deliver(rooms[i] ?? 0, frame)
    }
  }

  #collect(message: Uint8Array, rooms: number[], frames: Frame[], inParts: boolean): void {
    let room = 0
    for (const value of unpackSequence(message, this.#limits)) {
      if (!Array.isArray(value)) {
        if (!isRef(value)) throw broken('F1')
        room = value
        continue
      }
      const frame = this.#parse(value)
      if (frame.type === FrameType.part) {
        if (inParts || room !== 0) throw broken('F7')
        this.#append(frame.bytes)
        if (!frame.more) this.#collect(this.#complete(), rooms, frames, true)
      } else {
        if (frame.type !== FrameType.unknown && frame.type < firstRoomFrame !== (room === 0)) {
          throw broken('F6', frame.type)
        }
        rooms.push(room)
        frames.push(frame)
      }
    }
  }

  #append(bytes: Uint8Array): void {
    const most = this.#limits.maxFrame + roomSize
    const size = this.#largeSize + bytes.length
    // Parts without content would come for ever without reaching the limit.
    if (bytes.length === 0 || size > most) throw broken('F7', size)
    if (this.#large === undefined || size > this.#large.length) {
      const grown = new Uint8Array(Math.min(most, Math.max(size, 2 * this.#largeSize)))
      if (this.#large !== undefined) grown.set(this.#large.subarray(0, this.#largeSize))
      this.#large = grown
    }
    this.#large.set(bytes, this.#largeSize)
    this.#largeSize = size
  }

  #complete(): Uint8Array {
    const bytes = this.#large?.subarray(0, this.#largeSize) ?? new Uint8Array(0)
    this.#large = undefined
    this.#largeSize = 0
    return bytes
  }
}
