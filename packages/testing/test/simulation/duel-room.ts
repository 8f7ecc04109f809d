import { Clock } from '@junto/protocol'
import { Room, type Creation, type LeaveReason, type Member, type RoomClass, type RoomListing } from '@junto/server'
import type { SeededRandom } from '../../src/index.ts'
import { Duel, isWanted, type DuelWhere, type Tags } from './duel.ts'
import type { Ledger } from './ledger.ts'

type DuelMember = Member<Duel>

/** What duels record, and draw from. */
export interface DuelKeeper {
  readonly ledger: Ledger
  readonly random: SeededRandom
  /** The rooms that run, in the order in which they came about. */
  readonly duels: Set<AnyDuel>
  /** What the server says that there is. */
  readonly listed: () => readonly RoomListing<Duel>[]
}

/** What can happen to a duel, as if its program had done it. */
export const duelDeeds = ['lock', 'unlock', 'hide', 'show', 'resize', 'tag', 'kick', 'close'] as const

export interface AnyDuel {
  readonly id: string
  readonly code: string
  readonly members: ReadonlyMap<string, DuelMember>
  /** Everything that it ever was. */
  readonly tags: readonly Tags[]
  /** Pages that have been in it. */
  readonly visitors: ReadonlySet<string>
  do(deed: (typeof duelDeeds)[number]): void
  /** The server is dead: nothing that it began goes on. */
  abandon(): void
}

/** Seats of a duel at first. */
export const duelSeats = 3

/** Rooms that are found, and look at what may not be. */
export function duelRooms({ ledger, random, duels, listed }: DuelKeeper): RoomClass<Duel> {
  return class extends Room(Duel) implements AnyDuel {
    readonly #clock = this.inject(Clock)
    /** The rooms that there were in the very turn in which this one was made. */
    readonly #before = listed()
    readonly #here = new Set<DuelMember>()
    readonly tags: Tags[] = []
    readonly visitors = new Set<string>()
    #most = duelSeats
    #abandoned = false

    async onCreate({ options: { mode, level, page, wish } }: Creation<Duel>) {
      duels.add(this)
      ledger.count(wish === undefined ? 'duels made' : 'duels made for want of one')
      if (wish !== undefined) this.#isNeeded(JSON.parse(wish) as DuelWhere, page)
      this.metadata = { mode, level }
      this.tags.push({ mode, level })
      await this.#dally()
      return { turns: 0, players: {} }
    }

    /** None that was there would have done. A page that is in one already may not come twice, nor may one that is on its way. */
    #isNeeded(where: DuelWhere, page: string): void {
      const others = new Map([...duels].filter(({ visitors }) => !visitors.has(page)).map((duel) => [duel.id, duel]))
      const found = this.#before.find(
        ({ id, visibility, locked, members, maxMembers, metadata }) =>
          others.get(id)?.members.size === members &&
          visibility === 'public' &&
          !locked &&
          members < maxMembers &&
          isWanted(where, metadata),
      )
      if (found !== undefined) ledger.fault(`a needless duel was made: ${found.id} is ${JSON.stringify(where)}, too`)
    }

    #dally(): Promise<void> | undefined {
      if (random.chance(0.5)) return undefined
      return new Promise((resolve) => void this.#clock.after(random.pick([0, 5, 50]), resolve))
    }

    override async onJoin(member: DuelMember) {
      this.visitors.add(member.user.id)
      await this.#dally()
      if (this.#here.has(member)) ledger.fault(`member ${member.id} joined a duel twice`)
      this.#here.add(member)
      ledger.count('duels joined')
      this.state.players.set(member.id, 0)
      if (this.members.size > this.#most) ledger.fault(`${this.members.size} are in a duel of ${this.#most}`)
    }

    override onLeave(member: DuelMember, reason: LeaveReason) {
      if (!this.#here.delete(member)) ledger.fault(`onLeave of member ${member.id}, who is not in the duel`)
      ledger.count(`duel left ${reason}`)
      this.state.players.delete(member.id)
    }

    override onDispose() {
      duels.delete(this)
      for (const { id } of this.#here) ledger.fault(`a duel was disposed of before member ${id} had left`)
    }

    override onError(error: unknown, where: string) {
      if (!this.#abandoned) ledger.fault(`${where} of a duel failed: ${String(error)}`)
    }

    do(deed: (typeof duelDeeds)[number]): void {
      ledger.count(`duel ${deed}`)
      switch (deed) {
        case 'lock':
        case 'unlock':
          return this[deed]()
        case 'hide':
        case 'show':
          this.visibility = deed === 'hide' ? 'private' : 'public'
          return
        case 'resize':
          this.maxMembers = random.integer(1, 4)
          this.#most = Math.max(this.#most, this.maxMembers)
          return
        case 'tag': {
          const tags = { mode: random.pick(['fun', 'ranked']), level: random.integer(0, 2) }
          this.tags.push(tags)
          this.metadata = tags
          return
        }
        case 'kick': {
          const members = [...this.members.values()]
          return members.length > 0 ? random.pick(members).kick('for a test') : undefined
        }
        case 'close':
          return this.close('for a test')
      }
    }

    abandon(): void {
      this.#abandoned = true
      duels.delete(this)
    }

    readonly handlers = this.handle({
      turn: (_nothing, { member }) => {
        this.state.players.set(member.id, (this.state.players.get(member.id) ?? 0) + 1)
        return ++this.state.turns
      },
    })
  }
}
