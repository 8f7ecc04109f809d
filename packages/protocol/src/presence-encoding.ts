import * as FrameType from './frame-type.ts'
import { pack } from './msgpack.ts'

// Of a room's presences each one is encoded once, whoever gets it and in whichever frame: frames are put together from these.

/** The bytes of what one member shows, to be used in any number of frames. @param value null: nothing any more. */
export function encodePresenceEntry(member: string, value: unknown): Uint8Array {
  return pack([member, value])
}

/**
 * The bytes of a presences frame.
 *
 * @param entries Of {@link encodePresenceEntry}.
 * @param whole These are all: what the receiver has of others is gone.
 */
export function encodePresences(entries: readonly Uint8Array[], whole: boolean): Uint8Array {
  const { length } = entries
  const head = [whole ? 0x93 : 0x92, FrameType.presences]
  if (length < 16) head.push(0x90 | length)
  else if (length < 0x10000) head.push(0xdc, length >>> 8, length & 0xff)
  else head.push(0xdd, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff)
  const size = entries.reduce((sum, entry) => sum + entry.length, head.length + Number(whole))
  const frame = new Uint8Array(size)
  frame.set(head)
  let at = head.length
  for (const entry of entries) {
    frame.set(entry, at)
    at += entry.length
  }
  if (whole) frame[at] = 0xc3
  return frame
}
