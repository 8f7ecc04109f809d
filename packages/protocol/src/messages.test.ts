import { unpackMultiple } from 'msgpackr'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JuntoError } from './errors.ts'
import { encodeFrame } from './frame-encoding.ts'
import { parseFrame } from './frame-parsing.ts'
import * as FrameType from './frame-type.ts'
import type { Frame, SentFrame } from './frames.ts'
import { fromHex, join, toHex } from './hex.fixture.ts'
import { MessageReader, type ReaderLimits } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

const readerLimits: ReaderLimits = { maxMessage: 65_536, maxFrame: 262_144, maxDepth: 32, maxElements: 100_000 }

interface Entry {
  readonly room: number
  readonly frame: Frame
}

function readAll(reader: MessageReader, messages: Iterable<Uint8Array>): Entry[] {
  const entries: Entry[] = []
  for (const message of messages) reader.read(message, (room, frame) => entries.push({ room, frame }))
  return entries
}

function takeAll(writer: MessageWriter): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let message = writer.take(); message !== undefined; message = writer.take()) messages.push(message)
  return messages
}

function event(id: number, size = 0): Uint8Array {
  return encodeFrame({ type: FrameType.event, id, payload: size === 0 ? null : new Uint8Array(size).fill(id) })
}

const beat = encodeFrame({ type: FrameType.beat, time: 0 })

describe('MessageWriter', () => {
  it('[F1] puts what a turn has sent into one message, and names a room when it changes', () => {
    const writer = new MessageWriter()
    writer.add(0, beat)
    writer.add(5, event(1))
    writer.add(5, event(2))
    writer.add(200, event(3))
    writer.add(70_000, event(4))
    writer.add(0, beat)
    expect(takeAll(writer).map(toHex)).toEqual([
      '92 08 00 05 92 10 01 92 10 02 cc c8 92 10 03 ce 00 01 11 70 92 10 04 00 92 08 00',
    ])
    writer.add(5, event(1))
    expect(takeAll(writer).map(toHex)).toEqual(['05 92 10 01'])
    expect(writer.take()).toBeUndefined()
  })

  it('[F2] splits below what the peer accepts', () => {
    const writer = new MessageWriter({ maxMessage: 1024, maxFrame: 65_536 })
    for (let i = 0; i < 40; i++) writer.add(7, event(i, 200))
    const messages = takeAll(writer)
    expect(messages.map((message) => message.length)).toEqual(Array.from({ length: 10 }, () => 1 + 4 * 205))
    expect(readAll(new MessageReader(readerLimits, parseFrame), messages).map(({ room }) => room)).toEqual(
      Array.from({ length: 40 }, () => 7),
    )
  })

  it('[F7] sends a large frame in parts, one in each message, its room number inside', () => {
    const writer = new MessageWriter({ maxMessage: 65_536, maxFrame: 262_144 })
    writer.add(3, event(1))
    writer.add(3, event(2, 40_000))
    writer.add(3, event(3))
    const messages = takeAll(writer)
    expect(messages.map((message) => toHex(message.subarray(0, 16)))).toEqual([
      // event 1, back to the session, part with more to come: bin of 16 KiB: room 3, event 2 with a bin of 40,000 bytes
      '03 92 10 01 00 93 09 c3 c5 40 00 03 93 10 02 c5',
      '93 09 c3 c5 40 00 02 02 02 02 02 02 02 02 02 02',
      '93 09 c2 c5 1c 47 02 02 02 02 02 02 02 02 02 02',
      '03 92 10 03',
    ])
    expect(messages[0]).toHaveLength(4 + 1 + 6 + 16_384)
    const entries = readAll(new MessageReader(readerLimits, parseFrame), messages)
    expect(entries.map(({ room }) => room)).toEqual([3, 3, 3])
    expect(entries[1]?.frame).toEqual({ type: FrameType.event, id: 2, payload: new Uint8Array(40_000).fill(2) })
  })

  it('[F8] lets a beat pass between the parts of a large frame', () => {
    const writer = new MessageWriter()
    writer.add(1, event(1, 100_000))
    const messages = [writer.take(), writer.take()]
    writer.addUrgent(beat)
    messages.push(...takeAll(writer))
    expect(toHex(messages[2]?.subarray(0, 6) ?? new Uint8Array())).toBe('92 08 00 93 09 c3')
    const entries = readAll(
      new MessageReader(readerLimits, parseFrame),
      messages.filter((message) => message !== undefined),
    )
    expect(entries.map(({ frame }) => frame.type)).toEqual([FrameType.beat, FrameType.event])
  })

  it('refuses what the peer would never accept, where it is sent', () => {
    const writer = new MessageWriter({ maxMessage: 1024, maxFrame: 2048 })
    expect(() => writer.add(1, event(1, 2044))).toThrow(JuntoError)
    expect(() => writer.add(1, event(1, 2044))).toThrow('a frame of 2050 bytes, where the peer accepts 2048')
    writer.add(1, event(1, 2042))
    writer.setLimits({ maxMessage: 65_536, maxFrame: 4096 })
    writer.add(1, event(1, 2044))
    expect(() => writer.addUrgent(new Uint8Array(20_000))).toThrow('urgent')
    expect(() => writer.add(-1, beat)).toThrow('is not the number of a room')
    expect(() => writer.add(2 ** 32, beat)).toThrow('is not the number of a room')
    expect(() => new MessageWriter({ maxMessage: 10, maxFrame: 10 })).toThrow('maxMessage')
  })

  it('[G3] refuses more values than the peer accepts', () => {
    const writer = new MessageWriter({ maxMessage: 65_536, maxFrame: 1_000_000 })
    const list = (length: number): Uint8Array =>
      encodeFrame({ type: FrameType.event, id: 1, payload: Array.from({ length }, () => 1) })
    writer.add(1, list(99_996))
    expect(() => writer.add(1, list(99_997))).toThrow('a frame of 100001 values, where the peer accepts 100000')
    const reader = new MessageReader({ ...readerLimits, maxFrame: 1_000_000 }, parseFrame)
    expect(readAll(reader, takeAll(writer))).toHaveLength(1)
  })

  it('counts what waits, and forgets it when told to', () => {
    const writer = new MessageWriter()
    expect(writer.size).toBe(0)
    writer.add(1, event(1, 100_000))
    writer.addUrgent(beat)
    const size = event(1, 100_000).length
    expect(writer.size).toBe(size + 3)
    writer.take()
    // The room number in the first part is not counted.
    expect(writer.size).toBe(size - 16_384 + 1)
    takeAll(writer)
    expect(writer.size).toBe(0)
    writer.add(1, event(1, 100_000))
    writer.take()
    writer.clear()
    expect([writer.size, writer.take()]).toEqual([0, undefined])
    writer.add(1, event(1))
    expect(takeAll(writer).map(toHex)).toEqual(['01 92 10 01'])
  })

  it('hands out bytes that nothing writes again', () => {
    const frame = event(1)
    const writer = new MessageWriter()
    writer.add(0, beat)
    writer.add(1, frame)
    const message = writer.take()
    const before = toHex(message ?? new Uint8Array())
    for (let i = 0; i < 3000; i++) writer.add(1, event(i))
    takeAll(writer)
    expect(toHex(message ?? new Uint8Array())).toBe(before)
    expect(toHex(frame)).toBe('92 10 01')
  })
})

describe('MessageReader', () => {
  function refusal(messages: readonly string[], limits = readerLimits): unknown {
    const reader = new MessageReader(limits, parseFrame)
    const delivered: Frame[] = []
    for (const [index, message] of messages.entries()) {
      try {
        reader.read(fromHex(message), (_room, frame) => delivered.push(frame))
      } catch (error) {
        expect(index).toBe(messages.length - 1)
        expect(error).toBeInstanceOf(JuntoError)
        expect((error as JuntoError).code).toBe('bad_message')
        expect(delivered).toEqual([])
        return (error as JuntoError).message
      }
    }
    return undefined
  }

  it.each([
    ['[F1] a room number of 33 bits', ['cf 00 00 00 01 00 00 00 00 92 10 01'], '[F1]'],
    ['[F1] a room number beyond 2^53', ['cf ff ff ff ff ff ff ff ff 92 10 01'], '[F1]'],
    ['[F4] an empty array', ['90'], '[F4]'],
    ['[F9] a good frame before a bad one', ['92 08 00 92 08 a1 61'], '[F4]'],
    ['[F9] a good frame before bytes that do not pass', ['92 08 00 91 c1'], '[G6]'],
    ['[F6] an event of the session', ['92 10 01'], '[F6]'],
    ['[F6] a beat of a room', ['01 92 08 00'], '[F6]'],
    ['[F7] an empty part', ['93 09 c3 c4 00'], '[F7]'],
    ['[F7] a part of a room', ['01 93 09 c2 c4 03 92 08 00'], '[F7]'],
    ['[F7] a part in parts', ['93 09 c2 c4 08 93 09 c2 c4 03 92 08 00'], '[F7]'],
    ['[F7] parts that hold what does not pass', ['93 09 c3 c4 01 91', '93 09 c2 c4 01 c1'], '[G6]'],
    ['[F7] parts that end inside of a value', ['93 09 c3 c4 01 92', '93 09 c2 c4 01 08'], '[G5]'],
  ])('%s', (_name, messages, rule) => {
    expect(refusal(messages)).toContain(rule)
  })

  it('[F2] refuses a message that is too long before it looks at it', () => {
    const reader = new MessageReader({ ...readerLimits, maxMessage: 1024 }, parseFrame)
    expect(() => reader.read(new Uint8Array(1025), () => {})).toThrow('[F2]')
  })

  it('[F7] holds no more than a frame may have, however it comes', () => {
    const limits = { ...readerLimits, maxFrame: 4096 }
    const reader = new MessageReader(limits, parseFrame)
    const part = (size: number): Uint8Array =>
      encodeFrame({ type: FrameType.part, more: true, bytes: new Uint8Array(size).fill(1) })
    for (let i = 0; i < 4100; i++) reader.read(part(1), () => {})
    expect(reader.pending).toBe(4100)
    reader.read(part(1), () => {})
    expect(() => reader.read(part(1), () => {})).toThrow('[F7]')
    expect(() => new MessageReader(limits, parseFrame).read(part(4102), () => {})).toThrow('[F7]')
  })

  it('[F7] takes several frames from one run of parts, and the next run after it', () => {
    const reader = new MessageReader(readerLimits, parseFrame)
    const messages = ['93 09 c3 c4 02 05 92', '93 09 c2 c4 05 10 01 92 10 02', '92 08 00 93 09 c2 c4 03 92 08 00']
    expect(readAll(reader, messages.map(fromHex)).map(({ room, frame }) => [room, frame.type])).toEqual([
      [5, 16],
      [5, 16],
      [0, 8],
      [0, 8],
    ])
    expect(reader.pending).toBe(0)
  })

  it('hands out bytes of its own, not views of what came', () => {
    const message = fromHex('05 93 10 01 c4 03 01 02 03')
    const [entry] = readAll(new MessageReader(readerLimits, parseFrame), [message])
    message.fill(0)
    expect(entry?.frame).toEqual({ type: FrameType.event, id: 1, payload: Uint8Array.of(1, 2, 3) })
    expect(entry?.frame.type === FrameType.event && Object.getPrototypeOf(entry.frame.payload)).toBe(
      Uint8Array.prototype,
    )
  })

  it('never throws anything but a bad message, and stays bounded, whatever comes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(
        ...['93 09 c3', '93 09 c2', 'c4 03', '92 08 00', '05', '92 10 01', '90', '91 c1', 'c4 00'].map(fromHex),
      ),
    )
    const hostile = fc.array(fc.array(piece, { minLength: 1, maxLength: 6 }), { maxLength: 8 })
    fc.assert(
      fc.property(hostile, (messages) => {
        const reader = new MessageReader({ ...readerLimits, maxFrame: 64 }, parseFrame)
        for (const pieces of messages) {
          try {
            reader.read(join(...pieces), (_room, frame) => expect(frame).toHaveProperty('type'))
          } catch (error) {
            expect((error as JuntoError).code).toBe('bad_message')
            return
          }
          expect(reader.pending).toBeLessThanOrEqual(69)
        }
      }),
      runs(2000),
    )
  })
})

describe('reading what was written', () => {
  const text = fc.string({ maxLength: 20 })
  const payload = fc.oneof(
    fc.constant(null),
    fc.array(fc.oneof(fc.integer(), text, fc.boolean()), { maxLength: 8 }),
    fc.uint8Array({ maxLength: 30 }),
    fc.integer({ min: 0, max: 60_000 }).map((size) => new Uint8Array(size).fill(size)),
  )
  const positive = fc.integer({ min: 1, max: 2 ** 40 })
  const room = fc.oneof(fc.constantFrom(1, 2, 127, 128, 255, 256, 65_535, 65_536, 0xffff_ffff))
  const roomFrame: fc.Arbitrary<SentFrame> = fc.oneof(
    fc.record({ type: fc.constant(FrameType.event), id: fc.nat(), payload }),
    fc.record({ type: fc.constant(FrameType.reply), no: positive, result: payload }),
    fc.record({
      type: fc.constant(FrameType.snapshot),
      bytes: fc.integer({ min: 0, max: 60_000 }).map((size) => new Uint8Array(size).fill(size)),
    }),
    fc.record({ type: fc.constant(FrameType.cancel), no: positive }),
  )
  const sessionFrame: fc.Arbitrary<SentFrame> = fc.oneof(
    fc.record({ type: fc.constant(FrameType.leave), ref: fc.integer({ min: 1, max: 2 ** 32 - 1 }) }),
    fc.record({ type: fc.constant(FrameType.beat), time: fc.nat() }),
    fc.record({
      type: fc.constant(FrameType.refused),
      ref: fc.constant(1),
      code: text,
      message: text,
      data: fc.constant(undefined),
    }),
  )
  const sent = fc.oneof(
    fc.record({ room: fc.constant(0), frame: sessionFrame }),
    fc.record({ room, frame: roomFrame }),
    fc.record({ room, frame: roomFrame }),
  )
  const limits = fc.record({
    maxMessage: fc.integer({ min: 1024, max: 70_000 }),
    maxFrame: fc.constant(100_000),
    partSize: fc.integer({ min: 256, max: 20_000 }),
  })

  it('gives the same frames in the same order, for any limits and turns, also to plain msgpack', () => {
    const turns = fc.array(fc.array(sent, { maxLength: 6 }), { maxLength: 6 })
    fc.assert(
      fc.property(turns, limits, fc.infiniteStream(fc.nat({ max: 4 })), (history, own, taken) => {
        const writer = new MessageWriter(own)
        const reader = new MessageReader(
          { ...readerLimits, maxMessage: own.maxMessage, maxFrame: own.maxFrame },
          parseFrame,
        )
        const messages: Uint8Array[] = []
        for (const turn of history) {
          for (const entry of turn) writer.add(entry.room, encodeFrame(entry.frame))
          // The socket takes some of it now, and the rest in later turns.
          for (let i = taken.next().value; i > 0; i--) {
            const message = writer.take()
            if (message !== undefined) messages.push(message)
          }
        }
        messages.push(...takeAll(writer))
        expect(writer.size).toBe(0)
        for (const message of messages) {
          expect(message.length).toBeLessThanOrEqual(own.maxMessage)
          expectPlainMsgpack(message)
        }
        const read = readAll(reader, messages)
        expect(read).toHaveLength(history.flat().length)
        expect(read.map((entry) => entry.room)).toEqual(history.flat().map((entry) => entry.room))
        for (const [index, entry] of history.flat().entries()) {
          expect(Buffer.compare(encodeFrame(entry.frame), encodeFrame(sendable(read[index]?.frame)))).toBe(0)
        }
      }),
      runs(300),
    )
  })

  function sendable(frame: Frame | undefined): SentFrame {
    if (frame === undefined) throw new Error('a frame was lost')
    if (frame.type === FrameType.unknown || frame.type === FrameType.unfitJoin) throw new Error('a frame was changed')
    return frame
  }

  function expectPlainMsgpack(message: Uint8Array): void {
    const values: unknown = unpackMultiple(message)
    expect(Array.isArray(values) && values.every((value) => Array.isArray(value) || Number.isInteger(value))).toBe(true)
  }
})
