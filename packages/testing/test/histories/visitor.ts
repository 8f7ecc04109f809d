import type { JoinedRoom, JuntoClient } from '@junto/client'
import type { MemorySocket } from '../../src/index.ts'
import type { AnyContract } from './any-room.ts'
import type { Membership } from './membership.ts'
import { mapOf } from './model.ts'

/** One client. */
export class Visitor {
  readonly client: JuntoClient
  room: JoinedRoom<AnyContract> | undefined
  socket: MemorySocket | undefined
  /** It does not read. */
  stalled = false
  /** It has no network. */
  away = false
  /** How often it came back too late, or to another process, and had to join again. */
  rejoined = 0
  /** Its membership, while it has one. */
  seen: Membership | undefined
  /** The marks it has or had: no others may be in what it is sent, but those it sees now. */
  known: ReadonlySet<string> = new Set()
  /** The units, as those have them who go by what a watch says. */
  readonly #units = new Map<string, unknown>()

  constructor(client: (visitor: Visitor) => JuntoClient) {
    this.client = client(this)
  }

  enter(room: JoinedRoom<AnyContract>): void {
    this.room = room
    room.on('filled', () => {})
    room.onRecovery((recovery) => {
      if (recovery.outcome === 'resynced' && recovery.missed === undefined) this.rejoined++
    })
    room.watch((state) => unitsOf(state.all), {
      added: (unit, key) => this.#units.set(key, unit),
      removed: (_, key) => this.#units.delete(key),
    })
  }

  /** Whether what the watch said comes down to what there is. */
  get told(): boolean {
    const units = unitsOf(this.room?.state.all)
    return units.size === this.#units.size && [...units].every(([key, unit]) => this.#units.get(key) === unit)
  }
}

/** The viewed map that each contract has. */
function unitsOf(all: unknown): Map<string, unknown> {
  return mapOf(Object(all).units)
}
