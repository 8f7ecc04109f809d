import { JuntoError } from '@junto/protocol'
import { t, defineRoom } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { Desk, deskRooms } from './desk.fixture.ts'
import { Room } from './room.ts'
import { World, type TestClient } from './rooms.fixture.ts'
import { Whiteboard } from './whiteboard.fixture.ts'

/** A promise and what settles it. */
function gate<T = void>() {
  let open: (value: T) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { opened, open, fail }
}

function outcomes(clients: readonly TestClient[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const client of clients) {
    const outcome = client.isJoined ? 'joined' : (client.refused?.code ?? 'waiting')
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

describe('rooms by key', () => {
  test('a hundred opens at once make one room', async () => {
    const world = new World()
    const created = gate()
    const { rooms, ScriptedRoom } = deskRooms({ onCreate: () => created.opened })
    world.registry.define(Desk, ScriptedRoom)
    const clients = Array.from({ length: 100 }, () => world.client(Desk))
    for (const client of clients) client.join({ by: 'open', key: 'a' })
    await world.clock.settle()
    expect(outcomes(clients)).toEqual({ waiting: 100 })
    created.open()
    await world.clock.settle()
    expect(outcomes(clients)).toEqual({ joined: 100 })
    expect(rooms).toHaveLength(1)
    expect(new Set(clients.map((client) => client.seat.joined.id))).toEqual(new Set([rooms[0]?.id]))
  })

  test('a creation that fails refuses all who wait, and leaves nothing behind', async () => {
    const world = new World()
    let attempts = 0
    const { rooms, ScriptedRoom } = deskRooms({
      onCreate: () => {
        if (++attempts === 1) throw new Error('no disk')
      },
    })
    world.registry.define(Desk, ScriptedRoom)
    const clients = Array.from({ length: 5 }, () => world.client(Desk))
    for (const client of clients) client.join({ by: 'open', key: 'a' })
    await world.clock.settle()
    expect(outcomes(clients)).toEqual({ room_failed: 5 })
    expect(clients[0]?.refused?.message).not.toContain('disk')
    expect(world.faults).toEqual([expect.stringMatching(/^onCreate of the room desk\/a failed: no disk$/)])
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onError onCreate: no disk'])
    expect(world.registry.size).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
    await world.join(Desk, { key: 'a' })
    expect(rooms).toHaveLength(2)
  })

  test('a creation that never ends is given up, and its late end changes nothing', async () => {
    const world = new World({ limits: { joinTimeout: 1000 } })
    const created = gate()
    const { rooms, ScriptedRoom } = deskRooms({ onCreate: () => created.opened })
    world.registry.define(Desk, ScriptedRoom)
    const client = world.client(Desk)
    client.join({ key: 'a' })
    await world.clock.advance('1s')
    const why = 'joining took longer than 1000 ms: the room is not there yet, since its onCreate has not ended'
    expect(client.refused).toMatchObject({ code: 'timeout', message: why })
    expect(world.registry.size).toBe(0)
    const fault = 'the room desk/a was not there within 1000 ms: its onCreate has not ended'
    expect(world.faults).toEqual([`onCreate of the room desk/a failed: ${fault}`])
    expect(rooms[0]?.happened).toEqual(['onCreate', `onError onCreate: ${fault}`])
    created.open()
    await world.clock.settle()
    expect(world.clock.pendingTimers).toBe(0)
    expect(() => rooms[0]?.state).toThrow(/does not exist yet/)
  })

  test('the room says no by throwing a JuntoError of code forbidden, in onCreate and in onJoin', async () => {
    const world = new World()
    const no = (): never => {
      throw new JuntoError('forbidden', 'Sundays only')
    }
    let closed = true
    const { ScriptedRoom } = deskRooms({ onCreate: () => (closed ? no() : undefined), onJoin: no })
    world.registry.define(Desk, ScriptedRoom)
    await expect(world.join(Desk, { key: 'a' })).rejects.toThrow('Sundays only')
    closed = false
    await expect(world.join(Desk, { key: 'a' })).rejects.toThrow('Sundays only')
    expect(world.faults).toEqual([])
  })

  test('other keys are other rooms; none is refused', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    await world.join(Desk, { key: 'a' })
    await world.join(Desk, { key: 'A' })
    expect(rooms.map((room) => room.key)).toEqual(['a', 'A'])
    await expect(world.join(Desk, { by: 'open' })).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe('seats', () => {
  test('a hundred joins at once for twelve seats: twelve, and the others hear room_full', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({ onJoin: () => Promise.resolve() })
    world.registry.define(Desk, ScriptedRoom, { maxMembers: 12 })
    const clients = Array.from({ length: 100 }, () => world.client(Desk))
    for (const client of clients) client.join({ by: 'open', key: 'a' })
    await world.clock.settle()
    expect(outcomes(clients)).toEqual({ joined: 12, room_full: 88 })
    expect(rooms[0]?.members.size).toBe(12)
    clients.find((client) => client.isJoined)?.leave()
    await world.join(Desk, { key: 'a' })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_full' })
  })

  test('a join that fails, or is given up, gives its seat back', async () => {
    const world = new World()
    let behave: () => void | Promise<void> = () => {}
    const { ScriptedRoom } = deskRooms({ onJoin: () => behave() })
    world.registry.define(Desk, ScriptedRoom, { maxMembers: 1 })
    behave = () => {
      throw new Error('broken')
    }
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    behave = () => new Promise(() => {})
    const patient = world.client(Desk)
    patient.join({ key: 'a' })
    await world.clock.settle()
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({
      code: 'room_full',
      message: 'the only seat of the room is taken',
    })
    patient.leave()
    behave = () => {}
    await world.join(Desk, { key: 'a' })
  })

  test('a join that is given up at once takes none: the same session asks again in the same turn', async () => {
    const world = new World()
    world.registry.define(Desk, deskRooms().ScriptedRoom)
    const first = world.client(Desk)
    first.join({ key: 'a' })
    first.leave('left')
    const second = world.client(Desk, first.session)
    second.join({ key: 'a' })
    await world.clock.settle()
    expect(first.isJoined).toBe(false)
    expect(second.refused).toBeUndefined()
    expect(second.isJoined).toBe(true)
  })

  test('a join that takes too long is refused, its seat is free', async () => {
    const world = new World({ limits: { joinTimeout: 2000 } })
    let slow = true
    const { rooms, ScriptedRoom } = deskRooms({ onJoin: () => (slow ? new Promise(() => {}) : undefined) })
    world.registry.define(Desk, ScriptedRoom, { maxMembers: 1 })
    const client = world.client(Desk)
    client.join({ key: 'a' })
    await world.clock.advance('2s')
    expect(client.refused).toMatchObject({ code: 'timeout', message: 'joining took longer than 2000 ms' })
    expect(rooms[0]?.members.size).toBe(0)
    slow = false
    await world.join(Desk, { key: 'a' })
  })

  test('a session has one seat in a room', async () => {
    const world = new World()
    const { ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const { session } = await world.join(Desk, { key: 'a' })
    const again = world.client(Desk, session)
    again.join({ key: 'a' })
    await world.clock.settle()
    expect(again.refused?.code).toBe('already_joined')
    again.join({ key: 'b' })
    await world.clock.settle()
    expect(again.isJoined).toBe(true)
  })
})

describe('matchmaking', () => {
  test('a hundred at once fill rooms of ten: ten rooms, each full', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({ onCreate: () => Promise.resolve(undefined) })
    world.registry.define(Desk, ScriptedRoom, { maxMembers: 10 })
    const clients = Array.from({ length: 100 }, () => world.client(Desk))
    for (const client of clients) client.join({ by: 'joinOrCreate' })
    await world.clock.settle()
    expect(outcomes(clients)).toEqual({ joined: 100 })
    expect(rooms.map((room) => room.members.size)).toEqual(Array.from({ length: 10 }, () => 10))
  })

  test('metadata decides, also for those who come while the room is being created', async () => {
    const world = new World()
    const teams = ['red', 'blue']
    const { rooms, ScriptedRoom } = deskRooms({
      onCreate: async (room) => {
        const team = teams.shift() ?? 'none'
        await Promise.resolve()
        room.metadata = { team, size: 2 }
        return undefined
      },
    })
    world.registry.define(Desk, ScriptedRoom)
    const where = (team: string) => ({ by: 'joinOrCreate', where: { team } }) as const
    const clients = [world.client(Desk), world.client(Desk), world.client(Desk)]
    clients[0]?.join(where('red'))
    clients[1]?.join(where('blue'))
    clients[2]?.join(where('red'))
    await world.clock.settle()
    expect(outcomes(clients)).toEqual({ joined: 3 })
    expect(rooms.map((room) => [room.metadata?.team, room.members.size])).toEqual([
      ['red', 2],
      ['blue', 1],
    ])
    const both = await world.join(Desk, { by: 'joinOrCreate', where: { team: 'blue', size: 2 } })
    expect(both.seat.joined.id).toBe(rooms[1]?.id)
    const other = await world.join(Desk, { by: 'joinOrCreate', where: { team: 'blue', size: 3 } })
    expect(other.seat.joined.id).toBe(rooms[2]?.id)
  })

  test('a room with a key is not found by those who did not ask for it', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    await world.join(Desk, { key: 'private' })
    await world.join(Desk, { by: 'joinOrCreate' })
    expect(rooms).toHaveLength(2)
  })

  test('one session that asks twice sits in two rooms', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const client = await world.join(Desk, { by: 'joinOrCreate' })
    const again = world.client(Desk, client.session)
    again.join({ by: 'joinOrCreate' })
    await world.clock.settle()
    expect(rooms).toHaveLength(2)
  })

  test('create makes a room each time, joinById finds it, a wrong id does not', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const first = await world.join(Desk, { by: 'create' })
    await world.join(Desk, { by: 'create' })
    expect(rooms).toHaveLength(2)
    const { id } = first.seat.joined
    const friend = await world.join(Desk, { by: 'join', id })
    expect(friend.seat.joined.id).toBe(id)
    await expect(world.join(Desk, { by: 'join', id: 'nope' })).rejects.toMatchObject({ code: 'room_not_found' })
    await expect(world.join(Desk, { by: 'join' })).rejects.toMatchObject({ code: 'room_not_found' })
    await expect(world.join(Desk, { by: 'create', key: 'a' })).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.join(Desk, { by: 'joinOrCreate', where: 'x' })).rejects.toMatchObject({ code: 'invalid' })
  })

  test('the number of rooms is bounded, and what goes makes place', async () => {
    const world = new World({ limits: { maxRooms: 2 } })
    const { ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { disposeAfter: 0 })
    const first = await world.join(Desk, { by: 'create' })
    await world.join(Desk, { by: 'create' })
    await expect(world.join(Desk, { by: 'create' })).rejects.toMatchObject({ code: 'too_many_rooms' })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'too_many_rooms' })
    first.leave()
    await world.clock.settle()
    await world.join(Desk, { key: 'a' })
  })
})

describe('who may join', () => {
  const Plain = defineRoom('plain', {
    version: 1,
    state: t.Object({}),
    clientToServer: {},
    serverToClient: {},
  })
  class PlainRoom extends Room(Plain) {
    onCreate() {
      return {}
    }
    readonly handlers = this.handle({})
  }
  class Board extends Room(Whiteboard) {
    seen: unknown[] = []
    onCreate() {
      return { title: '', strokes: {} }
    }
    readonly handlers = this.handle({
      addStroke: (_, { member }) => ({ id: `${member.user.id} ${member.user.role} ${member.join.name}` }),
      clear: () => {},
      point: () => {},
      history: async function* () {},
    })
  }
  const how = { key: 'a', join: { name: 'Ada' }, options: { title: 'A' } } as const

  test('an unknown room type, another version, wrong join data or options', async () => {
    const world = new World()
    world.registry.define(Whiteboard, Board, { authenticate: () => ({ id: 'a', role: 'b' }) })
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'unknown_room' })
    await expect(world.join(Whiteboard, { ...how, version: 7 })).rejects.toThrow(
      'the client was made for version 7 of whiteboard, the server runs version 1',
    )
    await expect(world.join(Whiteboard, { ...how, join: undefined })).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.join(Whiteboard, { ...how, join: { name: 5 } })).rejects.toMatchObject({
      code: 'invalid',
      data: { path: 'join.name' },
    })
    await expect(world.join(Whiteboard, { ...how, join: { name: 'x'.repeat(41) } })).rejects.toMatchObject({
      data: { path: 'join.name' },
    })
    await expect(world.join(Whiteboard, { ...how, options: {} })).rejects.toMatchObject({
      data: { path: 'options.title' },
    })
    expect(world.registry.size).toBe(0)
    await world.join(Whiteboard, { ...how, version: 1 })
  })

  test('the authenticator is asked once for a connection, and its answer is the typed user', async () => {
    const world = new World()
    const asked: unknown[] = []
    world.registry.define(Whiteboard, Board, {
      authenticate: ({ token, remoteAddress }) => {
        asked.push([token, remoteAddress])
        return Promise.resolve({ id: 'u1', role: 'editor' })
      },
    })
    const ada = await world.join(Whiteboard, how, { auth: 'secret' })
    const again = world.client(Whiteboard, ada.session)
    again.join({ ...how, key: 'b' })
    await world.clock.settle()
    expect(again.isJoined).toBe(true)
    expect(asked).toEqual([['secret', '10.0.0.1']])
    const done = ada.call('addStroke', { by: '', color: 1, points: [] })
    await world.clock.settle()
    expect(await done).toEqual({ id: 'u1 editor Ada' })
    await world.join(Whiteboard, how, { auth: { not: 'a string' } })
    expect(asked).toHaveLength(2)
    expect(asked[1]).toEqual([undefined, '10.0.0.1'])
  })

  test('the authenticator is asked about a page without credentials, too: guests are for it to decide', async () => {
    const world = new World()
    const asked: unknown[] = []
    world.registry.define(Whiteboard, Board, {
      authenticate: ({ token, auth }) => {
        asked.push([token, auth])
        return token === undefined ? { id: 'guest', role: 'guest' } : undefined
      },
    })
    world.registry.define(Plain, PlainRoom, { authenticate: ({ token }) => token === undefined })
    await world.join(Whiteboard, how, { auth: undefined })
    await world.join(Plain, { key: 'a' }, { auth: undefined })
    expect(asked).toEqual([[undefined, undefined]])
  })

  test('an authenticator that fails is a fault of the server, and no verdict on the credentials', async () => {
    const world = new World()
    let answer: () => unknown = () => undefined
    world.registry.define(Whiteboard, Board, {
      // A wrong answer on purpose.
      authenticate: () => answer() as { id: string; role: string },
    })
    const faults: (() => unknown)[] = [
      () => {
        throw new Error('the database said: password=hunter2')
      },
      () => Promise.reject(new Error('the database said: password=hunter2')),
      () => Promise.reject(new JuntoError('store_failed', 'the database said: password=hunter2')),
      () => ({ id: 5 }),
    ]
    for (answer of faults) {
      const refused = await world.join(Whiteboard, how).catch((error: JuntoError) => error)
      expect(refused).toMatchObject({
        code: 'internal',
        message:
          "whether you may enter whiteboard could not be told: authenticate failed; the server's log has the reason",
      })
    }
    const failed = 'authenticate of the room type whiteboard failed: '
    expect(world.faults).toEqual([
      ...Array<string>(3).fill(`${failed}the database said: password=hunter2`),
      expect.stringMatching(`^${failed}.*user\\.id`),
    ])
    answer = () => ({ id: 'u', role: 'r' })
    await world.join(Whiteboard, how)
  })

  test('refusing and silent authenticators let nobody in, and say nothing of why', async () => {
    const world = new World({ limits: { authTimeout: 1000 } })
    let answer: () => unknown = () => undefined
    let aborted = false
    world.registry.define(Whiteboard, Board, {
      authenticate: ({ signal }) => {
        signal.addEventListener('abort', () => (aborted = true))
        // A wrong answer on purpose.
        return answer() as { id: string; role: string }
      },
    })
    const refusals: (() => unknown)[] = [() => undefined, () => null]
    for (answer of refusals) {
      const refused = await world.join(Whiteboard, how).catch((error: JuntoError) => error)
      expect(refused).toMatchObject({
        code: 'unauthorized',
        message: 'these credentials do not let you into whiteboard',
      })
    }
    answer = () => new Promise(() => {})
    const client = world.client(Whiteboard)
    client.join(how)
    await world.clock.advance('1s')
    expect(client.refused?.code).toBe('timeout')
    expect(aborted).toBe(true)
    expect(world.registry.size).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
    answer = () => {
      throw new JuntoError('unauthorized', 'Your trial has ended.')
    }
    await expect(world.join(Whiteboard, how)).rejects.toThrow('Your trial has ended.')
    answer = () => {
      throw new JuntoError('forbidden', 'Not on Sundays.')
    }
    await expect(world.join(Whiteboard, how)).rejects.toMatchObject({ code: 'forbidden', message: 'Not on Sundays.' })
    answer = () => ({ id: 'u', role: 'r' })
    client.refused = undefined
    client.join(how)
    await world.clock.settle()
    expect(client.isJoined).toBe(true)
  })

  describe('the signal of an authenticator', () => {
    /** An authenticator that answers when it is told to. */
    async function slow(limits: { maxRoomsPerConnection?: number } = {}) {
      const world = new World({ limits })
      const signals: AbortSignal[] = []
      const answers: (() => void)[] = []
      world.registry.define(Whiteboard, Board, {
        authenticate: ({ signal }) => {
          signals.push(signal)
          return new Promise((resolve, reject) => {
            answers.push(() => resolve({ id: 'u1', role: 'editor' }))
            signal.addEventListener('abort', () => reject(new Error('given up')))
          })
        },
      })
      const session = world.session()
      const join = (key: string) => {
        const client = world.client(Whiteboard, session)
        client.join({ ...how, key })
        return client
      }
      return { world, session, signals, answers, join }
    }

    test('is aborted when all who waited have gone, and not before; who comes then has it asked again', async () => {
      const { world, signals, answers, join } = await slow()
      const [a, b] = [join('a'), join('b')]
      a.leave()
      await world.clock.settle()
      expect(signals.map(({ aborted }) => aborted)).toEqual([false])
      b.leave()
      await world.clock.settle()
      expect(signals.map(({ aborted }) => aborted)).toEqual([true])
      // That it gave up is no fault of it.
      expect(world.faults).toEqual([])
      const c = join('c')
      await world.clock.settle()
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
      answers[1]?.()
      await world.clock.settle()
      expect(c.isJoined).toBe(true)
      c.leave()
      await world.clock.settle()
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    })

    test('tells who joins that it is known once it is let in, before it has a seat', async () => {
      const { world, answers, join } = await slow()
      world.registry.define(Plain, PlainRoom, { authenticate: () => false })
      const [client, refused] = [join('a'), world.client(Plain)]
      refused.join({ key: 'b' })
      await world.clock.settle()
      expect(refused.refused?.code).toBe('unauthorized')
      expect([client.isIdentified, refused.isIdentified]).toEqual([false, false])
      let knownAtSeat = false
      client.onSeat = () => (knownAtSeat = client.isIdentified)
      answers[0]?.()
      await world.clock.settle()
      expect(knownAtSeat).toBe(true)
    })

    test('is aborted when the connection that came back has gone again', async () => {
      const { world, session, signals, answers, join } = await slow()
      const client = join('a')
      await world.clock.settle()
      answers[0]?.()
      await world.clock.settle()
      const gone = new AbortController()
      const connection = { auth: 'again', remoteAddress: '10.0.0.1' }
      const readmitted = world.registry.readmit(client.seat, session, connection, gone.signal)
      gone.abort()
      await expect(world.settled(readmitted)).rejects.toMatchObject({ code: 'cancelled' })
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    })

    test('questions about one session that are under way are bounded', async () => {
      const { world, session, signals, answers, join } = await slow({ maxRoomsPerConnection: 3 })
      const client = join('a')
      await world.clock.settle()
      answers[0]?.()
      await world.clock.settle()
      const come = async (auth: string): Promise<unknown> =>
        world.registry
          .readmit(client.seat, session, { auth, remoteAddress: '10.0.0.1' })
          .then(() => 'admitted')
          .catch((error: JuntoError) => [error.code, error.retryAfter])
      const outcomes = ['1', '2', '3', '4'].map(come)
      expect(signals).toHaveLength(4)
      expect(await outcomes[3]).toEqual(['rate_limited', 1000])
      for (const answer of answers) answer()
      expect(await world.settled(Promise.all(outcomes.slice(0, 3)))).toEqual(['admitted', 'admitted', 'admitted'])
      const later = come('5')
      for (const answer of answers) answer()
      expect(await world.settled(later)).toBe('admitted')
    })
  })

  test('without a declared user the authenticator is a gate', async () => {
    const world = new World()
    world.registry.define(Plain, PlainRoom, { authenticate: ({ token }) => token === 'yes' })
    expect(world.registry.authenticates('plain')).toBe(true)
    await world.join(Plain, { key: 'a' }, { auth: 'yes' })
    await expect(world.join(Plain, { key: 'a' }, { auth: 'no' })).rejects.toMatchObject({ code: 'unauthorized' })
  })

  test('two room types of one name, and joins after closing, are refused', async () => {
    const world = new World()
    world.registry.define(Plain, PlainRoom)
    expect(() => world.registry.define(Plain, PlainRoom)).toThrow(/named plain is defined already/)
    expect(world.registry.authenticates('plain')).toBe(false)
    await world.registry.close()
    await expect(world.join(Plain, { key: 'a' })).rejects.toMatchObject({ code: 'shutting_down' })
  })
})

describe('onJoin and onLeave', () => {
  test('a member is in members from onJoin on, and no longer in onLeave', async () => {
    const world = new World()
    const seen: [string, number][] = []
    const { rooms, ScriptedRoom } = deskRooms({
      onJoin: (room, member) => void seen.push(['join', room.members.has(member.id) ? room.members.size : -1]),
      onLeave: (room, member) => void seen.push(['leave', room.members.has(member.id) ? -1 : room.members.size]),
    })
    world.registry.define(Desk, ScriptedRoom)
    const client = await world.join(Desk, { key: 'a' })
    await world.join(Desk, { key: 'a' })
    client.seat.leave('left')
    client.seat.leave('disconnected')
    expect(seen).toEqual([
      ['join', 1],
      ['join', 2],
      ['leave', 1],
    ])
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin', 'onJoin', 'onLeave left'])
  })

  test('a connection that is lost while onJoin runs: one onLeave, once onJoin has completed', async () => {
    const world = new World()
    const joined = gate()
    const { rooms, ScriptedRoom } = deskRooms({ onJoin: () => joined.opened })
    world.registry.define(Desk, ScriptedRoom)
    const client = world.client(Desk)
    client.join({ key: 'a' })
    await world.clock.settle()
    client.leave('left')
    await world.clock.settle()
    expect(client.refused?.code).toBe('cancelled')
    expect(rooms[0]?.members.size).toBe(0)
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin'])
    joined.open()
    await world.clock.settle()
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin', 'onLeave left'])
    expect(client.log).toEqual([])
  })

  test('a lost connection and an onJoin that then throws: no onLeave', async () => {
    const world = new World()
    const joined = gate()
    const { rooms, ScriptedRoom } = deskRooms({ onJoin: () => joined.opened })
    world.registry.define(Desk, ScriptedRoom)
    const client = world.client(Desk)
    client.join({ key: 'a' })
    await world.clock.settle()
    client.leave()
    joined.fail(new Error('too late'))
    await world.clock.settle()
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin', 'onError onJoin: too late'])
  })

  test('kicked while joining: refused with the message, and one onLeave', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({ onJoin: (_, member) => member.kick('not you') })
    world.registry.define(Desk, ScriptedRoom)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'forbidden', message: 'not you' })
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin', 'onLeave kicked'])
  })

  test('kicked later: what was sent before arrives, then the end', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({
      handlers: (room) => ({
        act: (_, { member }) => {
          room.state.n++
          member.send.said({ text: 'goodbye' })
          member.kick('enough')
        },
      }),
    })
    world.registry.define(Desk, ScriptedRoom)
    const client = await world.join(Desk, { key: 'a' })
    void client.outcome('act')
    await world.clock.settle()
    expect(client.log).toEqual(['joined', 'snapshot', 'patch', 'event said', 'ended kicked'])
    expect(client.endings).toEqual([{ reason: 'kicked', message: 'enough' }])
    expect(rooms[0]?.happened.at(-1)).toBe('onLeave kicked')
  })
})
