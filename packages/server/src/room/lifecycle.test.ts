import { describe, expect, test } from 'vitest'
import { inject, provide } from '../container.ts'
import { show, stage } from '../presence/stage.fixture.ts'
import { Desk, deskRooms } from './desk.fixture.ts'
import { Room } from './room.ts'
import { World, type TestClient } from './rooms.fixture.ts'

describe('an empty room', () => {
  test('is disposed after a grace; who comes back before finds it as it was', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const ada = await world.join(Desk, { key: 'a' })
    void ada.call('add', { by: 5 })
    await world.clock.advance(1)
    ada.leave()
    await world.clock.advance(4999)
    const again = await world.join(Desk, { key: 'a' })
    await world.clock.advance('1h')
    expect(rooms).toHaveLength(1)
    expect(rooms[0]?.state.n).toBe(5)
    again.leave()
    await world.clock.advance(5000)
    expect(rooms[0]?.happened.at(-1)).toBe('onDispose')
    expect(world.registry.size).toBe(0)
    const late = await world.join(Desk, { key: 'a' })
    expect(rooms).toHaveLength(2)
    expect(rooms[1]?.state.n).toBe(0)
    expect(late.seat.joined.id).not.toBe(again.seat.joined.id)
  })

  test('goes at once with disposeAfter 0, and never with Infinity', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { disposeAfter: 0 })
    const ada = await world.join(Desk, { key: 'a' })
    ada.leave()
    await world.clock.settle()
    expect(world.registry.size).toBe(0)

    const other = new World()
    other.registry.define(Desk, ScriptedRoom, { disposeAfter: Infinity })
    ;(await other.join(Desk, { key: 'a' })).leave()
    await other.clock.advance('24h')
    expect(other.registry.size).toBe(1)
    expect(other.clock.pendingTimers).toBe(0)
    expect(rooms).toHaveLength(2)
  })

  test('that nobody ever entered is disposed like any other', async () => {
    const world = new World()
    let create: () => void = () => {}
    const { ScriptedRoom } = deskRooms({ onCreate: () => new Promise<void>((resolve) => (create = resolve)) })
    world.registry.define(Desk, ScriptedRoom)
    const ada = world.client(Desk)
    ada.join({ key: 'a' })
    await world.clock.settle()
    ada.leave()
    create()
    await world.clock.advance('5s')
    expect(world.registry.size).toBe(0)
  })
})

describe('closing a room', () => {
  test('by its own code: everybody hears why, each onLeave has run before onDispose, timers are gone', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({
      handlers: (room) => ({
        act: () => {
          room.state.n = 9
          room.broadcast.said({ text: 'goodbye' })
          room.close('game over')
        },
      }),
      onLeave: async (room) => {
        await new Promise<void>((resolve) => world.clock.after(30, resolve))
        room.happened.push('onLeave done')
      },
    })
    world.registry.define(Desk, ScriptedRoom)
    const ada = await world.join(Desk, { key: 'a' })
    const bob = await world.join(Desk, { key: 'a' })
    const [room] = rooms
    room?.every(10, () => void room.happened.push('timer'))
    void ada.outcome('act')
    await world.clock.advance('1s')
    expect(bob.log).toEqual(['joined', 'snapshot', 'patch', 'event said', 'ended closed'])
    expect(bob.endings).toEqual([{ reason: 'closed', message: 'game over' }])
    expect(room?.happened.slice(3)).toEqual([
      'onLeave closed',
      'onLeave closed',
      'onLeave done',
      'onLeave done',
      'onDispose',
    ])
    expect(world.registry.size).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
    // Code that still runs does no harm.
    room?.after(1, () => void room.happened.push('too late'))
    if (room) room.state.n++
    room?.broadcast.said({ text: 'anybody?' })
    room?.close()
    await world.clock.advance('1s')
    expect(room?.happened.at(-1)).toBe('onDispose')
  })

  test('in the first step of a hook waits for the rest of that hook', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({
      onJoin: async (room) => {
        room.close()
        await new Promise<void>((resolve) => world.clock.after(30, resolve))
        room.happened.push('onJoin done')
      },
    })
    world.registry.define(Desk, ScriptedRoom)
    world.client(Desk).join({ key: 'a' })
    await world.clock.advance(30)
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin', 'onJoin done', 'onLeave closed', 'onDispose'])
  })

  test('while it is being created: it is created, and then closed; those who wait are refused', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms({ onCreate: (room) => room.close() })
    world.registry.define(Desk, ScriptedRoom)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_closed' })
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onDispose'])
    expect(world.registry.size).toBe(0)
  })

  test('hooks that never end do not keep it for ever', async () => {
    const world = new World({ limits: { hookTimeout: 1000 } })
    const never = () => new Promise<void>(() => {})
    const { rooms, ScriptedRoom } = deskRooms({ onLeave: never, onDispose: never })
    world.registry.define(Desk, ScriptedRoom)
    await world.join(Desk, { key: 'a' })
    rooms[0]?.close()
    await world.clock.advance(1999)
    expect(world.registry.size).toBe(1)
    await world.clock.advance(1)
    expect(world.registry.size).toBe(0)
    expect(world.logger.lines.map(({ message }) => message)).toEqual([
      'The room desk/a is disposed while onLeave still runs',
      'The room desk/a is disposed while onDispose still runs',
    ])
  })

  test('with the server: every room ends with shutdown, also those still being created', async () => {
    const world = new World()
    let create: () => void = () => {}
    const { rooms, ScriptedRoom } = deskRooms({
      onCreate: (room) => (room.key === 'slow' ? new Promise<void>((resolve) => (create = resolve)) : undefined),
    })
    world.registry.define(Desk, ScriptedRoom)
    const ada = await world.join(Desk, { key: 'a' })
    const bob = world.client(Desk)
    bob.join({ key: 'slow' })
    await world.clock.settle()
    let closed = false
    const closing = world.registry.close().then(() => (closed = true))
    await world.clock.settle()
    expect(ada.endings).toEqual([{ reason: 'shutdown', message: 'The server is shutting down.' }])
    expect(closed).toBe(false)
    create()
    await world.clock.settle()
    await closing
    expect(bob.refused?.code).toBe('shutting_down')
    expect(rooms.map((room) => room.happened.at(-1))).toEqual(['onDispose', 'onDispose'])
    expect(world.registry.size).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
  })
})

describe('timers of a room', () => {
  test('after and every run on the clock, can be stopped, also from inside, and skip what they missed', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    await world.join(Desk, { key: 'a' })
    const [room] = rooms
    if (!room) throw new Error('no room')
    const ran: string[] = []
    room.after(20, () => void ran.push('after'))
    room.after(20, () => void ran.push('never'))()
    let count = 0
    const stop = room.every(10, () => {
      ran.push('every')
      if (++count === 3) stop()
    })
    await world.clock.advance(100)
    expect(ran).toEqual(['every', 'after', 'every', 'every'])
    expect(world.clock.pendingTimers).toBe(0)
    expect(() => room.every(0, () => {})).toThrow(/ms must be a number above 0, not 0/)
    expect(() => room.after(NaN, () => {})).toThrow(/ms must be a number from 0, not NaN/)
    expect(() => room.after(2 ** 31, () => {})).toThrow(/at most for 2147483647 \(24\.8 days\)/)
    room.after(Infinity, () => {})
    expect(world.clock.pendingTimers).toBe(0)
  })
})

describe('services', () => {
  class Dice {
    roll(): number {
      return 4
    }
  }
  class Loaded extends Dice {
    override roll(): number {
      return 6
    }
  }
  class Missing {}

  abstract class Base extends Room(Desk) {
    onCreate() {
      return { n: this.dice.roll(), notes: {} }
    }
    abstract readonly dice: Dice
    readonly handlers = this.handle({
      add: () => this.dice.roll(),
      look: () => this.dice.roll(),
      act: () => {},
      ask: () => true,
      say: () => {},
      point: () => {},
      count: async function* () {},
    })
  }
  class ByField extends Base {
    readonly dice = this.inject(Dice)
  }
  class ByParameter extends Base {
    constructor(@inject(Dice) readonly dice: Dice) {
      super()
    }
  }
  class Inheriting extends ByParameter {}

  for (const [how, type] of Object.entries({ ByField, ByParameter, Inheriting })) {
    test(`are injected: ${how}`, async () => {
      const world = new World({ services: [provide(Dice, new Loaded())] })
      world.registry.define(Desk, type)
      const ada = await world.join(Desk, { key: 'a' })
      expect(await world.settled(ada.call('look'))).toBe(6)
    })
  }

  test('that nobody provides are named, and the room does not come about', async () => {
    class Asking extends ByField {
      readonly missing = this.inject(Missing)
    }
    const world = new World({ services: [provide(Dice)] })
    world.registry.define(Desk, Asking)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(world.faults[0]).toMatch(
      /^constructor of the room desk\/a failed: Nobody provides Missing: add it to the server/,
    )
  })
})

describe('a room in which nothing is said', () => {
  /** A room that ends after a minute of silence. */
  async function quiet(options: { idleAfter?: number; disposeAfter?: number } = {}) {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { idleAfter: 60_000, ...options })
    const ada = await world.join(Desk, { key: 'a' })
    return { world, rooms, ada }
  }

  test('is closed after a time, and its members hear why', async () => {
    const { world, rooms, ada } = await quiet()
    rooms[0]?.every(1000, () => rooms[0]?.broadcast.said({ text: 'anybody?' }))
    await world.clock.advance(59_999)
    expect(ada.endings).toEqual([])
    await world.clock.advance(1)
    expect(ada.endings).toEqual([{ reason: 'idle', message: 'Nothing was said in this room for too long.' }])
    expect(rooms[0]?.happened.slice(-2)).toEqual(['onLeave idle', 'onDispose'])
    expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
  })

  const words: Record<string, (ada: TestClient, world: World) => unknown> = {
    'a call': (ada) => void ada.outcome('look'),
    'an event': (ada) => ada.event('say', { text: 'hello' }),
    'a volatile event': (ada) => ada.event('point', { x: 1 }),
    'a stream': (ada) => void ada.stream('count', { to: 1 }).next(),
    'somebody who joins': (_, world) => world.join(Desk, { key: 'a' }),
  }
  test.each(Object.keys(words))('its time begins anew with %s', async (word) => {
    const { world, ada } = await quiet()
    await world.clock.advance(59_999)
    await words[word]?.(ada, world)
    await world.clock.advance(59_999)
    expect(ada.endings).toEqual([])
    await world.clock.advance(1)
    expect(ada.endings).toMatchObject([{ reason: 'idle' }])
  })

  test('what somebody shows of itself counts as well', async () => {
    const { world, clients } = await stage(1, { idleAfter: 60_000 })
    const [ada] = clients
    if (ada === undefined) throw new Error('nobody is there')
    await world.clock.advance(59_999)
    show(ada, 5)
    await world.clock.advance(59_999)
    expect(ada.endings).toEqual([])
    await world.clock.advance(1)
    expect(ada.endings).toMatchObject([{ reason: 'idle' }])
  })

  test('what programs answer by themselves is no message: replies, and credit of streams', async () => {
    const { world, rooms, ada } = await quiet()
    ada.answers['confirm'] = () => true
    const items = ada.stream('count', { to: 1000 })
    rooms[0]?.every(1000, async () => {
      const [member] = rooms[0]?.members.values() ?? []
      await member?.call.confirm({ question: 'still there?' })
      for (let i = 0; i < 20; i++) await items.next()
    })
    await world.clock.advance(60_000)
    expect(ada.endings).toMatchObject([{ reason: 'idle' }])
    expect(ada.log.filter((line) => line === 'call').length).toBeGreaterThan(50)
  })

  test('also where nobody is there, and it would stay; and without members it may go earlier', async () => {
    const { world, ada } = await quiet({ disposeAfter: Infinity })
    ada.leave()
    await world.clock.advance(59_999)
    expect(world.registry.size).toBe(1)
    await world.clock.advance(1)
    expect(world.registry.size).toBe(0)

    const earlier = await quiet()
    earlier.ada.leave()
    await earlier.world.clock.advance(5000)
    expect([earlier.world.registry.size, earlier.world.clock.pendingTimers]).toEqual([0, 0])
  })

  test('costs one timer, which messages do not touch', async () => {
    const { world, ada } = await quiet()
    expect(world.clock.pendingTimers).toBe(1)
    for (let i = 0; i < 100; i++) ada.event('point', { x: i })
    expect(world.clock.pendingTimers).toBe(1)
  })
})

describe('a room with a greatest age', () => {
  test('is closed then, whoever is there and whatever is said; who opens its key again gets the next one', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { maxAge: 3_600_000, persist: true })
    const ada = await world.join(Desk, { key: 'a' })
    for (let minute = 1; minute < 60; minute++) {
      await world.clock.advance('1m')
      void ada.outcome('add', { by: 1 })
    }
    await world.clock.advance(59_999)
    expect(ada.endings).toEqual([])
    await world.clock.advance(1)
    expect(ada.endings).toEqual([{ reason: 'expired', message: 'The time of this room is over.' }])
    expect(rooms[0]?.happened.slice(-2)).toEqual(['onLeave expired', 'onDispose'])
    const again = await world.join(Desk, { key: 'a' })
    expect(rooms[1]?.state.n).toBe(59)
    // Its own time begins anew.
    await world.clock.advance('59m')
    expect(again.endings).toEqual([])
    await world.clock.advance('1m')
    expect(again.endings).toMatchObject([{ reason: 'expired' }])
    expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
  })

  test.each([
    ['idleAfter', 0, 'from 1 to 2147483647, or Infinity'],
    ['idleAfter', NaN, 'from 1 to 2147483647, or Infinity'],
    ['maxAge', -1, 'from 1 to 2147483647, or Infinity'],
    ['maxAge', 2 ** 40, 'from 1 to 2147483647, or Infinity'],
    ['disposeAfter', -1, 'from 0 to 2147483647, or Infinity'],
  ])('%s of %d is refused when the room is defined', (option, value, range) => {
    const world = new World()
    expect(() => world.registry.define(Desk, deskRooms().ScriptedRoom, { [option]: value })).toThrow(
      `the option ${option} of define must be a number of milliseconds ${range}`,
    )
  })
})
