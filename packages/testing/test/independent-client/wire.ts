import { decodeMulti, encode } from '@msgpack/msgpack'
import { wrong } from './layout.ts'

/** Messages, frames and parts (docs/protocol.md, section 2). */

export type Frame = readonly unknown[]
export type Addressed = readonly [ref: number, frame: Frame]

const partSize = 16_384

export function pack(value: unknown): Uint8Array {
  return encode(value, { useBigInt64: true })
}

/** The frames of a message, or of the parts of a frame put together, and the ref that each is for (F1, F6). */
export function framesOf(message: Uint8Array): Addressed[] {
  // A Buffer is a Uint8Array of another name, and its slices share its bytes.
  const bytes = Uint8Array.from(message)
  const frames: Addressed[] = []
  let ref = 0
  for (const value of decodeMulti(bytes, { useBigInt64: true })) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      ref = Number(value)
      if (!Number.isInteger(ref) || ref < 0 || ref > 0xffff_ffff) wrong(`ref ${ref}`)
    } else if (Array.isArray(value)) {
      const type: unknown = value[0]
      if (typeof type !== 'number' || type < 16 !== (ref === 0)) wrong(`frame of type ${String(type)} at ref ${ref}`)
      frames.push([ref, value])
    } else {
      wrong('neither ref nor frame')
    }
  }
  if (bytes.length === 0) wrong('an empty message')
  return frames
}

/** Messages that carry these frames, none larger than `maxMessage`. Large frames travel in parts (F7). */
export function messagesOf(frames: readonly Addressed[], maxMessage: number, maxFrame: number): Uint8Array[] {
  const messages: Uint8Array[] = []
  let message: Uint8Array[] = []
  let size = 0
  let at = 0
  const end = () => {
    if (size > 0) messages.push(Buffer.concat(message))
    message = []
    size = 0
    at = 0
  }
  const add = (ref: number, frame: Uint8Array) => {
    const head = (then: number) => (then === ref ? new Uint8Array(0) : pack(ref))
    if (size + head(at).length + frame.length > maxMessage) end()
    message.push(head(at), frame)
    size += head(at).length + frame.length
    at = ref
  }
  for (const [ref, frame] of frames) {
    const bytes = pack(frame)
    if (bytes.length <= partSize && bytes.length + 5 <= maxMessage) {
      add(ref, bytes)
      continue
    }
    if (bytes.length > maxFrame) wrong(`a frame of ${bytes.length} bytes, where ${maxFrame} are accepted`)
    const whole = ref === 0 ? bytes : Buffer.concat([pack(ref), bytes])
    const length = Math.min(partSize, maxMessage - 16)
    for (let from = 0; from < whole.length; from += length) {
      add(0, pack([9, from + length < whole.length, whole.subarray(from, from + length)]))
    }
  }
  end()
  return messages
}
