import { JuntoError } from './errors.ts'
import { isRef } from './frame-elements.ts'
import * as FrameType from './frame-type.ts'
import { commonDefaults, defaultMaxFrame } from './limit-defaults.ts'
import { allocate, countValues } from './msgpack.ts'
import { binHeadSize, uintSize, writeBinHead, writeUint } from './msgpack-heads.ts'

/** What a peer accepts of one frame. */
export interface FrameLimits {
  /** Bytes of one frame that the peer accepts. */
  readonly maxFrame: number
  /** Values in one frame that the peer accepts. Default: the limit `maxElements`. */
  readonly maxElements?: number | undefined
}

/** What a peer accepts, and how large frames are cut for it. */
export interface WriterLimits extends FrameLimits {
  /** Bytes of one message that the peer accepts. */
  readonly maxMessage: number
  /** Bytes of the pieces of large frames. Default: the limit `partSize`. */
  readonly partSize?: number | undefined
}

/** The room number and head of a part: a number, `93 09 c2`, and the head of a bin. */
const partOverhead = 1 + 3 + 5

/** So that a room number is never cut. */
const leastPiece = 5

/**
 * Refuses a frame that a peer would never accept: to be asked before a link numbers it, since a number cannot be taken back.
 *
 * @throws JuntoError `too_large`.
 */
export function refuseTooLarge(frame: Uint8Array, limits: FrameLimits): void {
  const { maxFrame, maxElements = commonDefaults.maxElements } = limits
  if (frame.length > maxFrame) {
    throw new JuntoError('too_large', `a frame of ${frame.length} bytes, where the peer accepts ${maxFrame}`)
  }
  // No value is smaller than a byte, so that only large frames have to be counted.
  if (frame.length > maxElements && countValues(frame) > maxElements) {
    throw new JuntoError('too_large', `a frame of ${countValues(frame)} values, where the peer accepts ${maxElements}`)
  }
}

/** What waits: a frame, and the room it concerns (0: the session). */
export interface Waiting {
  readonly room: number
  readonly frame: Uint8Array
}

/** What stands where nothing waits any more. */
const nothing: Waiting = { room: 0, frame: new Uint8Array(0) }

/** Places for frames that a writer keeps when they have left: most turns have fewer for one peer. */
const mostPlaces = 32

// The message that is being made, and how much of it there is. Here, so that it is allocated once: making one never yields.
let draft = new Uint8Array(0)
let length = 0

/**
 * Collects frames for one peer and hands them out as messages: what a turn has sent is one message, unless the peer accepts
 * only less. A large frame leaves in parts, one in each message, so that the caller stops when the socket is full and goes
 * on when it has drained.
 */
export class MessageWriter {
  #limits: FrameLimits = { maxFrame: 0 }
  #maxMessage = 0
  // Of parts; larger frames leave in several.
  #pieceSize = 0

  readonly #urgent: Uint8Array[] = []
  // The frames that wait, behind these places for those to come: an array that is filled again and again costs nothing to make.
  readonly #waiting: Waiting[] = []
  #count = 0
  // How much of the first has left in parts, its room number included.
  #sent = 0
  #size = 0

  /** @param limits until they are set: what a server announces by default. */
  constructor(limits?: WriterLimits) {
    this.setLimits(limits ?? { maxMessage: commonDefaults.maxMessage, maxFrame: defaultMaxFrame })
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size
  }

  /** What the peer accepts, once it is known. */
  setLimits(limits: WriterLimits): void {
    this.#limits = limits
    this.#maxMessage = limits.maxMessage
    this.#pieceSize = Math.min(limits.partSize ?? commonDefaults.partSize, limits.maxMessage - partOverhead)
    if (!(this.#pieceSize >= leastPiece)) throw new JuntoError('misuse', `maxMessage is ${limits.maxMessage}`)
  }

  /**
   * Queues a frame that concerns a room (0: the session). Its bytes must not be written again.
   *
   * @throws JuntoError `too_large` when the peer would never accept it.
   */
  add(room: number, frame: Uint8Array): void {
    refuseTooLarge(frame, this.#limits)
    if (!isRef(room)) throw new JuntoError('misuse', `${String(room)} is not the number of a room`)
    this.#waiting[this.#count++] = { room, frame }
    this.#size += frame.length
  }

  /**
   * Queues a small frame of the session ahead of all that waits, also between the parts of a large frame. For signs of life,
   * which must not wait behind megabytes; what must stay in order goes through {@link add}.
   *
   * @throws JuntoError `too_large` when it needs parts itself.
   */
  addUrgent(frame: Uint8Array): void {
    if (frame.length > this.#pieceSize) {
      throw new JuntoError('too_large', `an urgent frame of ${frame.length} bytes`)
    }
    this.#urgent.push(frame)
    this.#size += frame.length
  }

  /** The next message, undefined when nothing waits. Its bytes are never written again. */
  take(): Uint8Array | undefined {
    if (this.#size === 0) return undefined
    const isOrdinary = this.#urgent.length === 0 && this.#sent === 0
    const shared = isOrdinary ? this.recall(this.#waiting, this.#count) : undefined
    if (shared !== undefined && shared.length <= this.#pieceSize) {
      this.#leave(this.#count)
      this.#size = 0
      return shared
    }
    const gone = this.#compose()
    const message = allocate(length)
    message.set(draft.subarray(0, length))
    if (isOrdinary && gone === this.#count) this.remember(this.#waiting, gone, message)
    this.#leave(gone)
    return message
  }

  /** A message that holds the first `count` of these and nothing else, if there is one already. */
  protected recall(_waiting: readonly Waiting[], _count: number): Uint8Array | undefined {
    return undefined
  }

  /** This message holds the first `count` of these and nothing else. The array is not to be kept. */
  protected remember(_waiting: readonly Waiting[], _count: number, _message: Uint8Array): void {}

  /** Drops what waits. */
  clear(): void {
    this.#urgent.length = 0
    this.#leave(this.#count)
    this.#sent = 0
    this.#size = 0
  }

  /** So many of those that wait have left, which are usually all. */
  #leave(count: number): void {
    const waiting = this.#waiting
    if (count < this.#count) waiting.copyWithin(0, count, this.#count)
    this.#count -= count
    // What has left is not to be held.
    if (waiting.length > mostPlaces) waiting.length = this.#count
    else for (let place = this.#count; place < this.#count + count; place++) waiting[place] = nothing
  }

  /** Makes a draft of what fits into the next message. Returns how many of those that wait are gone with it. */
  #compose(): number {
    const most = Math.min(this.#maxMessage, this.#size + partOverhead * (this.#count + 1))
    if (draft.length < most) draft = new Uint8Array(most)
    length = 0
    for (let frame = this.#urgent[0]; frame !== undefined; frame = this.#urgent[0]) {
      if (length + frame.length > this.#maxMessage) return 0
      this.#put(frame)
      this.#urgent.shift()
    }
    let present = 0
    for (let whole = 0; whole < this.#count; whole++) {
      const next = this.#waiting[whole] ?? nothing
      const { room, frame } = next
      // One part for each message: between them the caller looks at the socket, and beats pass.
      if (this.#sent > 0 || frame.length > this.#pieceSize) return this.#putPart(next, present) ? whole + 1 : whole
      const head = room === present ? 0 : uintSize(room)
      if (length + head + frame.length > this.#maxMessage) return whole
      if (head > 0) length = writeUint(draft, length, room)
      this.#put(frame)
      present = room
    }
    return this.#count
  }

  #put(bytes: Uint8Array): void {
    draft.set(bytes, length)
    length += bytes.length
    this.#size -= bytes.length
  }

  /**
   * Puts a piece of a frame, if it fits; what is cut is its room number, where it has one, and its bytes. Returns whether it was the last.
   */
  #putPart({ room, frame }: Waiting, present: number): boolean {
    const head = room === 0 ? 0 : uintSize(room)
    const left = head + frame.length - this.#sent
    const piece = Math.min(this.#pieceSize, left)
    const back = present === 0 ? 0 : 1
    if (length + back + 3 + binHeadSize(piece) + piece > this.#maxMessage) return false
    if (back > 0) draft[length++] = 0
    draft[length++] = 0x93
    draft[length++] = FrameType.part
    draft[length++] = piece < left ? 0xc3 : 0xc2
    length = writeBinHead(draft, length, piece)
    // The room number stands at the beginning, and no piece is so small that it would be cut.
    const number = this.#sent === 0 ? head : 0
    if (number > 0) length = writeUint(draft, length, room)
    const from = this.#sent + number - head
    this.#put(frame.subarray(from, from + piece - number))
    this.#sent = piece < left ? this.#sent + piece : 0
    return this.#sent === 0
  }
}
