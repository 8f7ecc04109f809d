import { JuntoClient, type JoinedRoom, type JuntoClientOptions } from '@junto/client'
import type { AnyContract } from '@junto/schema'
import type { MemoryLink, MemorySocket } from './memory-link.ts'
import type { MemoryNetwork, MemoryPeerOptions, Reach } from './memory-network.ts'
import { ProcessClock } from './process.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Options of a client in a world, and of the machine it runs on. */
export type WorldClientOptions = Partial<Omit<JuntoClientOptions, 'url' | 'socket' | 'clock'>> &
  Pick<MemoryPeerOptions, 'origin' | 'remoteAddress'>

/** A room of any contract, as a client has joined it. */
export type AnyJoined = JoinedRoom<AnyContract>

/** A client's process, and its place in the network. */
export class Machine {
  readonly client: JuntoClient
  readonly clock: ProcessClock
  /** The rooms that it ever joined. */
  readonly rooms = new Set<AnyJoined>()
  /** What becomes of its attempts to connect. */
  reach: Reach = 'open'
  #socket: MemorySocket | undefined

  constructor(clock: VirtualClock, network: MemoryNetwork, { origin, remoteAddress, ...options }: WorldClientOptions) {
    this.clock = new ProcessClock(clock)
    this.client = new JuntoClient({
      ...options,
      url: network.url,
      clock: this.clock,
      socket: (url, _subprotocol, events) => {
        this.#socket = network.connect(url, events, { origin, remoteAddress, reach: this.reach })
        return this.#socket
      },
    })
    noteRooms(this.client, this.rooms)
  }

  /** Its newest connection, open or not. */
  get link(): MemoryLink | undefined {
    return this.#socket?.link
  }
}

/** Notes the rooms that a client joins. */
function noteRooms(client: JuntoClient, rooms: Set<AnyJoined>): void {
  for (const way of ['open', 'joinOrCreate', 'create', 'joinById'] as const) {
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
