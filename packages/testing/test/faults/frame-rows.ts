import { FrameType } from '@junto/protocol/internal'
import { SystemClock } from '@junto/server'
import { expect, vi } from 'vitest'
import { RawPeer } from './raw-peer.ts'
import type { RawFrame } from './raw-peer.ts'
import { closed } from './rows.ts'
import type { Attack, Row } from './rows.ts'
import type { Target } from './target.ts'
import { growth } from './memory.ts'

const clock = new SystemClock()

/** Frames sent as they are, and the code that they are closed with. */
function frames(name: string, code: number, reason: string, sent: readonly RawFrame[]): Attack {
  return {
    name,
    counts: [closed(reason)],
    run: async (target) => {
      const peer = await target.greeted()
      for (const frame of sent) peer.sendFrame(frame)
      expect(await peer.closed()).toBe(code)
    },
  }
}

/** Bytes that are no value, wherever a value may stand: each of them a message that is none. */
function values(name: string, value: Uint8Array, check: Checked = (act) => act()): readonly Attack[] {
  return places(value).map(({ place, greeted, message }) => ({
    name: `${name} ${place}`,
    counts: [closed('bad_message')],
    run: async (target) => {
      const peer = greeted ? await target.greeted() : await RawPeer.open(target.port)
      await check(async () => {
        peer.sendMessage(message)
        expect(await peer.closed()).toBe(4500)
      }, target)
    },
  }))
}

function places(value: Uint8Array) {
  return [
    { place: 'as a message', greeted: false, message: value },
    { place: 'in the credentials of a hello', greeted: false, message: helloWith(value) },
    { place: 'in the payload of an event', greeted: true, message: eventWith(value) },
  ]
}

type Checked = (act: () => Promise<void>, target: Target) => Promise<void>

const bytes = (...values: readonly number[]) => Uint8Array.from(values)
const filled = (count: number, value: number) => new Uint8Array(count).fill(value)

/** Hello, with something in its credentials, where anything may stand. */
function helloWith(auth: Uint8Array): Uint8Array {
  const map = bytes(0x82, 0xa7, ...Buffer.from('session'), 0xd9, 32, ...filled(32, 0x61), 0xa4, ...Buffer.from('auth'))
  return Buffer.concat([bytes(0x92, FrameType.hello), map, auth])
}

/** An event of room 1 with this payload. */
function eventWith(payload: Uint8Array): Uint8Array {
  return Buffer.concat([bytes(1, 0x93, FrameType.event, 0), payload])
}

/** Nested so deeply. */
function nested(depth: number): readonly Attack[] {
  const times = 5
  return places(filled(depth, 0x91)).map(({ place, greeted, message }) => ({
    name: `${depth.toLocaleString('en')} deep ${place}`,
    counts: [closed('bad_message', times)],
    run: async (target) => {
      // The fastest of several: what the machine does besides is not what is measured.
      let fastest = Infinity
      for (let n = 0; n < times; n++) {
        const peer = greeted ? await target.greeted() : await RawPeer.open(target.port)
        const begun = clock.now()
        peer.sendMessage(message)
        await peer.until(() => peer.closeCode !== undefined || peer.gone)
        fastest = Math.min(fastest, clock.now() - begun)
        expect(await peer.closed()).toBe(4500)
      }
      expect(fastest).toBeLessThan(5)
    },
  }))
}

/** Said to be long, and not there. */
const falseLengths: readonly (readonly [string, Uint8Array])[] = [
  ['array32', bytes(0xdd, 0xff, 0xff, 0xff, 0xff)],
  ['map32', bytes(0xdf, 0xff, 0xff, 0xff, 0xff)],
  ['bin32', bytes(0xc6, 0xff, 0xff, 0xff, 0xff)],
  ['str32', bytes(0xdb, 0xff, 0xff, 0xff, 0xff)],
  ['ext32', bytes(0xc9, 0xff, 0xff, 0xff, 0xff, 0x01)],
  ['nested array16', Buffer.concat(Array.from({ length: 20 }, () => bytes(0xdc, 0xff, 0xff)))],
  ['nested map16', Buffer.concat(Array.from({ length: 20 }, () => bytes(0xde, 0xff, 0xff, 0xa1, 0x61)))],
]

/** Extension types from which msgpackr builds something, and others. */
const extensions: readonly (readonly [string, Uint8Array])[] = [
  ['a regular expression', bytes(0xc7, 9, 0x78, 0x92, 0xa6, ...Buffer.from('(a+)+$'), 0xa0)],
  ['an error', bytes(0xc7, 5, 0x65, 0x92, 0xa1, 0x78, 0xa1, 0x79)],
  ['a set', bytes(0xc7, 2, 0x73, 0x91, 0x01)],
  ['a typed array', bytes(0xc7, 3, 0x74, 0x01, 0x00, 0x00)],
  ['a record', bytes(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01)],
  ['a large integer', bytes(0xc7, 9, 0x42, ...filled(9, 1))],
  ['a date', bytes(0xd6, 0xff, 0x5a, 0x4a, 0xf6, 0xa5)],
  ['an unknown one', bytes(0xd4, 0x01, 0x00)],
]

/** Nothing is made with `RegExp` or `Function` meanwhile. */
const nothingBuilt: Checked = async (act) => {
  const spies = [vi.spyOn(globalThis, 'RegExp'), vi.spyOn(globalThis, 'Function')]
  try {
    await act()
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

const littleMemory: Checked = async (act) => {
  expect(await growth(act)).toBeLessThan(1_000_000)
}

/** What went wrong in frames and their decoding: section B. */
export const frameRows: readonly Row[] = [
  {
    fault: 'declared length of 1 MiB or 2^63-1 → 1009 before anything is buffered',
    attacks: [1n << 20n, (1n << 63n) - 1n, (1n << 64n) - 1n, 65_537n].map((declared) =>
      frames(`${declared} bytes`, 1009, 'too_large', [{ declared }]),
    ),
  },
  {
    fault: 'fragments beyond the limit, in bytes or in number → 1009 or 1008',
    attacks: [
      frames('in bytes', 1009, 'too_large', [
        { fin: false, payload: filled(30_000, 1) },
        { opcode: 0, fin: false, payload: filled(30_000, 1) },
        { opcode: 0, fin: false, payload: filled(30_000, 1) },
      ]),
      frames('in number', 1008, 'too_many_fragments', [
        { fin: false, payload: bytes(1) },
        ...Array.from({ length: 64 }, () => ({ opcode: 0, fin: false, payload: bytes(1) })),
      ]),
      frames('in number, empty ones', 1008, 'too_many_fragments', [
        { fin: false },
        ...Array.from({ length: 64 }, () => ({ opcode: 0, fin: false })),
      ]),
    ],
  },
  {
    fault: 'unmasked, reserved bits, bad opcode, long or fragmented control frame → 1002; bad UTF-8 → 1007',
    attacks: [
      frames('unmasked', 1002, 'invalid_frame', [{ masked: false, payload: bytes(1) }]),
      ...[0x40, 0x20, 0x10].map((reserved) =>
        frames(`reserved bit 0x${reserved.toString(16)}`, 1002, 'invalid_frame', [{ reserved, payload: bytes(1) }]),
      ),
      ...[3, 7, 11, 15].map((opcode) => frames(`opcode ${opcode}`, 1002, 'invalid_frame', [{ opcode }])),
      frames('a long ping', 1002, 'invalid_frame', [{ opcode: 9, payload: filled(126, 1) }]),
      frames('a fragmented ping', 1002, 'invalid_frame', [{ opcode: 9, fin: false }]),
      frames('a fragmented close', 1002, 'invalid_frame', [{ opcode: 8, fin: false }]),
      frames('a close of one byte', 1002, 'invalid_frame', [{ opcode: 8, payload: bytes(3) }]),
      frames('a close code that is none', 1002, 'invalid_frame', [{ opcode: 8, payload: bytes(0, 5) }]),
      frames('a continuation of nothing', 1002, 'invalid_frame', [{ opcode: 0 }]),
      frames('a message within a message', 1002, 'invalid_frame', [{ fin: false, payload: bytes(1) }, {}]),
      frames('a text that is no UTF-8', 1007, 'invalid_utf8', [{ opcode: 1, payload: bytes(0xc3, 0x28) }]),
      frames('a close reason that is no UTF-8', 1007, 'invalid_utf8', [
        { opcode: 8, payload: bytes(0x03, 0xe8, 0xc3, 0x28) },
      ]),
    ],
  },
  {
    fault: 'a deflate bomb → not negotiated by default',
    attacks: [
      {
        name: 'offered and sent all the same',
        counts: [closed('invalid_frame')],
        run: async (target) => {
          const peer = new RawPeer(target.port)
          const { status, headers } = await peer.upgrade({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
          expect(status).toBe(101)
          expect(headers.has('sec-websocket-extensions')).toBe(false)
          peer.sendFrame({ reserved: 0x40, payload: filled(1000, 0) })
          expect(await peer.closed()).toBe(1002)
        },
      },
    ],
  },
  {
    fault: 'msgpack nested 5,000 or 60,000 deep → bad message, under 5 ms, nothing escapes',
    attacks: [...nested(5_000), ...nested(60_000)],
  },
  {
    fault: 'array32, map32, bin32, nested array16 with false lengths → bad message, memory grows by less than 1 MB',
    attacks: falseLengths.flatMap(([name, value]) => values(name, value, littleMemory)),
  },
  {
    fault: 'RegExp, Error, record (0x72) or unknown extensions → bad message, nothing constructed',
    attacks: extensions.flatMap(([name, value]) => values(name, value, nothingBuilt)),
  },
]
