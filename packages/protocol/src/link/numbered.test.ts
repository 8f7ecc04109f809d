import { describe, expect, it } from 'vitest'
import { encodeFrame } from '../frame-encoding.ts'
import { parseFrame } from '../frame-parsing.ts'
import * as FrameType from '../frame-type.ts'
import { unpackSequence } from '../msgpack.ts'
import { parseServerFrame } from '../server-frame-parsing.ts'
import { isNumbered } from './numbered.ts'

const numbered = [
  'join',
  'joined',
  'refused',
  'leave',
  'left',
  'event',
  'call',
  'reply',
  'failed',
  'cancel',
  'stream',
  'item',
  'end',
  'credit',
]

describe('[K1] numbered frames', () => {
  it.each(Object.entries(FrameType).filter(([, type]) => type > FrameType.unknown))(
    '%s: by its type',
    (name, wireType) => {
      // As an unknown frame, whatever the type: the rule is the same for who does not know it.
      expect(isNumbered({ type: FrameType.unknown, wireType })).toBe(numbered.includes(name))
    },
  )

  it('are so whether or not their receiver knows them, and where a join is unfit', () => {
    const leave = encodeFrame({ type: FrameType.leave, ref: 1 })
    const [value] = unpackSequence(leave)
    expect([parseFrame(value), parseServerFrame(value)].map(isNumbered)).toEqual([true, true])
    expect(isNumbered(parseFrame([FrameType.join, 1, null]))).toBe(true)
    expect([parseFrame([FrameType.event, 0]), parseFrame([FrameType.loose, 0])].map(isNumbered)).toEqual([true, false])
    expect(isNumbered(parseFrame([1000]))).toBe(false)
  })
})
