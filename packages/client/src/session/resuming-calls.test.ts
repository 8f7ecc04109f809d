import { clientLimits } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { Game, GameServer } from './game.fixture.ts'
import { watch } from './outcome.fixture.ts'

// Calls and streams over drops of the connection, whose server knows the session again.

let server: GameServer
let room: JoinedRoom<typeof Game>

beforeEach(async () => {
  server = new GameServer()
  room = await server.enter()
})

describe('a call', () => {
  it.each([1, 2] as const)(
    'for a room that ended meanwhile did not run, when it had not arrived (told in message %i)',
    async (messages) => {
      const arrived = watch(room.call.add({ n: 1 }))
      const lost = watch(room.call.add({ n: 2 }))
      await server.clock.settle()
      await server.drop()
      const queued = watch(room.call.add({ n: 3 }))
      const stream = watch(room.stream.log().next())
      server.resume({
        received: server.taken - 1,
        replayed: [server.left(1, 'refused')],
        messages,
      })
      await server.clock.settle()
      expect(arrived.outcome).toMatchObject({ code: 'outcome_unknown' })
      for (const { outcome } of [lost, queued, stream]) expect(outcome).toMatchObject({ code: 'disconnected' })
    },
  )

  it('under way in a room that ends later may have run', async () => {
    await server.drop()
    const queued = watch(room.call.add({ n: 3 }))
    server.resume()
    await server.clock.settle()
    server.socket.say(server.left(1, 'kicked'))
    await server.clock.settle()
    expect(queued.outcome).toMatchObject({ code: 'outcome_unknown' })
  })

  it('that was answered while the connection was gone gets its answer', async () => {
    const added = watch(room.call.add({ n: 1 }))
    await server.clock.settle()
    await server.drop()
    server.resume({ replayed: [server.reply(1, 5)] })
    await server.clock.settle()
    expect(added.outcome).toBe(5)
    expect(server.calls).toEqual([])
  })

  it('that did not arrive is sent again', async () => {
    const added = watch(room.call.add({ n: 1 }))
    await server.drop()
    server.resume({ received: 1 })
    await server.clock.settle()
    expect(server.calls).toEqual([1])
    server.socket.say(server.reply(1, 5))
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
    await server.nextAttempt()
    server.resume({ received: 2 })
    await server.clock.settle()
    expect(server.came).toMatchObject([[1, { type: FrameType.cancel, no: 1 }]])
  })

  it('[R16] whose deadline passes before it was sent is taken back: it did not run', async () => {
    server.socket.end()
    const quick = watch(room.call.quick())
    await server.clock.advance('300ms')
    expect(quick.outcome).toMatchObject({ code: 'disconnected' })
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.came).toEqual([])
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
    await server.nextAttempt()
    server.resume()
    await server.clock.settle()
    expect(server.came).toMatchObject([[1, { type: FrameType.cancel, no: 1 }]])
  })

  it('whose answer is gone for ever says so, or is repeated when the contract allows it', async () => {
    const added = watch(room.call.add({ n: 1 }))
    const set = watch(room.call.set({ n: 2 }))
    await server.clock.settle()
    await server.drop()
    server.resume({ resynced: [[1, 2]], replayed: [server.gone(1), server.gone(2)] })
    await server.clock.settle()
    expect(added.outcome).toMatchObject({ code: 'outcome_unknown' })
    expect(server.received(FrameType.call)).toMatchObject([{ no: 3, id: server.up('set'), params: [2] }])
    server.socket.say(server.reply(3, 2))
    await server.clock.settle()
    expect(set.outcome).toBe(2)
  })

  it('that is repeated keeps its deadline', async () => {
    const set = watch(room.call.set({ n: 2 }, { timeout: 1000 }))
    await server.clock.settle()
    await server.clock.advance('600ms')
    server.socket.say(server.gone(1))
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
      server = new GameServer({ limits: clientLimits({ resumeBuffer: 1024 }) })
      room = await server.enter()
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
      server.socket.say(server.gone(no))
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
    await server.drop()
    const two = watch(items.next())
    server.resume({ replayed: [[1, { type: FrameType.item, no: 1, item: 'b' }]] })
    await server.clock.settle()
    expect([one.outcome, two.outcome]).toEqual([
      { value: 'a', done: false },
      { value: 'b', done: false },
    ])
  })
})
