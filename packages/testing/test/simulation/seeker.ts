import type { JoinedRoom, JuntoClient } from '@junto/client'
import { Duel, isWanted, type DuelWish } from './duel.ts'
import type { AnyDuel } from './duel-room.ts'
import { codeOf } from './endings.ts'
import type { Ledger } from './ledger.ts'
import { Showing, type Stage } from './showing.ts'

/** How a program comes into a duel. */
export type Way =
  { readonly by: 'wish' | 'create'; readonly wish: DuelWish } | { readonly by: 'code' | 'id'; readonly text: string }

/** What seekers are told besides their client. */
export interface SeekerSurroundings {
  readonly ledger: Ledger
  readonly stage: Stage
  readonly unique: () => number
  readonly duels: ReadonlySet<AnyDuel>
}

/** How it may end to look for a room. */
const endings = [
  'cancelled',
  'room_closed',
  'disconnected',
  'forbidden',
  'unauthorized',
  'rate_limited',
  // The room that was asked for by code or id, or that this client came back to.
  'room_not_found',
  'room_full',
  'already_joined',
  // It was on its way when the server ended, and may have made a room there.
  'outcome_unknown',
  'shutting_down',
]

/** A program that looks for a duel, and plays in it. */
export class Seeker {
  readonly way: Way
  readonly name: string
  room: JoinedRoom<Duel> | undefined
  showing: Showing | undefined
  /** It was told that it cannot get in. */
  failed = false
  #gone = false
  readonly #surroundings: SeekerSurroundings

  constructor(surroundings: SeekerSurroundings, client: JuntoClient, page: string, way: Way) {
    const { ledger, unique } = surroundings
    this.#surroundings = surroundings
    this.way = way
    this.name = `s${unique()}`
    join(client, way, { page, who: this.name }).then(
      (room) => this.#enter(room),
      (error: unknown) => {
        if (this.#gone) return
        this.failed = true
        const code = codeOf(error)
        ledger.count(`duel by ${way.by} ${code}`)
        if (!endings.includes(code)) ledger.fault(`${this.name} found no duel: ${String(error)}`)
      },
    )
  }

  get isIn(): boolean {
    return this.room !== undefined && !this.#gone && this.room.status.value.state !== 'left'
  }

  #enter(room: JoinedRoom<Duel>): void {
    if (this.#gone) return
    const { ledger, stage, duels } = this.#surroundings
    this.room = room
    ledger.count(`duel by ${this.way.by}`)
    if (room.kept) ledger.count('duel kept')
    this.showing = new Showing(stage, this.name, room)
    this.showing.show(1)
    const { way } = this
    if (way.by !== 'wish') return
    // It has been that at least. What it is by now, others may have changed; and what one comes back to may be anything.
    const duel = [...duels].find(({ id }) => id === room.id)
    if (duel === undefined || room.kept) return
    if (!duel.tags.some((tags) => isWanted(way.wish.where, tags))) {
      ledger.fault(`${this.name} wanted ${JSON.stringify(way.wish.where)}, and got ${JSON.stringify(duel.tags)}`)
    }
  }

  async act(): Promise<void> {
    const { room } = this
    if (room === undefined || !this.isIn) return
    const { ledger } = this.#surroundings
    try {
      const turns = await room.call.turn(undefined, { timeout: 15_000 })
      if (!this.#gone && room.status.value.state !== 'left' && room.state.turns < turns)
        ledger.fault(`${this.name}: turn ${turns} has settled, and the mirror has ${room.state.turns}`)
      ledger.count('turns')
    } catch (error) {
      const code = codeOf(error)
      if (!['disconnected', 'rate_limited', 'outcome_unknown', 'timeout', 'cancelled'].includes(code) && !this.#gone)
        ledger.fault(`${this.name}: a turn ended as ${String(error)}`)
    }
  }

  leave(): void {
    this.#surroundings.ledger.count('duels left')
    this.showing?.rough(Infinity)
    void this.room?.leave()
  }

  /** The page goes, without a word to the program. */
  abandon(): void {
    this.#gone = true
    this.showing?.end()
  }
}

/** @param from Which program, on which page. */
function join(
  client: JuntoClient,
  way: Way,
  { page, who }: { readonly page: string; readonly who: string },
): Promise<JoinedRoom<Duel>> {
  const settings = { join: { who }, patience: Infinity }
  switch (way.by) {
    case 'wish': {
      const { where, orderBy, tags } = way.wish
      const options = { ...tags, page, wish: JSON.stringify(where) }
      return client.joinOrCreate(Duel, { where, ...(orderBy && { orderBy }), options, ...settings })
    }
    case 'create':
      return client.create(Duel, { options: { ...way.wish.tags, page }, ...settings })
    case 'code':
      return client.joinByCode(Duel, way.text, settings)
    case 'id':
      return client.joinById(Duel, way.text, settings)
  }
}
