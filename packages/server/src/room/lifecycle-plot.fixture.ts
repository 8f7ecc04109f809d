import { call, defineRoom, event, t } from '@junto/schema'
import type { Member } from './member.ts'
import { Room, type RoomClass, type RunnableRoom } from './room.ts'
import type { LeaveReason } from './seat.ts'

export const Plot = defineRoom('plot', {
  version: 1,
  join: t.Object({ who: t.Integer() }),
  state: t.Object({ n: t.Integer() }),
  clientToServer: { look: call({ result: t.Integer() }), point: event(), fail: call() },
  serverToClient: {},
})

export type PlotMember = Member<typeof Plot>

export const limits = {
  roomFaults: 2,
  roomFaultWindow: 2000,
  roomRestarts: 0,
  roomRestartWindow: 15_000,
  joinTimeout: 20_000,
}
export const options = {
  maxMembers: 4,
  persist: true,
  disposeAfter: 2000,
  idleAfter: 6000,
  maxAge: 20_000,
  tickRate: 1,
}

/** What is known of one member of one room. */
export interface MemberTrace {
  isJoined: boolean
  isAway: boolean
  isGone: boolean
}

/** What is known of one room, from its hooks and from what was done to it. */
export interface RoomTrace {
  readonly room: PlotRoom
  /** `ending`: `onDispose` runs. */
  phase: 'coming' | 'open' | 'ending' | 'gone'
  openedAt: number
  heardAt: number
  /** Since when it has been seen without anybody and anything. */
  emptySince: number | undefined
  /** When the first hook of its end ran. */
  endedAt: number | undefined
  runs: number
  /** Hooks that run. */
  hooks: number
  wasClosed: boolean
  lockedAt: number | undefined
  readonly members: Map<PlotMember, MemberTrace>
}

/** A room of which everything is told. */
export interface PlotRoom extends RunnableRoom<typeof Plot> {
  lose(): void
}

/** Who is told of everything that happens in rooms. What it throws, or takes its time for, the room's hook does. */
export interface PlotWitness {
  born(room: PlotRoom): RoomTrace
  comes(trace: RoomTrace): Promise<void>
  joins(trace: RoomTrace, member: PlotMember): Promise<void>
  drops(trace: RoomTrace, member: PlotMember): Promise<void>
  resumes(trace: RoomTrace, member: PlotMember): Promise<void>
  leaves(trace: RoomTrace, member: PlotMember, reason: LeaveReason): Promise<void>
  /** A timer, or a tick. */
  beats(trace: RoomTrace): void
  goes(trace: RoomTrace): Promise<void>
}

/** A room class whose rooms tell a witness what happens to them. */
export function plotRooms(witness: PlotWitness): RoomClass<typeof Plot> {
  return class extends Room(Plot) implements PlotRoom {
    readonly #trace = witness.born(this)
    async onCreate() {
      await witness.comes(this.#trace)
      return { n: 0 }
    }
    override onRestore = () => witness.comes(this.#trace)
    override onJoin = (member: PlotMember) => witness.joins(this.#trace, member)
    override onDrop = (member: PlotMember) => witness.drops(this.#trace, member)
    override onResume = (member: PlotMember) => witness.resumes(this.#trace, member)
    override onLeave = (member: PlotMember, reason: LeaveReason) => witness.leaves(this.#trace, member, reason)
    override onTick = () => witness.beats(this.#trace)
    override onDispose = () => witness.goes(this.#trace)
    readonly handlers = this.handle({
      look: () => this.state.n,
      point: () => {},
      fail: () => {
        throw new Error('a handler failed')
      },
    })
    /** A timer of its own. */
    lose() {
      this.every(700, () => witness.beats(this.#trace))
    }
  }
}
