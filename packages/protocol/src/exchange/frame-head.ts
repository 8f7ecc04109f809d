import { unpackSequence } from '../msgpack.ts'

/** The type of a frame of this side's, and the number behind it: of a call or stream, for those frames that have one. */
export function headOf(frame: Uint8Array): { readonly type: number; readonly no: number } {
  const [, type = 0, no = 0] = frame
  // Types are below 128. So are most numbers; the others are worth decoding what is rarely asked for.
  if (no < 0x80) return { type, no }
  const [parts] = unpackSequence(frame)
  return { type, no: Array.isArray(parts) ? Number(parts[1]) : 0 }
}
