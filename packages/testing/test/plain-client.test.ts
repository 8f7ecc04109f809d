import { defineRoom, event, t, toPlain, type Live } from '@junto/schema'
import { JuntoServer, MemoryStore, Room, SilentLogger } from '@junto/server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../src/index.ts'
import { PlainPeer, session, type Received } from './plain-peer.fixture.ts'
import { PlainState } from './plain-state.fixture.ts'

// A client that shares no code with ours, written from docs/protocol.md and docs/protocol-state.md, keeps the state of a room that
// has something of every kind.

const Item = t.Object({
  name: t.String(),
  at: t.Quantized({ min: -100, max: 100, step: 0.25 }),
  turn: t.Angle(),
  weight: t.Optional(t.Float32()),
  tags: t.Array(t.String()),
  kind: t.Enum(['axe', 'bow', 'cup']),
})

const Store = defineRoom('store', {
  version: 1,
  state: t.Object({
    title: t.String(),
    open: t.Boolean(),
    count: t.Uint8(),
    total: t.Uint32(),
    delta: t.Int32(),
    score: t.Number(),
    exact: t.Float64(),
    big: t.BigInt(),
    when: t.Timestamp(),
    picture: t.Bytes(),
    notes: t.Json(),
    pair: t.Tuple([t.Int8(), t.String()]),
    choice: t.Union([t.String(), t.Uint16(), t.Null()]),
    level: t.Optional(t.Quantized({ min: 0, max: 1, step: 0.1 })),
    items: t.Map(Item),
    order: t.Array(t.String()),
    grid: t.Array(t.Array(t.Uint8())),
    nothing: t.Array(t.Null()),
  }),
  clientToServer: { nudge: event() },
  serverToClient: {},
})

type State = Live<(typeof Store)['~types'] extends infer P ? (P extends { state: infer S } ? S : never) : never>

const angle = (count: number): number => ((count < 32_768 ? count : count - 65_536) / 65_536) * 2 * Math.PI

const rooms: StoreRoom[] = []

class StoreRoom extends Room(Store) {
  onCreate() {
    rooms.push(this)
    return {
      title: '',
      open: false,
      count: 0,
      total: 0,
      delta: 0,
      score: 0,
      exact: 0,
      big: 0n,
      when: 0,
      picture: new Uint8Array(),
      notes: null,
      pair: [0, ''] as [number, string],
      choice: null,
      items: {},
      order: [],
      grid: [],
      nothing: [],
    }
  }
  readonly handlers = this.handle({ nudge: () => {} })
}

/** One change of the state, anywhere. */
function change(state: State, random: SeededRandom): void {
  const word = (): string => random.pick(['', 'a', 'zürich', '日本', '🎨'.repeat(random.integer(0, 20))])
  const key = (): string => `k${random.integer(0, 6)}`
  const item = () => ({
    name: word(),
    at: random.integer(-400, 400) / 4,
    turn: angle(random.integer(0, 65_535)),
    tags: [word()],
    kind: random.pick(['axe', 'bow', 'cup']),
    ...(random.chance(0.5) ? { weight: Math.fround(random.number() * 100) } : {}),
  })
  const place = (length: number): number => random.integer(0, Math.max(0, length - 1))
  const some = state.items.get(key())
  random.pick<() => void>([
    () => (state.title = word()),
    () => (state.open = random.chance(0.5)),
    () => (state.count = random.pick([0, 1, 254, 255])),
    () => (state.total = random.pick([0, 127, 128, 4_294_967_295])),
    () => (state.delta = random.pick([0, -1, 63, -64, 2 ** 31 - 1, -(2 ** 31)])),
    () => (state.score = random.pick([0, -0, 0.1, 0.5, 1e300, -(2 ** 50), 2 ** 51, 2 ** 53 + 2])),
    () => (state.exact = random.number()),
    () => (state.big = random.pick([0n, -1n, 2n ** 64n - 1n, -(2n ** 63n), 12_345_678_901_234_567n])),
    () => (state.when = random.integer(0, 2 ** 45)),
    () => (state.picture = random.bytes(random.integer(0, 40))),
    () => (state.notes = random.pick([null, true, 1.5, -7, [1, { a: [] }], { b: 'x', c: null }])),
    () => (state.pair = [random.integer(-128, 127), word()]),
    () => (state.choice = random.pick([null, word(), 65_535])),
    () => (random.chance(0.5) ? (state.level = random.integer(0, 10) / 10) : delete state.level),
    () => void state.items.set(key(), item()),
    () => void state.items.set(key(), item()),
    () => void state.items.delete(key()),
    () => void (random.chance(0.1) && state.items.clear()),
    () => some !== undefined && (some.at = random.integer(-400, 400) / 4),
    () => some !== undefined && (some.turn = angle(random.integer(0, 65_535))),
    () => some !== undefined && (random.chance(0.5) ? (some.weight = 1.5) : delete some.weight),
    () => some !== undefined && void some.tags.push(word()),
    () => void state.order.push(word()),
    () => void state.order.splice(place(state.order.length), 1, word(), word()),
    () => void (random.chance(0.2) && state.order.clear()),
    () => void state.grid.push([random.integer(0, 255)]),
    () => void state.grid.at(place(state.grid.length))?.push(255),
    () => void (state.grid.length > 1 && state.grid.splice(0, 1)),
    () => void state.nothing.push(null),
  ])()
}

let clock: VirtualClock
let network: MemoryNetwork
let server: JuntoServer

beforeEach(async () => {
  clock = new VirtualClock()
  network = new MemoryNetwork(clock)
  server = new JuntoServer({
    transports: [network.transport()],
    clock,
    store: new MemoryStore(),
    logger: new SilentLogger(),
  })
  server.define(Store, StoreRoom)
  await server.listen()
})

afterEach(async () => {
  const closing = server.close()
  await clock.advance('1m')
  await closing
})

/** A plain client in the room, and its copy of the state. */
async function enter(key: string) {
  const peer = new PlainPeer(network, clock)
  const [, joined, snapshot, ...more] = await peer.say([1, { session }], [3, 1, { by: 'open', room: 'store', key }])
  expect(more).toEqual([])
  const { definition } = (joined?.frame[2] ?? {}) as { definition?: unknown }
  const copy = new PlainState(definition)
  copy.snapshot(bin(snapshot))
  return { peer, copy }
}

function bin(received: Received | undefined): Uint8Array {
  const bytes = received?.frame[1]
  if (!(bytes instanceof Uint8Array)) throw new Error('no snapshot and no patch')
  return bytes
}

describe('[S6] [S7] [S11] [S19] a client written from the text', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'keeps the state, whatever happens to it (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed)
      const { peer, copy } = await enter(`key ${seed}`)
      const state = rooms.at(-1)?.state
      if (state === undefined) throw new Error('no room')
      expect(copy.value).toEqual(toPlain(state))
      for (let turn = 0; turn < 60; turn++) {
        for (let changes = random.integer(1, 8); changes > 0; changes--) change(state, random)
        const received = await peer.hear()
        expect(received.length).toBeLessThanOrEqual(1)
        for (const { ref, frame } of received) {
          expect([ref, frame[0]]).toEqual([1, 25])
          copy.patch(bin({ ref, frame }))
        }
        expect(copy.value).toEqual(toPlain(state))
      }
      // Whoever comes now gets the same from a snapshot.
      const late = await enter(`key ${seed}`)
      expect(late.copy.value).toEqual(copy.value)
      expect([late.copy.epoch, late.copy.version, late.copy.size]).toEqual([copy.epoch, copy.version, copy.size])
    },
  )
})
