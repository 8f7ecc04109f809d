import { JuntoError } from '@junto/protocol'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { Desk, deskRooms, type DeskScript } from './desk.fixture.ts'
import type { RoomHandle } from './room-handle.ts'
import { Room, type Creation } from './room.ts'
import { World, type WorldOptions } from './rooms.fixture.ts'

const Board = defineRoom('board', {
  version: 1,
  options: t.Object({ title: t.String({ maxLength: 10 }) }),
  metadata: t.Object({ size: t.Integer(), map: t.String() }),
  state: t.Object({ title: t.String(), lines: t.Array(t.String()) }),
  clientToServer: {},
  serverToClient: {},
})

class BoardRoom extends Room(Board) {
  onCreate({ key, options }: Creation<typeof Board>) {
    this.metadata = { size: options.title.length, map: key ?? 'none' }
    return { title: options.title, lines: [] }
  }
  readonly handlers = this.handle({})
  write(line: string): number {
    this.state.lines.push(line)
    return this.state.lines.length
  }
}

/** A world with desks that follow a script, and boards. */
function offices(
  script: DeskScript = {},
  options: { disposeAfter?: number; idleAfter?: number; persist?: boolean } = {},
  worldOptions: WorldOptions = {},
) {
  const world = new World(worldOptions)
  const { rooms: made, ScriptedRoom } = deskRooms(script)
  world.registry.define(Desk, ScriptedRoom, options)
  world.registry.define(Board, BoardRoom, {})
  return { world, made, ScriptedRoom, rooms: world.registry.directory }
}

const pause = (world: World, ms: number) => new Promise<void>((resolve) => world.clock.after(ms, resolve))

describe('opening a room from outside', () => {
  test('makes it once, also together with clients, and finds it afterwards', async () => {
    const { world, made, ScriptedRoom, rooms } = offices({
      onCreate: ({ key }) => (key === 'a' ? pause(world, 50) : undefined),
    })
    const clients = [world.client(Desk), world.client(Desk)]
    clients[0]?.join({ key: 'a' })
    const opened = [rooms.open(ScriptedRoom, 'a'), rooms.open(ScriptedRoom, 'a')]
    clients[1]?.join({ key: 'a' })
    await world.clock.advance(50)
    const handles = await Promise.all(opened)
    expect(made).toHaveLength(1)
    const joined = clients[1]?.seat.joined.id
    expect(handles.map(({ id, key, members }) => [id, key, members])).toEqual([
      [joined, 'a', 2],
      [joined, 'a', 2],
    ])
    expect((await world.settled(rooms.open(ScriptedRoom, 'b'))).id).not.toBe(joined)
  })

  test('passes options by the contract, and refuses others by their path', async () => {
    const { world, rooms } = offices()
    const board = await world.settled(rooms.open(BoardRoom, 'a', { options: { title: 'Team A' } }))
    expect(await world.settled(board.run((room) => room.state.title))).toBe('Team A')
    await expect(rooms.open(BoardRoom, 'b', { options: { title: 'far too long' } })).rejects.toMatchObject({
      code: 'invalid',
      data: { path: 'options.title' },
    })
    expect(world.registry.size).toBe(1)
    // Not read for a room that is there, but checked all the same.
    await world.settled(rooms.open(BoardRoom, 'a', { options: { title: 'other' } }))
    expect(await world.settled(board.run((room) => room.state.title))).toBe('Team A')
  })

  test.each([
    ['an empty key', '', 'key must be a string of 1 to 256 characters, not a string of 0 characters'],
    ['a long key', 'x'.repeat(257), 'key must be a string of 1 to 256 characters, not a string of 257 characters'],
    ['half a surrogate pair', 'a\ud800', 'key must be without half surrogate pairs, not a string of 2 characters'],
  ])('refuses the keys that clients may not ask for either: %s', async (_what, key, message) => {
    const { world, ScriptedRoom, rooms } = offices()
    await expect(rooms.open(ScriptedRoom, key)).rejects.toMatchObject({ code: 'invalid', message })
    expect(world.registry.size).toBe(0)
  })

  test('that takes too long because the room before it is being saved says so', async () => {
    const { world, ScriptedRoom, rooms } = offices(
      { onDispose: () => new Promise<void>(() => {}) },
      {},
      { limits: { joinTimeout: 1000 } },
    )
    const first = await world.settled(rooms.open(ScriptedRoom, 'a'))
    first.close('enough')
    const late = rooms.open(ScriptedRoom, 'a').catch((error: unknown) => error)
    await world.clock.advance(1000)
    expect(await late).toMatchObject({
      code: 'timeout',
      message: 'opening the room desk/a took longer than 1000 ms: the room before it is still closing and being saved',
    })
  })

  test('restores what was saved, once the room before it is gone', async () => {
    const { world, made, ScriptedRoom, rooms } = offices({ onDispose: () => pause(world, 100) }, { persist: true })
    const first = await world.settled(rooms.open(ScriptedRoom, 'a'))
    void first.run((room) => (room.state.n = 7))
    first.close('enough')
    const again = rooms.open(ScriptedRoom, 'a')
    await world.clock.advance(99)
    expect(made).toHaveLength(1)
    await world.clock.advance(1)
    await first.closed
    const second = await again
    expect(made.map(({ happened }) => happened[0])).toEqual(['onCreate', 'onRestore'])
    expect(await world.settled(second.run((room) => room.state.n))).toBe(7)
  })

  test('of a class that was not defined names it', async () => {
    const { rooms } = offices()
    class Forgotten extends BoardRoom {}
    const say =
      'this server runs no rooms of the class Forgotten: define it first, with server.define(board, Forgotten)'
    await expect(rooms.open(Forgotten, 'a', { options: { title: '' } })).rejects.toThrow(say)
    expect(() => rooms.get(Forgotten, 'a')).toThrow(say)
    expect(() => rooms.list(Forgotten)).toThrow(say)
  })

  test.each([[{}], [undefined], ['desk'], [() => {}]])('of what is no class of a room says so: %s', async (room) => {
    const { rooms } = offices()
    const say = /^server\.rooms takes the class of a room, which extends Room\(contract\), not /
    // @ts-expect-error no class of a room
    await expect(rooms.open(room, 'a')).rejects.toThrow(say)
    // @ts-expect-error no class of a room
    expect(() => rooms.get(room, 'a')).toThrow(say)
    // @ts-expect-error no class of a room
    expect(() => rooms.list(room)).toThrow(say)
  })

  test.each([null, 'all', 5])('with %j in place of options says what is taken', async (wrong) => {
    const { rooms, ScriptedRoom } = offices()
    // @ts-expect-error no options
    expect(() => rooms.list(ScriptedRoom, wrong)).toThrow(
      `list takes { where, orderBy, limit }, all of which may be left out, not ${JSON.stringify(wrong)}`,
    )
    // @ts-expect-error no options
    await expect(rooms.open(ScriptedRoom, 'a', wrong)).rejects.toThrow(
      `open takes the class, the key and { options }, not ${JSON.stringify(wrong)}`,
    )
  })

  test('that was given up makes no room when the one before it is gone', async () => {
    const { world, made, ScriptedRoom, rooms } = offices(
      { onDispose: () => pause(world, 3000) },
      {},
      { limits: { joinTimeout: 1000 } },
    )
    const first = await world.settled(rooms.open(ScriptedRoom, 'a'))
    first.close()
    const late = rooms.open(ScriptedRoom, 'a').catch((error: unknown) => error)
    const client = world.client(Desk)
    client.join({ key: 'a' })
    await world.clock.advance(1000)
    expect(await late).toMatchObject({ code: 'timeout' })
    expect(client.refused).toMatchObject({
      code: 'timeout',
      message: 'joining took longer than 1000 ms: the room before it is still closing and being saved',
    })
    await world.clock.advance(10_000)
    expect([made.length, world.registry.size, world.clock.pendingTimers]).toEqual([1, 0, 0])
  })

  test('fails like a join: onCreate that throws, a room that closes itself, too many, the server closing, a creation that never ends', async () => {
    const { world, ScriptedRoom, rooms } = offices(
      {
        onCreate: (room) => {
          if (room.key === 'broken') throw new Error('no')
          if (room.key === 'shy') room.close()
          return room.key === 'slow' ? new Promise<void>(() => {}) : undefined
        },
      },
      {},
      { limits: { maxRooms: 2, joinTimeout: 1000 } },
    )
    world.gauge.used = () => 0.9
    await expect(world.settled(rooms.open(ScriptedRoom, 'a'))).rejects.toMatchObject({ code: 'overloaded' })
    world.gauge.used = () => 0.5
    await world.clock.advance('3s')
    await expect(world.settled(rooms.open(ScriptedRoom, 'broken'))).rejects.toMatchObject({ code: 'room_failed' })
    await expect(world.settled(rooms.open(ScriptedRoom, 'shy'))).rejects.toMatchObject({ code: 'room_closed' })
    const slow = rooms.open(ScriptedRoom, 'slow').catch((error: unknown) => error)
    await world.clock.advance(1000)
    expect(await slow).toMatchObject({ code: 'timeout' })
    for (const key of ['a', 'b']) await world.settled(rooms.open(ScriptedRoom, key))
    await expect(world.settled(rooms.open(ScriptedRoom, 'c'))).rejects.toMatchObject({ code: 'too_many_rooms' })
    const closing = world.registry.close()
    await expect(rooms.open(ScriptedRoom, 'a')).rejects.toMatchObject({ code: 'shutting_down' })
    await world.settled(closing)
    expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
  })

  test('costs no user any of their rooms', async () => {
    const { world, ScriptedRoom, rooms } = offices(
      {},
      {},
      { limits: { createBurstPerAddress: 1, maxRoomsPerAddress: 1 } },
    )
    for (let n = 0; n < 20; n++) await world.settled(rooms.open(ScriptedRoom, `room ${n}`))
    expect((await world.join(Desk, { key: 'own' })).isJoined).toBe(true)
  })
})

test('opening a room while the server begins to close says that it shuts down, not that the room is over', async () => {
  const { world, ScriptedRoom, rooms } = offices({ onCreate: () => pause(world, 300) })
  const opened = rooms.open(ScriptedRoom, 'a').catch((error: unknown) => error)
  const closing = world.registry.close()
  await world.clock.advance(300)
  expect(await opened).toMatchObject({ code: 'shutting_down', retryAfter: 2000 })
  await world.settled(closing)
})

describe('an opened room in which nobody is', () => {
  test('is disposed like any empty one; opening it anew gives it its time again', async () => {
    const { world, ScriptedRoom, rooms } = offices()
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    await world.clock.advance(4000)
    expect((await world.settled(rooms.open(ScriptedRoom, 'a'))).id).toBe(handle.id)
    await world.clock.advance(4999)
    expect(rooms.get(ScriptedRoom, handle.id)).toBeDefined()
    await world.clock.advance(1)
    expect(rooms.get(ScriptedRoom, handle.id)).toBeUndefined()
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('stays while a run is under way, whatever its time is, and goes afterwards', async () => {
    const { world, made, ScriptedRoom, rooms } = offices({}, { disposeAfter: 100, idleAfter: 1000 })
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    const long = handle.run(async (room) => {
      await pause(world, 10_000)
      return ++room.state.n
    })
    const longer = handle.run(() => pause(world, 10_050))
    await world.clock.advance(10_049)
    expect(await long).toBe(1)
    expect(world.registry.size).toBe(1)
    await world.clock.advance(1)
    await longer
    // Nothing was said in it for long: idle at once.
    await world.clock.advance(0)
    expect(made[0]?.happened).toEqual(['onCreate', 'onDispose'])
    expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
  })

  test('has its whole time after a run', async () => {
    const { world, ScriptedRoom, rooms } = offices({}, { disposeAfter: 100 })
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    const run = handle.run(() => pause(world, 500))
    await world.clock.advance(500)
    await run
    await world.clock.advance(99)
    expect(world.registry.size).toBe(1)
    await world.clock.advance(1)
    expect(world.registry.size).toBe(0)
  })
})

describe('code that runs in a room', () => {
  test('is typed by its class; what it writes leaves as one patch at the end of the turn', async () => {
    const { world, ScriptedRoom, rooms } = offices()
    const ada = await world.join(Desk, { key: 'a' })
    const handle = rooms.get(ScriptedRoom, { key: 'a' })
    ada.log.length = 0
    const run = handle?.run((room) => {
      for (let i = 0; i < 5; i++) room.state.n++
      room.broadcast.said({ text: 'from outside' })
      return room.state.n
    })
    expect(ada.log).toEqual([])
    expect(await world.settled(run ?? Promise.reject(new Error('no room')))).toBe(5)
    expect(ada.log).toEqual(['patch', 'event said'])
    expect(ada.mirror.state).toMatchObject({ n: 5 })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('wrong')
      },
    ],
    ['rejects', () => Promise.reject(new Error('wrong'))],
  ])(
    'that %s: the caller gets what it threw, onError and the log hear of it, and the room goes on',
    async (_, code) => {
      const { world, made, ScriptedRoom, rooms } = offices({}, {}, { limits: { roomFaults: 3 } })
      const ada = await world.join(Desk, { key: 'a' })
      const handle = rooms.get(ScriptedRoom, { key: 'a' })
      // Not even when it fails again and again: whose fault that is, the program knows.
      for (let i = 0; i < 20; i++) {
        await expect(world.settled(handle?.run(code) ?? Promise.resolve())).rejects.toThrow('wrong')
      }
      expect(made[0]?.happened.slice(2)).toEqual(Array.from({ length: 20 }, () => 'onError run: wrong'))
      expect(world.faults[0]).toBe('run of the room desk/a failed: wrong')
      expect(ada.endings).toEqual([])
      expect(world.metrics.read('room_faults', { room: 'desk' })).toBe(20)
    },
  )

  test('that holds up the event loop is told with the name of the room', async () => {
    const { world, ScriptedRoom, rooms } = offices()
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    let now = 0
    world.clock.now = () => now
    void handle.run(() => void (now += 2000))
    expect(world.logger.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The room desk\/a held up the event loop for 2000 ms/),
    ])
  })

  test('is refused in a room that is closed; one under way is waited for, and what it wrote is saved', async () => {
    const { world, made, ScriptedRoom, rooms } = offices({}, { persist: true })
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    const run = handle.run(async (room) => {
      await pause(world, 500)
      room.state.n = 42
    })
    handle.close()
    await expect(handle.run(() => 1)).rejects.toMatchObject({
      code: 'room_closed',
      message: 'the room desk/a is closed: open it again',
    })
    await world.clock.advance(499)
    expect(made[0]?.happened).toEqual(['onCreate'])
    await world.clock.advance(1)
    await run
    await handle.closed
    expect(made[0]?.happened).toEqual(['onCreate', 'onDispose'])
    await expect(handle.run(() => 1)).rejects.toMatchObject({ code: 'room_closed' })
    const again = await world.settled(rooms.open(ScriptedRoom, 'a'))
    expect(await world.settled(again.run((room) => room.state.n))).toBe(42)
  })

  test('and closes the room itself is waited for, too, and what it wrote afterwards is saved', async () => {
    const { world, made, ScriptedRoom, rooms } = offices({}, { persist: true })
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    const run = handle.run(async (room) => {
      room.close()
      await pause(world, 500)
      room.state.n = 9
    })
    await world.clock.advance(499)
    expect(made[0]?.happened).toEqual(['onCreate'])
    await world.clock.advance(1)
    await run
    await handle.closed
    const again = await world.settled(rooms.open(ScriptedRoom, 'a'))
    expect(await world.settled(again.run((room) => room.state.n))).toBe(9)
  })

  test('has to be code', async () => {
    const { world, ScriptedRoom, rooms } = offices()
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    // @ts-expect-error no function
    await expect(handle.run(undefined)).rejects.toMatchObject({
      code: 'misuse',
      message: 'run takes a function, (room) => …, not undefined',
    })
  })

  test('that never ends keeps a room that closes for as long as hooks may, and no longer', async () => {
    const { world, ScriptedRoom, rooms } = offices({}, {}, { limits: { hookTimeout: 1000 } })
    const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
    void handle.run(() => new Promise<void>(() => {}))
    handle.close()
    await world.clock.advance(999)
    expect(world.registry.size).toBe(1)
    await world.clock.advance(1)
    expect(world.registry.size).toBe(0)
    expect(world.logger.lines.map(({ message }) => message)).toEqual([
      'The room desk/a is disposed while run still runs',
    ])
  })
})

test('closing a room from outside: everybody hears it, and it is gone when that has been done', async () => {
  const { world, made, ScriptedRoom, rooms } = offices({ onLeave: () => pause(world, 10) })
  const ada = await world.join(Desk, { key: 'a' })
  const handle = rooms.get(ScriptedRoom, { key: 'a' })
  let closed = false
  void handle?.closed.then(() => (closed = true))
  handle?.close('Closed by an admin')
  handle?.close('twice')
  expect(ada.endings).toEqual([{ reason: 'closed', message: 'Closed by an admin' }])
  expect(handle?.members).toBe(0)
  await world.clock.advance(9)
  expect(closed).toBe(false)
  await world.clock.advance(1)
  expect(closed).toBe(true)
  expect(made[0]?.happened.slice(2)).toEqual(['onLeave closed', 'onDispose'])
})

describe('looking for rooms from outside', () => {
  test('get finds open rooms by id or key, and makes none', async () => {
    const { world, ScriptedRoom, rooms } = offices({
      onCreate: (room) => (room.key === 'slow' ? pause(world, 10) : undefined),
    })
    const ada = await world.join(Desk, { key: 'a' })
    const { id } = ada.seat.joined
    expect(rooms.get(ScriptedRoom, id)?.key).toBe('a')
    expect(rooms.get(ScriptedRoom, { key: 'a' })?.id).toBe(id)
    expect(rooms.get(ScriptedRoom, 'a')).toBeUndefined()
    expect(rooms.get(ScriptedRoom, { key: 'b' })).toBeUndefined()
    expect(rooms.get(ScriptedRoom, { key: 'constructor' })).toBeUndefined()
    for (const which of [undefined, null, 5, {}]) {
      // @ts-expect-error no id, no key
      expect(() => rooms.get(ScriptedRoom, which)).toThrow(/^get takes the id of a room, or \{ key \}, not /)
    }
    // Of another class.
    expect(rooms.get(BoardRoom, id)).toBeUndefined()
    void rooms.open(ScriptedRoom, 'slow')
    expect(rooms.get(ScriptedRoom, { key: 'slow' })).toBeUndefined()
    await world.clock.advance(10)
    expect(rooms.get(ScriptedRoom, { key: 'slow' })).toBeDefined()
    expect(world.registry.size).toBe(2)
  })

  test('list tells all open ones as they are, those with a key, private, locked and full ones, too', async () => {
    const { world, rooms } = offices()
    const titles = { a: 'one', b: 'four', c: 'three' }
    const handles: RoomHandle<BoardRoom>[] = []
    for (const [key, title] of Object.entries(titles)) {
      handles.push(await world.settled(rooms.open(BoardRoom, key, { options: { title } })))
    }
    await world.join(Board, { by: 'create', options: { title: 'free' } })
    await world.settled(
      handles[1]?.run((room) => {
        room.lock()
        room.visibility = 'private'
        room.maxMembers = 3
      }) ?? Promise.resolve(),
    )
    const listed = rooms.list(BoardRoom)
    expect(listed).toHaveLength(4)
    expect(listed[1]).toEqual({
      id: handles[1]?.id,
      key: 'b',
      members: 0,
      maxMembers: 3,
      locked: true,
      visibility: 'private',
      metadata: { size: 4, map: 'b' },
    })
    expect(listed[3]).toMatchObject({ key: undefined, members: 1, metadata: { size: 4, map: 'none' } })
    const keys = (query: Parameters<typeof rooms.list<typeof BoardRoom>>[1]) =>
      rooms.list(BoardRoom, query).map(({ key }) => key)
    expect(keys({ where: { size: { from: 4 } } })).toEqual(['b', 'c', undefined])
    expect(keys({ where: { size: { from: 4 } }, orderBy: { size: 'desc' }, limit: 2 })).toEqual(['c', 'b'])
    expect(keys({ where: { map: { in: ['a', 'c'] } } })).toEqual(['a', 'c'])
    expect(keys({ orderBy: { members: 'desc' }, limit: 1 })).toEqual([undefined])
    expect(keys({ limit: 0 })).toEqual([])
    handles[0]?.close()
    expect(keys({})).toEqual(['b', 'c', undefined])
  })

  test('list says what in its query cannot be', () => {
    const { rooms } = offices()
    // @ts-expect-error no such field
    expect(() => rooms.list(BoardRoom, { where: { sise: 4 } })).toThrow(/where\.sise: is no field.*did you mean size\?/)
    // @ts-expect-error a number
    expect(() => rooms.list(BoardRoom, { where: { size: 'four' } })).toThrow(/where\.size/)
    // @ts-expect-error a direction
    expect(() => rooms.list(BoardRoom, { orderBy: { size: 'up' } })).toThrow(/orderBy\.size: must be 'asc' or 'desc'/)
    expect(() => rooms.list(BoardRoom, { limit: NaN })).toThrow('limit: must be a number from 0, not NaN')
  })

  test('everything is typed by the class', () => {
    const { rooms } = offices()
    const typed = (handle: RoomHandle<BoardRoom>) => {
      expectTypeOf(handle.run((room) => room.write('a'))).toEqualTypeOf<Promise<number>>()
      expectTypeOf(handle.run(async (room) => Promise.resolve(room.key))).toEqualTypeOf<Promise<string | undefined>>()
      // @ts-expect-error no such method
      void handle.run((room) => room.wipe())
      // @ts-expect-error a line is a text
      void handle.run((room) => room.write(1))
    }
    expectTypeOf(typed).parameter(0).toEqualTypeOf<RoomHandle<BoardRoom>>()
    const opened = () => rooms.open(BoardRoom, 'a', { options: { title: '' } })
    expectTypeOf(opened).returns.toEqualTypeOf<Promise<RoomHandle<BoardRoom>>>()
    expectTypeOf(() => rooms.get(BoardRoom, { key: 'a' })).returns.toEqualTypeOf<RoomHandle<BoardRoom> | undefined>()
    expectTypeOf(() => rooms.list(BoardRoom)[0]?.metadata?.size).returns.toEqualTypeOf<number | undefined>()
    // @ts-expect-error the contract wants options
    const without = () => rooms.open(BoardRoom, 'a')
    // @ts-expect-error a title is a text
    const wrong = () => rooms.open(BoardRoom, 'a', { options: { title: 1 } })
    // @ts-expect-error no class of a contract
    const stranger = () => rooms.get(Map, 'a')
    expectTypeOf([without, wrong, stranger]).toBeArray()
  })
})

describe('a keyed room that fails again and again', () => {
  const script: DeskScript = {
    handlers: () => ({
      act: () => {
        throw new Error('broken')
      },
    }),
  }
  async function fail(world: World): Promise<void> {
    const clients = [await world.join(Desk, { key: 'a' }), await world.join(Desk, { key: 'a' })]
    for (const client of clients) void client.outcome('act')
    await world.clock.settle()
    expect(clients[0]?.endings).toEqual([{ reason: 'failed', message: 'The room failed too often.' }])
  }

  test('is made again so many times within the window; then all hear room_failed and when to come back', async () => {
    const { world, ScriptedRoom, rooms } = offices(script, {}, { limits: { roomFaults: 1 } })
    for (let n = 0; n < 4; n++) {
      await fail(world)
      await world.clock.advance('1s')
    }
    const refused = { code: 'room_failed', retryAfter: 56_000 }
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject(refused)
    await expect(rooms.open(ScriptedRoom, 'a')).rejects.toMatchObject(refused)
    // Others are not concerned.
    expect((await world.join(Desk, { key: 'b' })).isJoined).toBe(true)
    expect((await world.join(Desk, {})).isJoined).toBe(true)
    await world.clock.advance(55_999)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ retryAfter: 1 })
    await world.clock.advance(1)
    expect((await world.join(Desk, { key: 'a' })).isJoined).toBe(true)
  })

  test.each(['onCreate', 'onRestore'] as const)('while it comes about, in %s, counts as well', async (hook) => {
    const tries: unknown[] = []
    const fail = () => {
      tries.push(hook)
      throw new Error('no')
    }
    const { world, ScriptedRoom, rooms } = offices({ [hook]: fail }, { persist: true }, { limits: { roomRestarts: 2 } })
    if (hook === 'onRestore') {
      const first = await world.settled(rooms.open(ScriptedRoom, 'a'))
      first.close()
      await world.settled(first.closed)
    }
    for (let n = 0; n < 10; n++) {
      await expect(world.settled(rooms.open(ScriptedRoom, 'a'))).rejects.toMatchObject({ code: 'room_failed' })
    }
    expect(tries).toHaveLength(3)
    await expect(rooms.open(ScriptedRoom, 'a')).rejects.toMatchObject({ retryAfter: 60_000 })
    await world.clock.advance(60_000)
    await expect(world.settled(rooms.open(ScriptedRoom, 'a'))).rejects.toMatchObject({ code: 'room_failed' })
    expect(tries).toHaveLength(4)
  })

  test('to say no while it comes about is no failure', async () => {
    const { world, ScriptedRoom, rooms } = offices(
      {
        onCreate: () => {
          throw new JuntoError('forbidden', 'not today')
        },
      },
      {},
      { limits: { roomRestarts: 0 } },
    )
    for (let n = 0; n < 3; n++) {
      await expect(world.settled(rooms.open(ScriptedRoom, 'a'))).rejects.toMatchObject({ code: 'forbidden' })
    }
  })

  test('closed for any other reason, it is made again as often as wanted', async () => {
    const { world, ScriptedRoom, rooms } = offices({}, { idleAfter: 1000 }, { limits: { roomRestarts: 0 } })
    for (let n = 0; n < 10; n++) {
      const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
      if (n % 2 === 0) handle.close()
      await world.clock.advance(1000)
    }
    await expect(world.settled(rooms.open(ScriptedRoom, 'a'))).resolves.toBeDefined()
  })
})

test('a room that is gone gives out no join code any more', async () => {
  const { world, made, ScriptedRoom, rooms } = offices()
  const handle = await world.settled(rooms.open(ScriptedRoom, 'a'))
  const other = await world.settled(rooms.open(ScriptedRoom, 'b'))
  const code = await world.settled(other.run((room) => room.code))
  for (const each of [handle, other]) each.close()
  await world.clock.settle()
  expect(() => made[0]?.code).toThrow(/the room desk\/a is gone, and has no join code/)
  expect(made[1]?.code).toBe(code)
})
