import { JuntoClient } from '@junto/client'
import type { OpenSocket } from '@junto/client'
import { encodeFrame, FrameType, MessageReader, parseFrame } from '@junto/protocol/internal'
import type { NoticeFrame } from '@junto/protocol/internal'
import { defineRoom, event, t } from '@junto/schema'
import { compileLayout, decodeLayout, hashLayout, StateTree } from '@junto/schema/internal'
import { compileValidator } from '@junto/schema/validate'
import { Room, SystemClock } from '@junto/server'
import { expect, vi } from 'vitest'
import { VirtualClock } from '../../src/index.ts'
import { closed, notice } from './rows.ts'
import type { Attack, Row } from './rows.ts'
import { RoomPeer } from './target.ts'
import type { Target } from './target.ts'

const clock = new SystemClock()

/** Defines rooms in which a text of this kind can be said. */
function defineText(target: Target, how: { readonly pattern: string }): void {
  const Said = defineRoom(`said ${how.pattern}`, {
    version: 1,
    state: t.Object({}),
    clientToServer: { say: event(t.Object({ text: t.String({ maxLength: 4096, ...how }) })) },
    serverToClient: {},
  })
  class SaidRoom extends Room(Said) {
    readonly handlers = this.handle({ say: () => {} })

    onCreate() {
      return {}
    }
  }
  target.server.define(Said, SaidRoom)
}

/** What a client believes that it joins, by name and type. */
const Any = defineRoom('r', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })

const bytes = (...values: readonly number[]) => Uint8Array.from(values)
const float64 = (value: number) => {
  const buffer = Buffer.alloc(9, 0xcb)
  buffer.writeDoubleBE(value, 1)
  return buffer
}
const uint64 = (value: bigint) => {
  const buffer = Buffer.alloc(9, 0xcf)
  buffer.writeBigUInt64BE(value, 1)
  return buffer
}

/** Parameters of the call, each of them good. */
const good = { count: bytes(1), ratio: float64(0.5), at: float64(1_767_225_600_000), whole: bytes(3) }

const wrongNumbers: readonly (readonly [field: keyof typeof good, name: string, value: Uint8Array])[] = [
  ['count', 'NaN', float64(NaN)],
  ['count', 'Infinity', float64(Infinity)],
  ['count', '2^32', uint64(2n ** 32n)],
  ['count', '-1', bytes(0xff)],
  ['count', 'half of one', float64(0.5)],
  ['ratio', 'NaN', float64(NaN)],
  ['ratio', 'NaN of 32 bits', bytes(0xca, 0x7f, 0xc0, 0, 0)],
  ['ratio', '-Infinity', float64(-Infinity)],
  ['ratio', 'true', bytes(0xc3)],
  ['at', 'an invalid date', float64(NaN)],
  ['at', 'a date beyond dates', float64(8.64e15 + 2)],
  ['whole', '2^53+1', uint64(2n ** 53n + 1n)],
  ['whole', '2^64-1', uint64(2n ** 64n - 1n)],
  ['whole', '2^53, as a float', float64(2 ** 53)],
]

/** The hash of a layout, and a first state of it, when it is one at all. */
function workable(definition: unknown): { readonly layout: string; readonly snapshot: Uint8Array } {
  try {
    const layout = decodeLayout(definition)
    const tree = StateTree.create(compileLayout(layout), undefined, { [evilName]: 'a' }, { epoch: '0123456789abcdef' })
    const snapshot = tree.viewer().take()?.bytes
    if (snapshot !== undefined) return { layout: hashLayout(layout), snapshot }
  } catch {
    // None: what follows does not matter.
  }
  return { layout: '0'.repeat(16), snapshot: bytes(0) }
}

/** Would run if a name ever became a part of code. */
const evilName = '"]; globalThis.evil = true; //\'`${globalThis.evil = true}'

/** A client of a server that is hostile: what its `open` comes to. */
async function openAt(definition: unknown): Promise<unknown> {
  const reader = new MessageReader(
    { maxMessage: 1 << 20, maxFrame: 1 << 20, maxDepth: 64, maxElements: 1e6 },
    parseFrame,
  )
  const clock = new VirtualClock()
  const socket: OpenSocket = (_url, _subprotocol, events) => {
    clock.atEndOfTurn(() => events.open())
    const say = (frame: Parameters<typeof encodeFrame>[0]) => events.message(encodeFrame(frame))
    return {
      bufferedAmount: 0,
      close: () => {},
      send: (message) =>
        reader.read(message, (_ref, frame) => {
          if (frame.type === FrameType.hello) {
            const limits = { maxMessage: 65_536, maxFrame: 262_144, heartbeat: 15_000, activeHeartbeat: 5_000 }
            say({ type: FrameType.welcome, session: frame.session, resumeWindow: 60_000, messageRate: 500, ...limits })
          } else if (frame.type === FrameType.join) {
            const { layout, snapshot } = workable(definition)
            const membership = { room: 'r', id: 'r1', member: 'm1', layout }
            say({ type: FrameType.joined, ref: frame.ref, ...membership, definition })
            events.message(
              Buffer.concat([bytes(frame.ref), encodeFrame({ type: FrameType.snapshot, bytes: snapshot })]),
            )
          }
        }),
    }
  }
  const client = new JuntoClient({ url: 'ws://hostile.test', socket, clock, onWarning: () => {} })
  const opened = client.open<typeof Any>('r', { key: 'k', version: 1 }).then(
    ({ state }) => state,
    (error: unknown) => error,
  )
  await clock.advance('1s')
  const outcome = await opened
  await Promise.all([client.close(), clock.advance('5s')])
  return outcome
}

const bare = (types: readonly unknown[]) => ['r', 1, types, types.length - 1, null, [], []]
const fields = (count: number) => Array.from({ length: count }, (_, index) => [`f${index}`, 0]).flat()

const hostileLayouts: readonly (readonly [string, unknown])[] = [
  ['a field __proto__', bare([2, [36, '__proto__', 0]])],
  ['a field constructor', bare([2, [36, 'constructor', 0]])],
  ['a million fields', bare([2, [36, ...fields(1_000_000)]])],
  ['a type that is itself', bare([[38, 0]])],
  [
    'two types that are each other',
    bare([
      [38, 1],
      [38, 0],
      [36, 'a', 0],
    ]),
  ],
  ['types nested without end', bare([2, ...Array.from({ length: 40 }, (_, index) => [38, index]), [36, 'a', 40]])],
  ['a kind that is a name', bare([['constructor'], [36, 'a', 0]])],
  ['a function', bare([2, [36, { toString: 1 }, 0]])],
]

/** A frame for a room that the peer is not in. */
function notJoined(name: string, run: Attack['run']): Attack {
  return { name, counts: [notice('not_joined', 2)], run }
}

/** What is wrong in messages that are well-formed: section B, too. */
export const messageRows: readonly Row[] = [
  {
    fault: 'NaN, Infinity, 2^53+1, uint64, invalid dates where the contract forbids them → invalid, state unchanged',
    attacks: wrongNumbers.map(([field, name, value]) => ({
      name: `${name} as ${field}`,
      counts: [],
      run: async (target) => {
        const member = await target.joined(`numbers ${field} ${name}`)
        const wire = { ...good, [field]: value }
        const params = Buffer.concat([bytes(0x94), wire.count, wire.ratio, wire.at, wire.whole])
        expect(await member.callRaw('measure', params)).toMatch(new RegExp(`^invalid: .*\\.${field}\\b`))
        expect(await member.call('calls')).toEqual({ n: 0 })
        // The same call with good ones is one.
        const fine = Buffer.concat([bytes(0x94), good.count, good.ratio, good.at, good.whole])
        expect(await member.callRaw('measure', fine)).toEqual({ n: 1 })
        member.peer.close()
      },
    })),
  },
  {
    fault: 'a text frame → bad message',
    attacks: [
      {
        name: 'that says hello, even',
        counts: [closed('bad_message')],
        run: async (target) => {
          const peer = await target.greeted()
          peer.sendFrame({ opcode: 1, payload: Buffer.from('hello') })
          expect(await peer.closed()).toBe(4500)
        },
      },
    ],
  },
  {
    fault: 'an unknown message type once → an error reply; twenty times → closed',
    attacks: [
      {
        name: 'once',
        counts: [notice('unknown_frame', 2)],
        run: async (target) => {
          const member = await target.joined('unknown once')
          member.peer.sendMessage(bytes(0x91, 15))
          member.peer.sendMessage(bytes(1, 0x91, 64))
          for (const type of [15, 64]) {
            const { code, message } = await member.peer.frame<NoticeFrame>(FrameType.notice)
            expect([code, message]).toEqual(['unknown_frame', `frames of type ${type} are not known here`])
          }
          expect(await member.call('echo', { n: 2 })).toEqual({ n: 2 })
          member.peer.close()
        },
      },
      {
        name: 'twenty times',
        counts: [notice('unknown_frame', 20), closed('abuse')],
        run: async (target) => {
          const peer = await target.greeted()
          for (let n = 0; n < 20; n++) peer.sendMessage(bytes(0x91, 15))
          expect(await peer.closed()).toBe(4502)
        },
      },
    ],
  },
  {
    fault: 'a message before joining, after leaving, or for another room → not_joined, no effect',
    attacks: [
      notJoined('before joining', async (target) => {
        const member = await target.joined('before joining')
        const stranger = new RoomPeer(await target.greeted())
        stranger.note(1)
        // Waits for no answer: the one that comes is about no call.
        void stranger.call('measure', { count: 1, ratio: 1, at: 1, whole: 1 })
        await noticed(stranger)
        expect(await member.call('calls')).toEqual({ n: 0 })
        stranger.peer.close()
        member.peer.close()
      }),
      notJoined('after leaving', async (target) => {
        const [member, leaver] = [await target.joined('after leaving'), await target.joined('after leaving')]
        leaver.note(1)
        leaver.peer.send({ type: FrameType.leave, ref: 1 })
        await leaver.left()
        leaver.note(2)
        void leaver.call('echo', { n: 1 })
        await noticed(leaver)
        expect(await member.call('calls')).toEqual({ n: 1 })
        leaver.peer.close()
        member.peer.close()
      }),
      notJoined('for another room', async (target) => {
        const [member, other] = [await target.joined('one room'), await target.joined('another room')]
        // That room is member's, under a number that means nothing here.
        other.peer.sendMessage(Buffer.concat([bytes(2), encodeFrame({ type: FrameType.resync })]))
        other.peer.sendMessage(Buffer.concat([bytes(2), encodeFrame({ type: FrameType.cancel, no: 1 })]))
        await noticed(other)
        expect(await member.call('calls')).toEqual({ n: 0 })
        other.peer.close()
        member.peer.close()
      }),
    ],
  },
  {
    fault:
      'a string at its maximal length against a `pattern` that backtracks → under 5 ms, or refused when the contract is defined',
    attacks: [
      ...['^(a+)+$', '^(a|aa)+$', '^(\\w+\\s?)*$', '(x+x+)+y', '^([a-z]+)*@'].map((pattern) => ({
        name: `${pattern} is refused`,
        counts: [],
        run: async (target: Target) => {
          expect(() => defineText(target, { pattern })).toThrow(/clientToServer\.say\.text: has a pattern/)
        },
      })),
      ...[
        { pattern: '^[a-z]+(-[a-z]+)*$', wrong: (length: number) => `${'a'.repeat(length - 1)}!` },
        { pattern: '^\\d{4}-\\d{2}-\\d{2}$', wrong: (length: number) => '0'.repeat(length) },
        { pattern: '^[^@\\s]+@[^@\\s]+$', wrong: (length: number) => 'a'.repeat(length) },
      ].map(({ pattern, wrong }) => ({
        name: `${pattern} is quick`,
        counts: [],
        run: async () => {
          const validate = compileValidator(t.String({ pattern, maxLength: 4096 }))
          let fastest = Infinity
          for (let n = 0; n < 5; n++) {
            const begun = clock.now()
            expect(() => validate(wrong(4096), 'text')).toThrow('text')
            fastest = Math.min(fastest, clock.now() - begun)
          }
          expect(fastest).toBeLessThan(5)
        },
      })),
    ],
  },
  {
    fault:
      "a hostile server's layout: field names with quotes and code, __proto__, a million fields, cycles → refused by the client, nothing compiled or built",
    attacks: [
      ...hostileLayouts.map(([name, definition]) => ({
        name,
        counts: [],
        run: async () => {
          const spy = vi.spyOn(globalThis, 'Function')
          expect(await openAt(definition)).toMatchObject({ code: 'bad_message' })
          expect(spy).not.toHaveBeenCalled()
          spy.mockRestore()
        },
      })),
      {
        name: 'names with quotes and code are names, and nothing else',
        counts: [],
        run: async () => {
          const state: unknown = await openAt(bare([2, [36, evilName, 0]]))
          expect(state).toEqual({ [evilName]: 'a' })
          expect(Reflect.has(globalThis, 'evil')).toBe(false)
        },
      },
    ],
  },
]

/** Two notices came. */
async function noticed({ peer }: RoomPeer): Promise<void> {
  for (let n = 0; n < 2; n++) {
    const { code } = await peer.frame<NoticeFrame>(FrameType.notice)
    expect(code).toBe('not_joined')
  }
}
