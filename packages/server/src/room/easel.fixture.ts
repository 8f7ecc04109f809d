import {
  call,
  defineRoom,
  event,
  mutation,
  t,
  type Live,
  type Mirror,
  type Mutators,
  type StateOf,
} from '@junto/schema'
import type { Settle } from '@junto/protocol/internal'
import type { Handlers } from './handlers.ts'
import type { Member } from './member.ts'
import type { ServerMutationContext, ServerMutators, UndoReport } from './mutators.ts'
import { Room, type RoomBase } from './room.ts'
import type { RoomSettings } from './define-options.ts'
import type { LeaveReason } from './seat.ts'
import { World, type TestClient, type WorldOptions } from './rooms.fixture.ts'

const Stroke = t.Object({ by: t.String(), x: t.Quantized({ min: 0, max: 1000, step: 0.5 }), at: t.Number() })

/** A room whose members draw by mutations. */
export const Easel = defineRoom('easel', {
  version: 1,
  user: t.Object({ id: t.String() }),
  state: t.Object({ strokes: t.Map(Stroke), order: t.Array(t.String()), total: t.Uint32() }),
  clientToServer: { look: call({ result: t.Uint32() }) },
  serverToClient: { drawn: event(t.Object({ id: t.String() })) },
  mutations: {
    draw: mutation({
      params: t.Object({ x: t.Number({ minimum: 0 }) }),
      result: t.String(),
      errors: { full: t.Object({ most: t.Integer() }) },
      undoable: true,
    }),
    move: mutation({ params: t.Object({ id: t.String(), x: t.Number() }), undoable: true }),
    count: mutation(),
    /** Does what a test wants. */
    act: mutation({ params: t.Object({ what: t.String() }), result: t.Uint8(), limit: { rate: 5, burst: 5 } }),
  },
})

export type EaselState = Live<StateOf<typeof Easel>>
export type EaselRoom = RoomBase<typeof Easel>
export type EaselMember = Member<typeof Easel>
export type EaselContext = ServerMutationContext<typeof Easel>

/** As they stand beside the contract. */
export const easelMutators: Mutators<typeof Easel> = {
  draw(state, { x }, { by, now, newId, error }) {
    if (state.strokes.size >= 100) throw error('full', { most: 100 })
    const id = newId()
    state.strokes.set(id, { by, x, at: now })
    state.order.push(id)
    return id
  },
  move(state, { id, x }) {
    const stroke = state.strokes.get(id)
    if (stroke !== undefined) stroke.x = x
  },
  count(state) {
    state.total++
  },
  act: () => 0,
}

/** What happens in the room of a test. */
export interface EaselScript extends RoomSettings {
  /** What `act` does. */
  readonly act?: ((room: EaselRoom, state: EaselState, context: EaselContext) => unknown) | undefined
  readonly mutators?: (room: EaselRoom) => Partial<ServerMutators<typeof Easel>>
  readonly handlers?: (room: EaselRoom) => Partial<Handlers<typeof Easel>>
  readonly onUndo?: (room: EaselRoom, member: EaselMember, report: UndoReport) => void
  readonly onLeave?: (room: EaselRoom, member: EaselMember, reason: LeaveReason) => void
  readonly onError?: (error: unknown, where: string) => void
}

/** A server with easels. */
export class EaselWorld extends World {
  readonly #rooms: EaselRoom[] = []

  constructor(script: EaselScript = {}, options: WorldOptions = {}) {
    super(options)
    const { act, mutators, handlers, onUndo, onLeave, onError, ...settings } = script
    const rooms = this.#rooms
    class Rooms extends Room(Easel) {
      readonly handlers: Handlers<typeof Easel> = this.handle({ look: () => this.state.total, ...handlers?.(this) })
      readonly mutators: ServerMutators<typeof Easel> = {
        ...easelMutators,
        // A script may do, and return, what is wrong on purpose.
        act: (state, _params, context) => (act?.(this, state, context) ?? 0) as number,
        ...mutators?.(this),
      }

      constructor() {
        super()
        rooms.push(this)
      }

      onCreate() {
        return { strokes: {}, order: [], total: 0 }
      }
      override onUndo(member: EaselMember, report: UndoReport) {
        return onUndo?.(this, member, report)
      }
      override onLeave(member: EaselMember, reason: LeaveReason) {
        onLeave?.(this, member, reason)
      }
      override onError(error: unknown, where: string) {
        onError?.(error, where)
      }
    }
    this.registry.define(Easel, Rooms, {
      ...settings,
      authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
    })
  }

  /** The newest. */
  get room(): EaselRoom {
    const room = this.#rooms.at(-1)
    if (room === undefined) throw new Error('nobody has opened the room')
    return room
  }

  async enter(name = 'ann'): Promise<Painter> {
    const client = await this.join(Easel, { key: 'a' }, { auth: name })
    return new Painter(client)
  }
}

/** How a mutation is issued; what is left out goes without saying. */
export interface Issuing {
  readonly n?: number
  readonly at?: number
  readonly seed?: number
  readonly settle?: Settle
}

/** A member that numbers its mutations. */
export class Painter {
  readonly client: TestClient
  /** The number of its last one. */
  n = 0

  constructor(client: TestClient) {
    this.client = client
  }

  get id(): string {
    return this.client.seat.joined.member
  }

  /** The outcome in one value: the result, the code of the error, or the index of a declared one. */
  mutate(name: string, params?: unknown, { n = ++this.n, at = 0, seed = 1, settle }: Issuing = {}): Promise<unknown> {
    const issued = { n, at, seed, ...(params !== undefined && { params }) }
    return this.client.outcome(name, issued, settle && { settle })
  }

  undo(of: readonly number[], force = false): Promise<unknown> {
    return this.mutate('undo', { of, force })
  }

  /** What its mirror has. */
  get state(): Mirror<StateOf<typeof Easel>> {
    // The mirror was made from the layout of this contract.
    return this.client.mirror.state as Mirror<StateOf<typeof Easel>>
  }

  /** What came since this was asked last, in short. */
  heard(): string[] {
    return this.client.log.splice(0)
  }

  /** The numbers of mutations that stamps have told since this was asked last; of those that stand alone in brackets. */
  told(): (number | [number])[] {
    return this.client.stamps
      .splice(0)
      .map(({ mutation, alone }): number | [number] => (alone === true ? [mutation] : mutation))
  }
  /** What came until now is of no interest. */
  ignoreAll(): void {
    this.heard()
    this.told()
  }
}
