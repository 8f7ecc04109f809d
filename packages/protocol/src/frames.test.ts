import { unpack } from 'msgpackr'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JuntoError } from './errors.ts'
import { encodeFrame } from './frame-encoding.ts'
import { roomAddress } from './frame-elements.ts'
import { parseFrame } from './frame-parsing.ts'
import * as FrameType from './frame-type.ts'
import type { SentFrame } from './frames.ts'
import { fromHex, join, toHex } from './hex.fixture.ts'
import { unpackSequence } from './msgpack.ts'
import { parseServerFrame } from './server-frame-parsing.ts'

const session = '0123456789abcdef0123456789abcdef'
const secret = '00112233445566778899aabbccddeeff'
const next = 'ffeeddccbbaa99887766554433221100'
const bytes = Uint8Array.of(1, 2, 3)
const welcome = {
  session,
  maxMessage: 65_536,
  maxFrame: 262_144,
  heartbeat: 15_000,
  activeHeartbeat: 5000,
  resumeWindow: 60_000,
  messageRate: 500,
}

const joined = { room: 'chat', id: 'r', member: 'm', layout: '0123456789abcdef' }

/** Each type once in full, and with what may be left out left out. */
const examples: readonly [rule: string, frame: SentFrame, hex: string][] = [
  [
    'F10',
    { type: FrameType.hello, session, auth: 'x', client: 'demo', maxMessage: 65_536, maxFrame: 1024 },
    '92 01 85 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 ' +
      'a4 61 75 74 68 a1 78 a6 63 6c 69 65 6e 74 a4 64 65 6d 6f aa 6d 61 78 4d 65 73 73 61 67 65 ce 00 01 00 00 a8 6d 61 78 46 72 61 6d 65 cd 04 00',
  ],
  [
    'F10',
    { type: FrameType.hello, session, secret },
    '92 01 82 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 a6 73 65 63 72 65 74 d9 20 30 30 31 31 32 32 33 33 34 34 35 35 36 36 37 37 38 38 39 39 61 61 62 62 63 63 64 64 65 65 66 66',
  ],
  [
    'F10',
    {
      type: FrameType.hello,
      session,
      secret,
      resume: { next, received: 300, from: 7, rooms: [[1, '0123456789abcdef', 12]] },
    },
    '92 01 83 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 a6 73 65 63 72 65 74 d9 20 30 30 31 31 32 32 33 33 34 34 35 35 36 36 37 37 38 38 39 39 61 61 62 62 63 63 64 64 65 65 66 66 a6 72 65 73 75 6d 65 84 a4 6e 65 78 74 d9 20 66 66 65 65 64 64 63 63 62 62 61 61 39 39 38 38 37 37 36 36 35 35 34 34 33 33 32 32 31 31 30 30 a8 72 65 63 65 69 76 65 64 cd 01 2c a4 66 72 6f 6d 07 a5 72 6f 6f 6d 73 91 93 01 b0 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 0c',
  ],
  [
    'F10',
    { type: FrameType.hello, session, secret, resume: { next } },
    '92 01 83 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 a6 73 65 63 72 65 74 d9 20 30 30 31 31 32 32 33 33 34 34 35 35 36 36 37 37 38 38 39 39 61 61 62 62 63 63 64 64 65 65 66 66 a6 72 65 73 75 6d 65 81 a4 6e 65 78 74 d9 20 66 66 65 65 64 64 63 63 62 62 61 61 39 39 38 38 37 37 36 36 35 35 34 34 33 33 32 32 31 31 30 30',
  ],
  [
    'F11',
    {
      type: FrameType.welcome,
      session,
      maxMessage: 65_536,
      maxFrame: 262_144,
      heartbeat: 15_000,
      activeHeartbeat: 5000,
      resumeWindow: 60_000,
      messageRate: 500,
    },
    '92 02 87 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 aa 6d 61 78 4d 65 73 73 61 67 65 ce 00 01 00 00 a8 6d 61 78 46 72 61 6d 65 ce 00 04 00 00 a9 68 65 61 72 74 62 65 61 74 cd 3a 98 af 61 63 74 69 76 65 48 65 61 72 74 62 65 61 74 cd 13 88 ac 72 65 73 75 6d 65 57 69 6e 64 6f 77 cd ea 60 ab 6d 65 73 73 61 67 65 52 61 74 65 cd 01 f4',
  ],
  [
    'F11',
    {
      type: FrameType.welcome,
      session,
      maxMessage: 65_536,
      maxFrame: 262_144,
      heartbeat: 15_000,
      activeHeartbeat: 5000,
      resumeWindow: 60_000,
      messageRate: 500,
      resumed: { received: 9 },
    },
    '92 02 88 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 aa 6d 61 78 4d 65 73 73 61 67 65 ce 00 01 00 00 a8 6d 61 78 46 72 61 6d 65 ce 00 04 00 00 a9 68 65 61 72 74 62 65 61 74 cd 3a 98 af 61 63 74 69 76 65 48 65 61 72 74 62 65 61 74 cd 13 88 ac 72 65 73 75 6d 65 57 69 6e 64 6f 77 cd ea 60 ab 6d 65 73 73 61 67 65 52 61 74 65 cd 01 f4 a7 72 65 73 75 6d 65 64 81 a8 72 65 63 65 69 76 65 64 09',
  ],
  [
    'F11',
    {
      type: FrameType.welcome,
      session,
      maxMessage: 65_536,
      maxFrame: 262_144,
      heartbeat: 15_000,
      activeHeartbeat: 5000,
      resumeWindow: 60_000,
      messageRate: 500,
      resumed: { received: 9, resynced: [[1, 40]] },
    },
    '92 02 88 a7 73 65 73 73 69 6f 6e d9 20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 aa 6d 61 78 4d 65 73 73 61 67 65 ce 00 01 00 00 a8 6d 61 78 46 72 61 6d 65 ce 00 04 00 00 a9 68 65 61 72 74 62 65 61 74 cd 3a 98 af 61 63 74 69 76 65 48 65 61 72 74 62 65 61 74 cd 13 88 ac 72 65 73 75 6d 65 57 69 6e 64 6f 77 cd ea 60 ab 6d 65 73 73 61 67 65 52 61 74 65 cd 01 f4 a7 72 65 73 75 6d 65 64 82 a8 72 65 63 65 69 76 65 64 09 a8 72 65 73 79 6e 63 65 64 91 92 01 28',
  ],
  [
    'F12',
    { type: FrameType.join, ref: 1, by: 'open', room: 'chat', key: 'a', layouts: [] },
    '93 03 01 84 a2 62 79 a4 6f 70 65 6e a4 72 6f 6f 6d a4 63 68 61 74 a3 6b 65 79 a1 61 a7 6c 61 79 6f 75 74 73 90',
  ],
  [
    'F13',
    { type: FrameType.joined, ref: 1, room: 'chat', id: 'r', member: 'm', layout: '0123456789abcdef' },
    '93 04 01 84 a4 72 6f 6f 6d a4 63 68 61 74 a2 69 64 a1 72 a6 6d 65 6d 62 65 72 a1 6d a6 6c 61 79 6f 75 74 b0 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66',
  ],
  [
    'F13',
    { type: FrameType.joined, ref: 1, ...joined, tick: 50, patch: 62.5 },
    '93 04 01 86 a4 72 6f 6f 6d a4 63 68 61 74 a2 69 64 a1 72 a6 6d 65 6d 62 65 72 a1 6d a6 6c 61 79 6f 75 74 b0 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 a4 74 69 63 6b 32 a5 70 61 74 63 68 cb 40 4f 40 00 00 00 00 00',
  ],
  [
    'F13',
    { type: FrameType.joined, ref: 1, ...joined, tick: 50, repeats: true },
    '93 04 01 86 a4 72 6f 6f 6d a4 63 68 61 74 a2 69 64 a1 72 a6 6d 65 6d 62 65 72 a1 6d a6 6c 61 79 6f 75 74 b0 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 a4 74 69 63 6b 32 a7 72 65 70 65 61 74 73 c3',
  ],
  [
    'F13',
    { type: FrameType.joined, ref: 1, room: 'chat', id: 'r', member: 'm', layout: '0123456789abcdef', kept: true },
    '93 04 01 85 a4 72 6f 6f 6d a4 63 68 61 74 a2 69 64 a1 72 a6 6d 65 6d 62 65 72 a1 6d a6 6c 61 79 6f 75 74 b0 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 a4 6b 65 70 74 c3',
  ],
  [
    'F14',
    { type: FrameType.refused, ref: 1, code: 'room_full', message: 'no' },
    '94 05 01 a9 72 6f 6f 6d 5f 66 75 6c 6c a2 6e 6f',
  ],
  ['F15', { type: FrameType.leave, ref: 300 }, '92 06 cd 01 2c'],
  ['F16', { type: FrameType.left, ref: 1, reason: 'left' }, '93 07 01 a4 6c 65 66 74'],
  ['F16', { type: FrameType.left, ref: 1, reason: 'kicked', message: 'hi' }, '94 07 01 a6 6b 69 63 6b 65 64 a2 68 69'],
  ['F17', { type: FrameType.beat, time: 1_767_225_600_000 }, '92 08 cb 42 79 b7 6d aa 80 00 00'],
  ['F18', { type: FrameType.part, more: true, bytes }, '93 09 c3 c4 03 01 02 03'],
  ['F18', { type: FrameType.part, more: false, bytes }, '93 09 c2 c4 03 01 02 03'],
  [
    'F19',
    { type: FrameType.notice, code: 'not_joined', message: 'no' },
    '93 0a aa 6e 6f 74 5f 6a 6f 69 6e 65 64 a2 6e 6f',
  ],
  ['F34', { type: FrameType.ack, received: 300 }, '92 0b cd 01 2c'],
  ['F34', { type: FrameType.ack, received: 300, complete: true }, '93 0b cd 01 2c c3'],
  ['F35', { type: FrameType.probe, time: 1234.5 }, '92 0c cb 40 93 4a 00 00 00 00 00'],
  [
    'F36',
    { type: FrameType.echo, time: 1234.5, serverTime: 1_767_225_600_000 },
    '93 0d cb 40 93 4a 00 00 00 00 00 cb 42 79 b7 6d aa 80 00 00',
  ],
  ['F20', { type: FrameType.event, id: 2, payload: [1.5] }, '93 10 02 91 cb 3f f8 00 00 00 00 00 00'],
  ['F20', { type: FrameType.event, id: 2, payload: null }, '92 10 02'],
  [
    'F21',
    { type: FrameType.call, no: 1, id: 0, params: [7], timeout: 2000, settle: 'visible' },
    '95 11 01 00 91 07 cd 07 d0',
  ],
  ['F21', { type: FrameType.call, no: 1, id: 0, params: [7], timeout: 0, settle: 'reply' }, '96 11 01 00 91 07 c0 01'],
  ['F21', { type: FrameType.call, no: 1, id: 0, params: null, timeout: 0, settle: 'visible' }, '93 11 01 00'],
  ['F22', { type: FrameType.reply, no: 1, result: true }, '93 12 01 c3'],
  ['F22', { type: FrameType.reply, no: 1, result: null }, '92 12 01'],
  [
    'F23',
    { type: FrameType.failed, no: 1, code: 'timeout', message: 'x', data: null },
    '94 13 01 a7 74 69 6d 65 6f 75 74 a1 78',
  ],
  ['F23', { type: FrameType.failed, no: 1, code: 0, message: '', data: [9] }, '95 13 01 00 a0 91 09'],
  ['F24', { type: FrameType.cancel, no: 1 }, '92 14 01'],
  ['F25', { type: FrameType.stream, no: 2, id: 3, params: null, credit: 16 }, '95 15 02 03 c0 10'],
  ['F26', { type: FrameType.item, no: 2, item: 'a' }, '93 16 02 a1 61'],
  ['F27', { type: FrameType.end, no: 2 }, '92 17 02'],
  ['F28', { type: FrameType.credit, no: 2, credit: 8 }, '93 18 02 08'],
  ['F29', { type: FrameType.patch, bytes }, '92 19 c4 03 01 02 03'],
  ['F30', { type: FrameType.snapshot, bytes }, '92 1a c4 03 01 02 03'],
  [
    'F31',
    { type: FrameType.check, version: 3, first: 64, count: 64, hash: 0xfedc_ba98 },
    '95 1b 03 40 40 ce fe dc ba 98',
  ],
  ['F32', { type: FrameType.resync }, '91 1c'],
  ['F33', { type: FrameType.loose, id: 2, payload: [7] }, '93 1d 02 91 07'],
  ['F33', { type: FrameType.loose, id: 2, payload: null }, '92 1d 02'],
  ['F37', { type: FrameType.presence, value: [7] }, '92 1e 91 07'],
  ['F37', { type: FrameType.presence, value: [7], expires: 3000 }, '93 1e 91 07 cd 0b b8'],
  ['F37', { type: FrameType.presence, value: null }, '91 1e'],
  [
    'F38',
    {
      type: FrameType.presences,
      entries: [
        ['m1', [7]],
        ['m2', null],
      ],
    },
    '92 1f 92 92 a2 6d 31 91 07 92 a2 6d 32 c0',
  ],
  ['F38', { type: FrameType.presences, entries: [], whole: true }, '93 1f 90 c3'],
  [
    'F39',
    { type: FrameType.inputs, first: 7, at: 1_767_225_600_000, behind: 120, payloads: [[1], [2]] },
    '95 20 07 cb 42 79 b7 6d aa 80 00 00 78 92 91 01 91 02',
  ],
  [
    'F39',
    { type: FrameType.inputs, first: 300, at: 0.5, payloads: [[1]] },
    '95 20 cd 01 2c cb 3f e0 00 00 00 00 00 00 c0 91 91 01',
  ],
  [
    'F40',
    { type: FrameType.stamp, tick: 300, time: 1_767_225_600_000, mutation: 3, input: 299, waiting: 2, alone: true },
    '97 21 cd 01 2c cb 42 79 b7 6d aa 80 00 00 03 cd 01 2b 02 c3',
  ],
  [
    'F40',
    { type: FrameType.stamp, tick: 0, time: 0.5, mutation: 1, input: 0, waiting: 0 },
    '94 21 00 cb 3f e0 00 00 00 00 00 00 01',
  ],
  [
    'F40',
    { type: FrameType.stamp, tick: 1, time: 0.5, mutation: 0, input: 2, waiting: 0 },
    '95 21 01 cb 3f e0 00 00 00 00 00 00 c0 02',
  ],
  [
    'F40',
    { type: FrameType.stamp, tick: 9, time: 0.5, mutation: 0, input: 0, waiting: 0 },
    '93 21 09 cb 3f e0 00 00 00 00 00 00',
  ],
]

describe('every type', () => {
  it.each(examples.map(([rule, frame, hex]) => ({ name: `[${rule}] ${nameOf(frame)}`, frame, hex })))(
    '$name',
    ({ frame, hex }) => {
      expect(toHex(encodeFrame(frame))).toBe(hex)
      // What is left out reads as absent.
      expect(parseFrame(unpackSequence(fromHex(hex))[0])).toEqual(frame)
      // [F3] Elements behind those of the type are room for additions.
      const longer: unknown = unpackSequence(fromHex(hex))[0]
      if (Array.isArray(longer) && frame.type !== FrameType.call) {
        while (longer.length < 7) longer.push(longer.length < 6 ? null : 'more')
        expect(parseFrame(longer)).toEqual(frame)
      }
    },
  )

  it('is among the examples', () => {
    const shown = new Set<number>(examples.map(([, frame]) => frame.type))
    expect(Object.values(FrameType).filter((type) => type > FrameType.unknown && !shown.has(type))).toEqual([])
  })

  it('[F3] a map names what it says, and what it says beyond is ignored', () => {
    const hello = [1, { session, unheardOf: 1 }]
    expect(parseFrame(hello)).toEqual({ type: FrameType.hello, session })
    const sent: SentFrame[] = [
      { type: FrameType.hello, session, client: undefined, secret, resume: { next, received: undefined } },
      { type: FrameType.welcome, ...welcome, resumed: { received: 1, resynced: undefined } },
    ]
    expect(sent.map((frame) => unpackSequence(encodeFrame(frame))[0])).toEqual([
      [1, { session, secret, resume: { next } }],
      [2, { ...welcome, resumed: { received: 1 } }],
    ])
  })

  function nameOf(frame: SentFrame): string {
    return Object.entries(FrameType).find(([, type]) => type === frame.type)?.[0] ?? ''
  }
})

describe('[F5] types that are not known', () => {
  it.each([0, 14, 15, 34, 1000])('%d is passed on as unknown', (wireType) => {
    expect(parseFrame([wireType, 1, 2])).toEqual({ type: FrameType.unknown, wireType })
  })
})

describe('[F12] a join that is not what it must be', () => {
  const join = { by: 'open', room: 'chat', key: 'main' }

  it.each<[string, unknown, string]>([
    ['no map', [join], 'element 2 must be a map, not an array'],
    [
      'an unknown way to join',
      { ...join, by: 'force' },
      'by must be one of open, create, join, joinOrCreate, code, list, not a string of 5 characters',
    ],
    ['a join code that is none', { by: 'code', room: 'chat' }, 'code must be a string'],
    ['an order by nothing', { ...join, order: {} }, "order must map one field to 'asc' or 'desc'"],
    ['an order by two fields', { ...join, order: { a: 'asc', b: 'asc' } }, 'order must map one field'],
    ['an order of no map', { ...join, order: 'members' }, 'order must be a map, not a string of 7 characters'],
    ['a key that is a map', { ...join, by: 'open', key: {} }, 'key must be a string of 1 to 256 characters, not a map'],
    ['another direction', { ...join, order: { a: 'up' } }, 'order must map one field'],
    ['an order by a long name', { ...join, order: { ['x'.repeat(129)]: 'asc' } }, 'order must map one field'],
    ['a list of nothing', { ...join, limit: 0 }, 'limit must be an integer from 1 up, not 0'],
    ['a join of no room', { ...join, room: '' }, 'room must be a string of 1 to 128 characters'],
    [
      'a name that is too long',
      { ...join, room: 'x'.repeat(129) },
      'room must be a string of 1 to 128 characters, not a string of 129 characters',
    ],
    [
      'a key that is too long',
      { ...join, key: 'x'.repeat(257) },
      'key must be a string of 1 to 256 characters, not a string of 257 characters',
    ],
    ['an empty key', { ...join, key: '' }, 'key must be a string of 1 to 256 characters'],
    [
      'half a surrogate pair in the key',
      { ...join, key: 'a\ud800' },
      'key must be without half surrogate pairs, not a string of 2 characters',
    ],
    ['a key that is a number', { ...join, key: 5 }, 'key must be a string'],
    ['no key', { by: 'open', room: 'chat' }, 'key must be a string'],
    ['no id', { by: 'join', room: 'chat' }, 'id must be a string'],
    ['a version that is a text', { ...join, version: '1' }, 'version must be an integer'],
    ['layouts that are no hashes', { ...join, layouts: ['no hash'] }, 'element 0 must be 16 hex digits'],
    [
      'too many layouts',
      { ...join, layouts: Array.from({ length: 65 }, () => '0123456789abcdef') },
      'layouts must be a list of at most 64 hashes',
    ],
  ])('%s: its ref can be answered, with what is wrong', (_name, map, fault) => {
    const frame = parseFrame([FrameType.join, 7, map])
    expect(frame).toEqual({ type: FrameType.unfitJoin, ref: 7, fault: expect.stringContaining(`[F4] join: ${fault}`) })
  })

  it('is told to a client in the same words before it sends it', () => {
    const address = { room: 'chat', key: 'main' }
    expect(roomAddress('open', { ...address, id: undefined })).toEqual(address)
    expect(roomAddress('open', { ...address, key: '\u{1F600}'.repeat(128) })).toMatchObject({ room: 'chat' })
    expect(() => roomAddress('open', { ...address, version: -1 })).toThrow(
      'version must be an integer from 0 up, not -1',
    )
    expect(() => roomAddress('join', address)).toThrow('id must be a string of 1 to 256 characters, not nil')
    // What stands there is the join code.
    for (const id of [undefined, '', 5, 'x'.repeat(257)]) {
      expect(() => roomAddress('code', { ...address, id })).toThrow(
        /^code must be a string of 1 to 256 characters, not /,
      )
    }
    expect(roomAddress('code', { ...address, id: 'ABC' })).toMatchObject({ id: 'ABC' })
  })
})

describe('[F4] what a position must not hold', () => {
  it.each<[string, unknown]>([
    ['no type', []],
    ['a type that is a text', ['hello']],
    ['a negative type', [-1]],
    ['a type with a fraction', [16.5, 1]],
    ['a hello without a map', [1, session]],
    ['a hello with a list', [1, [session]]],
    ['a session in capitals', [1, { session: session.toUpperCase() }]],
    ['a short session', [1, { session: '00' }]],
    ['a limit below 1 KiB', [1, { session, maxMessage: 1023 }]],
    ['a secret that is too short', [1, { session, secret: '00' }]],
    ['a resume without a secret', [1, { session, resume: { next } }]],
    ['a resume without the next secret', [1, { session, secret, resume: {} }]],
    ['a resume that is a list', [1, { session, secret, resume: [next] }]],
    ['a resume from frame 0', [1, { session, secret, resume: { next, from: 0 } }]],
    ['a resume after -1 frames', [1, { session, secret, resume: { next, received: -1 } }]],
    ['a resume of rooms by number', [1, { session, secret, resume: { next, rooms: [1] } }]],
    [
      'a resume of the session as a room',
      [1, { session, secret, resume: { next, rooms: [[0, '0123456789abcdef', 1]] } }],
    ],
    ['a resume of a state without its epoch', [1, { session, secret, resume: { next, rooms: [[1, null, 1]] } }]],
    [
      'a resume of a state of version 0',
      [1, { session, secret, resume: { next, rooms: [[1, '0123456789abcdef', 0]] } }],
    ],
    ['a welcome without limits', [2, { session }]],
    ['a welcome that resumes after nothing', [2, { ...welcome, resumed: {} }]],
    ['a welcome that misses no frames', [2, { ...welcome, resumed: { received: 0, resynced: [[1, 0]] } }]],
    ['an ack of nothing', [11]],
    ['an ack of a part of a frame', [11, 1.5]],
    ['a probe at no time', [12, Infinity]],
    ['an echo without the time of the server', [13, 1]],
    ['a loose event without an id', [29]],
    ['a room number 0', [3, 0, { by: 'open', room: 'chat' }]],
    ['a room number of 33 bits', [3, 2 ** 32, { by: 'open', room: 'chat' }]],
    ['a room number that is a bigint', [3, 1n, { by: 'open', room: 'chat' }]],
    ['a joined without a member', [4, 1, { room: 'x', id: 'r', layout: '0123456789abcdef' }]],
    ['a refusal without a code', [5, 1]],
    ['a leave of nothing', [6]],
    ['a left without a reason', [7, 1]],
    ['a beat at no time', [8, NaN]],
    ['a part without its flag', [9, 1, bytes]],
    ['a part without bytes', [9, true, 'abc']],
    ['an event without an id', [16]],
    ['a call number 0', [17, 0, 0]],
    ['a call number beyond 2^53', [17, 2 ** 53, 0]],
    ['a call with a negative deadline', [17, 1, 0, null, -1]],
    ['a call with an endless deadline', [17, 1, 0, null, Infinity]],
    ['a reply to nothing', [18, null, 1]],
    ['a failure without a code', [19, 1, null, 'x']],
    ['a failure with a long text', [19, 1, 'x', 'x'.repeat(4097)]],
    ['a stream without credit', [21, 1, 0, null, 0]],
    ['a credit of nothing', [24, 1, 0]],
    ['a stream with a credit without reason', [21, 1, 0, null, 65_536]],
    ['a credit without reason', [24, 1, Number.MAX_SAFE_INTEGER]],
    ['a patch that is a list', [25, [1, 2]]],
    ['a snapshot that is missing', [26]],
    ['a check of no version', [27, null, 0, 64, 1]],
    ['a check of no nodes', [27, 1, 0, 0, 1]],
    ['a check of more nodes than there is reason for', [27, 1, 0, 65_536, 1]],
    ['a check of nodes beyond the last', [27, 1, 2 ** 32 - 1, 64, 1]],
    ['a check with a hash of 33 bits', [27, 1, 0, 64, 2 ** 32]],
    ['a presence that has expired', [30, [1], 0]],
    ['a presence that expires never', [30, [1], Infinity]],
    ['presences of nobody', [31]],
    ['presences that are a map', [31, { m1: [1] }]],
    ['a presence of no member', [31, [[null, [1]]]]],
    ['inputs without a number', [32, null, 1, null, [[1]]]],
    ['inputs from number 0 on', [32, 0, 1, null, [[1]]]],
    ['inputs whose numbers would be the same', [32, 2 ** 53 - 1, 1, null, [[1], [1], [1]]]],
    ['inputs of no time', [32, 1, null, null, [[1]]]],
    ['inputs before 1970', [32, 1, -1, null, [[1]]]],
    ['inputs of a player who is shown the future', [32, 1, 1, -1, [[1]]]],
    ['inputs of a player who is shown the end of time', [32, 1, 1, Infinity, [[1]]]],
    ['inputs that are none', [32, 1, 1, 0, []]],
    ['inputs that are missing', [32, 1, 1]],
    ['inputs that are a map', [32, 1, 1, 0, { 0: [1] }]],
    ['more inputs than are of use', [32, 1, 1, 0, Array.from({ length: 33 }, () => [1])]],
    ['a stamp of no tick', [33, null, 1]],
    ['a stamp of half a tick', [33, 0.5, 1]],
    ['a stamp of no time', [33, 1]],
    ['a stamp at the end of time', [33, 1, Infinity]],
    ['a stamp of a mutation below 0', [33, 1, 1, -1]],
    ['a stamp of half an input', [33, 1, 1, 0, 0.5]],
    ['a stamp of fewer inputs than none', [33, 1, 1, 0, 0, -1]],
    ['a room that ticks backwards', [4, 1, { ...joined, tick: -50 }]],
    ['a room that ticks never', [4, 1, { ...joined, tick: Infinity }]],
    ['a room with a text between its patches', [4, 1, { ...joined, patch: '50' }]],
    ['a presence of a member with an endless id', [31, [['x'.repeat(257), [1]]]]],
  ])('%s', (_name, value) => {
    expect(() => parseFrame(value)).toThrow(JuntoError)
    expect(() => parseFrame(value)).toThrow(/^\[F4\] /)
  })

  it('says where and what, and does not repeat the content', () => {
    expect(() => parseFrame([1, { session: 'my secret' }])).toThrow(
      '[F4] frame 1: session must be 32 hex digits, not a string of 9 characters',
    )
  })

  it('holds for any decoded value: a frame or a bad message', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 34 }), fc.array(fc.anything({ maxDepth: 3 })), (type, rest) => {
        try {
          expect(parseFrame([type, ...rest])).toHaveProperty('type')
        } catch (error) {
          expect(error).toBeInstanceOf(JuntoError)
          expect((error as JuntoError).code).toBe('bad_message')
        }
      }),
      runs(1000),
    )
  })
})

describe('what a sender cannot mean', () => {
  it.each<[string, unknown, string]>([
    ['a Date', { at: new Date(0) }, 'data.at is a Date'],
    ['a Map', new Map(), 'data is a Map'],
    ['a class', [new (class Token {})()], 'data[0] is a Token'],
    ['a function', { f: () => 1 }, 'data.f is a function'],
    ['a symbol', Symbol('x'), 'data is a symbol'],
    ['a wide integer', 2n ** 64n, 'data has more than 64 bits'],
    ['a polluting key', JSON.parse('{"__proto__": 1}'), "data has a key '__proto__'"],
    ['endless nesting', nested(30), 'nested deeper than 24'],
  ])('%s in what a refusal says of itself is refused with its path', (_name, data, message) => {
    expect(() => encodeFrame({ type: FrameType.refused, ref: 1, code: 'x', message: '', data })).toThrow(message)
  })

  it('is an unencodable payload either', () => {
    expect(() => encodeFrame({ type: FrameType.event, id: 0, payload: Symbol('x') })).toThrow('cannot be sent')
    expect(() => encodeFrame({ type: FrameType.event, id: 0, payload: 2n ** 64n })).toThrow('cannot be sent')
    expect(toHex(encodeFrame({ type: FrameType.leave, ref: 1 }))).toBe('92 06 01')
  })

  it('sends texts of errors cut', () => {
    const frame = encodeFrame({ type: FrameType.notice, code: 'x', message: 'y'.repeat(5000) })
    expect(frame.length).toBeLessThan(1020)
    expect(parseFrame(unpack(frame))).toMatchObject({ code: 'x' })
  })

  function nested(levels: number): unknown {
    return levels === 0 ? 1 : [nested(levels - 1)]
  }
})

describe('[F38] presences', () => {
  it.each([0, 15, 16, 255, 256, 70_000])('of %d members carry a head of the right width', (count) => {
    const entries = Array.from({ length: count }, (_, index) => [`m${index}`, [index]] as const)
    for (const whole of [true as const, undefined]) {
      const frame: SentFrame = { type: FrameType.presences, entries, whole }
      expect(parseFrame(unpack(encodeFrame(frame)))).toEqual(frame)
    }
  })
})

describe('inputs and stamps', () => {
  it('[F13] a room with no time between its ticks does not tick', () => {
    expect(parseFrame([4, 1, { ...joined, tick: 0, patch: 0 }])).toEqual(parseFrame([4, 1, joined]))
  })

  const uint = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  const time = fc.double({ min: 0, max: 8.64e15, noNaN: true })

  it('[F39] inputs of any numbers and times read as they were sent', () => {
    const inputs = fc.record({
      type: fc.constant(FrameType.inputs),
      first: fc.integer({ min: 1, max: 0xffff_ffff }),
      at: time,
      behind: fc.option(uint, { nil: undefined }),
      payloads: fc.array(fc.array(fc.integer()), { minLength: 1, maxLength: 32 }),
    })
    fc.assert(
      fc.property(inputs, (frame) => {
        expect(parseFrame(unpackSequence(encodeFrame(frame))[0])).toEqual(frame)
      }),
      runs(200),
    )
  })

  it('[F40] stamps read as they were sent, whatever zeros stand at their end', () => {
    const often0 = fc.oneof(fc.constant(0), uint)
    const stamp = fc.record({
      type: fc.constant(FrameType.stamp),
      tick: often0,
      time,
      mutation: often0,
      input: often0,
      waiting: often0,
      alone: fc.constantFrom(true as const, undefined),
    })
    fc.assert(
      fc.property(stamp, (frame) => {
        expect(parseFrame(unpackSequence(encodeFrame(frame))[0])).toEqual(frame)
        expect(parseServerFrame(unpackSequence(encodeFrame(frame))[0])).toEqual(frame)
      }),
      runs(200),
    )
  })
})

describe('large frames', () => {
  it.each([0, 255, 256, 65_535, 65_536, 1_000_000])('of %d bytes carry a head of the right width', (size) => {
    const content = new Uint8Array(size).fill(7)
    const frame = encodeFrame({ type: FrameType.snapshot, bytes: content })
    const decoded: unknown = unpack(frame)
    expect(decoded).toHaveLength(2)
    const parsed = parseFrame(decoded)
    expect(parsed.type === FrameType.snapshot && Buffer.compare(parsed.bytes, content)).toBe(0)
    expect(frame.length).toBe(size + (size < 256 ? 4 : size < 65_536 ? 5 : 7))
  })

  it('do not keep small ones large: the arena of the packer is renewed', () => {
    encodeFrame({ type: FrameType.event, id: 0, payload: 'x'.repeat(2_000_000) })
    const small = encodeFrame({ type: FrameType.event, id: 0, payload: `${'é'.repeat(100)}` })
    expect(small.buffer.byteLength).toBe(8192)
    expect(unpack(small)).toEqual([16, 0, 'é'.repeat(100)])
  })

  it('and small ones never share bytes that are written later', () => {
    const frames = Array.from({ length: 5000 }, (_, no) =>
      encodeFrame({ type: FrameType.reply, no: no + 1, result: `r${no}` }),
    )
    for (const [no, frame] of frames.entries()) expect(unpack(frame)).toEqual([18, no + 1, `r${no}`])
    expect(join(...frames.slice(0, 2)).length).toBe(12)
  })
})
