import { EventEmitter } from 'node:events'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { Desk, deskRooms, type DeskScript } from './desk.fixture.ts'
import { Room, type RoomBaseClass, type RoomClass } from './room.ts'
import { World } from './rooms.fixture.ts'

/** A handler for each message of the desk; none is called. */
const handlers = Object.fromEntries(Object.keys(Desk.shape.clientToServer).map((name) => [name, () => undefined]))

/** A desk of the script, and beside it one that must not notice anything. */
async function desks(script: DeskScript, limits: Record<string, number> = {}, options: { tickRate?: number } = {}) {
  const world = new World({ limits })
  const { rooms, ScriptedRoom } = deskRooms(script)
  world.registry.define(Desk, ScriptedRoom, options)
  const ada = await world.join(Desk, { key: 'a' })
  const room = rooms[0]
  if (!room) throw new Error('no room')
  return { world, room, ada }
}

const errors = (happened: readonly string[]) => happened.filter((line) => line.startsWith('onError'))

describe('what a room throws stays there', () => {
  test('a handler that throws, rejects, or emits error: an error reply, onError, the log, and everything goes on', async () => {
    const ways: Record<string, () => void | Promise<void>> = {
      throws: () => {
        throw new Error('throws')
      },
      rejects: () => Promise.reject(new Error('rejects')),
      emits: () => void new EventEmitter().emit('error', new Error('emits')),
      'throws what is no error': () => {
        // oxlint-disable-next-line typescript/only-throw-error -- users do
        throw 'text'
      },
    }
    let way = ''
    const { world, room, ada } = await desks({
      handlers: () => ({ act: () => ways[way]?.(), say: () => ways[way]?.() }),
    })
    for (way of Object.keys(ways)) {
      const outcome = ada.outcome('act')
      ada.event('say', { text: '' })
      await world.clock.settle()
      expect(await outcome).toBe('internal')
    }
    expect(errors(room.happened)).toEqual(
      [
        'onError call act: throws',
        'onError event say: throws',
        'onError call act: rejects',
        'onError event say: rejects',
        'onError call act: emits',
        'onError event say: emits',
        'onError call act: text',
        'onError event say: text',
      ].toSorted((a, b) => errors(room.happened).indexOf(a) - errors(room.happened).indexOf(b)),
    )
    expect(world.metrics.read('room_faults', { room: 'desk' })).toBe(8)
    const looked = ada.call('look')
    await world.clock.settle()
    expect(await looked).toBe(0)
  })

  test('getters and then-ables that throw, in results, payloads, states and metadata', async () => {
    const trap = {
      get n(): number {
        throw new Error('getter')
      },
      get text(): string {
        throw new Error('getter')
      },
      get team(): string {
        throw new Error('getter')
      },
    }
    const thenable = {
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
      get then(): never {
        throw new Error('then')
      },
    }
    const { world, room, ada } = await desks({
      handlers: (self) => ({
        look: () => trap as unknown as number,
        act: () => thenable as unknown as Promise<void>,
        add: () => {
          self.broadcast.said(trap)
          return 1
        },
        ask: () => {
          self.metadata = trap as unknown as { team: string; size: number }
          return true
        },
      }),
    })
    const outcomes = [
      ada.outcome('look'),
      ada.outcome('act'),
      ada.outcome('add', { by: 1 }),
      ada.outcome('ask', { question: '' }),
    ]
    await world.clock.settle()
    expect(await Promise.all(outcomes)).toEqual(['internal', 'internal', 'internal', 'internal'])
    expect(errors(room.happened)).toHaveLength(4)
    expect(room.metadata).toBeUndefined()

    const broken = deskRooms({ onCreate: () => ({ n: 0, notes: {}, ...trapState() }) })
    const other = new World()
    other.registry.define(Desk, broken.ScriptedRoom)
    await expect(other.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(other.registry.size).toBe(0)

    function trapState() {
      return Object.defineProperty({}, 'notes', {
        enumerable: true,
        get() {
          throw new Error('getter')
        },
      })
    }
  })

  test('a first state that is wrong: refused, and the log names the path', async () => {
    const world = new World()
    const { ScriptedRoom } = deskRooms({ onCreate: () => ({ n: 0, notes: { a: 5 } }) })
    world.registry.define(Desk, ScriptedRoom)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
    expect(world.faults[0]).toMatch(
      /^onCreate of the room desk\/a failed: notes\.a: expected a string, got the number 5$/,
    )
  })

  test.each<[string, object, string]>([
    ['of the wrong type', { hp: NaN }, 'units.a.hp: expected a whole number from 0 to 255, got NaN'],
    ['that is not there', { name: undefined }, 'units.a.name: is missing: expected a string'],
    ['that is too long', { name: 'Adalbert' }, 'units.a.name: must not have more than 4 characters'],
    ['of another form', { name: 'ada' }, 'units.a.name: must match pattern "^[A-Z]"'],
    ['that a check of the program refuses', { odd: 2 }, 'units.a.odd: must be odd'],
  ])(
    'a first state with something %s is refused as a later write is, under the same path',
    async (_, wrong, message) => {
      const odd = t.Refine(
        t.Integer(),
        (value) => value % 2 === 1,
        () => 'must be odd',
      )
      const Unit = t.Object({ hp: t.Uint8(), name: t.String({ maxLength: 4, pattern: '^[A-Z]' }), odd })
      const state = t.Object({ units: t.Map(Unit) })
      const Field = defineRoom('field', { version: 1, state, clientToServer: {}, serverToClient: {} })
      class FieldRoom extends Room(Field) {
        readonly handlers = this.handle({})
        onCreate() {
          return { units: { a: { hp: 1, name: 'Ada', odd: 1, ...wrong } } }
        }
      }
      const world = new World()
      world.registry.define(Field, FieldRoom)
      await expect(world.join(Field, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
      expect(world.faults).toEqual([`onCreate of the room field/a failed: ${message}`])
    },
  )

  test.each<[string, (base: RoomBaseClass<typeof Desk>) => unknown, string]>([
    [
      'no onCreate',
      (Base) => class Bare extends Base {},
      'Bare has no onCreate: write one that returns the first state',
    ],
    [
      'an onCreate that returns nothing',
      (Base) =>
        class Forgetful extends Base {
          handlers = handlers
          async onCreate(): Promise<void> {}
        },
      'onCreate of Forgetful returned nothing: it must return the first state of the room',
    ],
    [
      'no name and no handlers',
      (Base) =>
        class extends Base {
          onCreate = (): unknown => ({ n: 0, notes: {} })
        },
      'the room class of desk.handlers has no function for the call add of the contract',
    ],
  ])('a class with %s: the log says what is missing, and the client where to look', async (_name, derive, message) => {
    const world = new World()
    // As a program without types would write it.
    world.registry.define(Desk, derive(Room(Desk)) as RoomClass<typeof Desk>)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({
      code: 'room_failed',
      message: "the room failed while it was created; the server's log says why",
    })
    expect(world.faults).toEqual([expect.stringContaining(message)])
  })

  test('hooks, tick and timers that throw or reject: the rest of the room goes on', async () => {
    let ticks = 0
    const fail = (what: string): never => {
      throw new Error(what)
    }
    const { world, room, ada } = await desks(
      {
        onTick: () => {
          if (++ticks <= 2) fail('tick')
        },
        onLeave: () => Promise.reject(new Error('leave')),
        onDispose: () => fail('dispose'),
      },
      {},
      { tickRate: 10 },
    )
    room.after(5, () => fail('timer'))
    room.every(40, () => Promise.reject(new Error('every')))
    await world.clock.advance(450)
    expect(ticks).toBe(4)
    ada.leave()
    await world.clock.advance('1m')
    expect(new Set(errors(room.happened))).toEqual(
      new Set([
        'onError timer: timer',
        'onError timer: every',
        'onError onTick: tick',
        'onError onLeave: leave',
        'onError onDispose: dispose',
      ]),
    )
    expect(world.registry.size).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('an onError that throws or rejects is isolated itself', async () => {
    const { world, ada } = await desks({
      handlers: () => ({
        act: () => {
          throw new Error('first')
        },
      }),
      onError: () => {
        throw new Error('second')
      },
    })
    expect(await world.settled(ada.outcome('act'))).toBe('internal')
    expect(world.faults).toEqual([
      'call act of the room desk/a failed: first',
      'onError of the room desk/a failed itself: second',
    ])
  })

  test('a room class whose constructor, handlers or hooks cannot even be read', async () => {
    const world = new World({ limits: { roomRestarts: 10 } })
    const { ScriptedRoom } = deskRooms()
    let way = 0
    class Broken extends ScriptedRoom {
      constructor() {
        super()
        if (way === 0) throw new Error('constructor')
        if (way === 1) Object.defineProperty(this, 'handlers', { value: {} })
        if (way === 2) {
          Object.defineProperty(this, 'handlers', {
            get() {
              throw new Error('getter')
            },
          })
        }
        if (way === 3) {
          Object.defineProperty(this, 'onTick', {
            get() {
              throw new Error('onTick getter')
            },
          })
        }
      }
    }
    world.registry.define(Desk, Broken, { tickRate: 10 })
    for (way = 0; way <= 3; way++) {
      await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_failed' })
      expect(world.registry.size).toBe(0)
      expect(world.clock.pendingTimers).toBe(0)
    }
    expect(world.faults[1]).toContain('Broken.handlers has no function for the call add of the contract')
    way = 4
    await world.join(Desk, { key: 'a' })
  })
})

describe('a room that fails again and again', () => {
  test('is closed alone, and can be opened anew', async () => {
    const world = new World({ limits: { roomFaults: 3, roomFaultWindow: 1000 } })
    const { rooms, ScriptedRoom } = deskRooms({
      onTick: (room) => {
        if (room.key === 'bad' && rooms.filter((each) => each.key === 'bad').length === 1) throw new Error('tick')
      },
    })
    world.registry.define(Desk, ScriptedRoom, { tickRate: 10 })
    const good = await world.join(Desk, { key: 'good' })
    const bad = await world.join(Desk, { key: 'bad' })
    await world.clock.advance(450)
    expect(bad.endings).toEqual([{ reason: 'failed', message: 'The room failed too often.' }])
    expect(rooms[1]?.happened.slice(-2)).toEqual(['onLeave failed', 'onDispose'])
    expect(good.endings).toEqual([])
    expect(world.registry.size).toBe(1)
    await world.join(Desk, { key: 'bad' })
    await world.clock.advance('1m')
    expect(rooms[2]?.members.size).toBe(1)
  })

  test('faults that are far apart do not close it', async () => {
    const { world, room, ada } = await desks({}, { roomFaults: 3, roomFaultWindow: 1000 })
    room.every(400, () => {
      throw new Error('now and then')
    })
    await world.clock.advance('1m')
    expect(ada.endings).toEqual([])
    expect(errors(room.happened).length).toBeGreaterThan(100)
  })

  test('one connection cannot have it closed by repeating a message that its code cannot bear', async () => {
    const script: DeskScript = {
      handlers: () => ({
        act: () => {
          throw new Error('cannot bear it')
        },
      }),
    }
    const { world, ada } = await desks(script, { roomFaults: 3 })
    const others = [await world.join(Desk, { key: 'a' }), await world.join(Desk, { key: 'a' })]
    for (let i = 0; i < 100; i++) await world.settled(ada.outcome('act'))
    expect(ada.endings).toEqual([])
    // Many who meet it are a broken room.
    for (const other of others) await world.settled(other.outcome('act'))
    expect(ada.endings).toEqual([])
    const last = await world.join(Desk, { key: 'a' })
    void last.outcome('act')
    await world.clock.settle()
    expect(ada.endings).toEqual([{ reason: 'failed', message: 'The room failed too often.' }])
  })
})

describe('a room that holds up the event loop', () => {
  test('is named', async () => {
    const world = new World({ limits: { blockedAfter: 100 } })
    let blocked = 0
    world.clock.now = () => blocked
    const { ScriptedRoom } = deskRooms({
      handlers: () => ({ act: () => void (blocked += 2000), say: () => void (blocked += 99) }),
      onJoin: () => void (blocked += 150),
    })
    world.registry.define(Desk, ScriptedRoom)
    const ada = await world.join(Desk, { key: 'slow' })
    await world.settled(ada.outcome('act'))
    ada.event('say', { text: '' })
    expect(world.logger.lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/The room desk\/slow held up the event loop for 150 ms/),
      expect.stringMatching(/The room desk\/slow held up the event loop for 2000 ms/),
    ])
    expect(world.metrics.read('rooms_blocked', { room: 'desk' })).toBe(2)
  })
})

describe('the state before onCreate has returned', () => {
  test('throws and says so; members, timers and metadata work', async () => {
    const world = new World()
    let message = ''
    const { rooms, ScriptedRoom } = deskRooms({
      onCreate: (room) => {
        try {
          room.state.n++
        } catch (error) {
          message = String(error)
        }
        room.metadata = { team: 'a', size: 1 }
        room.every(10, () => void room.happened.push('timer'))
        expect(room.members.size).toBe(0)
      },
    })
    world.registry.define(Desk, ScriptedRoom)
    await world.join(Desk, { key: 'a' })
    expect(message).toMatch(/The state of the room desk\/a does not exist yet: it is what onCreate returns/)
    await world.clock.advance(35)
    expect(rooms[0]?.happened).toEqual(['onCreate', 'onJoin', 'timer', 'timer', 'timer'])
  })
})
