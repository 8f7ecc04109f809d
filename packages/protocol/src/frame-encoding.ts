import type { WireError } from './errors.ts'
import { freeForm } from './free-form.ts'
import * as FrameType from './frame-type.ts'
import type { HelloFrame, JoinFrame, SentFrame, Settle, StampFrame } from './frames.ts'
import { binHeadSize, uintSize, writeBinHead, writeUint } from './msgpack-heads.ts'
import { allocate, pack } from './msgpack.ts'
import { encodePresenceEntry, encodePresences } from './presence-encoding.ts'

/** The longest text of an error that is sent; the rest is cut. */
const longestMessage = 1000

// The bytes of a frame are without the room that it concerns: one encoding serves every receiver. They are never written
// again. What cannot travel throws a JuntoError `invalid`.

/** The bytes of any frame. For who knows which frame it sends, and for clients, which send few, there are those below. */
export function encodeFrame(frame: SentFrame): Uint8Array {
  switch (frame.type) {
    case FrameType.hello: {
      const { type: _, ...data } = frame
      return encodeHello(data)
    }
    case FrameType.welcome: {
      const { type, resumed, ...data } = frame
      return pack([type, present({ ...data, resumed: resumed && present(resumed) })])
    }
    case FrameType.join: {
      const { type: _, ref, ...data } = frame
      return encodeJoin(ref, data)
    }
    case FrameType.joined: {
      const { type, ref, ...data } = frame
      return pack([type, ref, present(data)])
    }
    case FrameType.refused:
      return pack(cut([frame.type, frame.ref, frame.code, short(frame.message), freeForm(frame.data, 'data')]))
    case FrameType.leave:
      return encodeLeave(frame.ref)
    case FrameType.left:
      return pack(cut([frame.type, frame.ref, frame.reason, frame.message === undefined ? null : short(frame.message)]))
    case FrameType.beat:
      return pack([frame.type, frame.time])
    case FrameType.part:
      return encodeBin([0x93, frame.type, frame.more ? 0xc3 : 0xc2], frame.bytes)
    case FrameType.notice:
      return pack([frame.type, frame.code, short(frame.message)])
    case FrameType.ack:
      return encodeAck(frame.received, frame.complete)
    case FrameType.probe:
      return encodeProbe(frame.time)
    case FrameType.echo:
      return pack([frame.type, frame.time, frame.serverTime])
    case FrameType.event:
      return encodeEvent(frame.id, frame.payload)
    case FrameType.loose:
      return encodeLoose(frame.id, frame.payload)
    case FrameType.call:
      return encodeCall(frame.no, frame.id, frame.params, frame.timeout, frame.settle)
    case FrameType.reply:
      return encodeReply(frame.no, frame.result)
    case FrameType.failed:
      return encodeFailed(frame.no, frame)
    case FrameType.cancel:
      return encodeCancel(frame.no)
    case FrameType.stream:
      return encodeStream(frame.no, frame.id, frame.params, frame.credit)
    case FrameType.item:
      return encodeItem(frame.no, frame.item)
    case FrameType.end:
      return encodeEnd(frame.no)
    case FrameType.credit:
      return encodeCredit(frame.no, frame.credit)
    case FrameType.patch:
    case FrameType.snapshot:
      return encodeBin([0x92, frame.type], frame.bytes)
    case FrameType.check:
      return pack([frame.type, frame.version, frame.first, frame.count, frame.hash])
    case FrameType.resync:
      return encodeResync()
    case FrameType.presence:
      return encodePresence(frame.value, frame.expires)
    case FrameType.presences:
      return encodePresences(
        frame.entries.map(([member, value]) => encodePresenceEntry(member, value)),
        frame.whole === true,
      )
    case FrameType.inputs:
      return encodeInputs(frame.first, frame.at, frame.behind, frame.payloads)
    case FrameType.stamp:
      return encodeStamp(frame)
  }
}

export function encodeHello(data: Omit<HelloFrame, 'type'>): Uint8Array {
  const { resume, ...rest } = data
  return pack([FrameType.hello, present({ ...rest, resume: resume && present(resume) })])
}

export function encodeJoin(ref: number, data: Omit<JoinFrame, 'type' | 'ref'>): Uint8Array {
  return pack([FrameType.join, ref, present(data)])
}

export function encodeLeave(ref: number): Uint8Array {
  return pack([FrameType.leave, ref])
}

export function encodeAck(received: number, complete = false): Uint8Array {
  return pack(complete ? [FrameType.ack, received, true] : [FrameType.ack, received])
}

export function encodeProbe(time: number): Uint8Array {
  return pack([FrameType.probe, time])
}

export function encodeEvent(id: number, payload: unknown): Uint8Array {
  return pack(cut([FrameType.event, id, payload]))
}

export function encodeLoose(id: number, payload: unknown): Uint8Array {
  return pack(cut([FrameType.loose, id, payload]))
}

export function encodeCall(no: number, id: number, params: unknown, timeout: number, settle: Settle): Uint8Array {
  return pack(cut([FrameType.call, no, id, params, timeout || null, settle === 'reply' ? 1 : null]))
}

export function encodeReply(no: number, result: unknown): Uint8Array {
  return pack(cut([FrameType.reply, no, result]))
}

export function encodeFailed(no: number, { code, message, data }: WireError): Uint8Array {
  return pack(cut([FrameType.failed, no, code, short(message), data]))
}

export function encodeCancel(no: number): Uint8Array {
  return pack([FrameType.cancel, no])
}

export function encodeStream(no: number, id: number, params: unknown, credit: number): Uint8Array {
  return pack([FrameType.stream, no, id, params, credit])
}

export function encodeItem(no: number, item: unknown): Uint8Array {
  return pack(cut([FrameType.item, no, item]))
}

export function encodeEnd(no: number): Uint8Array {
  return pack([FrameType.end, no])
}

export function encodeCredit(no: number, credit: number): Uint8Array {
  return pack([FrameType.credit, no, credit])
}

export function encodeResync(): Uint8Array {
  return pack([FrameType.resync])
}

export function encodePresence(value: unknown, expires?: number): Uint8Array {
  return pack(cut([FrameType.presence, value, expires]))
}

export function encodeInputs(
  first: number,
  at: number,
  behind: number | undefined,
  payloads: readonly unknown[],
): Uint8Array {
  return pack([FrameType.inputs, first, at, behind, payloads])
}

/**
 * By hand, since each member of a room gets one with each patch: tick and time, which are the same for all, are encoded once.
 */
export function encodeStamp(stamp: Omit<StampFrame, 'type'>): Uint8Array {
  const { tick, time, mutation, input, waiting, alone } = stamp
  if (tick > most || mutation > most || input > most || waiting > most) {
    return pack(cut([FrameType.stamp, tick, time, mutation, input, waiting, alone]))
  }
  // Nil at the end goes without saying.
  const rest = alone === true ? 4 : waiting > 0 ? 3 : input > 0 ? 2 : mutation > 0 ? 1 : 0
  if (tick !== headTick || time !== headTime) beginStamps(tick, time)
  const size = rest === 0 ? 0 : uintSize(mutation) + uintSize(input) + uintSize(waiting) + 1
  const frame = allocate(1 + headLength + size)
  frame[0] = 0x93 + rest
  for (let index = 0; index < headLength; index++) frame[1 + index] = stampHead[index]!
  let end = 1 + headLength
  if (rest > 0) end = writeCount(frame, end, mutation)
  if (rest > 1) end = writeCount(frame, end, input)
  if (rest > 2) end = writeCount(frame, end, waiting)
  if (rest > 3) frame[end++] = 0xc3
  return frame.length === end ? frame : frame.subarray(0, end)
}

/** The largest number that the heads of msgpack write. */
const most = 0xffff_ffff

// What the last stamp began with.
let headTick = -1
let headTime = -1
let headLength = 0
const stampHead = new Uint8Array(16)
const stampHeadView = new DataView(stampHead.buffer)

function beginStamps(tick: number, time: number): void {
  stampHead[0] = FrameType.stamp
  const at = writeUint(stampHead, 1, tick)
  stampHead[at] = 0xcb
  stampHeadView.setFloat64(at + 1, time)
  headLength = at + 9
  headTick = tick
  headTime = time
}

/** Writes a count, which is nil where there is none. */
function writeCount(to: Uint8Array, index: number, count: number): number {
  if (count > 0) return writeUint(to, index, count)
  to[index] = 0xc0
  return index + 1
}

/** Nil at the end of a frame goes without saying. */
function cut(values: unknown[]): unknown[] {
  while (values[values.length - 1] == null) values.pop()
  return values
}

function short(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`
}

/** Without what is absent: a map names only what it says. */
function present(map: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value != null))
}

/** By hand: a snapshot of megabytes would grow the arena of the packer. */
function encodeBin(head: readonly number[], bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(head.length + binHeadSize(bytes.length) + bytes.length)
  frame.set(head)
  frame.set(bytes, writeBinHead(frame, head.length, bytes.length))
  return frame
}
