import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { Game, GameServer } from './game.fixture.ts'
import { watch } from './outcome.fixture.ts'

// Joining and leaving over drops of the connection, whose server knows the session again.

let server: GameServer
let room: JoinedRoom<typeof Game>

beforeEach(async () => {
  server = new GameServer()
  room = await server.enter()
})

/** The leave has come. Once the server confirms it, whoever left is told. */
async function confirm(left: { readonly outcome: unknown }): Promise<void> {
  await server.clock.settle()
  expect(server.received(FrameType.leave)).toMatchObject([{ ref: 1 }])
  expect(left.outcome).toBe('pending')
  server.socket.say(server.left(1))
  await server.clock.settle()
  expect(left.outcome).toBeUndefined()
}

describe('a connection that breaks early', () => {
  it('before the hello left: it says hello for the first time', async () => {
    server = new GameServer()
    const opened = watch(server.client.open(Game, { key: 'a', patience: Infinity }))
    server.socket.end()
    await server.nextAttempt()
    server.acceptAll()
    expect(server.hello.resume).toBeUndefined()
    await server.clock.settle()
    expect(opened.outcome).toMatchObject({ memberId: 'm1' })
  })

  it('[K4] before the hello was answered: the same session, and the join that arrived is not sent again', async () => {
    server = new GameServer()
    const opened = watch(server.client.open(Game, { key: 'a', patience: Infinity }))
    server.socket.accept()
    const { session, secret } = server.hello
    const join = server.lastJoin
    await server.drop()
    server.resume({ received: 1, replayed: [server.joined(join), server.snapshot(1)] })
    expect(server.hello).toMatchObject({ session, secret, resume: { received: 0, from: 1, rooms: [] } })
    await server.clock.settle()
    expect(server.received(FrameType.join)).toEqual([])
    expect(opened.outcome).toMatchObject({ memberId: 'm1', status: { value: { state: 'joined' } } })
    expect(server.clock.pendingTimers).toBeLessThanOrEqual(2)
  })

  it('[K7] before the hello arrived: the server knows nothing, and the join is sent again', async () => {
    server = new GameServer()
    const opened = watch(server.client.open(Game, { key: 'a', patience: Infinity }))
    server.socket.accept()
    await server.drop()
    await server.acceptAnew()
    await server.clock.settle()
    expect(server.received(FrameType.join)).toMatchObject([{ key: 'a' }])
    expect(opened.outcome).toMatchObject({ memberId: 'm1' })
  })

  it('before a join arrived: it is sent again, a creation as well, under its number', async () => {
    const created = watch(server.client.create(Game, { patience: Infinity }))
    await server.clock.settle()
    await server.drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    const join = server.lastJoin
    expect(join).toMatchObject({ ref: 2, by: 'create' })
    server.admit(join)
    await server.clock.settle()
    expect(created.outcome).toMatchObject({ memberId: 'm2' })
  })

  it('between the join and the state: the snapshot comes with the resume, and its deadline counts anew', async () => {
    const opened = watch(server.client.open(Game, { key: 'b', patience: Infinity }))
    await server.clock.settle()
    server.socket.say(server.joined(server.lastJoin))
    server.socket.end()
    await server.clock.advance('1h')
    await server.nextAttempt()
    server.resume({ states: [server.snapshot(2)] })
    expect(server.hello.resume?.rooms?.map(([ref]) => ref)).toEqual([1])
    await server.clock.settle()
    expect(opened.outcome).toMatchObject({ memberId: 'm2' })
  })

  it('before the leave arrived: it is sent again, and the room is left', async () => {
    const left = watch(room.leave())
    await server.clock.settle()
    expect(server.received(FrameType.leave)).toHaveLength(1)
    await server.drop()
    server.resume({ received: 1 })
    await confirm(left)
  })

  it('before the answer to a leave arrived: it comes with the replay', async () => {
    const left = watch(room.leave())
    await server.clock.settle()
    await server.drop()
    server.resume({ replayed: [server.left(1)] })
    await server.clock.settle()
    expect(left.outcome).toBeUndefined()
  })

  it('while a repair is under way: what was held waits on, and the snapshot comes with the resume', async () => {
    const heard: number[] = []
    room.on('hit', ({ n }) => heard.push(n))
    server.socket.say([1, { type: FrameType.patch, bytes: new Uint8Array([255, 255]) }], server.hit(1))
    await server.drop()
    server.resume({ states: [server.snapshot(1)], replayed: [server.hit(2)] })
    expect(server.hello.resume).toMatchObject({ received: 2, rooms: [] })
    expect(heard).toEqual([1, 2])
    expect(server.recoveries).toMatchObject([{ outcome: 'resumed' }])
  })
})

describe('leaving without a connection', () => {
  it('is told to the server with the next one, which is still made for that', async () => {
    server.socket.end()
    const left = watch(room.leave())
    expect(room.status.value.state).toBe('left')
    await server.nextAttempt()
    server.resume()
    await confirm(left)
  })

  it('is told with the next one too where the line was dead already, without anybody knowing', async () => {
    server.socket.say([0, { type: FrameType.beat, time: 0 }])
    const left = watch(room.leave())
    await server.clock.advance('10s')
    expect(server.client.connection.state).toBe('waiting')
    expect(left.outcome).toBe('pending')
    await server.clock.advance('1s')
    server.resume({ received: 1 })
    await confirm(left)
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
