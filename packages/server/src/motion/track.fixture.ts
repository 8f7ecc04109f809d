import { FrameType } from '@junto/protocol/internal'
import {
  call,
  defineRoom,
  event,
  t,
  type InputContext,
  type InputOf,
  type Live,
  type Mirror,
  type StateOf,
} from '@junto/schema'
import { compileLayout, layoutOf } from '@junto/schema/internal'
import type { Handlers } from '../room/handlers.ts'
import type { Member } from '../room/member.ts'
import type { ServerInputContext, ServerMutators } from '../room/mutators.ts'
import type { RoomSettings } from '../room/define-options.ts'
import { Room, type RoomBase } from '../room/room.ts'
import { World, type TestClient, type WorldOptions } from '../room/rooms.fixture.ts'

const Car = t.Object({ x: t.Float64(), aim: t.Angle(), lights: t.Boolean() })

/** A room whose members drive. */
export const Track = defineRoom('track', {
  version: 1,
  state: t.Object({ cars: t.Map(Car), laps: t.Uint32() }),
  input: t.Object({ dx: t.Int8(), honk: t.Boolean() }),
  clientToServer: { lap: call({ result: t.Uint32() }) },
  serverToClient: { honked: event(t.Object({ by: t.String() })) },
})

export type TrackRoom = RoomBase<typeof Track>
export type TrackState = Live<StateOf<typeof Track>>
export type TrackMember = Member<typeof Track>
export type TrackInput = InputOf<typeof Track>

/** As it stands beside the contract. */
export const trackMutators = {
  input(state: TrackState, { dx }: TrackInput, { by }: InputContext<typeof Track>) {
    const car = state.cars.get(by)
    if (car !== undefined) car.x += dx
  },
}

/** What happens in the room of a test. */
export interface TrackScript extends RoomSettings {
  readonly onTick?: (room: TrackRoom, dt: number) => void
  /** Beside what the shared mutator does. */
  readonly onInput?: (room: TrackRoom, input: TrackInput, context: ServerInputContext<typeof Track>) => unknown
  /** What a member's car is when it joins. */
  readonly car?: { readonly x: number; readonly aim: number; readonly lights: boolean }
  readonly handlers?: (room: TrackRoom) => Partial<Handlers<typeof Track>>
  /** Called by the constructor. */
  readonly fields?: (room: TrackRoom) => void
}

/** A server with tracks. */
export class TrackWorld extends World {
  readonly rooms: TrackRoom[] = []

  constructor(script: TrackScript = {}, options: WorldOptions = {}) {
    super(options)
    const { onTick, onInput, car, handlers, fields, ...settings } = script
    const { rooms } = this
    class Rooms extends Room(Track) {
      readonly handlers: Handlers<typeof Track> = this.handle({ lap: () => ++this.state.laps, ...handlers?.(this) })
      readonly mutators: ServerMutators<typeof Track> = {
        input: (state, input, context) => {
          trackMutators.input(state, input, context)
          // A script may return what is wrong on purpose.
          return onInput?.(this, input, context) as undefined
        },
      }

      constructor() {
        super()
        rooms.push(this)
        fields?.(this)
      }

      onCreate() {
        return { cars: {}, laps: 0 }
      }
      override onJoin(member: TrackMember) {
        if (car !== undefined) this.state.cars.set(member.id, car)
      }
      override onLeave(member: TrackMember) {
        this.state.cars.delete(member.id)
      }
      override onTick(dt: number) {
        onTick?.(this, dt)
      }
    }
    this.registry.define(Track, Rooms, { tickRate: 100, patchRate: 100, ...settings })
  }

  /** The newest. */
  get room(): TrackRoom {
    const room = this.rooms.at(-1)
    if (room === undefined) throw new Error('nobody has opened the room')
    return room
  }

  async enter(): Promise<Driver> {
    const client = await this.join(Track, { key: 'a' })
    return new Driver(this, client)
  }
}

const { input: codec } = compileLayout(layoutOf(Track))

/** A client that sends inputs. */
export class Driver {
  readonly client: TestClient
  readonly #world: TrackWorld
  #seq = 0

  constructor(world: TrackWorld, client: TestClient) {
    this.#world = world
    this.client = client
  }

  get id(): string {
    return this.client.seat.joined.member
  }

  get member(): TrackMember {
    const member = this.#world.room.members.get(this.id)
    if (member === undefined) throw new Error('no member')
    return member
  }

  /** What its mirror has. */
  get state(): Mirror<StateOf<typeof Track>> {
    // The mirror was made from the layout of this contract.
    return this.client.mirror.state as Mirror<StateOf<typeof Track>>
  }

  /** Where its car is, as it sees it. */
  get x(): number | undefined {
    return this.state.cars.get(this.id)?.x
  }

  /** Sends inputs in one frame, by default the next ones. */
  drive(
    inputs: readonly Partial<TrackInput>[],
    { first = this.#seq + 1, at = this.#world.clock.time(), behind }: Sending = {},
  ) {
    this.#seq = Math.max(this.#seq, first + inputs.length - 1)
    const payloads = inputs.map((input) => codec?.encode({ dx: 0, honk: false, ...input }, 'input'))
    this.client.raw({ type: FrameType.inputs, first, at, behind, payloads })
  }

  /** The numbers that all stamps have said: tick, last input, inputs that wait. */
  get stamps(): readonly (readonly [tick: number, input: number, waiting: number])[] {
    return this.client.stamps.map(({ tick, input, waiting }) => [tick, input, waiting])
  }
}

/** How inputs are sent. */
export interface Sending {
  readonly first?: number
  readonly at?: number
  readonly behind?: number | undefined
}
