import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryNetwork, VirtualClock } from '../src/index.ts'
import { Counter, CounterRoom, log, Notes, NotesRoom, rooms, types } from './counter.fixture.ts'
import { message, PlainPeer, session, type Received } from './plain-peer.fixture.ts'

// What docs/protocol.md promises to whoever writes a client that comes back, as that client sees it.

const secret = '8899aabbccddeeff0011223344556677'
const next = '0123456789abcdeffedcba9876543210'
const third = 'ffffffffffffffff0000000000000000'

let clock: VirtualClock
let network: MemoryNetwork
let server: JuntoServer
let peer: PlainPeer
/** Tokens that the room lets in. */
let welcomed: Set<unknown>
/** What judging a token waits for. */
let judging: Promise<unknown> | undefined

beforeEach(async () => {
  log.length = 0
  rooms.length = 0
  welcomed = new Set([undefined, 'ada'])
  judging = undefined
  clock = new VirtualClock()
  network = new MemoryNetwork(clock)
  server = new JuntoServer({
    transports: [network.transport()],
    clock,
    store: new MemoryStore(),
    logger: new SilentLogger(),
    limits: { resumeBuffer: 1024 },
  })
  server.define(Counter, CounterRoom, {
    authenticate: async ({ token }) => {
      await judging
      return welcomed.has(token)
    },
  })
  server.define(Notes, NotesRoom)
  await server.listen()
  peer = await connect()
})

afterEach(async () => {
  const closing = server.close()
  await clock.advance('10s')
  await closing
})

async function connect(): Promise<PlainPeer> {
  const made = new PlainPeer(network, clock, 'http://localhost:5173')
  await clock.settle()
  return made
}

const hello = (rest: object = {}) => [1, { session, secret, ...rest }]
const join = (ref = 1, rest: object = {}) => [3, ref, { by: 'open', room: 'counter', key: 'main', ...rest }]
const add = (no: number, by: number) => [17, no, 0, [by], 15_000]

/** A session that has joined `counter` as ref 1 and has taken that: one numbered frame each way. */
async function enter(rest: object = {}): Promise<readonly Received[]> {
  const received = await peer.say(hello(rest), join())
  expect(types(received)).toEqual([2, 4, '1:26'])
  return received
}

/** The connection is gone, and a new one says this hello. */
async function comeBack(resume: object | undefined, rest: object = {}): Promise<readonly Received[]> {
  peer.socket.abort()
  await clock.settle()
  peer = await connect()
  return peer.say(hello({ ...rest, resume }))
}

/** What a welcome says of the session that it found. */
function resumedIn([welcome]: readonly Received[]): unknown {
  expect(welcome?.frame[0]).toBe(2)
  return (welcome?.frame[1] as { resumed?: unknown } | undefined)?.resumed
}

/** The state of the snapshot or patches is none of this page's: only which frame brought it counts. */
const framesOf = (received: readonly Received[]) =>
  received.map(({ frame }) => (frame[1] instanceof Uint8Array ? [frame[0]] : frame))

describe('a session with a secret', () => {
  it('[K2] [K4] [K7] goes on where it was, over another connection', async () => {
    await enter()
    expect(framesOf(await peer.say(1, add(1, 5)))).toEqual([[25], [18, 1, 46]])
    const [epoch, version] = ['0000000000000000', 1]
    const received = await comeBack({ next, received: 2, from: 3, rooms: [[1, epoch, version]] })
    expect(resumedIn(received)).toEqual({ received: 2 })
    // That epoch is none of this room's: the state comes as a snapshot.
    expect(types(received)).toEqual([2, '1:26', 11])
    expect(framesOf(received).at(-1)).toEqual([11, 2, true])
    expect(framesOf(await peer.say([11, 2], 1, add(2, 1)))).toEqual([[25], [18, 2, 47]])
    expect(log).toEqual([])
  })

  it('[K8] [K1] gets again what it did not take, and what came to that meanwhile, in order and behind the state', async () => {
    await enter()
    // It has taken its seat, and nothing behind.
    await peer.say(1, add(1, 5))
    const other = await connect()
    await other.say([1, { session: third }], join(9))
    peer.socket.abort()
    await clock.settle()
    await other.say(9, [29, 1, [null, 1]], add(1, 2), [29, 1, [null, 0]])
    const received = await comeBack({ next, received: 1, from: 2 })
    expect(resumedIn(received)).toEqual({ received: 2 })
    expect(framesOf(received).slice(1)).toEqual([
      [26],
      [18, 1, 46],
      [16, 0, ['right']],
      [16, 0, ['left']],
      [11, 2, true],
    ])
  })

  it('[K8] [K7] takes what the client sends again, but once', async () => {
    await enter()
    await peer.say(1, add(1, 5))
    // The client does not know whether its call has arrived: the server says so, and it sends what is behind.
    const received = await comeBack({ next, received: 1, from: 2 })
    expect(resumedIn(received)).toEqual({ received: 2 })
    expect(framesOf(await peer.say([11, 2], 1, add(2, 1)))).toEqual([[25], [18, 2, 47]])
    expect(rooms.at(-1)?.state.count).toBe(47)
  })

  it('[K4] [K8] finds its seat when the answers to its hello and join were lost', async () => {
    peer.socket.send(message(hello(), join()))
    await clock.settle()
    const received = await comeBack({ next, received: 0, from: 1 })
    expect(resumedIn(received)).toEqual({ received: 1 })
    expect(types(received)).toEqual([2, 4, '1:26', 11])
    expect(rooms.at(-1)?.members.size).toBe(1)
  })

  it('[K7] is new where the server does not know it: nothing is resumed', async () => {
    const received = await comeBack({ next, received: 20, from: 30, rooms: [[1, '0000000000000000', 7]] })
    expect(resumedIn(received)).toBeUndefined()
    expect(types(await peer.say(join()))).toEqual([4, '1:26'])
    // Its first resume has begun it, by the secret which that offered.
    peer.socket.abort()
    await clock.settle()
    peer = await connect()
    expect(
      resumedIn(await peer.say([1, { session, secret: next, resume: { next: third, received: 1, from: 2 } }])),
    ).toEqual({
      received: 1,
    })
  })

  it('[K7] [P16] is new again when the welcome of the new one was lost, whether or not the server noticed', async () => {
    for (const halfOpen of [false, true]) {
      const lost = await connect()
      await lost.say([1, { session, secret, resume: { next, received: 20, from: 30 } }])
      if (!halfOpen) lost.socket.abort()
      await clock.settle()
      const again = await connect()
      const received = await again.say([1, { session, secret, resume: { next, received: 20, from: 30 } }])
      expect(resumedIn(received)).toBeUndefined()
      again.socket.abort()
      await clock.settle()
    }
  })

  it('[K7] [F13] begins anew for a client that has forgotten all but its secret: its join takes the former seat', async () => {
    const first = await enter()
    await peer.say(1, add(1, 5))
    const received = await comeBack({ next })
    expect(resumedIn(received)).toEqual({ received: 0 })
    expect(types(received)).toEqual([2])
    const [joined, snapshot] = await peer.say([11, 0], join(4))
    expect(joined?.frame).toEqual([4, 4, expect.objectContaining({ kept: true, member: memberOf(first[1]) })])
    expect(snapshot).toMatchObject({ ref: 4, frame: [26, expect.anything()] })
    // Both directions count from 1 again.
    expect(resumedIn(await comeBack({ next: third, received: 1, from: 2 }, { secret: next }))).toEqual({ received: 1 })
    expect(log).toEqual([])
  })

  it('[K2] ends when nobody has come for the window of the welcome', async () => {
    const [welcome] = await enter()
    expect(welcome?.frame[1]).toMatchObject({ resumeWindow: 60_000 })
    peer.socket.abort()
    await clock.advance('59s')
    expect(log).toEqual([])
    await clock.advance('2s')
    expect(log).toEqual(['disconnected'])
    peer = await connect()
    expect(resumedIn(await peer.say(hello({ resume: { next, received: 1, from: 2 } })))).toBeUndefined()
  })

  it.each([
    ['a goodbye', 1000, 'left'],
    ['a final code', 4500, 'disconnected'],
  ])('[K3] ends with %s', async (_name, code, reason) => {
    await enter()
    peer.socket.close(code, '')
    await clock.settle()
    expect(log).toEqual([reason])
  })

  it.each([1001, 4002, 4009])('[K3] [K2] goes on after the code %d', async (code) => {
    await enter()
    peer.socket.close(code, '')
    await clock.settle()
    expect(log).toEqual([])
    expect(resumedIn(await comeBack({ next, received: 1, from: 2 }))).toEqual({ received: 1 })
  })

  it('[K11] has one connection: the next closes the former at once', async () => {
    await enter()
    const former = peer
    peer = await connect()
    expect(resumedIn(await peer.say(hello({ resume: { next, received: 1, from: 2 } })))).toEqual({ received: 1 })
    await clock.settle()
    expect(former.closed).toEqual({ code: 4503, reason: 'replaced' })
    expect(framesOf(await peer.say([11, 1], 1, add(1, 1)))).toEqual([[25], [18, 1, 42]])
  })
})

describe('counts', () => {
  it('[K6] [F34] are acknowledged by the server: riding on every eighth frame, alone after a second', async () => {
    await enter()
    const calls = [1, 2, 3, 4, 5, 6, 7].map((no) => add(no, 1))
    const received = await peer.say(1, ...calls)
    expect(received.filter(({ frame }) => frame[0] === 11).map(({ frame }) => frame)).toEqual([[11, 8]])
    expect(types(await peer.say(1, add(8, 1)))).toEqual(['1:25', '1:18'])
    await clock.advance('2s')
    expect(framesOf(await peer.hear())).toEqual([[11, 9]])
    await clock.advance('3s')
    expect(types(await peer.hear())).not.toContain(11)
  })

  it('[K6] are acknowledged at once when much has come', async () => {
    await enter()
    const note = 'x'.repeat(300)
    const received = await peer.say([3, 2, { by: 'open', room: 'notes', key: 'a' }])
    expect(types(received)).toEqual([4, '2:26'])
    expect(framesOf(await peer.say(2, [16, 0, [note]]))).toContainEqual([11, 3])
  })

  it.each([
    ['an ack of what was never sent', [11, 2], '[K5] of docs/protocol.md is broken: 2'],
    ['an ack of less than before', [11, 0], '[K5] of docs/protocol.md is broken: 0'],
  ])('[K5] that cannot be are bad messages: %s', async (_name, ack, message) => {
    await enter()
    await peer.say([11, 1])
    const told = await peer.say(ack)
    expect(told[0]?.frame.slice(0, 2)).toEqual([10, 'bad_message'])
    expect(told[0]?.frame[2]).toContain(message)
    expect(peer.closed?.code).toBe(4500)
  })

  it('[K9] tell what is gone: a room is named with its missing frames, and the others go on', async () => {
    await enter()
    await peer.say([3, 2, { by: 'open', room: 'notes', key: 'a' }])
    const other = await connect()
    await other.say([1, { session: third }], [3, 9, { by: 'open', room: 'notes', key: 'a' }], join(8))
    peer.socket.abort()
    await clock.settle()
    await other.say(8, [29, 1, [null, 1]], 9, ...[1, 2, 3, 4].map((n) => [16, 0, [`${n}${'x'.repeat(250)}`]]))
    await other.say(9, [16, 0, ['after']])
    const received = await comeBack({ next, received: 2, from: 3 })
    expect(resumedIn(received)).toEqual({ received: 2, resynced: [[2, 4]] })
    expect(framesOf(received).slice(-3)).toEqual([
      [16, 0, ['right']],
      [16, 0, ['after']],
      [11, 2, true],
    ])
    // It counts on behind what it has taken: two frames more.
    await peer.say([11, 4])
    expect(peer.closed).toBeUndefined()
  })

  it('[K9] [R16] are told with the end of what cannot end otherwise: a call whose reply is gone', async () => {
    await enter()
    await peer.say(1, add(1, 5))
    peer.socket.abort()
    await clock.settle()
    const other = await connect()
    await other.say([1, { session: third }], join(9))
    await other.say(9, ...Array.from({ length: 20 }, () => [29, 1, [null, 1]]))
    const received = await comeBack({ next, received: 1, from: 2 })
    const { resynced } = resumedIn(received) as { resynced: [ref: number, missed: number][] }
    const replayed = received.filter(({ frame }) => frame[0] === 16).length
    expect(resynced).toEqual([[1, 21 - replayed]])
    expect(framesOf(received).at(-1)).toEqual([19, 1, 'outcome_unknown', expect.any(String)])
  })

  it('[R16] go on for calls of the server, which outlive the connection as well', async () => {
    await enter()
    await peer.say([3, 2, { by: 'open', room: 'notes', key: 'a' }])
    expect(framesOf(await peer.say(2, [16, 0, ['ask']]))).toEqual([[17, 1, 1, null, expect.any(Number)]])
    const received = await comeBack({ next, received: 2, from: 4 })
    expect(resumedIn(received)).toEqual({ received: 3 })
    expect(framesOf(received).slice(-2)).toEqual([
      [17, 1, 1, null, expect.any(Number)],
      [11, 3, true],
    ])
    expect(framesOf(await peer.say([11, 3], 2, [18, 1, true]))).toEqual([[16, 0, ['true']]])
  })
})

describe('secrets', () => {
  it('[K10] that are wrong open nothing, and change nothing', async () => {
    await enter()
    const resume = { next: third, received: 1, from: 2 }
    for (const wrong of [{ secret: third, resume }, { secret: third }, {}, { secret: next, resume }]) {
      const stranger = await connect()
      await stranger.say([1, { session, ...wrong }])
      expect(stranger.closed).toEqual({ code: 4007, reason: 'session_lost' })
    }
    expect(peer.closed).toBeUndefined()
    expect(framesOf(await peer.say(1, add(1, 1)))).toEqual([[25], [18, 1, 42]])
    expect(resumedIn(await comeBack({ next, received: 2, from: 3 }))).toEqual({ received: 2 })
  })

  it('[K10] change with each resume: both are good until something comes behind the welcome, then only the next', async () => {
    await enter()
    // The welcome is lost: the former secret is still good, and so is the next.
    expect(resumedIn(await comeBack({ next, received: 1, from: 2 }))).toEqual({ received: 1 })
    expect(resumedIn(await comeBack({ next, received: 1, from: 2 }))).toEqual({ received: 1 })
    expect(resumedIn(await comeBack({ next: third, received: 1, from: 2 }, { secret: next }))).toEqual({ received: 1 })
    await peer.say([11, 1])
    await comeBack({ next, received: 1, from: 2 }, { secret: next })
    expect(peer.closed).toEqual({ code: 4007, reason: 'session_lost' })
    expect(resumedIn(await comeBack({ next, received: 1, from: 2 }, { secret: third }))).toEqual({ received: 1 })
    expect(log).toEqual([])
  })

  it('[K10] do not help over a gap: the frame that is expected is named', async () => {
    await enter()
    const told = await comeBack({ next, received: 1, from: 5 })
    expect(told.map(({ frame }) => frame[0])).toEqual([10])
    expect(told[0]?.frame[2]).toContain('number 2 is expected')
    expect(peer.closed).toEqual({ code: 4007, reason: 'session_lost' })
    expect(resumedIn(await comeBack({ next, received: 1, from: 2 }))).toEqual({ received: 1 })
  })

  it('[K4] are followed by nothing before the welcome', async () => {
    await enter()
    peer.socket.abort()
    await clock.settle()
    peer = await connect()
    await peer.say(hello({ resume: { next, received: 1, from: 2 } }), 1, add(1, 1))
    expect(peer.closed?.code).toBe(4500)
  })
})

describe('credentials', () => {
  it('[K12] are judged again at each resume: without them a membership ends', async () => {
    await enter({ auth: 'ada' })
    welcomed.delete('ada')
    const received = await comeBack({ next, received: 1, from: 2 }, { auth: 'ada' })
    expect(resumedIn(received)).toEqual({ received: 1 })
    expect(framesOf(received).slice(1)).toEqual([
      [7, 1, 'refused', expect.any(String)],
      [11, 1, true],
    ])
    expect(log).toEqual(['refused'])
  })

  it('[K12] that cannot be judged in time cost the connection, and nothing else', async () => {
    await enter({ auth: 'ada' })
    judging = new Promise(() => {})
    peer.socket.abort()
    await clock.settle()
    peer = await connect()
    await peer.say(hello({ auth: 'ada', resume: { next, received: 1, from: 2 } }))
    await clock.advance('11s')
    expect(peer.closed).toEqual({ code: 4004, reason: 'auth_timeout' })
    judging = undefined
    expect(resumedIn(await comeBack({ next, received: 1, from: 2 }, { auth: 'ada' }))).toEqual({ received: 1 })
    expect(log).toEqual([])
  })
})

describe('rates', () => {
  it('[P18] are told when they are exceeded, and who goes on is closed', async () => {
    await enter()
    const flood = Array.from({ length: 2100 }, (_, index) => add(index + 1, 0))
    const received = await peer.say(1, ...flood)
    const failed = received.filter(({ frame }) => frame[0] === 19)
    expect(failed.length).toBeGreaterThan(50)
    expect(failed[0]?.frame).toEqual([
      19,
      expect.any(Number),
      'rate_limited',
      expect.any(String),
      { retryAfter: expect.any(Number) },
    ])
    for (let i = 0; i < 20 && peer.closed === undefined; i++) await peer.say(1, ...flood)
    expect(peer.closed).toEqual({ code: 4008, reason: 'flooding' })
    // It may come back, with its session.
    expect(log).toEqual([])
  })
})

function memberOf(joined: Received | undefined): unknown {
  return (joined?.frame[2] as { member?: unknown } | undefined)?.member
}
