import {
  clientLimits,
  JuntoClient,
  type ClientLimits,
  type JoinedRoom,
  type JuntoClientOptions,
  type PageEvent,
  type PageEvents,
  type SessionStore,
} from '@junto/client'
import type { AnyContract } from '@junto/schema'
import type { MemoryLink, MemorySocket } from './memory-link.ts'
import type { MemoryNetwork, MemoryPeerOptions, Reach } from './memory-network.ts'
import { ProcessClock } from './process.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Options of a client in a world, and of the machine it runs on. */
export type WorldClientOptions = Partial<Omit<JuntoClientOptions, 'url' | 'socket' | 'clock' | 'page' | 'limits'>> &
  Pick<MemoryPeerOptions, 'origin' | 'remoteAddress'> & {
    /** Whether it runs in a page of a browser, which tells it when the network goes and comes, and when the page ends. Default: false. */
    readonly page?: boolean
    /** Limits that differ from the defaults. */
    readonly limits?: Partial<ClientLimits>
  }

/** A room of any contract, as a client has joined it. */
export type AnyJoined = JoinedRoom<AnyContract>

/** A client's process, and its place in the network. */
export class Machine {
  readonly client: JuntoClient
  readonly clock: ProcessClock
  readonly options: WorldClientOptions
  /** The rooms that it ever joined. */
  readonly rooms = new Set<AnyJoined>()
  readonly page: Page | undefined
  #reach: Reach = 'open'
  #dead = false
  #socket: MemorySocket | undefined

  constructor(clock: VirtualClock, network: MemoryNetwork, options: WorldClientOptions) {
    const { origin, remoteAddress, page = false, keepSession, limits, ...rest } = options
    this.clock = new ProcessClock(clock)
    this.options = keepSession === true ? { ...options, keepSession: new TabStore() } : options
    this.page = page ? new Page() : undefined
    this.client = new JuntoClient({
      ...rest,
      limits: clientLimits(limits),
      ...(this.page === undefined ? {} : { page: this.page }),
      keepSession: this.options.keepSession ?? false,
      url: network.url,
      clock: this.clock,
      socket: (url, _subprotocol, events) => {
        // Promises of a process that is dead still settle: what it then begins comes to nothing.
        const reach = this.#dead ? 'silent' : this.reach
        this.#socket = network.connect(url, events, { origin, remoteAddress, reach })
        return this.#socket
      },
    })
    noteRooms(this.client, this.rooms)
  }

  /** What becomes of its attempts to connect. */
  get reach(): Reach {
    return this.#reach
  }

  set reach(reach: Reach) {
    const { page } = this
    if (page !== undefined && reach !== this.#reach) page.offline = reach === 'refused'
    const told = reach !== this.#reach && (reach === 'refused' || this.#reach === 'refused')
    this.#reach = reach
    if (told) page?.tell(reach === 'refused' ? 'offline' : 'online')
  }

  /** Its newest connection, open or not. */
  get link(): MemoryLink | undefined {
    return this.#socket?.link
  }

  /** Whether its process has died. */
  get dead(): boolean {
    return this.#dead
  }

  /** Its process dies, without a word; its machine tells the server that the connection is gone. */
  kill(): void {
    this.#dead = true
    this.clock.kill()
    this.#socket?.link.orphan('client')
  }

  /** Its page ends: it is told, what it has sent or sends now still leaves, and it is gone. */
  unload(): void {
    this.page?.tell('unloading')
    this.#dead = true
    this.clock.kill()
    this.#socket?.link.unload()
  }
}

/** The page in which a client runs. */
class Page implements PageEvents {
  offline = false
  readonly #listeners = new Set<(event: PageEvent) => void>()

  listen(listener: (event: PageEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: PageEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** What a tab keeps from page to page. */
class TabStore implements SessionStore {
  #text: string | undefined

  take(): string | undefined {
    const text = this.#text
    this.#text = undefined
    return text
  }

  put(text: string): void {
    this.#text = text
  }
}

/** Notes the rooms that a client joins. */
function noteRooms(client: JuntoClient, rooms: Set<AnyJoined>): void {
  for (const way of ['open', 'joinOrCreate', 'create', 'joinById', 'joinByCode'] as const) {
    const join: (...given: never[]) => Promise<unknown> = client[way]
    const noted = (...given: never[]): Promise<unknown> => {
      const joining = Reflect.apply(join, client, given) as Promise<AnyJoined>
      joining.then(
        (room) => void rooms.add(room),
        () => {},
      )
      return joining
    }
    Object.defineProperty(client, way, { value: noted })
  }
}
