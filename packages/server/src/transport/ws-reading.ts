import type { Duplex } from 'node:stream'

/** First bytes of frames of RFC 6455: a binary message in one frame, a ping and its answer. */
const wholeBinary = 0x82
const ping = 0x89
const pong = 0x8a
/** A client's frames are masked: in the second byte this stands above the length. */
const masked = 0x80
/** Instead of a length: it follows in two bytes. */
const inTwoBytes = 126
/** Instead of a length: it follows in eight bytes. */
const inEightBytes = 127

type Listener = (bytes: Buffer) => void

/** Who gets messages, and the answers to pings. */
export interface Receiver {
  message(message: Buffer): void
  pong(): void
}

/**
 * Takes those messages and answers to pings out of the stream of a WebSocket that came in one frame and in one piece, which nearly all do.
 * So they pass by the streams and events inside `ws`, which cost as much as the rest of what is done with a small message. Pings, and what
 * came in several pieces, are handed to `ws`. With the first frame of another kind everything is left to it for good: it knows what is against
 * the rules.
 */
class Reading {
  readonly #socket: Duplex
  readonly #ofWs: Listener
  readonly #longest: number
  readonly #receiver: Receiver
  readonly #onData = (piece: Buffer) => this.#read(piece)
  /** The beginning of a frame, too little of it to know its length. `ws` has it: so that nothing is here when the stream ends. */
  #begun: Buffer | undefined
  /** Bytes to come of a frame that `ws` has begun to read. */
  #owed = 0

  constructor(socket: Duplex, ofWs: Listener, longest: number, receiver: Receiver) {
    this.#socket = socket
    this.#ofWs = ofWs
    this.#longest = longest
    this.#receiver = receiver
    socket.off('data', ofWs).on('data', this.#onData)
  }

  #read(piece: Buffer): void {
    const begun = this.#begun
    this.#begun = undefined
    const chunk = begun === undefined ? piece : Buffer.concat([begun, piece])
    const end = chunk.length
    /** Bytes of the frame at hand that `ws` has already. */
    let given = begun === undefined ? 0 : begun.length
    let at = Math.min(this.#owed, end)
    if (at > 0) {
      this.#owed -= at
      this.#pass(chunk.subarray(0, at))
    }
    while (at < end) {
      const left = end - at
      const kind = chunk[at]
      const second = chunk[at + 1] ?? masked
      let length = second - masked
      // The length, and a mask of four bytes.
      let head = 6
      if (length === inTwoBytes && left >= 4) {
        length = chunk.readUInt16BE(at + 2)
        head = 8
      } else if (left < 2 || length === inTwoBytes) {
        this.#begun = chunk.subarray(at)
        return this.#pass(chunk.subarray(at + given))
      }
      const isMessage = kind === wholeBinary && length <= this.#longest && second !== masked + inEightBytes
      const isControl = (kind === ping || kind === pong) && second < masked + inTwoBytes
      if (second < masked || !(isMessage || isControl)) return this.#leave(chunk.subarray(at + given))
      const next = at + head + length
      const isWhole = next <= end && given === 0
      if (isWhole && isMessage) this.#receiver.message(unmask(chunk, at + head, next))
      else if (isWhole && kind === pong) this.#receiver.pong()
      else this.#pass(chunk.subarray(at + given, next))
      given = 0
      at = next
    }
    if (at > end) this.#owed = at - end
  }

  #pass(bytes: Buffer): void {
    this.#ofWs.call(this.#socket, bytes)
  }

  /** From here on `ws` reads, beginning with these bytes. */
  #leave(bytes: Buffer): void {
    this.#socket.off('data', this.#onData).on('data', this.#ofWs)
    this.#pass(bytes)
  }
}

/**
 * Reads messages of a WebSocket beside `ws`, where that can be. To be called in the turn in which `ws` opened it, without compression.
 *
 * @param longest Bytes of the longest message, as `ws` was told.
 * @param receiver Gets what `ws` does not tell of, in order among that of which it tells.
 */
export function readMessages(socket: Duplex, longest: number, receiver: Receiver): void {
  // Events know their listeners as functions of any kind.
  const [ofWs, ...others] = socket.listeners('data') as Listener[]
  // A later version of ws may read in another way: then it reads everything.
  if (ofWs !== undefined && others.length === 0) new Reading(socket, ofWs, longest, receiver)
}

/** The content of a frame whose mask stands before it; it is unmasked in place. */
function unmask(bytes: Buffer, from: number, to: number): Buffer {
  const mask0 = bytes[from - 4]!
  const mask1 = bytes[from - 3]!
  const mask2 = bytes[from - 2]!
  const mask3 = bytes[from - 1]!
  let at = from
  for (const whole = to - 3; at < whole; at += 4) {
    bytes[at]! ^= mask0
    bytes[at + 1]! ^= mask1
    bytes[at + 2]! ^= mask2
    bytes[at + 3]! ^= mask3
  }
  if (at < to) bytes[at]! ^= mask0
  if (at + 1 < to) bytes[at + 1]! ^= mask1
  if (at + 2 < to) bytes[at + 2]! ^= mask2
  return bytes.subarray(from, to)
}
