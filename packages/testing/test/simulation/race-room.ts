import { Room, type Member, type RoomClass, type ServerMutators } from '@junto/server'
import { mirrorDifference } from '../../src/mirror-difference.ts'
import type { Ledger } from './ledger.ts'
import { Race, raceMutators } from './race.ts'

/** So many inputs of a member may be applied beyond the ticks that have passed: what its buffer evens out. */
const buffer = 32

/** What the simulation does to a race. */
export interface AnyRace {
  /** Where what a member has of it is not what it should have. */
  difference(memberId: string, mirror: unknown): string | undefined
  /** The server is dead: nothing that it began goes on. */
  abandon(): void
}

/** Races that record what they see. */
export function raceRooms(ledger: Ledger, races: Set<AnyRace>): RoomClass<Race> {
  return class extends Room(Race) implements AnyRace {
    #ticks = 0
    #abandoned = false
    /** The tick in which each member came. */
    readonly #since = new Map<string, number>()
    readonly mutators: ServerMutators<Race> = {
      input: (state, input, context) => {
        ledger.lanes(input.channel).volatile.seen(input.n)
        ledger.count('inputs applied')
        raceMutators.input(state, input, context)
        const { steps = 0 } = state.cars.get(context.by) ?? {}
        const ticks = this.#ticks + 1 - (this.#since.get(context.by) ?? 0)
        if (steps > ticks + buffer) ledger.fault(`${steps} inputs of ${context.by} were applied in ${ticks} ticks`)
      },
      honk: (state, params, context) => {
        ledger.lanes(params.channel).calls.seen(params.n)
        return raceMutators.honk(state, params, context)
      },
    }

    onCreate() {
      races.add(this)
      ledger.count('races')
      return { cars: {}, honks: 0 }
    }

    override onJoin({ id }: Member<Race>) {
      this.#since.set(id, this.#ticks)
      this.state.cars.set(id, { x: 0, steps: 0 })
    }

    override onLeave({ id }: Member<Race>) {
      this.state.cars.delete(id)
    }

    override onTick() {
      this.#ticks++
    }

    override onDispose() {
      races.delete(this)
    }

    override onError(error: unknown, where: string) {
      if (!this.#abandoned) ledger.fault(`${where} of a race failed: ${String(error)}`)
    }

    difference(memberId: string, mirror: unknown): string | undefined {
      const member = this.members.get(memberId)
      if (member === undefined) return `${memberId} is no member of it`
      return mirrorDifference(Race, this.state, member, mirror)
    }

    abandon(): void {
      this.#abandoned = true
      races.delete(this)
    }
  }
}
