import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryNetwork, VirtualClock } from '../src/index.ts'
import { Counter, CounterRoom, log, Notes, NotesRoom, rooms, types } from './counter.fixture.ts'
import { PlainPeer, session } from './plain-peer.fixture.ts'

// What docs/protocol.md promises to whoever writes a client, with its room `counter`, as that client sees it.

let clock: VirtualClock
let network: MemoryNetwork
let server: JuntoServer
let peer: PlainPeer

beforeEach(async () => {
  log.length = 0
  clock = new VirtualClock()
  network = new MemoryNetwork(clock)
  const store = new MemoryStore()
  server = new JuntoServer({ transports: [network.transport()], clock, store, logger: new SilentLogger() })
  server.define(Counter, CounterRoom)
  server.define(Notes, NotesRoom)
  await server.listen()
  peer = new PlainPeer(network, clock)
  await clock.settle()
})

afterEach(async () => {
  const closing = server.close()
  await clock.advance('10s')
  await closing
})

const hello = [1, { session }]
const join = (ref = 1, rest: object = {}) => [3, ref, { by: 'open', room: 'counter', key: 'main', ...rest }]
/** Says hello and joins the room as ref 1; forgets the answers. */
async function enter(): Promise<void> {
  expect(types(await peer.say(hello, join()))).toEqual([2, 4, '1:26'])
}

describe('a connection', () => {
  it('[P1] begins with a hello, and has only one', async () => {
    await peer.say(join())
    expect(peer.closed).toEqual({ code: 4500, reason: 'bad_message' })
    const other = new PlainPeer(network, clock)
    await other.say(hello)
    await other.say(hello)
    expect(other.closed).toEqual({ code: 4500, reason: 'bad_message' })
  })

  it('[P1] is closed when no hello comes', async () => {
    await clock.advance('10s')
    expect(peer.closed).toEqual({ code: 4001, reason: 'hello_timeout' })
  })

  it('[P2] [F10] [F11] is welcomed first, with what the server accepts', async () => {
    expect(await peer.say(hello)).toEqual([
      {
        ref: 0,
        frame: [
          2,
          {
            session,
            maxMessage: 65_536,
            maxFrame: 262_144,
            heartbeat: 15_000,
            activeHeartbeat: 5_000,
            resumeWindow: 0,
            messageRate: 500,
          },
        ],
      },
    ])
  })

  it('[P2] [F2] [F7] [F18] gets no message beyond what it accepts, and large frames in parts', async () => {
    const title = 'x'.repeat(3000)
    await peer.say(
      [1, { session, maxMessage: 1024, maxFrame: 100_000 }],
      [3, 1, { by: 'open', room: 'notes', key: title.slice(0, 5) }],
    )
    const received = await peer.say(1, [16, 0, [title]])
    expect(received.map(({ ref, frame }) => [ref, frame[0]])).toEqual([[1, 16]])
    expect(received[0]?.frame[2]).toEqual([title])
    expect(peer.sizes.length).toBeGreaterThan(3)
    expect(Math.max(...peer.sizes)).toBeLessThanOrEqual(1024)
  })

  it('[F1] is closed by a text message', async () => {
    await peer.say(hello)
    peer.socket.sendText('hello')
    await clock.settle()
    expect(peer.closed).toEqual({ code: 4500, reason: 'bad_message' })
  })

  it('[P15] [F9] is closed by a bad message, nothing of which has an effect', async () => {
    await enter()
    const received = await peer.say(1, [17, 1, 0, [5]], [24, 1])
    expect(types(received)).toEqual([10])
    expect(peer.closed?.code).toBe(4500)
    expect(rooms.at(-1)?.state.count).toBe(41)
  })

  it('[P12] [F17] beats, with the time of the server', async () => {
    await enter()
    await clock.advance('15s')
    const [beat] = await peer.hear()
    expect(beat?.frame[0]).toBe(8)
    expect(clock.time() - Number(beat?.frame[1])).toBeLessThanOrEqual(15_000)
  })

  it('[P17] [F35] [F36] is answered at once when it probes', async () => {
    await enter()
    expect(await peer.say([12, 1234.5])).toEqual([{ ref: 0, frame: [13, 1234.5, clock.time()] }])
  })

  it('[P14] [P11] [F5] [F19] is told of its errors, and closed after many', async () => {
    await peer.say(hello)
    const told = await peer.say([63, 'what'], [14], 7, [16, 0, null])
    expect(told.map(({ frame }) => frame.slice(0, 2))).toEqual([
      [10, 'unknown_frame'],
      [10, 'unknown_frame'],
      [10, 'not_joined'],
    ])
    for (let i = 0; i < 16; i++) await peer.say([63])
    expect(peer.closed).toBeUndefined()
    await peer.say([63])
    expect(peer.closed).toEqual({ code: 4502, reason: 'abuse' })
  })
})

describe('joining', () => {
  it('[P4] [P5] [P7] [F12] [F13] [F30] works in the message of the hello: layout, then snapshot', async () => {
    const [welcome, joined, snapshot, ...more] = await peer.say(hello, join(7))
    expect(welcome?.frame[0]).toBe(2)
    expect(joined).toEqual({
      ref: 0,
      frame: [
        4,
        7,
        {
          room: 'counter',
          id: expect.any(String),
          key: 'main',
          member: expect.any(String),
          layout: expect.stringMatching(/^[0-9a-f]{16}$/),
          definition: expect.arrayContaining(['counter', 1]),
        },
      ],
    })
    expect(snapshot).toEqual({ ref: 7, frame: [26, expect.any(Uint8Array)] })
    expect(more).toEqual([])
  })

  it('[P7] [V3] leaves out a layout that the client holds', async () => {
    const [, joined] = await peer.say(hello, join(1))
    expect(joined?.frame[2]).toHaveProperty('definition')
    const { layout } = (joined?.frame[2] ?? {}) as { layout?: string }
    const [again] = await peer.say(join(2, { key: 'other', layouts: ['0000000000000000', layout] }))
    expect(again?.frame[2]).not.toHaveProperty('definition')
    expect(again?.frame[2]).toMatchObject({ layout })
  })

  it('[P4] [F14] is refused with a code, and the ref is free', async () => {
    await peer.say(hello)
    expect(await peer.say(join(1, { room: 'nowhere' }))).toEqual([
      { ref: 0, frame: [5, 1, 'unknown_room', expect.any(String)] },
    ])
    expect(types(await peer.say(join(1)))).toEqual([4, '1:26'])
  })

  it('[P9] [P4] ends by one answer, also where leaving crosses it', async () => {
    await peer.say(hello)
    // It leaves before it knows that it is refused: the refusal is the answer, and nothing counts against it.
    expect(types(await peer.say(join(1, { room: 'nowhere' })))).toEqual([5])
    expect(await peer.say([6, 1])).toEqual([])
    expect((await peer.say(1, [16, 0, null])).map(({ frame }) => frame[1])).toEqual(['not_joined'])
    // It leaves before the room has answered.
    expect(types(await peer.say(join(1), [6, 1]))).toEqual([7])
    expect(types(await peer.say([6, 1]))).toEqual([10])
  })

  it('[P4] is a bad message with a ref that is in use', async () => {
    await enter()
    await peer.say(join(1))
    expect(peer.closed?.code).toBe(4500)
  })

  it('[P6] finds rooms by key, by id, by metadata, or makes new ones', async () => {
    const enterBy = async (by: object): Promise<unknown> => {
      const [, joined] = await new PlainPeer(network, clock).say(hello, [3, 1, { room: 'counter', ...by }])
      return joined?.frame[0] === 4 ? (joined.frame[2] as { id: string }).id : joined?.frame[2]
    }
    const main = await enterBy({ by: 'open', key: 'main' })
    expect(await enterBy({ by: 'open', key: 'main' })).toBe(main)
    expect(await enterBy({ by: 'join', id: main })).toBe(main)
    const made = await enterBy({ by: 'create' })
    expect(made).not.toBe(main)
    expect([main, made]).toContain(await enterBy({ by: 'joinOrCreate', where: { level: 1 } }))
    expect(await enterBy({ by: 'join', id: 'nowhere' })).toBe('room_not_found')
  })

  it('[P6] has one membership of a room for each connection', async () => {
    await enter()
    expect((await peer.say(join(2)))[0]?.frame.slice(0, 3)).toEqual([5, 2, 'already_joined'])
  })

  it('[P8] is refused for another version', async () => {
    const [, refused] = await peer.say(hello, join(1, { version: 2 }))
    expect(refused?.frame.slice(0, 3)).toEqual([5, 1, 'incompatible'])
    expect(types(await peer.say(join(1, { version: 1 })))).toEqual([4, '1:26'])
  })

  it('[P3] is refused without the credentials that the room asks for', async () => {
    const guarded = new MemoryNetwork(clock)
    const other = new JuntoServer({
      transports: [guarded.transport()],
      clock,
      store: new MemoryStore(),
      logger: new SilentLogger(),
    })
    other.define(Counter, CounterRoom, { authenticate: ({ token }) => token === 'let me in' })
    await other.listen()
    for (const [auth, answer] of [
      ['wrong', 5],
      ['let me in', 4],
    ]) {
      const comer = new PlainPeer(guarded, clock)
      const [, joined] = await comer.say([1, { session, auth }], join(1))
      expect(joined?.frame[0]).toBe(answer)
      if (answer === 5) expect(joined?.frame[2]).toBe('unauthorized')
    }
    const closing = other.close()
    await clock.advance('10s')
    await closing
  })
})

describe('leaving', () => {
  it('[P9] [F15] [F16] is answered, and the ref is free at once', async () => {
    await enter()
    expect(await peer.say([6, 1])).toEqual([{ ref: 0, frame: [7, 1, 'left'] }])
    expect(types(await peer.say([6, 1]))).toEqual([10])
    expect(types(await peer.say(join(1), [6, 1], join(1)))).toEqual([7, 4, '1:26'])
    expect(log).toEqual(['left'])
  })

  it('[P11] has no way back: frames for the room are not joined', async () => {
    await enter()
    const told = await peer.say([6, 1], 1, [17, 1, 0, [5]])
    expect(told.map(({ frame }) => frame.slice(0, 2))).toEqual([
      [7, 1],
      [10, 'not_joined'],
    ])
    expect(rooms.at(-1)?.state.count).toBe(41)
  })

  it('[P10] may come from the server: what was under way is ignored', async () => {
    await enter()
    for (const member of rooms.at(-1)?.members.values() ?? []) member.kick('be nice')
    expect(await peer.hear()).toEqual([{ ref: 0, frame: [7, 1, 'kicked', 'be nice'] }])
    expect(await peer.say(1, [17, 1, 0, [5]], 0, [6, 1])).toEqual([])
    expect(types(await peer.say(join(1)))).toEqual([4, '1:26'])
  })

  it('[P16] comes with the end of the connection, where the session has no secret; the same session may come again', async () => {
    await enter()
    peer.socket.close(1000, '')
    await clock.settle()
    expect(log).toEqual(['left'])
    peer = new PlainPeer(network, clock)
    await enter()
    peer.socket.abort()
    await clock.settle()
    expect(log).toEqual(['left', 'disconnected'])
    peer = new PlainPeer(network, clock)
    await enter()
  })
})

describe('in a room', () => {
  it('[R4] [R13] [R14] [F21] [F22] [F29] calls are answered behind their effects, in the order of their numbers', async () => {
    await enter()
    const received = await peer.say(1, [17, 1, 0, [5], 15_000], [17, 2, 0, [6]])
    expect(types(received)).toEqual(['1:25', '1:18', '1:18'])
    expect(received.slice(1).map(({ frame }) => frame)).toEqual([
      [18, 1, 46],
      [18, 2, 52],
    ])
  })

  it('[R5] [F23] calls fail with the index of a declared error, or with a code', async () => {
    await enter()
    const received = await peer.say(1, [17, 1, 0, [60]], [17, 2, 0, ['five']], [17, 3, 99, null])
    expect(received.map(({ frame }) => frame)).toEqual([
      [19, 1, 0, expect.any(String), [100]],
      [19, 2, 'invalid', expect.stringContaining('by'), { path: 'add.params.by' }],
      [19, 3, 'unsupported', expect.any(String)],
    ])
  })

  it('[F20] [F33] [V7] [V4] events go and come, in the frame of their class, their values by position', async () => {
    await enter()
    expect(await peer.say(1, [29, 1, [null, 1]])).toEqual([{ ref: 1, frame: [16, 0, ['right']] }])
    expect(await peer.say(1, [29, 1, ['ann', 0]])).toEqual([{ ref: 1, frame: [16, 0, ['left']] }])
    const told = await peer.say(1, [29, 1, [null, 2]], [29, 9, null], [16, 9, null], [16, 1, [null, 1]])
    expect(told.map(({ frame }) => frame.slice(0, 2))).toEqual([
      [10, 'invalid'],
      [10, 'unsupported'],
      [10, 'unsupported'],
      [10, 'unsupported'],
    ])
  })

  it('[R9] [R10] [R11] [F25] [F26] [F27] [F28] streams come as far as their credit goes', async () => {
    await enter()
    expect((await peer.say(1, [21, 1, 2, null, 2])).map(({ frame }) => frame)).toEqual([
      [22, 1, 0],
      [22, 1, 1],
    ])
    expect((await peer.say(1, [24, 1, 2])).map(({ frame }) => frame)).toEqual([
      [22, 1, 2],
      [23, 1],
    ])
  })

  it('[R12] [R7] [F24] streams end silently when they are cancelled', async () => {
    await enter()
    expect(types(await peer.say(1, [21, 1, 2, null, 1]))).toEqual(['1:22'])
    expect(await peer.say(1, [20, 1])).toEqual([])
    expect(await peer.say(1, [24, 1, 5])).toEqual([])
  })

  it('[R1] the server calls as well, with numbers of its own', async () => {
    await peer.say(hello, [3, 2, { by: 'open', room: 'notes', key: 'a' }])
    expect(await peer.say(2, [16, 0, ['ask']])).toEqual([{ ref: 2, frame: [17, 1, 1, null, expect.any(Number)] }])
    expect(await peer.say(2, [18, 1, true])).toEqual([{ ref: 2, frame: [16, 0, ['true']] }])
  })
})

describe('the end', () => {
  it('[C1] is told by a code after which a client comes back', async () => {
    await enter()
    const closing = server.close()
    await clock.advance('10s')
    await closing
    expect(peer.closed).toEqual({ code: 4000, reason: 'shutting_down' })
  })
})
