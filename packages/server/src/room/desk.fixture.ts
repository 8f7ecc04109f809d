import { call, defineRoom, event, stream, t } from '@junto/schema'
import type { Handlers } from './handlers.ts'
import type { Member } from './member.ts'
import { Room, type Creation, type Restoration, type RoomBase, type RoomClass } from './room.ts'
import type { LeaveReason, Resumption } from './seat.ts'

/** A contract with one of everything. */
export const Desk = defineRoom('desk', {
  version: 2,
  metadata: t.Object({ team: t.String(), size: t.Integer() }),
  state: t.Object({ n: t.Integer(), notes: t.Map(t.String()) }),
  clientToServer: {
    add: call({
      params: t.Object({ by: t.Integer({ maximum: 1000 }) }),
      result: t.Integer(),
      errors: { tooMuch: t.Object({ most: t.Integer() }) },
    }),
    look: call({ result: t.Integer() }),
    act: call(),
    ask: call({ params: t.Object({ question: t.String() }), result: t.Boolean() }),
    say: event(t.Object({ text: t.String({ maxLength: 10 }) })),
    count: stream({ params: t.Object({ to: t.Integer() }), item: t.Integer() }),
    point: event(t.Object({ x: t.Integer() }), { delivery: 'volatile' }),
  },
  serverToClient: {
    said: event(t.Object({ text: t.String() })),
    moved: event(t.Object({ x: t.Integer() }), { delivery: 'volatile' }),
    confirm: call({
      params: t.Object({ question: t.String() }),
      result: t.Boolean(),
      errors: { busy: t.Object({ until: t.Integer() }) },
    }),
    placed: event(t.Object({ who: t.String(), x: t.Integer() }), { delivery: 'latest', key: 'who', priority: 2 }),
    paused: event(t.Boolean(), { delivery: 'latest' }),
  },
})

export type DeskMember = Member<typeof Desk>

/** What a test wants to happen in its room; the rest does something sensible. */
export interface DeskScript {
  readonly onCreate?: (room: DeskRoom, creation: Creation<typeof Desk>) => unknown
  readonly onRestore?: (room: DeskRoom, restoration: Restoration) => void | Promise<void>
  readonly onJoin?: (room: DeskRoom, member: DeskMember) => void | Promise<void>
  readonly onDrop?: (room: DeskRoom, member: DeskMember) => void | Promise<void>
  readonly onResume?: (room: DeskRoom, member: DeskMember, resumption: Resumption) => void | Promise<void>
  readonly onLeave?: (room: DeskRoom, member: DeskMember, reason: LeaveReason) => void | Promise<void>
  readonly onTick?: (room: DeskRoom, dt: number) => void
  readonly onDispose?: (room: DeskRoom) => void | Promise<void>
  readonly onError?: (room: DeskRoom, error: unknown, where: string) => void
  readonly handlers?: (room: DeskRoom) => Partial<Handlers<typeof Desk>>
}

/** A room as tests see it: what happened to it, in order. */
export interface DeskRoom extends RoomBase<typeof Desk> {
  readonly happened: string[]
}

/** A room class that follows a script, and keeps its instances. */
export function deskRooms(script: DeskScript = {}): { rooms: DeskRoom[]; ScriptedRoom: RoomClass<typeof Desk> } {
  const rooms: DeskRoom[] = []
  class ScriptedRoom extends Room(Desk) {
    readonly happened: string[] = []
    readonly handlers: Handlers<typeof Desk> = this.handle({
      add: ({ by }, { error }) => {
        if (by > 100) throw error('tooMuch', { most: 100 })
        this.state.n += by
        return this.state.n
      },
      look: () => this.state.n,
      act: () => {},
      ask: ({ question }, { member }) => member.call.confirm({ question }),
      say: ({ text }) => this.broadcast.said({ text }),
      count: async function* ({ to }) {
        for (let i = 1; i <= to; i++) yield await Promise.resolve(i)
      },
      point: ({ x }) => this.broadcast.moved({ x }),
      ...script.handlers?.(this),
    })

    constructor() {
      super()
      rooms.push(this)
    }

    async onCreate(creation: Creation<typeof Desk>): Promise<{ n: number; notes: Record<string, string> }> {
      this.happened.push('onCreate')
      const first = await script.onCreate?.(this, creation)
      // A script may return what is wrong on purpose.
      return (first ?? { n: 0, notes: {} }) as { n: number; notes: Record<string, string> }
    }
    override onRestore(restoration: Restoration) {
      this.happened.push('onRestore')
      return script.onRestore?.(this, restoration)
    }
    override onJoin(member: DeskMember) {
      this.happened.push('onJoin')
      return script.onJoin?.(this, member)
    }
    override onDrop(member: DeskMember) {
      this.happened.push('onDrop')
      return script.onDrop?.(this, member)
    }
    override onResume(member: DeskMember, resumption: Resumption) {
      const { outcome, missed, downtime } = resumption
      this.happened.push(`onResume ${outcome}, ${missed} missed, after ${downtime} ms`)
      return script.onResume?.(this, member, resumption)
    }
    override onLeave(member: DeskMember, reason: LeaveReason) {
      this.happened.push(`onLeave ${reason}`)
      return script.onLeave?.(this, member, reason)
    }
    override onTick(dt: number) {
      script.onTick?.(this, dt)
    }
    override onDispose() {
      this.happened.push('onDispose')
      return script.onDispose?.(this)
    }
    override onError(error: unknown, where: string) {
      script.onError?.(this, error, where)
      this.happened.push(`onError ${where}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { rooms, ScriptedRoom }
}
