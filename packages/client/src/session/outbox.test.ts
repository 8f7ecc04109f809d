import { clientLimits } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { Game, GameServer } from './game.fixture.ts'
import { watch } from './outcome.fixture.ts'

// What becomes of messages to the server, whatever its connection and its haste.

let server: GameServer
let room: JoinedRoom<typeof Game>

beforeEach(async () => {
  server = new GameServer()
  room = await server.enter()
})

describe('what is sent', () => {
  it('[K8] again is just what the server lacks, in order, before anything newer', async () => {
    for (const n of [1, 2, 3, 4]) room.send.shot({ n })
    await server.clock.settle()
    expect(server.shots).toEqual([1, 2, 3, 4])
    await server.drop()
    expect(room.send.shot({ n: 5 })).toBe('queued')
    // The join and two shots have arrived.
    server.resume({ received: 3 })
    expect(room.send.shot({ n: 6 })).toBe('sent')
    await server.clock.settle()
    expect(server.shots).toEqual([3, 4, 5, 6])
    await server.drop()
    server.resume()
    await server.clock.settle()
    expect(server.shots).toEqual([])
    expect(server.hello.resume).toMatchObject({ from: 4 })
  })

  it('[K6] is kept until the server has acknowledged it', async () => {
    for (const n of [1, 2, 3]) room.send.shot({ n })
    await server.clock.settle()
    server.socket.say([0, { type: FrameType.ack, received: 3 }])
    await server.drop()
    server.resume({ received: 3 })
    await server.clock.settle()
    expect(server.hello.resume?.from).toBe(4)
    expect(server.shots).toEqual([3])
  })

  it('without a connection waits in the order in which it was sent', async () => {
    server.socket.end()
    room.send.shot({ n: 1 })
    const added = watch(room.call.add({ n: 2 }))
    room.send.shot({ n: 3 })
    await server.clock.settle()
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.came.map(([, { type }]) => type)).toEqual([FrameType.event, FrameType.call, FrameType.event])
    server.socket.say(server.reply(1, 20))
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
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.came).toHaveLength(outcome === 'queued' ? 1 : 0)
    expect(send()).toBe('sent')
  })

  it('of class latest is the newest of each key, by priority', async () => {
    server.socket.end()
    for (const x of [1, 2, 3]) {
      room.send.aim({ x })
      room.send.move({ id: 'a', x })
      room.send.move({ id: 'b', x: 10 * x })
    }
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.received(FrameType.loose)).toMatchObject([
      { id: server.up('move'), payload: ['a', 3] },
      { id: server.up('move'), payload: ['b', 30] },
      { id: server.up('aim'), payload: [3] },
    ])
  })

  it('[F33] of class latest in one turn is one of each key, behind what is reliable', async () => {
    for (let x = 1; x <= 10; x++) expect(room.send.move({ id: 'a', x })).toBe('sent')
    room.send.move({ id: 'b', x: 7 })
    room.send.shot({ n: 1 })
    await server.clock.settle()
    expect(server.came.slice(1)).toMatchObject([
      [1, { type: FrameType.event }],
      [1, { type: FrameType.loose, payload: ['a', 10] }],
      [1, { type: FrameType.loose, payload: ['b', 7] }],
    ])
  })

  it('[F33] of class latest is not sent again, and may get lost with the connection', async () => {
    room.send.move({ id: 'a', x: 1 })
    await server.clock.settle()
    await server.drop()
    server.resume()
    await server.clock.settle()
    expect(server.came).toEqual([])
  })

  it('waits while the network takes nothing: reliable in order, latest as the newest, volatile not at all', async () => {
    server.socket.bufferedAmount = 300_000
    expect(room.send.shot({ n: 1 })).toBe('queued')
    expect(room.send.move({ id: 'a', x: 1 })).toBe('queued')
    expect(room.send.move({ id: 'a', x: 2 })).toBe('queued')
    expect(room.send.spark({ n: 1 })).toBe('dropped')
    await server.clock.advance('1s')
    expect(server.came.slice(1)).toMatchObject([[1, { type: FrameType.event }]])
    server.socket.bufferedAmount = 0
    await server.clock.advance('50ms')
    expect(server.received(FrameType.loose)).toMatchObject([{ payload: ['a', 2] }])
    expect(room.send.move({ id: 'a', x: 3 })).toBe('sent')
  })

  it('is refused when too much waits, and told so; what the session needs still has its place', async () => {
    server = new GameServer({ limits: clientLimits({ resumeBuffer: 4096 }) })
    room = await server.enter()
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
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.shots).toEqual(Array.from({ length: accepted }, (_, n) => n))
    expect(server.received(FrameType.leave)).toHaveLength(1)
    server.socket.say(server.left(1))
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
    if (server.client.connection.state === 'waiting') await server.nextAttempt()
    expect(server.client.connection.state).toBe('connecting')
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.hello.session).toBe(session)
    expect(server.recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(server.shots).toHaveLength(sent)
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
      expect(server.came.map(([, { type }]) => type)).toEqual([
        FrameType.join,
        FrameType.event,
        FrameType.loose,
        FrameType.loose,
        FrameType.leave,
      ])
    },
  )

  it('is refused while the server acknowledges nothing, and calls say so', async () => {
    server = new GameServer({ limits: clientLimits({ hardOutbox: 4096, softOutbox: 4096 }) })
    room = await server.enter()
    while (room.send.shot({ n: 1 }) !== 'dropped') await server.clock.settle()
    expect(await room.call.add.try({ n: 2 })).toMatchObject({ ok: false, code: 'rate_limited' })
    server.socket.say([0, { type: FrameType.ack, received: server.taken }])
    expect(room.send.shot({ n: 2 })).toBe('sent')
  })

  it.each(['without a connection', 'over one that acknowledges nothing'])(
    'costs the session when what must arrive finds no place, %s: it begins anew and says so',
    async (when) => {
      server = new GameServer({ limits: clientLimits({ resumeBuffer: 1024, softOutbox: 2048, hardOutbox: 2048 }) })
      room = await server.enter()
      const { session } = server.hello
      let answer = (_n: number): void => {}
      const answered = new Promise<number>((resolve) => (answer = resolve))
      room.answer('ask', () => answered)
      for (let no = 1; no <= 20; no++) {
        server.socket.say(server.ask(no))
      }
      await server.clock.settle()
      if (when === 'without a connection') server.socket.end()
      while (room.send.shot({ n: 1 }) !== 'dropped');
      answer(1)
      await server.clock.settle()
      if (server.client.connection.state !== 'connecting') await server.nextAttempt()
      server.acceptAll()
      expect(server.hello.session).not.toBe(session)
      expect(server.hello.resume).toBeUndefined()
      expect(server.recoveries).toMatchObject([{ outcome: 'resynced', rejoined: true }])
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
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(drained.outcome).toBeUndefined()
    expect(server.shots).toEqual([1])
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
        arrived += server.shots.length
        await server.drop()
        server.resume()
      }
    }
    expect(looped.outcome).toBeUndefined()
    expect([...outcomes]).toEqual(['sent', 'queued'])
    expect(arrived + server.shots.length).toBe(6000)
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
