import { EventEmitter } from 'node:events'
import { FrameType } from '@junto/protocol/internal'
import { call, defineRoom, event, stream, t } from '@junto/schema'
import { afterEach, describe, expect, test } from 'vitest'
import type { Creation, RoomClass } from './room.ts'
import { Room } from './room.ts'
import { World } from './rooms.fixture.ts'

/** A contract with everything that leads to a hook or a handler. */
const Studio = defineRoom('studio', {
  version: 1,
  state: t.Object({ n: t.Integer() }),
  presence: t.Object({ x: t.Integer() }),
  clientToServer: {
    ask: call({ result: t.Integer() }),
    tell: event(),
    watch: stream({ params: t.Object({}), item: t.Integer() }),
  },
  serverToClient: { said: event() },
})

/** Places where a room's own code runs, each as it is named in the log and to `onError`. */
const places = [
  'constructor',
  'onCreate',
  'onRestore',
  'onJoin',
  'onDrop',
  'onResume',
  'onPresence',
  'onLeave',
  'onTick',
  'onDispose',
  'timer',
  'call ask',
  'event tell',
  'stream watch',
  'run',
] as const

type Place = (typeof places)[number]

/** How code goes wrong. */
const faults: { readonly [how: string]: () => unknown } = {
  throws: () => {
    throw new Error('wrong')
  },
  'throws nothing': () => {
    // oxlint-disable-next-line typescript/only-throw-error -- users do
    throw undefined
  },
  rejects: () => Promise.reject(new Error('wrong')),
  'rejects later': async () => {
    await Promise.resolve()
    throw new Error('wrong')
  },
  'emits error': () => new EventEmitter().emit('error', new Error('wrong')),
  'returns what cannot be awaited': () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    get then(): never {
      throw new Error('wrong')
    },
  }),
}

/** Which of these cannot be where code does not wait for anything. */
const synchronous: ReadonlySet<string> = new Set(['constructor'])
const waits: ReadonlySet<string> = new Set(['rejects', 'rejects later', 'returns what cannot be awaited'])

/** A studio of which the room with the key `bad` goes wrong in one place, `how`; that with the key `good` does not. */
function studio(place: Place, how: () => unknown) {
  const told: string[] = []
  const ran: string[] = []
  const world = new World()
  const reach = (here: Place, key: string | undefined): unknown => {
    ran.push(`${key} ${here}`)
    return here === place && key === 'bad' ? how() : undefined
  }
  // Hooks may return what their types forbid, in a program without types.
  class StudioRoom extends Room(Studio) {
    constructor() {
      super()
      reach('constructor', this.key)
    }
    async onCreate({ key }: Creation<typeof Studio>) {
      const wrong = await reach('onCreate', key)
      return wrong === undefined ? { n: 0 } : (wrong as { n: number })
    }
    override onRestore = () => reach('onRestore', this.key) as void
    override onJoin = () => reach('onJoin', this.key) as void
    override onDrop = () => reach('onDrop', this.key) as void
    override onResume = () => reach('onResume', this.key) as void
    override onPresence = () => reach('onPresence', this.key) as void
    override onLeave = () => reach('onLeave', this.key) as void
    override onTick = () => reach('onTick', this.key) as void
    override onDispose = () => reach('onDispose', this.key) as void
    override onError(_: unknown, where: string) {
      told.push(`${this.key} ${where}`)
    }
    readonly handlers = this.handle({
      ask: async () => {
        const wrong = await reach('call ask', this.key)
        return wrong === undefined ? 7 : (wrong as number)
      },
      tell: () => reach('event tell', this.key) as void,
      watch: () => this.numbers(),
    })
    async *numbers() {
      await reach('stream watch', this.key)
      yield 1
    }
    begin() {
      this.after(10, () => reach('timer', this.key) as void)
    }
  }
  const options = { tickRate: 1, persist: true, disposeAfter: 1000 }
  world.registry.define(Studio, StudioRoom satisfies RoomClass<typeof Studio>, options)
  return { world, told, ran, StudioRoom }
}

type Stage = ReturnType<typeof studio>

/** Everything that rooms of these keys can live through, side by side; what comes to nothing in one of them is told there. */
async function live({ world, StudioRoom }: Stage, keys: readonly string[]): Promise<void> {
  const clients = keys.map((key) => {
    const client = world.client(Studio)
    client.join({ key })
    return client
  })
  await world.clock.settle()
  for (const key of keys) {
    const room = world.registry.directory.get(StudioRoom, { key })
    await room?.run((running) => (running.begin(), run(running))).catch(() => {})
  }
  const joined = clients.filter((client) => client.isJoined)
  for (const client of joined) {
    void client.outcome('ask')
    client.event('tell')
    client
      .stream('watch', {})
      .next()
      .catch(() => {})
    client.raw({ type: FrameType.presence, value: [1] })
  }
  await world.clock.advance('2s')
  for (const client of joined) client.drop()
  await world.clock.settle()
  for (const client of joined) client.resume()
  await world.clock.settle()
  for (const client of clients) client.leave()
  await world.clock.advance('5s')
  // And once more, from what was saved.
  const others = keys.map((key) => {
    const client = world.client(Studio)
    client.join({ key })
    return client
  })
  await world.clock.settle()
  for (const other of others) other.leave()
  await world.clock.advance('5s')
}

/** What `run` runs: in each test something else. */
let run: (room: object) => unknown = () => {}

describe('each hook is isolated', () => {
  // What came out of a room as an unhandled rejection would fail the run.
  afterEach(() => {
    run = () => {}
  })

  describe.each(places)('%s', (place) => {
    const ways = Object.keys(faults).filter((how) => !(synchronous.has(place) && waits.has(how)))
    test.each(ways)('%s: the room is told, the log tells, other rooms live as ever, nothing is left', async (how) => {
      const fault = faults[how] ?? (() => {})
      const stage = studio(place, fault)
      const { world, told, ran } = stage
      run = (room) => (place === 'run' && 'key' in room && room.key === 'bad' ? fault() : undefined)
      await live(stage, ['good', 'bad'])
      // Its constructor has failed: there is no room to tell.
      if (place !== 'constructor') expect(new Set(told)).toEqual(new Set([`bad ${place}`]))
      expect(world.faults.length).toBeGreaterThan(0)
      for (const line of world.faults) expect(line).toMatch(`${place} of the room studio/bad failed`)
      expect(world.metrics.read('room_faults', { room: 'studio' })).toBe(world.faults.length)
      // The other room has seen all of it, in both of its lives.
      const good = ran.filter((line) => line.startsWith('good')).map((line) => line.slice('good '.length))
      expect(new Set(good)).toEqual(new Set(places.filter((each) => each !== 'run')))
      expect(good.filter((each) => each === 'onDispose')).toHaveLength(2)
      expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
    })
  })

  test('onError itself: what it throws is logged, and goes no further', async () => {
    for (const how of Object.keys(faults)) {
      const stage = studio('event tell', () => {
        throw new Error('first')
      })
      const { world, StudioRoom } = stage
      StudioRoom.prototype.onError = faults[how] as () => void
      await live(stage, ['bad'])
      expect(world.faults[0], how).toBe('event tell of the room studio/bad failed: first')
      expect(world.faults[1], how).toMatch('onError of the room studio/bad failed itself')
      expect(world.faults, how).toHaveLength(2)
      expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
    }
  })
})
