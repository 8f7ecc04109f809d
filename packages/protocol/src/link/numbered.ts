import * as FrameType from '../frame-type.ts'
import type { Frame } from '../frames.ts'

/**
 * Whether a frame counts among those that a link numbers, acknowledges and replays: joins, their answers and ends, and all of
 * a room but its state and what may be dropped. Both sides must agree, so it is the type on the wire that counts, also of a
 * join that is unfit and of a frame that its receiver does not know.
 */
export function isNumbered(frame: Frame): boolean {
  const type = frame.type === FrameType.unknown ? frame.wireType : frame.type
  return (
    (type >= FrameType.event && type <= FrameType.credit) ||
    (type >= FrameType.join && type <= FrameType.left) ||
    type === FrameType.unfitJoin
  )
}
