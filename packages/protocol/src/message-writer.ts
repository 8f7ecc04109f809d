import { JuntoError } from './errors.ts'
import { isRef } from './frame-elements.ts'
import * as FrameType from './frame-type.ts'
import { commonLimits, defaultMaxFrame } from './limits.ts'
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
  const { maxFrame, maxElements = commonLimits.maxElements.value } = limits
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
const gone: Waiting = { room: 0, frame: new Uint8Array(0) }

/** Places for frames that a writer keeps when they have left: most turns have fewer for one peer. */
const mostPlaces = 32

// The plan of the message that is being made, see `#plan`. Here, so that it costs no object: making one never yields.
let urgent = 0
let whole = 0
let piece = 0

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
    this.setLimits(limits ?? { maxMessage: commonLimits.maxMessage.value, maxFrame: defaultMaxFrame })
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size
  }

  /** What the peer accepts, once it is known. */
  setLimits(limits: WriterLimits): void {
    this.#limits = limits
    this.#maxMessage = limits.maxMessage
    this.#pieceSize = Math.min(limits.partSize ?? commonLimits.partSize.value, limits.maxMessage - partOverhead)
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
    const shared = this.#urgent.length === 0 && this.#sent === 0 ? this.recall(this.#waiting, this.#count) : undefined
    if (shared !== undefined && shared.length <= this.#pieceSize) {
      this.#leave(this.#count)
      this.#size = 0
      return shared
    }
    const message = allocate(this.#plan())
    const isAll = urgent === 0 && piece === 0 && whole === this.#count
    this.#write(message)
    if (isAll) this.remember(this.#waiting, whole, message)
    this.#leave(whole)
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

  #write(message: Uint8Array): void {
    let position = 0
    if (urgent > 0) {
      for (const frame of this.#urgent.splice(0, urgent)) {
        message.set(frame, position)
        position += frame.length
        this.#size -= frame.length
      }
    }
    let present = 0
    for (let i = 0; i < whole; i++) {
      const { room, frame } = this.#waiting[i] ?? gone
      if (room !== present) position = writeUint(message, position, room)
      present = room
      message.set(frame, position)
      position += frame.length
      this.#size -= frame.length
    }
    if (piece > 0) this.#writePart(message, position, present, piece)
  }

  /** So many of those that wait have left, which are usually all. */
  #leave(count: number): void {
    const waiting = this.#waiting
    if (count < this.#count) waiting.copyWithin(0, count, this.#count)
    this.#count -= count
    // What has left is not to be held.
    if (waiting.length > mostPlaces) waiting.length = this.#count
    else for (let place = this.#count; place < this.#count + count; place++) waiting[place] = gone
  }

  /** What fits into the next message: its size, and so many urgent frames, so many whole ones, and so many bytes of a large one. */
  #plan(): number {
    let size = 0
    urgent = whole = piece = 0
    for (const frame of this.#urgent) {
      if (size + frame.length > this.#maxMessage) return size
      size += frame.length
      urgent++
    }
    let room = 0
    for (; whole < this.#count; whole++) {
      const next = this.#waiting[whole] ?? gone
      if (this.#sent > 0 || next.frame.length > this.#pieceSize) {
        // One part for each message: between them the caller looks at the socket, and beats pass.
        const part = Math.min(this.#pieceSize, uintSizeOf(next.room) + next.frame.length - this.#sent)
        const back = room === 0 ? 0 : 1
        const needed = back + 3 + binHeadSize(part) + part
        if (size + needed > this.#maxMessage) break
        piece = part
        return size + needed
      }
      const needed = (next.room === room ? 0 : uintSize(next.room)) + next.frame.length
      if (size + needed > this.#maxMessage) break
      size += needed
      room = next.room
    }
    return size
  }

  /** A piece of the first frame that waits; what is cut is its room number, where it has one, and its bytes. */
  #writePart(message: Uint8Array, position: number, room: number, piece: number): void {
    // Those before it are in this message.
    const next = this.#waiting[whole] ?? gone
    const head = uintSizeOf(next.room)
    const left = head + next.frame.length - this.#sent
    if (room !== 0) position = writeUint(message, position, 0)
    message[position++] = 0x93
    message[position++] = FrameType.part
    message[position++] = piece < left ? 0xc3 : 0xc2
    position = writeBinHead(message, position, piece)
    // The room number stands at the beginning, and no piece is so small that it would be cut.
    const number = this.#sent === 0 ? head : 0
    if (number > 0) position = writeUint(message, position, next.room)
    const from = this.#sent + number - head
    message.set(next.frame.subarray(from, from + piece - number), position)
    this.#size -= piece - number
    this.#sent += piece
    if (piece < left) return
    this.#sent = 0
    // It has left, too.
    whole++
  }
}

/** Bytes of the room number before a frame: the session has none, a message begins there. */
function uintSizeOf(room: number): number {
  return room === 0 ? 0 : uintSize(room)
}
