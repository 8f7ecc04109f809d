import { JuntoClient, type JoinedRoom, type JuntoClientOptions, type Warning } from '@junto/client'
import { call, defineRoom, event, stream, t } from '@junto/schema'
import {
  ConsoleLogger,
  JuntoServer,
  MemoryMetrics,
  MemoryStore,
  Room,
  type DefineOptions,
  type JuntoServerOptions,
} from '@junto/server'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../../src/index.ts'

/** A game and a drawing board at once: what busy clients of either send. */
export const Arena = defineRoom('arena', {
  version: 1,
  user: t.Object({ id: t.String() }),
  state: t.Object({ scene: t.String() }),
  clientToServer: {
    moved: event(t.Object({ n: t.Uint32(), x: t.Float32(), y: t.Float32() })),
    pointed: event(t.Object({ n: t.Uint32(), x: t.Float32(), y: t.Float32() }), { delivery: 'latest' }),
    waved: event(t.Object({ n: t.Uint32() }), { delivery: 'volatile' }),
    look: call({ params: t.Object({ n: t.Uint32() }), result: t.Uint32() }),
    render: call({ result: t.Boolean(), limit: { rate: 2, burst: 4 } }),
    shout: event(t.Object({ n: t.Uint32() }), { limit: { rate: 1 } }),
    log: stream({ item: t.Uint32(), limit: { rate: 1, burst: 2 } }),
    placed: event(t.Object({ id: t.String(), n: t.Uint32() }), { delivery: 'latest', key: 'id', limit: { rate: 5 } }),
  },
  serverToClient: { told: event(t.Object({ n: t.Uint32() })) },
})

/** What reached the handlers, by message. */
export class Handled {
  readonly moved: number[] = []
  readonly pointed: number[] = []
  readonly waved: number[] = []
  readonly looked: number[] = []
  readonly shouted: number[] = []
  /** `b7`: what was placed, and its number. */
  readonly placed: string[] = []
  rendered = 0
  logs = 0
}

/** The room's client. */
export type ArenaRoom = JoinedRoom<typeof Arena>

/** A server with arenas and clients, in virtual time. */
export class ArenaWorld {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock, { latency: 25 })
  readonly metrics = new MemoryMetrics()
  readonly lines: string[] = []
  readonly warnings: Warning[] = []
  readonly handled = new Handled()
  readonly server: JuntoServer
  readonly #clients: JuntoClient[] = []

  constructor(options: JuntoServerOptions = {}, define: Partial<DefineOptions<typeof Arena>> = {}) {
    const { clock, metrics, network, handled } = this
    class ArenaOnServer extends Room(Arena) {
      onCreate() {
        return { scene: 'wood' }
      }

      readonly handlers = this.handle({
        moved: ({ n }) => void handled.moved.push(n),
        pointed: ({ n }) => void handled.pointed.push(n),
        waved: ({ n }) => void handled.waved.push(n),
        look: ({ n }) => {
          handled.looked.push(n)
          return n
        },
        render: () => {
          handled.rendered++
          return true
        },
        shout: ({ n }) => void handled.shouted.push(n),
        placed: ({ id, n }) => void handled.placed.push(`${id}${n}`),
        log: async function* () {
          handled.logs++
          yield 1
        },
      })
    }
    this.server = new JuntoServer({
      transports: [network.transport()],
      clock,
      metrics,
      random: new SeededRandom(1),
      store: new MemoryStore(),
      logger: new ConsoleLogger('debug', (line) => this.lines.push(line)),
      ...options,
    })
    this.server.define(Arena, ArenaOnServer, {
      authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
      maxMembers: 10_000,
      ...define,
    })
  }

  /** A client of a user, at an address. */
  client(user: string, remoteAddress = '10.0.0.1', options: Partial<JuntoClientOptions> = {}): JuntoClient {
    const { clock, network } = this
    const client = new JuntoClient({
      url: network.url,
      socket: (url, _subprotocol, events) => network.connect(url, events, { remoteAddress }),
      auth: () => user,
      clock,
      random: new SeededRandom(this.#clients.length + 1),
      onWarning: (warning) => this.warnings.push(warning),
      ...options,
    })
    this.#clients.push(client)
    return client
  }

  /** A client that has joined a room. */
  async join(user: string, key = 'main', remoteAddress?: string): Promise<ArenaRoom> {
    const joining = this.client(user, remoteAddress).open(Arena, { key })
    joining.catch(() => {})
    await this.clock.advance('1s')
    return joining
  }

  /** Does something so many times a second, for so long. */
  async atRate(hertz: number, seconds: number, what: (n: number) => void): Promise<void> {
    for (let n = 0; n < hertz * seconds; n++) {
      what(n)
      await this.clock.advance(1000 / hertz)
    }
  }

  /** What the limits have done to anybody so far. */
  get punished(): Readonly<Record<string, number>> {
    const counters = [
      'messages_refused',
      'floods',
      'frames_refused',
      'joins_refused',
      'reading_paused',
      'connections_closed',
    ]
    const grown = [...this.metrics.entries()].filter(
      ([name, value]) => value > 0 && counters.some((counter) => name.startsWith(counter)),
    )
    return Object.fromEntries(grown)
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.close()
    await this.clock.advance('1s')
    const closing = this.server.close()
    await this.clock.advance('1m')
    await closing
  }
}

/** The numbers from 0 to one below `end`. */
export function numbers(end: number): number[] {
  return Array.from({ length: end }, (_, n) => n)
}
