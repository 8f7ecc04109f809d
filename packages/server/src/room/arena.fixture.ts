import { call, defineRoom, event, t, type EntitiesOf, type Mirror, type StateOf } from '@junto/schema'
import type { Member } from './member.ts'
import { Room, type RoomBase } from './room.ts'
import { World, type TestClient, type WorldOptions } from './rooms.fixture.ts'

const Item = t.Object({ kind: t.String(), charge: t.Visible('referee', t.Uint8()) })
const Unit = t.Object({
  by: t.Owner(),
  name: t.String(),
  x: t.Quantized({ min: -1000, max: 1000, step: 0.5 }),
  hp: t.Visible('owner', t.Uint8()),
  orders: t.Visible(['owner', 'referee'], t.Array(t.String())),
  bag: t.Map(Item),
})

/** A room of which everybody sees something else. */
export const Arena = defineRoom('arena', {
  version: 1,
  state: t.Object({
    round: t.Uint32(),
    units: t.Map(Unit, { view: true }),
    camps: t.Map(t.Object({ name: t.String(), tents: t.Map(t.Object({ beds: t.Uint8() }), { view: true }) })),
    deck: t.Visible('dealer', t.Array(t.Uint8())),
  }),
  clientToServer: { look: call({ result: t.Uint32() }) },
  serverToClient: { said: event(t.Object({ text: t.String() })) },
})

export type ArenaMember = Member<typeof Arena>
export type ArenaUnit = Extract<EntitiesOf<typeof Arena>, { hp: number }>
export type ArenaRoom = RoomBase<typeof Arena>

/** A unit that belongs to somebody. */
export function unit(by: string, name: string, x = 0) {
  return { by, name, x, hp: 100, orders: [`hold ${name}`], bag: { key: { kind: 'key', charge: 7 } } }
}

/** What a test does in its arena. */
export interface ArenaScript {
  readonly onJoin?: (room: ArenaRoom, member: ArenaMember) => void
  readonly persist?: boolean
  readonly patchRate?: number
}

/** An arena, into which its clients have yet to come. */
export class ArenaWorld extends World {
  readonly #rooms: ArenaRoom[] = []

  constructor({ onJoin, ...options }: ArenaScript = {}, world: WorldOptions = {}) {
    super(world)
    const rooms = this.#rooms
    class Rooms extends Room(Arena) {
      constructor() {
        super()
        rooms.push(this)
      }

      onCreate() {
        return {
          round: 1,
          units: { ann: unit('', 'Ann', 10), ben: unit('', 'Ben', 500) },
          camps: { north: { name: 'North', tents: { red: { beds: 2 }, blue: { beds: 3 } } } },
          deck: [3, 1, 2],
        }
      }

      override onJoin(member: ArenaMember) {
        onJoin?.(this, member)
      }

      readonly handlers = this.handle({ look: () => this.state.round })
    }
    this.registry.define(Arena, Rooms, options)
  }

  /** The newest. */
  get room(): ArenaRoom {
    const room = this.#rooms.at(-1)
    if (room === undefined) throw new Error('nobody has opened the room')
    return room
  }

  async enter(): Promise<readonly [TestClient, ArenaMember]> {
    const client = await this.join(Arena, { key: 'a' })
    const member = this.room.members.get(client.seat.joined.member)
    if (member === undefined) throw new Error('no member')
    return [client, member]
  }

  unit(name: string): ArenaUnit {
    return there(this.room.state.units.get(name))
  }
}

/** What a client's mirror has. */
export function mirrored({ mirror }: TestClient): Mirror<StateOf<typeof Arena>> {
  // The mirror was made from the layout of this contract.
  return mirror.state as Mirror<StateOf<typeof Arena>>
}

/** What a member is to have of the state, as plain values. */
export function visibleTo({ view }: ArenaMember, { state }: ArenaRoom): unknown {
  const referee = view.tags.has('referee')
  return {
    round: state.round,
    units: new Map(
      [...state.units].flatMap(([key, each]) => {
        if (!view.has(each)) return []
        const own = each.by !== '' && each.by === view.owner
        const bag = [...each.bag].map(([name, { kind, charge }]) => {
          return [name, { kind, charge: referee ? charge : undefined }] as const
        })
        return [
          [
            key,
            {
              by: each.by,
              name: each.name,
              x: each.x,
              hp: own ? each.hp : undefined,
              orders: own || referee ? [...each.orders] : undefined,
              bag: new Map(bag),
            },
          ] as const,
        ]
      }),
    ),
    camps: new Map(
      [...state.camps].map(([key, { name, tents }]) => {
        const seen = [...tents]
          .filter(([, tent]) => view.has(tent))
          .map(([tent, { beds }]) => [tent, { beds }] as const)
        return [key, { name, tents: new Map(seen) }] as const
      }),
    ),
    deck: view.tags.has('dealer') ? [...state.deck] : undefined,
  }
}

/** @throws Error for what is not there. */
export function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there')
  return value
}
