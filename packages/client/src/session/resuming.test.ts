import { call, defineRoom, event, stream, t, type Live, type StateOf } from '@junto/schema'
import { JuntoError } from '@junto/protocol'
import { FrameType, type Frame, type SentFrame } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom, Recovery } from '../index.ts'
import type { JuntoClientOptions } from '../client-options.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'

// Over drops of the connection, whose server knows the session again.

const Game = defineRoom('game', {
  version: 1,
  state: t.Object({ score: t.Integer() }),
  clientToServer: {
    add: call({ params: t.Object({ n: t.Integer() }), result: t.Integer() }),
    set: call({ params: t.Object({ n: t.Integer() }), result: t.Integer(), idempotent: true }),
    quick: call({ timeout: 300 }),
    shot: event(t.Object({ n: t.Integer() })),
    move: event(t.Object({ id: t.String(), x: t.Integer() }), { delivery: 'latest', key: 'id', priority: 1 }),
    aim: event(t.Object({ x: t.Integer() }), { delivery: 'latest' }),
    spark: event(t.Object({ n: t.Integer() }), { delivery: 'volatile' }),
    log: stream({ item: t.String() }),
  },
  serverToClient: {
    hit: event(t.Object({ n: t.Integer() })),
    ask: call({ result: t.Integer() }),
  },
})

type State = Live<StateOf<typeof Game>>

const first = { score: 0 }

let server: ScriptedServer
let room: JoinedRoom<typeof Game>
let recoveries: Recovery[]
let states: string[]

const up = (name: string): number => server.layout.upByName.get(name)?.id ?? NaN
const down = (name: string): number => server.layout.downByName.get(name)?.id ?? NaN
const hit = (n: number, ref = 1): readonly [number, SentFrame] => [
  ref,
  { type: FrameType.event, id: down('hit'), payload: [n] },
]
const reply = (no: number, result: unknown, ref = 1): readonly [number, SentFrame] => [
  ref,
  { type: FrameType.reply, no, result },
]

/** What came over the present connection, but for the hello and acks. */
const came = (): [number, Frame][] =>
  server.socket.frames
    .filter(([, { type }]) => type !== FrameType.hello && type !== FrameType.ack)
    .map(([ref, frame]) => [ref, frame])

/** The numbers of the shots that came over the present connection. */
const shots = () => server.received(FrameType.event).map(({ payload }) => (payload as number[])[0])
const calls = () => server.received(FrameType.call).map(({ params }) => (params as number[] | null)?.[0])
const acks = () => server.received(FrameType.ack).map(({ received }) => received)

/** The client's next attempt to connect. */
async function nextAttempt(): Promise<void> {
  server.client.connection.retry()
  await server.clock.settle()
  if (server.client.connection.state !== 'connecting') throw new Error('it does not connect')
}

/** Drops the connection, and lets the client come back. */
async function drop(code = 1006): Promise<void> {
  server.socket.end(code)
  await nextAttempt()
}

/** What becomes of a promise. */
function watch(promise: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'pending' }
  promise.then(
    (value) => (seen.outcome = value),
    (error: unknown) => (seen.outcome = error),
  )
  return seen
}

async function begin(options: Partial<JuntoClientOptions> = {}): Promise<void> {
  server = new ScriptedServer(options, Game, first)
  const opened = server.client.open(Game, { key: 'a' })
  server.acceptAll()
  room = await opened
  recoveries = []
  states = []
  room.onRecovery((recovery) => recoveries.push(recovery))
  room.status.subscribe(() => states.push(room.status.value.state))
}

beforeEach(() => begin())

describe('a session', () => {
  it('[K2] [K4] says hello with a secret of its own, and resumes with it, once told what it has and what it can still send', async () => {
    const { session, secret } = server.hello
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    expect(secret).not.toBe(session)
    expect(server.hello.resume).toBeUndefined()
    server.socket.say(hit(1), hit(2))
    await drop()
    server.resume()
    const { resume } = server.hello
    expect(server.hello).toMatchObject({ session, secret })
    expect(resume).toMatchObject({
      // joined, and two events
      received: 3,
      from: 1,
      rooms: [[1, server.tree.epoch, server.tree.version]],
    })
    expect(resume?.next).toMatch(/^[0-9a-f]{32}$/)
    expect(resume?.next).not.toBe(secret)
  })

  it('[K4] goes over to its next secret with the welcome, and not before', async () => {
    const { secret } = server.hello
    await drop()
    server.socket.accept()
    const { resume } = server.hello
    await drop()
    server.socket.accept()
    expect(server.hello).toMatchObject({ secret, resume: { next: resume?.next } })
    await drop()
    server.resume()
    await drop()
    server.socket.accept()
    expect(server.hello.secret).toBe(resume?.next)
    expect(server.hello.resume?.next).not.toBe(resume?.next)
  })

  it('[K4] proves its new secret by an ack at once, and says nothing before the welcome', async () => {
    room.send.shot({ n: 1 })
    await drop()
    room.send.shot({ n: 2 })
    server.socket.accept()
    await server.clock.settle()
    expect(server.socket.frames.map(([, { type }]) => type)).toEqual([FrameType.hello])
    server.resume()
    await server.clock.settle()
    expect(server.socket.frames[1]?.[1]).toEqual({ type: FrameType.ack, received: 1 })
  })

  it('says nothing behind a resume, however much there is to acknowledge', async () => {
    server.socket.say(...Array.from({ length: 20 }, (_, n) => hit(n)))
    await drop()
    server.socket.accept()
    await server.clock.settle()
    expect(server.socket.frames.map(([, { type }]) => type)).toEqual([FrameType.hello])
  })

  it('[K8] resumes: the room goes on as if nothing had happened, and is told so once its state is there', async () => {
    const { state, memberId } = room
    ;(server.state as State).score = 7
    const patch = server.patch(1)
    await server.clock.advance('1s')
    server.socket.end()
    expect(room.status.value).toMatchObject({ state: 'reconnecting', error: { code: 'disconnected' } })
    room.onRecovery(() => states.push(`recovery with ${room.state.score}`))
    await server.clock.advance('1s')
    server.resume({ states: [patch] })
    expect(states).toEqual(['reconnecting', 'joined', 'recovery with 7'])
    expect(recoveries).toEqual([{ outcome: 'resumed', downtime: 1000 }])
    expect(room.state).toBe(state)
    expect(room.memberId).toBe(memberId)
    await server.clock.settle()
    expect(came()).toEqual([])
  })

  it('is told of each drop once, also when it drops again while it resumes', async () => {
    server.socket.end()
    for (const stop of ['connecting', 'open', 'greeted', 'welcomed']) {
      await server.clock.advance('10s')
      if (stop !== 'connecting') server.socket.accept()
      if (stop === 'welcomed') server.socket.say([0, { ...welcome(), resumed: { received: server.taken } }])
      server.socket.end()
      if (stop === 'open') server.client.connection.retry()
    }
    await nextAttempt()
    server.resume()
    expect(states).toEqual(['reconnecting', 'joined'])
    expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(recoveries[0]?.downtime).toBe(server.clock.now())
  })

  it('keeps several rooms, each with its own outcome', async () => {
    const opening = server.client.open(Game, { key: 'b' })
    await server.clock.settle()
    const [, join] = server.received(FrameType.join)
    if (join === undefined) throw new Error('no join')
    server.admit(join)
    const b = await opening
    const told: Recovery[] = []
    b.onRecovery((recovery) => told.push(recovery))
    await drop()
    server.resume({ resynced: [[2, 5]] })
    expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(told).toMatchObject([{ outcome: 'resynced', rejoined: false, missed: 5, unsent: 0 }])
    expect(b.memberId).toBe('m2')
    expect(server.hello.resume?.rooms?.map(([ref]) => ref)).toEqual([1, 2])
  })

  it('is told to all rooms at once: whoever is told of one sees how the others are', async () => {
    const opening = server.client.open(Game, { key: 'b' })
    await server.clock.settle()
    const [, join] = server.received(FrameType.join)
    if (join === undefined) throw new Error('no join')
    server.admit(join)
    const b = await opening
    const seen: string[] = []
    const note = (): void => void seen.push(`${room.status.value.state} ${b.status.value.state}`)
    room.status.subscribe(note)
    b.status.subscribe(note)
    room.onRecovery(note)
    b.onRecovery(note)
    await drop()
    expect(seen.splice(0)).toEqual(Array(2).fill('reconnecting reconnecting'))
    server.resume()
    expect(seen.splice(0)).toEqual(Array(4).fill('joined joined'))
    await server.client.close()
    expect(seen).toEqual(Array(2).fill('left left'))
  })

  it('that is left by who is told so is not said to be back', async () => {
    const opening = server.client.open(Game, { key: 'b' })
    await server.clock.settle()
    const [, join] = server.received(FrameType.join)
    if (join === undefined) throw new Error('no join')
    server.admit(join)
    const b = await opening
    const told: string[] = []
    b.status.subscribe(() => told.push(b.status.value.state))
    b.onRecovery(({ outcome }) => told.push(outcome))
    room.status.subscribe(() => {
      if (room.status.value.state === 'joined') void b.leave()
    })
    await drop()
    server.resume()
    expect(told).toEqual(['reconnecting', 'left'])
  })

  it('adds up what is missing over several drops that were not recovered from', async () => {
    await drop()
    server.socket.accept()
    server.socket.say([0, { ...welcome(), resumed: { received: server.taken, resynced: [[1, 2]] } }])
    await drop()
    server.resume({ received: 1, resynced: [[1, 3]] })
    expect(recoveries).toMatchObject([{ outcome: 'resynced', missed: 5 }])
  })
})

describe('what is sent', () => {
  it('[K8] again is just what the server lacks, in order, before anything newer', async () => {
    for (const n of [1, 2, 3, 4]) room.send.shot({ n })
    await server.clock.settle()
    expect(shots()).toEqual([1, 2, 3, 4])
    await drop()
    expect(room.send.shot({ n: 5 })).toBe('queued')
    // The join and two shots have arrived.
    server.resume({ received: 3 })
    expect(room.send.shot({ n: 6 })).toBe('sent')
    await server.clock.settle()
    expect(shots()).toEqual([3, 4, 5, 6])
    await drop()
    server.resume()
    await server.clock.settle()
    expect(shots()).toEqual([])
    expect(server.hello.resume).toMatchObject({ from: 4 })
  })

  it('[K6] is kept until the server has acknowledged it', async () => {
    for (const n of [1, 2, 3]) room.send.shot({ n })
    await server.clock.settle()
    server.socket.say([0, { type: FrameType.ack, received: 3 }])
    await drop()
    server.resume({ received: 3 })
    await server.clock.settle()
    expect(server.hello.resume?.from).toBe(4)
    expect(shots()).toEqual([3])
  })

  it('without a connection waits in the order in which it was sent', async () => {
    server.socket.end()
    room.send.shot({ n: 1 })
    const added = watch(room.call.add({ n: 2 }))
    room.send.shot({ n: 3 })
    await server.clock.settle()
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(came().map(([, { type }]) => type)).toEqual([FrameType.event, FrameType.call, FrameType.event])
    server.socket.say(reply(1, 20))
    await server.clock.settle()
    expect(added.outcome).toBe(20)
  })

  it.each<[string, string, string]>([
    ['shot', 'queued', 'sent'],
    ['move', 'queued', 'sent'],
    ['spark', 'dropped', 'dropped'],
  ])('of each class tells what becomes of it without a connection: %s is %s', async (name, outcome) => {
    const send = (): string =>
      name === 'shot'
        ? room.send.shot({ n: 1 })
        : name === 'move'
          ? room.send.move({ id: 'a', x: 1 })
          : room.send.spark({ n: 1 })
    expect(send()).toBe('sent')
    await server.clock.settle()
    server.socket.end()
    expect(send()).toBe(outcome)
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(came()).toHaveLength(outcome === 'queued' ? 1 : 0)
    expect(send()).toBe('sent')
  })

  it('of class latest is the newest of each key, by priority', async () => {
    server.socket.end()
    for (const x of [1, 2, 3]) {
      room.send.aim({ x })
      room.send.move({ id: 'a', x })
      room.send.move({ id: 'b', x: 10 * x })
    }
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.received(FrameType.loose)).toMatchObject([
      { id: up('move'), payload: ['a', 3] },
      { id: up('move'), payload: ['b', 30] },
      { id: up('aim'), payload: [3] },
    ])
  })

  it('[F33] of class latest in one turn is one of each key, behind what is reliable', async () => {
    for (let x = 1; x <= 10; x++) expect(room.send.move({ id: 'a', x })).toBe('sent')
    room.send.move({ id: 'b', x: 7 })
    room.send.shot({ n: 1 })
    await server.clock.settle()
    expect(came().slice(1)).toMatchObject([
      [1, { type: FrameType.event }],
      [1, { type: FrameType.loose, payload: ['a', 10] }],
      [1, { type: FrameType.loose, payload: ['b', 7] }],
    ])
  })

  it('[F33] of class latest is not sent again, and may get lost with the connection', async () => {
    room.send.move({ id: 'a', x: 1 })
    await server.clock.settle()
    await drop()
    server.resume()
    await server.clock.settle()
    expect(came()).toEqual([])
  })

  it('waits while the network takes nothing: reliable in order, latest as the newest, volatile not at all', async () => {
    server.socket.bufferedAmount = 300_000
    expect(room.send.shot({ n: 1 })).toBe('queued')
    expect(room.send.move({ id: 'a', x: 1 })).toBe('queued')
    expect(room.send.move({ id: 'a', x: 2 })).toBe('queued')
    expect(room.send.spark({ n: 1 })).toBe('dropped')
    await server.clock.advance('1s')
    expect(came().slice(1)).toMatchObject([[1, { type: FrameType.event }]])
    server.socket.bufferedAmount = 0
    await server.clock.advance('50ms')
    expect(server.received(FrameType.loose)).toMatchObject([{ payload: ['a', 2] }])
    expect(room.send.move({ id: 'a', x: 3 })).toBe('sent')
  })

  it('is refused when too much waits, and told so; what the session needs still has its place', async () => {
    await begin({ limits: { resumeBuffer: 4096 } })
    const under = watch(room.call.add({ n: 1 }))
    await server.clock.settle()
    server.socket.end()
    const outcomes = Array.from({ length: 100 }, (_, n) => room.send.shot({ n }))
    const accepted = outcomes.filter((outcome) => outcome === 'queued').length
    expect(accepted).toBeGreaterThan(20)
    expect(outcomes.slice(accepted)).toEqual(Array.from({ length: 100 - accepted }, () => 'dropped'))
    expect(await room.call.add.try({ n: 2 })).toMatchObject({ ok: false, code: 'disconnected' })
    const left = watch(room.leave())
    expect(under.outcome).toBe('pending')
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(shots()).toEqual(Array.from({ length: accepted }, (_, n) => n))
    expect(server.received(FrameType.leave)).toHaveLength(1)
    server.socket.say([0, { type: FrameType.left, ref: 1, reason: 'left' }])
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
  })

  it('costs nothing more when much was under way at the drop: what must not fail has its place all the same', async () => {
    const { session } = server.hello
    const called = watch(room.call.add({ n: 1 }, { timeout: 3000 }))
    let sent = 0
    while (room.send.shot({ n: sent }) !== 'dropped') sent++
    expect(sent).toBeGreaterThan(9000)
    await server.clock.settle()
    server.socket.end()
    expect(room.send.shot({ n: -1 })).toBe('dropped')
    await server.clock.advance('3s')
    expect(called.outcome).toMatchObject({ code: 'timeout' })
    if (server.client.connection.state === 'waiting') await nextAttempt()
    expect(server.client.connection.state).toBe('connecting')
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.hello.session).toBe(session)
    expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(shots()).toHaveLength(sent)
    expect(server.received(FrameType.cancel)).toMatchObject([{ no: 1 }])
  })

  it.each(['leaves the room', 'closes the client'])(
    'in the turn in which the program %s arrives, of each class',
    async (how) => {
      expect([room.send.move({ id: 'a', x: 1 }), room.send.shot({ n: 1 }), room.send.spark({ n: 1 })]).toEqual([
        'sent',
        'sent',
        'sent',
      ])
      void (how === 'leaves the room' ? room.leave() : server.client.close())
      await server.clock.settle()
      expect(came().map(([, { type }]) => type)).toEqual([
        FrameType.join,
        FrameType.event,
        FrameType.loose,
        FrameType.loose,
        FrameType.leave,
      ])
    },
  )

  it('is refused while the server acknowledges nothing, and calls say so', async () => {
    await begin({ limits: { hardOutbox: 4096, softOutbox: 4096 } })
    while (room.send.shot({ n: 1 }) !== 'dropped') await server.clock.settle()
    expect(await room.call.add.try({ n: 2 })).toMatchObject({ ok: false, code: 'rate_limited' })
    server.socket.say([0, { type: FrameType.ack, received: server.taken }])
    expect(room.send.shot({ n: 2 })).toBe('sent')
  })

  it.each(['without a connection', 'over one that acknowledges nothing'])(
    'costs the session when what must arrive finds no place, %s: it begins anew and says so',
    async (when) => {
      await begin({ limits: { resumeBuffer: 1024, softOutbox: 2048, hardOutbox: 2048 } })
      const { session } = server.hello
      let answer = (_n: number): void => {}
      const answered = new Promise<number>((resolve) => (answer = resolve))
      room.answer('ask', () => answered)
      for (let no = 1; no <= 20; no++) {
        server.socket.say([
          1,
          { type: FrameType.call, no, id: down('ask'), params: null, timeout: 0, settle: 'visible' },
        ])
      }
      await server.clock.settle()
      if (when === 'without a connection') server.socket.end()
      while (room.send.shot({ n: 1 }) !== 'dropped');
      answer(1)
      await server.clock.settle()
      if (server.client.connection.state !== 'connecting') await nextAttempt()
      server.acceptAll()
      expect(server.hello.session).not.toBe(session)
      expect(server.hello.resume).toBeUndefined()
      expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
    },
  )

  it('that is too large for the server is refused at once, also without a connection', async () => {
    server.socket.end()
    expect(() => room.send.move({ id: 'x'.repeat(300_000), x: 1 })).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    )
  })
})

describe('drained', () => {
  it('resolves with the turn where nothing waits', async () => {
    room.send.shot({ n: 1 })
    const drained = watch(room.drained())
    await server.clock.settle()
    expect(drained.outcome).toBeUndefined()
  })

  it('resolves when the network has taken what waited', async () => {
    server.socket.bufferedAmount = 300_000
    room.send.move({ id: 'a', x: 1 })
    const drained = watch(room.drained())
    await server.clock.advance('4s')
    server.socket.say([0, { type: FrameType.beat, time: 0 }])
    expect(drained.outcome).toBe('pending')
    server.socket.bufferedAmount = 0
    await server.clock.advance('50ms')
    expect(drained.outcome).toBeUndefined()
    expect(server.received(FrameType.loose)).toHaveLength(1)
  })

  it('waits for the connection', async () => {
    server.socket.end()
    room.send.shot({ n: 1 })
    const drained = watch(room.drained())
    await server.clock.settle()
    expect(drained.outcome).toBe('pending')
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(drained.outcome).toBeUndefined()
    expect(shots()).toEqual([1])
  })

  it('sets the pace: a loop that waits for it loses nothing, however slow the server and whatever becomes of the connection', async () => {
    const outcomes = new Set<string>()
    const loop = async (): Promise<void> => {
      for (let n = 0; n < 6000; n++) {
        const outcome = room.send.shot({ n })
        outcomes.add(outcome)
        if (outcome !== 'sent') await room.drained()
      }
    }
    const looped = watch(loop())
    let arrived = 0
    for (let round = 0; looped.outcome === 'pending' && round < 100; round++) {
      await server.clock.advance('200ms')
      if (round % 3 < 2) server.socket.say([0, { type: FrameType.ack, received: server.taken }])
      else {
        arrived += shots().length
        await drop()
        server.resume()
      }
    }
    expect(looped.outcome).toBeUndefined()
    expect([...outcomes]).toEqual(['sent', 'queued'])
    expect(arrived + shots().length).toBe(6000)
  })

  it('rejects when the room is left before', async () => {
    server.socket.end()
    const drained = watch(room.drained())
    await server.client.close()
    await server.clock.settle()
    expect(drained.outcome).toMatchObject({ code: 'cancelled' })
    await expect(room.drained()).rejects.toMatchObject({ code: 'cancelled' })
    expect(server.clock.pendingTimers).toBe(0)
  })
})

describe('what comes', () => {
  it('[K1] [K6] [F34] is counted when it was delivered, and acknowledged within a second, or with what leaves anyway', async () => {
    const heard: number[] = []
    room.on('hit', ({ n }) => heard.push(n))
    await server.clock.advance('1s')
    expect(acks()).toEqual([1])
    server.socket.say(hit(1), hit(2))
    await server.clock.advance('999ms')
    expect(acks()).toEqual([1])
    await server.clock.advance('1ms')
    expect(acks()).toEqual([1, 3])
    server.socket.say(...[3, 4, 5, 6, 7, 8, 9, 10].map((n) => hit(n)))
    room.send.shot({ n: 1 })
    await server.clock.settle()
    expect(acks()).toEqual([1, 3, 11])
    expect(heard).toHaveLength(10)
    await server.clock.advance('5s')
    expect(acks()).toEqual([1, 3, 11])
  })

  it('is acknowledged at once when the server keeps much for it', async () => {
    await begin({ limits: { resumeBuffer: 4096 } })
    server.socket.say(...Array.from({ length: 300 }, (_, n) => hit(n)))
    await server.clock.settle()
    expect(acks()).toEqual([301])
  })

  it('goes on after a resume, and is told to listeners once', async () => {
    const heard: number[] = []
    room.on('hit', ({ n }) => heard.push(n))
    server.socket.say(hit(1))
    await drop()
    server.resume({ replayed: [hit(2), hit(3)] })
    expect(heard).toEqual([1, 2, 3])
    await server.clock.advance('1s')
    expect(acks().at(-1)).toBe(4)
  })

  it('is what a call of the server waits for: its answer is sent once', async () => {
    let asked = 0
    room.answer('ask', () => ++asked)
    server.socket.say([
      1,
      { type: FrameType.call, no: 1, id: down('ask'), params: null, timeout: 0, settle: 'visible' },
    ])
    await server.clock.settle()
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: 1 }])
    await drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: 1 }])
    expect(asked).toBe(1)
  })

  it.each([1, 2] as const)(
    '[K12] may be the end of the room, which is told as that alone, in message %i',
    async (messages) => {
      await drop()
      const left: SentFrame = { type: FrameType.left, ref: 1, reason: 'refused', message: 'banned' }
      server.resume({ replayed: [[0, left]], messages })
      expect(room.status.value).toMatchObject({ state: 'left', reason: 'refused', message: 'banned' })
      expect(states).toEqual(['reconnecting', 'left'])
      expect(recoveries).toEqual([])
    },
  )

  it('[K8] is there before the room is said to be back, however many messages it takes', async () => {
    const told: unknown[] = []
    room.on('hit', ({ n }) => told.push(n))
    room.onRecovery(({ outcome }) => told.push(outcome))
    await drop()
    // An ack without more to say may come at any time.
    server.socket.accept()
    server.socket.say([0, { ...welcome(), resumed: { received: server.taken } }])
    server.socket.say([0, { type: FrameType.ack, received: 1 }], hit(1))
    server.socket.say(hit(2))
    expect(states).toEqual(['reconnecting'])
    server.socket.say([0, { type: FrameType.ack, received: 1, complete: true }], hit(3))
    expect(told).toEqual([1, 2, 'resumed', 3])
    expect(states).toEqual(['reconnecting', 'joined'])
  })
})

describe('a call', () => {
  it.each([1, 2] as const)(
    'for a room that ended meanwhile did not run, when it had not arrived (told in message %i)',
    async (messages) => {
      const arrived = watch(room.call.add({ n: 1 }))
      const lost = watch(room.call.add({ n: 2 }))
      await server.clock.settle()
      await drop()
      const queued = watch(room.call.add({ n: 3 }))
      const stream = watch(room.stream.log().next())
      server.resume({
        received: server.taken - 1,
        replayed: [[0, { type: FrameType.left, ref: 1, reason: 'refused' }]],
        messages,
      })
      await server.clock.settle()
      expect(arrived.outcome).toMatchObject({ code: 'outcome_unknown' })
      for (const { outcome } of [lost, queued, stream]) expect(outcome).toMatchObject({ code: 'disconnected' })
    },
  )

  it('under way in a room that ends later may have run', async () => {
    await drop()
    const queued = watch(room.call.add({ n: 3 }))
    server.resume()
    await server.clock.settle()
    server.socket.say([0, { type: FrameType.left, ref: 1, reason: 'kicked' }])
    await server.clock.settle()
    expect(queued.outcome).toMatchObject({ code: 'outcome_unknown' })
  })

  it('that was answered while the connection was gone gets its answer', async () => {
    const added = watch(room.call.add({ n: 1 }))
    await server.clock.settle()
    await drop()
    server.resume({ replayed: [reply(1, 5)] })
    await server.clock.settle()
    expect(added.outcome).toBe(5)
    expect(calls()).toEqual([])
  })

  it('that did not arrive is sent again', async () => {
    const added = watch(room.call.add({ n: 1 }))
    await drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(calls()).toEqual([1])
    server.socket.say(reply(1, 5))
    await server.clock.settle()
    expect(added.outcome).toBe(5)
  })

  it('[R16] keeps its deadline without a connection; one that was sent may have run', async () => {
    const quick = watch(room.call.quick())
    await server.clock.settle()
    server.socket.end()
    await server.clock.advance('299ms')
    expect(quick.outcome).toBe('pending')
    await server.clock.advance('1ms')
    expect(quick.outcome).toMatchObject({ code: 'timeout' })
    await nextAttempt()
    server.resume({ received: 2 })
    await server.clock.settle()
    expect(came()).toMatchObject([[1, { type: FrameType.cancel, no: 1 }]])
  })

  it('[R16] whose deadline passes before it was sent is taken back: it did not run', async () => {
    server.socket.end()
    const quick = watch(room.call.quick())
    await server.clock.advance('300ms')
    expect(quick.outcome).toMatchObject({ code: 'disconnected' })
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(came()).toEqual([])
  })

  it('[R16] that is aborted without a connection is taken back, or cancelled with the next one', async () => {
    const sent = new AbortController()
    const unsent = new AbortController()
    const a = watch(room.call.add({ n: 1 }, { signal: sent.signal }))
    await server.clock.settle()
    server.socket.end()
    const b = watch(room.call.add({ n: 2 }, { signal: unsent.signal }))
    sent.abort()
    unsent.abort()
    await server.clock.settle()
    expect([a.outcome, b.outcome]).toMatchObject([{ code: 'cancelled' }, { code: 'cancelled' }])
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(came()).toMatchObject([[1, { type: FrameType.cancel, no: 1 }]])
  })

  it('whose answer is gone for ever says so, or is repeated when the contract allows it', async () => {
    const added = watch(room.call.add({ n: 1 }))
    const set = watch(room.call.set({ n: 2 }))
    await server.clock.settle()
    await drop()
    const gone = (no: number): readonly [number, SentFrame] => [
      1,
      { type: FrameType.failed, no, code: 'outcome_unknown', message: 'gone', data: null },
    ]
    server.resume({ resynced: [[1, 2]], replayed: [gone(1), gone(2)] })
    await server.clock.settle()
    expect(added.outcome).toMatchObject({ code: 'outcome_unknown' })
    expect(server.received(FrameType.call)).toMatchObject([{ no: 3, id: up('set'), params: [2] }])
    server.socket.say(reply(3, 2))
    await server.clock.settle()
    expect(set.outcome).toBe(2)
  })

  it('that is repeated keeps its deadline', async () => {
    const set = watch(room.call.set({ n: 2 }, { timeout: 1000 }))
    await server.clock.settle()
    await server.clock.advance('600ms')
    server.socket.say([1, { type: FrameType.failed, no: 1, code: 'outcome_unknown', message: 'gone', data: null }])
    await server.clock.settle()
    expect(server.received(FrameType.call)).toMatchObject([{ timeout: 1000 }, { timeout: 400 }])
    await server.clock.advance('399ms')
    expect(set.outcome).toBe('pending')
    await server.clock.advance('1ms')
    expect(set.outcome).toMatchObject({ code: 'timeout' })
  })

  it.each(['its time is over', 'too much waits'])(
    'that is repeated and never leaves, because %s, may have run all the same',
    async (why) => {
      await begin({ limits: { resumeBuffer: 1024 } })
      const set = watch(room.call.set({ n: 1 }, { timeout: 1000 }))
      await server.clock.settle()
      server.socket.end(4007)
      while (why === 'too much waits' && room.send.shot({ n: 1 }) !== 'dropped');
      await server.clock.settle()
      server.socket.end()
      while (set.outcome === 'pending') {
        await server.clock.advance('10ms')
        if (server.client.connection.state === 'connecting') server.socket.end()
      }
      expect(set.outcome).toMatchObject({ code: why === 'too much waits' ? 'outcome_unknown' : 'timeout' })
    },
  )

  it('is not repeated for ever', async () => {
    const set = watch(room.call.set({ n: 2 }, { timeout: Infinity }))
    for (let no = 1; no <= 20; no++) {
      server.socket.say([1, { type: FrameType.failed, no, code: 'outcome_unknown', message: 'gone', data: null }])
      await server.clock.settle()
    }
    expect(set.outcome).toMatchObject({ code: 'outcome_unknown' })
    expect(server.received(FrameType.call).length).toBeLessThan(12)
  })

  it('and streams go on over a drop', async () => {
    const items = room.stream.log()
    const one = watch(items.next())
    await server.clock.settle()
    server.socket.say([1, { type: FrameType.item, no: 1, item: 'a' }])
    await drop()
    const two = watch(items.next())
    server.resume({ replayed: [[1, { type: FrameType.item, no: 1, item: 'b' }]] })
    await server.clock.settle()
    expect([one.outcome, two.outcome]).toEqual([
      { value: 'a', done: false },
      { value: 'b', done: false },
    ])
  })
})

describe('a connection that breaks early', () => {
  it('before the hello left: it says hello for the first time', async () => {
    server = new ScriptedServer({}, Game, first)
    const opened = watch(server.client.open(Game, { key: 'a', patience: Infinity }))
    server.socket.end()
    await nextAttempt()
    server.acceptAll()
    expect(server.hello.resume).toBeUndefined()
    await server.clock.settle()
    expect(opened.outcome).toMatchObject({ memberId: 'm1' })
  })

  it('[K4] before the hello was answered: the same session, and the join that arrived is not sent again', async () => {
    server = new ScriptedServer({}, Game, first)
    const opened = watch(server.client.open(Game, { key: 'a', patience: Infinity }))
    server.socket.accept()
    const { session, secret } = server.hello
    const [join] = server.received(FrameType.join)
    if (join === undefined) throw new Error('no join')
    await drop()
    server.resume({ received: 1, replayed: [server.joined(join), server.snapshot(1)] })
    expect(server.hello).toMatchObject({ session, secret, resume: { received: 0, from: 1, rooms: [] } })
    await server.clock.settle()
    expect(server.received(FrameType.join)).toEqual([])
    expect(opened.outcome).toMatchObject({ memberId: 'm1', status: { value: { state: 'joined' } } })
    expect(server.clock.pendingTimers).toBeLessThanOrEqual(2)
  })

  it('[K7] before the hello arrived: the server knows nothing, and the join is sent again', async () => {
    server = new ScriptedServer({}, Game, first)
    const opened = watch(server.client.open(Game, { key: 'a', patience: Infinity }))
    server.socket.accept()
    await drop()
    await server.acceptAnew()
    await server.clock.settle()
    expect(server.received(FrameType.join)).toMatchObject([{ key: 'a' }])
    expect(opened.outcome).toMatchObject({ memberId: 'm1' })
  })

  it('before a join arrived: it is sent again, a creation as well, under its number', async () => {
    const created = watch(server.client.create(Game, { patience: Infinity }))
    await server.clock.settle()
    await drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    const [join] = server.received(FrameType.join)
    expect(join).toMatchObject({ ref: 2, by: 'create' })
    if (join === undefined) return
    server.admit(join)
    await server.clock.settle()
    expect(created.outcome).toMatchObject({ memberId: 'm2' })
  })

  it('between the join and the state: the snapshot comes with the resume, and its deadline counts anew', async () => {
    const opened = watch(server.client.open(Game, { key: 'b', patience: Infinity }))
    await server.clock.settle()
    const [, join] = server.received(FrameType.join)
    if (join === undefined) throw new Error('no join')
    server.socket.say(server.joined(join))
    server.socket.end()
    await server.clock.advance('1h')
    await nextAttempt()
    server.resume({ states: [server.snapshot(2)] })
    expect(server.hello.resume?.rooms?.map(([ref]) => ref)).toEqual([1])
    await server.clock.settle()
    expect(opened.outcome).toMatchObject({ memberId: 'm2' })
  })

  it('before the leave arrived: it is sent again, and the room is left', async () => {
    const left = watch(room.leave())
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toHaveLength(1)
    await drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
    expect(left.outcome).toBe('pending')
    server.socket.say([0, { type: FrameType.left, ref: 1, reason: 'left' }])
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
  })

  it('before the answer to a leave arrived: it comes with the replay', async () => {
    const left = watch(room.leave())
    await server.clock.settle()
    await drop()
    server.resume({ replayed: [[0, { type: FrameType.left, ref: 1, reason: 'left' }]] })
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
  })

  it('while a repair is under way: what was held waits on, and the snapshot comes with the resume', async () => {
    const heard: number[] = []
    room.on('hit', ({ n }) => heard.push(n))
    server.socket.say([1, { type: FrameType.patch, bytes: new Uint8Array([255, 255]) }], hit(1))
    await drop()
    server.resume({ states: [server.snapshot(1)], replayed: [hit(2)] })
    expect(server.hello.resume).toMatchObject({ received: 2, rooms: [] })
    expect(heard).toEqual([1, 2])
    expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
  })
})

describe('leaving without a connection', () => {
  it('is told to the server with the next one, which is still made for that', async () => {
    server.socket.end()
    const left = watch(room.leave())
    expect(room.status.value.state).toBe('left')
    await nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
    server.socket.say([0, { type: FrameType.left, ref: 1, reason: 'left' }])
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
  })

  it('is told with the next one too where the line was dead already, without anybody knowing', async () => {
    server.socket.say([0, { type: FrameType.beat, time: 0 }])
    const left = watch(room.leave())
    await server.clock.advance('10s')
    expect(server.client.connection.state).toBe('waiting')
    expect(left.outcome).toBe('pending')
    await server.clock.advance('1s')
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
    expect(left.outcome).toBe('pending')
    server.socket.say([0, { type: FrameType.left, ref: 1, reason: 'left' }])
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
  })

  it('is given up 10 seconds after the line was found dead, however many attempts fail meanwhile', async () => {
    server.socket.say([0, { type: FrameType.beat, time: 0 }])
    const left = watch(room.leave())
    await server.clock.advance('10s')
    for (let second = 0; second < 10; second++) {
      expect(left.outcome).toBe('pending')
      if (server.socket.closed === undefined) server.socket.end()
      await server.clock.advance('1s')
    }
    expect(left.outcome).toBeUndefined()
    expect(server.client.connection.state).toBe('idle')
    expect(server.clock.pendingTimers).toBe(0)
  })

  it('is given up after a while, and the client rests; a session that begins later is another', async () => {
    const { session } = server.hello
    server.socket.end()
    const left = watch(room.leave())
    await server.clock.advance('10s')
    expect(left.outcome).toBeUndefined()
    expect(server.client.connection.state).toBe('idle')
    expect(server.clock.pendingTimers).toBe(0)
    void server.client.open(Game, { key: 'c' })
    server.accept()
    expect(server.hello.session).not.toBe(session)
    expect(server.hello.resume).toBeUndefined()
    expect(server.received(FrameType.join)).toMatchObject([{ key: 'c' }])
  })
})

describe('a server that answers wrongly', () => {
  it.each<[string, number]>([
    ['more than was sent', 9],
    ['less than it had acknowledged', 0],
  ])('[K5] to a resume is left for good: %s', async (_name, received) => {
    room.send.shot({ n: 1 })
    await server.clock.settle()
    server.socket.say([0, { type: FrameType.ack, received: 1 }])
    await drop()
    server.resume({ received })
    expect(server.sockets.last.closed).toBe(4500)
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'lost', error: { code: 'bad_message' } })
    expect(recoveries).toMatchObject([{ outcome: 'lost', error: expect.any(JuntoError) as JuntoError }])
    expect(server.clock.pendingTimers).toBe(0)
  })

  it('[K5] with an ack that cannot be is left for good', () => {
    server.socket.say([0, { type: FrameType.ack, received: 77 }])
    expect(server.socket.closed).toBe(4500)
    expect(room.status.value.state).toBe('left')
  })

  it('speaks of rooms that nobody is in: that is ignored', async () => {
    await drop()
    server.resume({
      resynced: [[9, 3]],
      replayed: [hit(1, 9), [0, { type: FrameType.left, ref: 9, reason: 'kicked' }]],
    })
    expect(recoveries).toMatchObject([{ outcome: 'resumed' }])
  })
})

describe('in the end', () => {
  it('nothing is left: no timer, no listener', async () => {
    room.send.shot({ n: 1 })
    server.socket.say(hit(1))
    await drop()
    room.send.move({ id: 'a', x: 1 })
    void room.call.add.try({ n: 1 })
    await server.client.close()
    await server.clock.settle()
    expect(server.clock.pendingTimers).toBe(0)
    await begin()
    server.socket.bufferedAmount = 300_000
    room.send.move({ id: 'a', x: 1 })
    server.socket.say(hit(1))
    void room.call.add.try({ n: 1 })
    await server.client.close()
    await server.clock.settle()
    expect(server.clock.pendingTimers).toBe(0)
  })
})

function welcome() {
  return {
    type: FrameType.welcome,
    session: server.hello.session,
    maxMessage: 65_536,
    maxFrame: 262_144,
    heartbeat: 15_000,
    activeHeartbeat: 5_000,
    resumeWindow: 60_000,
    messageRate: 500,
  } as const
}
