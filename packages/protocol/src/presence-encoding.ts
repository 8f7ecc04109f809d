import * as FrameType from './frame-type.ts'
import { pack } from './msgpack.ts'
import { writeLength } from './msgpack-heads.ts'

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
  const head = Uint8Array.of(whole ? 0x93 : 0x92, FrameType.presences, 0, 0, 0, 0, 0)
  let at = writeLength(head, 2, 0x90, 0xdc, entries.length)
  const frame = new Uint8Array(entries.reduce((sum, entry) => sum + entry.length, at + Number(whole)))
  frame.set(head.subarray(0, at))
  for (const entry of entries) {
    frame.set(entry, at)
    at += entry.length
  }
  if (whole) frame[at] = 0xc3
  return frame
}
