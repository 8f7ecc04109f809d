import { JuntoError, type Clock } from '@junto/protocol'
import { describe, encodePresence, pack, type PresencesFrame } from '@junto/protocol/internal'
import type { Codec } from '@junto/schema/internal'
import { checkSome, wrong } from '../arguments.ts'
import { Listeners } from '../listeners.ts'
import type { Subscription } from '../subscription.ts'
import type { Report } from '../warnings.ts'
import { encoded } from './remote.ts'
import type { PresenceListeners, PresenceSettings } from './room-presence.ts'
import type { Seat } from './seat.ts'

/** What the presence of a room needs. */
export interface PresenceOptions {
  /** The room's name, for messages. */
  readonly room: string
  readonly clock: Clock
  readonly report: Report
}

interface Change {
  readonly kind: 'added' | 'changed' | 'removed'
  readonly member: string
  readonly value: unknown
  readonly previous?: unknown
}

/** What the members of a room show of themselves, without its types: `room.presence` of a contract is this object. */
export class Presence {
  readonly others = new Map<string, unknown>()
  readonly #options: PresenceOptions
  readonly #seat: () => Seat | undefined
  readonly #changes: Listeners<Change>
  /** As they came, to find those that are the same in what comes as a whole. */
  readonly #wires = new Map<string, unknown>()
  /** Bytes that the server takes of a value. */
  most = Infinity
  #codec: Codec | undefined
  #own: unknown
  #until = Infinity
  /** Whether the server may know of something. */
  #told = false

  /** @param seat The room's place at the server, until it is left. */
  constructor(options: PresenceOptions, seat: () => Seat | undefined) {
    this.#options = options
    this.#seat = seat
    this.#changes = new Listeners(options.report, `a watcher of the presence of room '${options.room}'`)
  }

  get own(): unknown {
    return this.#options.clock.now() < this.#until ? this.#own : undefined
  }

  set(value: unknown, { expires = Infinity }: PresenceSettings = {}): void {
    if (!(expires > 0)) throw wrong('expires', 'milliseconds above 0', expires)
    this.#show(value, this.#options.clock.now() + expires)
  }

  update(part: object, settings?: PresenceSettings): void {
    this.set({ ...(this.own as object | undefined), ...part }, settings)
  }

  clear(): void {
    this.#show(undefined, Infinity)
  }

  watch(listeners: PresenceListeners<unknown>): Subscription {
    checkSome(listeners, 'listeners', ['added', 'changed', 'removed'])
    const own = new Listeners<Change>(this.#options.report, `a watcher of the presence of room '${this.#options.room}'`)
    own.add(({ kind, value, member, previous }) => listeners[kind]?.(value, member, previous))
    for (const [member, value] of this.others) own.tell({ kind: 'added', member, value })
    return this.#changes.add((change) => own.tell(change))
  }

  /** The room works, perhaps again: what was shown before may not have arrived. */
  renew(): void {
    if (!this.#told) return
    try {
      this.#show(this.own, this.#until)
    } catch (error) {
      // The server came back with another contract, by which it cannot be said.
      this.#told = false
      this.#own = undefined
      const { report, room } = this.#options
      report({
        code: 'unsupported',
        message: `the presence in room '${room}' is shown no more: ${describe(error)}`,
        error,
      })
    }
  }

  /** The room is left: nobody is seen there any more. */
  end(): void {
    this.receive({ entries: [], whole: true }, undefined, '')
  }

  /** What others show has come. @param me This member's id. */
  receive({ entries, whole }: Pick<PresencesFrame, 'entries' | 'whole'>, codec: Codec | undefined, me: string): void {
    const isSameType = codec === this.#codec
    this.#codec = codec
    const came = new Map(entries)
    came.delete(me)
    if (whole) for (const member of this.others.keys()) if (!came.has(member)) came.set(member, null)
    const changes: Change[] = []
    try {
      for (const [member, wire] of came) {
        const previous = this.others.get(member)
        const isKnown = this.others.has(member)
        if (wire === null) {
          this.#wires.delete(member)
          if (this.others.delete(member)) changes.push({ kind: 'removed', member, value: previous })
        } else if (!whole || !isKnown || !isSameType || !isSame(wire, this.#wires.get(member))) {
          if (codec === undefined) throw new JuntoError('bad_message', "the server's own layout has no presence")
          const value = codec.decode(wire, 'presence')
          this.#wires.set(member, wire)
          this.others.set(member, value)
          changes.push(isKnown ? { kind: 'changed', member, value, previous } : { kind: 'added', member, value })
        }
      }
    } finally {
      // Also of what came before something that cannot be.
      for (const change of changes) this.#changes.tell(change)
    }
  }

  #show(value: unknown, until: number): void {
    const seat = this.#seat()
    if (seat === undefined) return
    const { clock, room } = this.#options
    const codec = seat.layout.presence
    if (codec === undefined) {
      throw new JuntoError('unsupported', `the server's contract of room '${room}' declares no presence`)
    }
    const left = until - clock.now()
    const wire = value === undefined ? null : encoded(codec, value, 'presence')
    if (pack(wire).length > this.most) {
      throw new JuntoError('too_large', `presence: more than ${this.most} bytes (maxPresence)`)
    }
    seat.show(encodePresence(wire, wire !== null && left < Infinity ? Math.ceil(left) : undefined))
    this.#told = true
    // A copy: what becomes of the program's own object nobody is told.
    this.#own = value === undefined ? value : codec.decode(wire, 'presence')
    this.#until = until
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return pack(a).join() === pack(b).join()
}
