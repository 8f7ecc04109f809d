import type { ListedRooms, RoomList } from '@junto/client'
// As a type only: the contract's layout comes from the server, and the page holds no TypeBox.
import type { Chat } from '../../contract.ts'
import type { Kind } from '../../chat.ts'
import type { Joined, ServerLink } from './server.ts'

/** What comes first in the lobby. */
export type Order = 'newest' | 'fullest' | 'topic'

/** Which rooms the server is asked for. */
export interface Narrowing {
  /** `undefined`: of all kinds. */
  readonly kind: Kind | undefined
  readonly order: Order
}

/** Rooms of the lobby, by id. */
export type OpenRooms = ListedRooms<typeof Chat>

const orders = {
  newest: { opened: 'desc' },
  fullest: { members: 'desc' },
  topic: { topic: 'asc' },
} as const

const mostRooms = 200
const none: OpenRooms = new Map()

/** What the lobby is told. */
export interface LobbyEvents {
  /** Rooms have come, changed or gone; or the list is another one. */
  rooms(): void
  /** The list's own connection stands differently. */
  standing(): void
  /** The server did not give the list. */
  failed(error: unknown): void
}

/** The live list of rooms. */
export class LobbyLink {
  readonly #server: ServerLink
  readonly #events: LobbyEvents
  #list: RoomList<typeof Chat> | undefined
  #wanted: Narrowing | undefined
  #asking = false

  constructor(server: ServerLink, events: LobbyEvents) {
    this.#server = server
    this.#events = events
  }

  /** Changed in place. Empty until the first list is here. */
  get rooms(): OpenRooms {
    return this.#list?.rooms ?? none
  }

  /** What shows how the list stands. */
  get joined(): Joined | undefined {
    return this.#list
  }

  /** Asks for these rooms from now on. What is shown stays until they are here. */
  async show(wanted: Narrowing): Promise<void> {
    this.#wanted = wanted
    // Whoever tries several in a row gets the last one.
    if (this.#asking) return
    this.#asking = true
    try {
      while (this.#wanted !== undefined) {
        const { kind, order } = this.#wanted
        this.#wanted = undefined
        await this.#replace(kind, order)
      }
    } catch (error) {
      this.#events.failed(error)
    } finally {
      this.#asking = false
    }
  }

  async #replace(kind: Kind | undefined, order: Order): Promise<void> {
    const before = this.#list
    const list = await this.#server.client.list<typeof Chat>('chat', {
      version: 1,
      ...(kind === undefined ? {} : { where: { kind } }),
      orderBy: orders[order],
      limit: mostRooms,
      patience: Infinity,
    })
    this.#list = list
    void before?.leave()
    const changed = (): void => {
      if (this.#list === list) this.#events.rooms()
    }
    list.watch({ added: changed, changed, removed: changed })
    list.status.subscribe(() => this.#events.standing())
    this.#events.standing()
    changed()
  }
}
