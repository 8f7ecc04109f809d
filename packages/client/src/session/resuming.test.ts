import { clientLimits, JuntoError } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import type { Live, StateOf } from '@junto/schema'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom, Recovery } from '../index.ts'
import { Game, GameServer } from './game.fixture.ts'
import { welcomeTo } from './scripted-server.fixture.ts'

// Over drops of the connection, whose server knows the session again.

let server: GameServer
let room: JoinedRoom<typeof Game>

beforeEach(async () => {
  server = new GameServer()
  room = await server.enter()
})

describe('a session', () => {
  it('[K2] [K4] says hello with a secret of its own, and resumes with it, once told what it has and what it can still send', async () => {
    const { session, secret } = server.hello
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    expect(secret).not.toBe(session)
    expect(server.hello.resume).toBeUndefined()
    server.socket.say(server.hit(1), server.hit(2))
    await server.drop()
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
    await server.drop()
    server.socket.accept()
    const { resume } = server.hello
    await server.drop()
    server.socket.accept()
    expect(server.hello).toMatchObject({ secret, resume: { next: resume?.next } })
    await server.drop()
    server.resume()
    await server.drop()
    server.socket.accept()
    expect(server.hello.secret).toBe(resume?.next)
    expect(server.hello.resume?.next).not.toBe(resume?.next)
  })

  it('[K4] proves its new secret by an ack at once, and says nothing before the welcome', async () => {
    room.send.shot({ n: 1 })
    await server.drop()
    room.send.shot({ n: 2 })
    server.socket.accept()
    await server.clock.settle()
    expect(server.socket.frames.map(([, { type }]) => type)).toEqual([FrameType.hello])
    server.resume()
    await server.clock.settle()
    expect(server.socket.frames[1]?.[1]).toEqual({ type: FrameType.ack, received: 1 })
  })

  it('says nothing behind a resume, however much there is to acknowledge', async () => {
    server.socket.say(...Array.from({ length: 20 }, (_, n) => server.hit(n)))
    await server.drop()
    server.socket.accept()
    await server.clock.settle()
    expect(server.socket.frames.map(([, { type }]) => type)).toEqual([FrameType.hello])
  })

  it('[K8] resumes: the room goes on as if nothing had happened, and is told so once its state is there', async () => {
    const { state, memberId } = room
    ;(server.state as Live<StateOf<typeof Game>>).score = 7
    const patch = server.patch(1)
    await server.clock.advance('1s')
    server.socket.end()
    expect(room.status.value).toMatchObject({ state: 'reconnecting', error: { code: 'disconnected' } })
    room.onRecovery(() => server.states.push(`recovery with ${room.state.score}`))
    await server.clock.advance('1s')
    server.resume({ states: [patch] })
    expect(server.states).toEqual(['reconnecting', 'joined', 'recovery with 7'])
    expect(server.recoveries).toEqual([{ outcome: 'resumed', downtime: 1000 }])
    expect(room.state).toBe(state)
    expect(room.memberId).toBe(memberId)
    await server.clock.settle()
    expect(server.came).toEqual([])
  })

  it('is told of each drop once, also when it drops again while it resumes', async () => {
    server.socket.end()
    for (const stop of ['connecting', 'open', 'greeted', 'welcomed']) {
      await server.clock.advance('10s')
      if (stop !== 'connecting') server.socket.accept()
      if (stop === 'welcomed')
        server.socket.say([0, { ...welcomeTo(server.hello), resumed: { received: server.taken } }])
      server.socket.end()
      if (stop === 'open') server.client.connection.retry()
    }
    await server.nextAttempt()
    server.resume()
    expect(server.states).toEqual(['reconnecting', 'joined'])
    expect(server.recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(server.recoveries[0]?.downtime).toBe(server.clock.now())
  })

  it('keeps several rooms, each with its own outcome', async () => {
    const b = await server.enterAnother()
    const told: Recovery[] = []
    b.onRecovery((recovery) => told.push(recovery))
    await server.drop()
    server.resume({ resynced: [[2, 5]] })
    expect(server.recoveries).toMatchObject([{ outcome: 'resumed' }])
    expect(told).toMatchObject([{ outcome: 'resynced', rejoined: false, missed: 5, unsent: 0 }])
    expect(b.memberId).toBe('m2')
    expect(server.hello.resume?.rooms?.map(([ref]) => ref)).toEqual([1, 2])
  })

  it('is told to all rooms at once: whoever is told of one sees how the others are', async () => {
    const b = await server.enterAnother()
    const seen: string[] = []
    const note = (): void => void seen.push(`${room.status.value.state} ${b.status.value.state}`)
    room.status.subscribe(note)
    b.status.subscribe(note)
    room.onRecovery(note)
    b.onRecovery(note)
    await server.drop()
    expect(seen.splice(0)).toEqual(Array(2).fill('reconnecting reconnecting'))
    server.resume()
    expect(seen.splice(0)).toEqual(Array(4).fill('joined joined'))
    await server.client.close()
    expect(seen).toEqual(Array(2).fill('left left'))
  })

  it('that is left by who is told so is not said to be back', async () => {
    const b = await server.enterAnother()
    const told: string[] = []
    b.status.subscribe(() => told.push(b.status.value.state))
    b.onRecovery(({ outcome }) => told.push(outcome))
    room.status.subscribe(() => {
      if (room.status.value.state === 'joined') void b.leave()
    })
    await server.drop()
    server.resume()
    expect(told).toEqual(['reconnecting', 'left'])
  })

  it('adds up what is missing over several drops that were not recovered from', async () => {
    await server.drop()
    server.socket.accept()
    server.socket.say([0, { ...welcomeTo(server.hello), resumed: { received: server.taken, resynced: [[1, 2]] } }])
    await server.drop()
    server.resume({ received: 1, resynced: [[1, 3]] })
    expect(server.recoveries).toMatchObject([{ outcome: 'resynced', missed: 5 }])
  })
})

describe('what comes', () => {
  it('[K1] [K6] [F34] is counted when it was delivered, and acknowledged within a second, or with what leaves anyway', async () => {
    const heard: number[] = []
    room.on('hit', ({ n }) => heard.push(n))
    await server.clock.advance('1s')
    expect(server.acks).toEqual([1])
    server.socket.say(server.hit(1), server.hit(2))
    await server.clock.advance('999ms')
    expect(server.acks).toEqual([1])
    await server.clock.advance('1ms')
    expect(server.acks).toEqual([1, 3])
    server.socket.say(...[3, 4, 5, 6, 7, 8, 9, 10].map((n) => server.hit(n)))
    room.send.shot({ n: 1 })
    await server.clock.settle()
    expect(server.acks).toEqual([1, 3, 11])
    expect(heard).toHaveLength(10)
    await server.clock.advance('5s')
    expect(server.acks).toEqual([1, 3, 11])
  })

  it('is acknowledged at once when the server keeps much for it', async () => {
    server = new GameServer({ limits: clientLimits({ resumeBuffer: 4096 }) })
    room = await server.enter()
    server.socket.say(...Array.from({ length: 300 }, (_, n) => server.hit(n)))
    await server.clock.settle()
    expect(server.acks).toEqual([301])
  })

  it('goes on after a resume, and is told to listeners once', async () => {
    const heard: number[] = []
    room.on('hit', ({ n }) => heard.push(n))
    server.socket.say(server.hit(1))
    await server.drop()
    server.resume({ replayed: [server.hit(2), server.hit(3)] })
    expect(heard).toEqual([1, 2, 3])
    await server.clock.advance('1s')
    expect(server.acks.at(-1)).toBe(4)
  })

  it('is what a call of the server waits for: its answer is sent once', async () => {
    let asked = 0
    room.answer('ask', () => ++asked)
    server.socket.say(server.ask(1))
    await server.clock.settle()
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: 1 }])
    await server.drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.received(FrameType.reply)).toMatchObject([{ no: 1, result: 1 }])
    expect(asked).toBe(1)
  })

  it.each([1, 2] as const)(
    '[K12] may be the end of the room, which is told as that alone, in message %i',
    async (messages) => {
      await server.drop()
      server.resume({ replayed: [server.left(1, 'refused', 'banned')], messages })
      expect(room.status.value).toMatchObject({ state: 'left', reason: 'refused', message: 'banned' })
      expect(server.states).toEqual(['reconnecting', 'left'])
      expect(server.recoveries).toEqual([])
    },
  )

  it('[K8] is there before the room is said to be back, however many messages it takes', async () => {
    const told: unknown[] = []
    room.on('hit', ({ n }) => told.push(n))
    room.onRecovery(({ outcome }) => told.push(outcome))
    await server.drop()
    // An ack without more to say may come at any time.
    server.socket.accept()
    server.socket.say([0, { ...welcomeTo(server.hello), resumed: { received: server.taken } }])
    server.socket.say([0, { type: FrameType.ack, received: 1 }], server.hit(1))
    server.socket.say(server.hit(2))
    expect(server.states).toEqual(['reconnecting'])
    server.socket.say([0, { type: FrameType.ack, received: 1, complete: true }], server.hit(3))
    expect(told).toEqual([1, 2, 'resumed', 3])
    expect(server.states).toEqual(['reconnecting', 'joined'])
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
    await server.drop()
    server.resume({ received })
    expect(server.sockets.last.closed).toBe(4500)
    expect(room.status.value).toMatchObject({ state: 'left', reason: 'lost', error: { code: 'bad_message' } })
    expect(server.recoveries).toMatchObject([{ outcome: 'lost', error: expect.any(JuntoError) as JuntoError }])
    expect(server.clock.pendingTimers).toBe(0)
  })

  it('[K5] with an ack that cannot be is left for good', () => {
    server.socket.say([0, { type: FrameType.ack, received: 77 }])
    expect(server.socket.closed).toBe(4500)
    expect(room.status.value.state).toBe('left')
  })

  it('speaks of rooms that nobody is in: that is ignored', async () => {
    await server.drop()
    server.resume({
      resynced: [[9, 3]],
      replayed: [server.hit(1, 9), server.left(9, 'kicked')],
    })
    expect(server.recoveries).toMatchObject([{ outcome: 'resumed' }])
  })
})

describe('in the end', () => {
  it('nothing is left: no timer, no listener', async () => {
    room.send.shot({ n: 1 })
    server.socket.say(server.hit(1))
    await server.drop()
    room.send.move({ id: 'a', x: 1 })
    void room.call.add.try({ n: 1 })
    await server.client.close()
    await server.clock.settle()
    expect(server.clock.pendingTimers).toBe(0)
    server = new GameServer()
    room = await server.enter()
    server.socket.bufferedAmount = 300_000
    room.send.move({ id: 'a', x: 1 })
    server.socket.say(server.hit(1))
    void room.call.add.try({ n: 1 })
    await server.client.close()
    await server.clock.settle()
    expect(server.clock.pendingTimers).toBe(0)
  })
})
