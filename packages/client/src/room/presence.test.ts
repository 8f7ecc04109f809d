import { JuntoError } from '@junto/protocol'
import { FrameType, type PresenceEntry, type SentFrame } from '@junto/protocol/internal'
import { defineRoom, t } from '@junto/schema'
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import type { JoinedRoom, RoomPresence } from '../index.ts'
import { ScriptedServer } from '../session/scripted-server.fixture.ts'

const Spot = t.Object({ x: t.Uint16(), label: t.Optional(t.String()) })

const Field = defineRoom('field', {
  version: 1,
  state: t.Object({ n: t.Integer() }),
  presence: Spot,
  clientToServer: {},
  serverToClient: {},
})

const Bare = defineRoom('bare', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })

let server: ScriptedServer
let room: JoinedRoom<typeof Field>
let told: string[]

const presences = (entries: readonly PresenceEntry[], whole?: true, ref = 1): readonly [number, SentFrame] => [
  ref,
  { type: FrameType.presences, entries, whole },
]

/** What the client has shown over the present connection: `5`, `5 for 3000`, `nothing`. */
const shown = () =>
  server.received(FrameType.presence).map(({ value, expires }) => {
    const what = Array.isArray(value) ? value.join(' ') : 'nothing'
    return expires === undefined ? what : `${what} for ${expires}`
  })

/** Tells of what happens, in short. */
function follow(): void {
  told = []
  room.presence.watch({
    added: ({ x }, id) => told.push(`+ ${id} ${x}`),
    changed: ({ x }, id, previous) => told.push(`~ ${id} ${previous.x} ${x}`),
    removed: ({ x }, id) => told.push(`- ${id} ${x}`),
  })
}

async function lost(): Promise<void> {
  server.socket.end()
  await server.clock.advance('1s')
}

/** Lets so many milliseconds pass, setting the cursor each time. */
async function move(from: number, to: number, every = 1): Promise<void> {
  for (let x = from; x <= to; x++) {
    room.presence.set({ x })
    await server.clock.advance(every)
  }
}

beforeEach(async () => {
  server = new ScriptedServer({}, Field, { n: 0 })
  const opened = server.client.open(Field, { key: 'a' })
  await server.clock.settle()
  server.acceptAll()
  await server.clock.settle()
  room = await opened
  follow()
})

describe('what this member shows', () => {
  it('[F13] [N3] may be as large as the server says: what is larger throws, and what was shown before stays', async () => {
    server.mostPresence = 11
    await lost()
    await server.acceptAnew()
    await server.clock.advance('1s')
    room.presence.set({ x: 1, label: '12345678' })
    expect(() => room.presence.set({ x: 2, label: '123456789' })).toThrow(
      expect.objectContaining({ code: 'too_large', message: expect.stringContaining('more than 11 bytes') }),
    )
    expect(() => room.presence.update({ label: 'x'.repeat(50) })).toThrow(/maxPresence/)
    expect(room.presence.own).toEqual({ x: 1, label: '12345678' })
    await server.clock.settle()
    expect(shown()).toEqual(['1 12345678'])
  })

  it('[F37] leaves at the end of the turn, the newest of it', async () => {
    room.presence.set({ x: 1 })
    room.presence.set({ x: 2, label: 'here' })
    expect([shown(), room.presence.own]).toEqual([[], { x: 2, label: 'here' }])
    await server.clock.settle()
    expect(shown()).toEqual(['2 here'])
    room.presence.update({ x: 3 })
    await server.clock.advance(100)
    room.presence.clear()
    await server.clock.advance(100)
    room.presence.set({ x: 4, label: 'there' })
    room.presence.update({ label: undefined })
    await server.clock.advance(100)
    expect(shown()).toEqual(['2 here', '3 here', 'nothing', '4'])
    room.presence.clear()
    expect(room.presence.own).toBeUndefined()
  })

  it('[N2] leaves thirty times a second at most, and the last of it soon', async () => {
    await move(1, 1000)
    expect(shown().length).toBeGreaterThan(20)
    expect(shown().length).toBeLessThanOrEqual(31)
    await server.clock.advance(51)
    expect(shown().at(-1)).toBe('1000')
    const { length } = shown()
    await server.clock.advance('1s')
    expect(shown()).toHaveLength(length)
  })

  it('waits while the network takes nothing, and drained() waits for it', async () => {
    server.socket.bufferedAmount = 10_000_000
    await move(1, 100)
    const drained = room.drained()
    let isDrained = false
    void drained.then(() => (isDrained = true))
    await server.clock.advance('1s')
    expect([shown(), isDrained]).toEqual([[], false])
    server.socket.bufferedAmount = 0
    await server.clock.advance('1s')
    await drained
    expect(shown()).toEqual(['100'])
  })

  it('[N2] expires, here as there', async () => {
    room.presence.set({ x: 1 }, { expires: 3000 })
    await server.clock.advance(2999)
    expect([shown(), room.presence.own]).toEqual([['1 for 3000'], { x: 1 }])
    await server.clock.advance(1)
    expect(room.presence.own).toBeUndefined()
    expect(() => room.presence.update({ label: 'alone' })).toThrow('presence.x')
    room.presence.set({ x: 2 }, { expires: 0.5 })
    await server.clock.settle()
    expect(shown().at(-1)).toBe('2 for 1')
    room.presence.set({ x: 3 }, { expires: Infinity })
    await server.clock.advance('5s')
    expect([shown().at(-1), room.presence.own]).toEqual(['3', { x: 3 }])
  })

  it('[N5] is shown again after a resume, with what is left of its time', async () => {
    room.presence.set({ x: 1 }, { expires: 10_000 })
    await server.clock.advance('1s')
    await lost()
    room.presence.update({ label: 'away' }, { expires: 6_000 })
    server.resume()
    await server.clock.advance('1s')
    expect(shown()).toEqual(['1 away for 6000'])
    await lost()
    server.resume()
    await server.clock.advance('1s')
    expect(shown()).toEqual(['1 away for 4000'])
    await server.clock.advance('10s')
    await lost()
    server.resume()
    await server.clock.advance('1s')
    expect(shown()).toEqual(['nothing'])
  })

  it('[N5] that it ended is said again, too; and nothing is said where nothing ever was', async () => {
    await lost()
    server.resume()
    await server.clock.advance('1s')
    expect(shown()).toEqual([])
    room.presence.set({ x: 1 })
    await server.clock.advance('1s')
    room.presence.clear()
    await lost()
    server.resume()
    await server.clock.advance('1s')
    expect(shown()).toEqual(['nothing'])
  })

  it('is shown again by another member of another layout, once the room is joined anew', async () => {
    room.presence.set({ x: 7 })
    await server.clock.advance('1s')
    await lost()
    const Wider = defineRoom('field', {
      version: 1,
      state: t.Object({ n: t.Integer() }),
      presence: t.Object({ level: t.Optional(t.Uint8()), ...Spot.properties }),
      clientToServer: {},
      serverToClient: {},
    })
    server.restart({ n: 0 }, Wider)
    await server.acceptAnew()
    await server.clock.advance('1s')
    const [{ value } = {}] = server.received(FrameType.presence)
    expect([room.memberId, value]).toEqual(['m2', [null, 7]])
  })

  it('that the contract of a server that came back cannot say is reported, and shown no more', async () => {
    room.presence.set({ x: 700 })
    await server.clock.advance('1s')
    await lost()
    const Narrow = defineRoom('field', {
      version: 1,
      state: t.Object({ n: t.Integer() }),
      presence: t.Object({ x: t.Uint8(), label: t.Optional(t.String()) }),
      clientToServer: {},
      serverToClient: {},
    })
    server.restart({ n: 0 }, Narrow)
    await server.acceptAnew()
    await server.clock.advance('1s')
    expect([room.status.value.state, room.presence.own, shown()]).toEqual(['joined', undefined, []])
    expect(server.warnings).toEqual([
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('presence.x') }),
    ])
    room.presence.set({ x: 7 })
    await server.clock.settle()
    expect(shown()).toEqual(['7'])
  })

  it('that does not satisfy the contract is refused where it is set, and leaves what was shown', async () => {
    room.presence.set({ x: 1 })
    expect(() => room.presence.set({ x: -1 })).toThrow(JuntoError)
    expect(() => room.presence.set({ x: 70_000 })).toThrow('presence.x')
    // @ts-expect-error -- x is needed
    expect(() => room.presence.set({})).toThrow('presence.x')
    for (const expires of [0, -1, NaN]) {
      expect(() => room.presence.set({ x: 2 }, { expires })).toThrow(
        `expires must be milliseconds above 0, not ${expires}`,
      )
    }
    await server.clock.settle()
    expect([shown(), room.presence.own]).toEqual([['1'], { x: 1 }])
  })

  it('is a copy of what was set: what becomes of that later is not shown', async () => {
    const spot = { x: 1, label: 'here' }
    room.presence.set(spot)
    spot.x = 2
    await server.clock.settle()
    expect([shown(), room.presence.own]).toEqual([['1 here'], { x: 1, label: 'here' }])
  })

  it('goes nowhere when the room is left', async () => {
    room.presence.set({ x: 1 })
    await server.clock.settle()
    void room.leave()
    room.presence.set({ x: 2 })
    room.presence.clear()
    await server.clock.advance('1s')
    expect(shown()).toEqual(['1'])
  })
})

describe('what others show', () => {
  it('[F38] is a map that changes come to, of which watchers are told when all of them are in it', async () => {
    const sizes: number[] = []
    room.presence.watch({ added: () => sizes.push(room.presence.others.size) })
    server.socket.say(
      presences([
        ['m7', [1]],
        ['m1', [9]],
        ['m8', [2, 'two']],
      ]),
    )
    await server.clock.settle()
    expect(Object.fromEntries(room.presence.others)).toEqual({ m7: { x: 1 }, m8: { x: 2, label: 'two' } })
    expect([told, sizes]).toEqual([
      ['+ m7 1', '+ m8 2'],
      [2, 2],
    ])
    const [seven, eight] = room.presence.others.values()
    server.socket.say(
      presences([
        ['m7', [3]],
        ['m9', null],
      ]),
    )
    await server.clock.settle()
    expect(told.slice(2)).toEqual(['~ m7 1 3'])
    expect([room.presence.others.get('m7') === seven, room.presence.others.get('m8') === eight]).toEqual([false, true])
    server.socket.say(presences([['m8', null]]))
    await server.clock.settle()
    expect(told.slice(3)).toEqual(['- m8 2'])
    expect([...room.presence.others.keys()]).toEqual(['m7'])
  })

  it('who begins to watch is told of those that are there', async () => {
    server.socket.say(presences([['m7', [1]]]))
    await server.clock.settle()
    const seen: string[] = []
    const end = room.presence.watch({
      added: (_value, id) => seen.push(id),
      removed: (_value, id) => seen.push(`no ${id}`),
    })
    expect(seen).toEqual(['m7'])
    end()
    server.socket.say(presences([['m7', null]]))
    await server.clock.settle()
    expect([seen, told.at(-1)]).toEqual([['m7'], '- m7 1'])
  })

  it('[N4] a whole brings the difference to what was there, and nothing else', async () => {
    server.socket.say(
      presences([
        ['m7', [1]],
        ['m8', [2]],
        ['m9', [3]],
      ]),
    )
    await server.clock.settle()
    const eight = room.presence.others.get('m8')
    told.length = 0
    await lost()
    expect(room.presence.others.size).toBe(3)
    server.resume({
      replayed: [
        presences(
          [
            ['m6', [0]],
            ['m8', [2]],
            ['m9', [4]],
            ['m1', [5]],
          ],
          true,
        ),
      ],
    })
    await server.clock.settle()
    expect(told.toSorted()).toEqual(['+ m6 0', '- m7 1', '~ m9 3 4'])
    expect(room.presence.others.get('m8')).toBe(eight)
    // Bytes that are no text are not the same for that.
    for (const x of [220, 247]) {
      server.socket.say(presences([['m8', [x]]], true))
      await server.clock.settle()
    }
    expect(told.slice(-1)).toEqual(['~ m8 220 247'])
    server.socket.say(presences([], true))
    await server.clock.settle()
    expect(room.presence.others.size).toBe(0)
  })

  it('what looked alike by another layout is told anew', async () => {
    server.socket.say(presences([['m7', [1]]], true))
    await lost()
    const Turned = defineRoom('field', {
      version: 1,
      state: t.Object({ n: t.Integer() }),
      presence: t.Object({ y: t.Optional(t.Uint16()), ...Spot.properties }),
      clientToServer: {},
      serverToClient: {},
    })
    server.restart({ n: 0 }, Turned)
    await server.acceptAnew()
    server.socket.say(presences([['m7', [1, 2]]], true, 2))
    await server.clock.settle()
    expect(told).toEqual(['+ m7 1', '~ m7 1 2'])
  })

  it('nobody is seen in a room that was left', async () => {
    server.socket.say(presences([['m7', [1]]]))
    await server.clock.settle()
    void room.leave()
    await server.clock.settle()
    expect([told, room.presence.others.size]).toEqual([['+ m7 1', '- m7 1'], 0])
  })

  it('a watcher that throws is reported, and the others are told', async () => {
    room.presence.watch({
      added: () => {
        throw new Error('mine')
      },
    })
    follow()
    server.socket.say(presences([['m7', [1]]]))
    await server.clock.settle()
    expect(told).toEqual(['+ m7 1', '+ m7 1'])
    expect(server.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining("a watcher of the presence of room 'field'"),
    ])
    // @ts-expect-error -- for programs without types
    expect(() => room.presence.watch({ add: () => {} })).toThrow('listeners must have one of added, changed, removed')
  })

  it('a value that cannot be by the layout is damage: the room is joined afresh', async () => {
    server.socket.say(
      presences([
        ['m7', [1]],
        ['m8', [1, 2, 3, 4]],
      ]),
    )
    await server.clock.advance('2s')
    expect([told, room.presence.others.size]).toEqual([['+ m7 1'], 1])
    expect(server.warnings).toEqual([expect.objectContaining({ code: 'protocol' })])
    expect(server.received(FrameType.join)).toHaveLength(2)
  })
})

describe('where the contract declares no presence', () => {
  it('there is none: by its type, and for programs without types', async () => {
    const bare = new ScriptedServer({}, Bare, {})
    const opened = bare.client.open(Bare, { key: 'a' })
    await bare.clock.settle()
    bare.acceptAll()
    await bare.clock.settle()
    const { presence } = await opened
    expectTypeOf(presence).toEqualTypeOf<undefined>()
    const untyped = presence as unknown as RoomPresence<unknown>
    expect(() => untyped.set({ x: 1 })).toThrow("the server's contract of room 'bare' declares no presence")
    expect(untyped.others.size).toBe(0)
  })

  it('its types are those of the contract', () => {
    expectTypeOf(room.presence.own).toEqualTypeOf<{ readonly x: number; readonly label?: string } | undefined>()
    expectTypeOf(room.presence.others).toEqualTypeOf<
      ReadonlyMap<string, { readonly x: number; readonly label?: string }>
    >()
    // @ts-expect-error -- no such field
    expect(() => room.presence.update({ z: 1 })).toThrow('presence.x')
  })
})
