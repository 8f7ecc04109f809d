import { freeForm } from './free-form.ts'
import { FrameType, type SentFrame } from './frames.ts'
import { binHeadSize, writeBinHead } from './msgpack-heads.ts'
import { pack } from './msgpack.ts'

/** The longest text of an error that is sent; the rest is cut. */
export const longestMessage = 1000

/**
 * The bytes of a frame, without the room it concerns: one encoding serves every receiver. They are never written again.
 *
 * @throws JuntoError `invalid` when a value in it cannot travel.
 */
export function encodeFrame(frame: SentFrame): Uint8Array {
  switch (frame.type) {
    case FrameType.hello: {
      const { type, auth, ...rest } = frame
      return pack([type, present({ ...rest, auth: freeForm(auth, 'auth') })])
    }
    case FrameType.welcome: {
      const { type, ...rest } = frame
      return pack([type, rest])
    }
    case FrameType.join: {
      const { type, ref, ...rest } = frame
      const where = freeForm(rest.where, 'where')
      const join = freeForm(rest.join, 'join')
      const options = freeForm(rest.options, 'options')
      return pack([type, ref, present({ ...rest, where, join, options })])
    }
    case FrameType.joined: {
      const { type, ref, ...rest } = frame
      return pack([type, ref, present(rest)])
    }
    case FrameType.refused:
      return pack(cut([frame.type, frame.ref, frame.code, short(frame.message), freeForm(frame.data, 'data')]))
    case FrameType.leave:
      return pack([frame.type, frame.ref])
    case FrameType.left:
      return pack(cut([frame.type, frame.ref, frame.reason, short(frame.message)]))
    case FrameType.beat:
      return pack([frame.type, frame.time])
    case FrameType.part:
      return encodeBin([0x93, frame.type, frame.more ? 0xc3 : 0xc2], frame.bytes)
    case FrameType.notice:
      return pack([frame.type, frame.code, short(frame.message)])
    case FrameType.event:
      return pack(cut([frame.type, frame.id, frame.payload]))
    case FrameType.call:
      return pack(
        cut([frame.type, frame.no, frame.id, frame.params, frame.timeout || null, frame.settle === 'reply' ? 1 : null]),
      )
    case FrameType.reply:
      return pack(cut([frame.type, frame.no, frame.result]))
    case FrameType.failed:
      return pack(cut([frame.type, frame.no, frame.code, short(frame.message), frame.data]))
    case FrameType.cancel:
      return pack([frame.type, frame.no])
    case FrameType.stream:
      return pack([frame.type, frame.no, frame.id, frame.params, frame.credit])
    case FrameType.item:
      return pack(cut([frame.type, frame.no, frame.item]))
    case FrameType.end:
      return pack([frame.type, frame.no])
    case FrameType.credit:
      return pack([frame.type, frame.no, frame.credit])
    case FrameType.patch:
    case FrameType.snapshot:
      return encodeBin([0x92, frame.type], frame.bytes)
    case FrameType.check:
      return pack([frame.type, frame.version, frame.first, frame.count, frame.hash])
    case FrameType.resync:
      return pack([frame.type])
  }
}

/** Nil at the end of a frame goes without saying. */
function cut(values: unknown[]): unknown[] {
  while (values[values.length - 1] == null) values.pop()
  return values
}

function short<T extends string | undefined>(message: T): T | string {
  return message === undefined || message.length <= longestMessage
    ? message
    : `${message.slice(0, longestMessage - 1)}…`
}

/** Without what is absent: a map names only what it says. */
function present(map: Record<string, unknown>): Record<string, unknown> {
  for (const name of Object.keys(map)) if (map[name] == null) delete map[name]
  return map
}

/** By hand: a snapshot of megabytes would grow the arena of the packer. */
function encodeBin(head: readonly number[], bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(head.length + binHeadSize(bytes.length) + bytes.length)
  frame.set(head)
  frame.set(bytes, writeBinHead(frame, head.length, bytes.length))
  return frame
}
