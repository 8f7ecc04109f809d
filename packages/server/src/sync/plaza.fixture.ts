import { call, defineRoom, event, stream, t, type Mirror, type StateOf } from '@junto/schema'
import { Room, type RoomBase } from '../room/room.ts'
import { World, type TestClient, type WorldOptions } from '../room/rooms.fixture.ts'

/** A room where much is going on, and of which everybody sees everything. */
export const Plaza = defineRoom('plaza', {
  version: 1,
  state: t.Object({
    n: t.Integer(),
    notes: t.Map(t.String()),
    things: t.Map(t.Object({ name: t.String() })),
  }),
  clientToServer: {
    add: call({ params: t.Object({ by: t.Integer() }), result: t.Integer() }),
    look: call({ result: t.Integer() }),
    count: stream({ params: t.Object({ to: t.Integer() }), item: t.Integer() }),
  },
  serverToClient: {
    said: event(t.Object({ text: t.String() })),
    moved: event(t.Object({ x: t.Integer() }), { delivery: 'volatile' }),
    confirm: call({ params: t.Object({ question: t.String() }), result: t.Boolean() }),
  },
})

/** A plaza with two members, whose first frames are forgotten. */
export interface PlazaWorld {
  readonly world: World
  readonly room: RoomBase<typeof Plaza>
  readonly ada: TestClient
  readonly bob: TestClient
}

/** What a test wants of its plaza. */
export interface PlazaOptions {
  readonly patchRate?: number
  readonly onLeave?: (room: RoomBase<typeof Plaza>) => void
}

/** Opens a plaza. */
export async function plaza({ onLeave, ...rates }: PlazaOptions = {}, options: WorldOptions = {}): Promise<PlazaWorld> {
  const rooms: RoomBase<typeof Plaza>[] = []
  class PlazaRoom extends Room(Plaza) {
    constructor() {
      super()
      rooms.push(this)
    }

    onCreate() {
      return { n: 0, notes: {}, things: {} }
    }

    override onLeave() {
      onLeave?.(this)
    }

    readonly handlers = this.handle({
      add: ({ by }) => (this.state.n += by),
      look: () => this.state.n,
      count: async function* ({ to }) {
        for (let i = 1; i <= to; i++) yield i
      },
    })
  }
  const world = new World(options)
  world.registry.define(Plaza, PlazaRoom, rates)
  const ada = await world.join(Plaza, { key: 'a' })
  const bob = await world.join(Plaza, { key: 'a' })
  const [room] = rooms
  if (room === undefined) throw new Error('no room')
  for (const client of [ada, bob]) {
    client.log.length = 0
    client.bytes.length = 0
  }
  return { world, room, ada, bob }
}

/** The state as a client's mirror has it. */
export function mirrored({ mirror }: TestClient): Mirror<StateOf<typeof Plaza>> {
  // The mirror was made from the layout of this contract.
  return mirror.state as Mirror<StateOf<typeof Plaza>>
}

/** Goes on writing, 100 times a second. */
export async function busy({ world, room }: PlazaWorld, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const n = ++room.state.n
    room.state.notes.set(`note ${n % 7}`, `${n}`)
    await world.clock.advance(10)
  }
}
