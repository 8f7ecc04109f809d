import type { JuntoClient, RoomList } from '@junto/client'
import type { RoomListing } from '@junto/server'
import { Duel, isWanted, type DuelWish } from './duel.ts'
import { codeOf } from './endings.ts'
import type { Ledger } from './ledger.ts'

/** What a list is asked for. */
export interface Listed extends Pick<DuelWish, 'where' | 'orderBy'> {
  readonly limit?: number
}

type Entry = Pick<RoomListing<Duel>, 'id' | 'members' | 'maxMembers' | 'locked' | 'metadata'>

/** A program that shows a live list of duels. */
export class Lister {
  readonly listed: Listed
  list: RoomList<Duel> | undefined
  failed = false
  readonly #ledger: Ledger
  readonly #name: string
  /** What it was told of, one by one. */
  readonly #told = new Map<string, Entry>()
  #gone = false

  constructor(ledger: Ledger, client: JuntoClient, name: string, listed: Listed) {
    this.#ledger = ledger
    this.#name = `the list of ${name}`
    this.listed = listed
    const { where, orderBy, limit } = listed
    client.list(Duel, { where, ...(orderBy && { orderBy }), ...(limit && { limit }), patience: Infinity }).then(
      (list) => this.#show(list),
      (error: unknown) => {
        this.failed = true
        const code = codeOf(error)
        ledger.count(`list ${code}`)
        if (!['cancelled', 'disconnected', 'unauthorized', 'rate_limited'].includes(code) && !this.#gone)
          ledger.fault(`a list failed: ${String(error)}`)
      },
    )
  }

  /** The rooms that it shows. */
  get ids(): readonly string[] {
    return [...(this.list?.rooms.keys() ?? [])]
  }

  #show(list: RoomList<Duel>): void {
    if (this.#gone) return
    this.#ledger.count('lists')
    this.list = list
    const told = (id: string, room: Entry, isNew: boolean): void => {
      if (this.#gone) return
      if (this.#told.has(id) === isNew) this.#ledger.fault(`${this.#name} was told of ${id} as if it knew it, or not`)
      this.#told.set(id, { ...room })
      this.#ledger.count('list changes')
    }
    list.watch({
      added: (room, id) => told(id, room, true),
      changed: (room, id) => told(id, room, false),
      removed: (_room, id) => {
        if (!this.#told.delete(id)) this.#ledger.fault(`${this.#name} was told that ${id} is gone, and had it not`)
      },
    })
  }

  abandon(): void {
    this.#gone = true
  }

  /** When all is quiet: it has what the server has. */
  prove(rooms: readonly RoomListing<Duel>[]): void {
    const { list, listed } = this
    if (this.#gone || this.failed) return
    const fault = (what: string): void => this.#ledger.fault(`${this.#name} ${what}`)
    if (list === undefined) return fault('never came')
    const status = list.status.value
    // It came back with credentials that were not good enough, once.
    if (status.state === 'left' && (status.reason === 'refused' || status.error?.code === 'unauthorized')) return
    if (status.state !== 'joined') return fault(`is ${JSON.stringify(status)} in the end`)
    const expected = chosen(rooms, listed)
    const shown = [...list.rooms].map(([id, room]) => ({ ...room, id }))
    if (text(shown) !== text(expected)) fault(`shows ${text(shown)}, and there are ${text(expected)}`)
    const told = [...this.#told].map(([id, room]) => ({ ...room, id }))
    if (text(told) !== text(shown)) fault(`shows ${text(shown)}, and told of ${text(told)}`)
    this.#ledger.count('listed', expected.length)
  }
}

/** Those that are looked for, of all rooms in the order of their age. */
function chosen(rooms: readonly RoomListing<Duel>[], { where, orderBy, limit = Infinity }: Listed): readonly Entry[] {
  const rank = ({ members, metadata }: Entry): number => {
    if (orderBy === undefined) return 0
    return 'members' in orderBy
      ? members * (orderBy.members === 'asc' ? 1 : -1)
      : (metadata?.level ?? 0) * (orderBy.level === 'asc' ? 1 : -1)
  }
  return rooms
    .filter(({ key, visibility }) => key === undefined && visibility === 'public')
    .filter(({ metadata }) => isWanted(where, metadata))
    .toSorted((one, other) => rank(one) - rank(other))
    .slice(0, limit)
}

function text(rooms: readonly Entry[]): string {
  const lines = rooms.map(
    ({ id, members, maxMembers, locked, metadata }) =>
      `${id} ${members}/${maxMembers} ${locked ? 'locked ' : ''}${metadata?.mode} ${metadata?.level}`,
  )
  return lines.toSorted().join(', ')
}
