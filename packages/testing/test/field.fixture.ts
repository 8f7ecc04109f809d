import { JuntoClient, type JoinedRoom, type OpenSocket } from '@junto/client'
import { call, defineRoom, event, t } from '@junto/schema'
import {
  JuntoServer,
  MemoryMetrics,
  MemoryStore,
  Room,
  SilentLogger,
  type Acceptor,
  type Connection,
  type RoomClass,
  type Transport,
} from '@junto/server'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../src/index.ts'

/** A game with many units, all of which move all the time, and a text that may be large. */
export const Field = defineRoom('field', {
  version: 1,
  state: t.Object({
    tick: t.Uint32(),
    units: t.Map(t.Object({ name: t.String(), x: t.Number(), y: t.Float32(), hp: t.Uint8() })),
    pages: t.Map(t.String()),
  }),
  clientToServer: {
    touch: call({ params: t.Object({ unit: t.String() }), result: t.Uint32() }),
    shout: event(t.Object({ text: t.String() })),
  },
  serverToClient: { shouted: event(t.Object({ text: t.String(), tick: t.Uint32() })) },
})

export type FieldClient = JoinedRoom<typeof Field>

/** How many there are of what. */
export interface FieldSize {
  readonly units: number
  /** Bytes of text, in pages of 50,000. */
  readonly text?: number
}

/** The room, moved by the test. */
export interface FieldRoom {
  /** Moves every unit. */
  step(): void
  readonly state: { readonly tick: number }
}

/** A room class, and the rooms that were made of it. */
export function fieldRooms({ units, text = 0 }: FieldSize): { rooms: FieldRoom[]; Rooms: RoomClass<typeof Field> } {
  const rooms: FieldRoom[] = []
  class Rooms extends Room(Field) implements FieldRoom {
    constructor() {
      super()
      rooms.push(this)
    }

    onCreate() {
      return {
        tick: 0,
        units: Object.fromEntries(
          Array.from({ length: units }, (_, n) => [`u${n}`, { name: `unit ${n}`, x: n, y: -n, hp: 100 }]),
        ),
        pages: Object.fromEntries(
          Array.from({ length: text / 50_000 }, (_, n) => [`p${n}`, String(n).padStart(5, '0').repeat(10_000)]),
        ),
      }
    }

    step(): void {
      const tick = ++this.state.tick
      for (const unit of this.state.units.values()) {
        unit.x += 0.625
        unit.y = Math.fround(tick * 1.5)
      }
    }

    readonly handlers = this.handle({
      touch: ({ unit }) => {
        const touched = this.state.units.get(unit)
        if (touched !== undefined) touched.hp = (touched.hp + 1) % 200
        return this.state.tick
      },
      shout: ({ text: words }) => this.broadcast.shouted({ text: words, tick: this.state.tick }),
    })
  }
  return { rooms, Rooms }
}

/** Everything that was given to the sockets of a transport, with copies of how it was then. */
export class Recording {
  readonly #given: (readonly [message: Uint8Array, copy: Uint8Array])[] = []

  /** A transport that records what is sent over another one. */
  over(transport: Transport): Transport {
    return {
      get url() {
        return transport.url
      },
      listen: (acceptor) => transport.listen(this.#recording(acceptor)),
      close: () => transport.close(),
    }
  }

  get messages(): number {
    return this.#given.length
  }

  get bytes(): number {
    return this.#given.reduce((sum, [message]) => sum + message.length, 0)
  }

  /** How many of the messages are not what they were when they were given. */
  get changed(): number {
    return this.#given.filter(([message, copy]) => Buffer.compare(message, copy) !== 0).length
  }

  #recording(acceptor: Acceptor): Acceptor {
    const given = this.#given
    return {
      admit: (arrival) => acceptor.admit(arrival),
      turnedAway: (reason) => acceptor.turnedAway(reason),
      accept(connection) {
        const recorded: Connection = {
          remoteAddress: connection.remoteAddress,
          origin: connection.origin,
          get bufferedAmount() {
            return connection.bufferedAmount
          },
          send(message) {
            given.push([message, message.slice()])
            connection.send(message)
          },
          ping: (message) => {
            if (message !== undefined) given.push([message, message.slice()])
            connection.ping(message)
          },
          close: (code, reason) => connection.close(code, reason),
          terminate: () => connection.terminate(),
          pause: () => connection.pause(),
          resume: () => connection.resume(),
        }
        return acceptor.accept(recorded)
      },
    }
  }
}

/** A server with a field and its clients, in virtual time. */
export class FieldWorld {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly metrics = new MemoryMetrics()
  readonly recording = new Recording()
  readonly server: JuntoServer
  readonly #rooms: FieldRoom[]
  readonly #clients: JuntoClient[] = []
  /** What clients warned of. */
  readonly warnings: string[] = []

  constructor(size: FieldSize, rates: { patchRate?: number } = {}) {
    const { rooms, Rooms } = fieldRooms(size)
    this.#rooms = rooms
    this.server = new JuntoServer({
      transports: [this.recording.over(this.network.transport())],
      clock: this.clock,
      random: new SeededRandom(1),
      store: new MemoryStore(),
      metrics: this.metrics,
      logger: new SilentLogger(),
    })
    this.server.define(Field, Rooms, rates)
  }

  get room(): FieldRoom {
    const [room] = this.#rooms
    if (room === undefined) throw new Error('nobody has opened the room')
    return room
  }

  async enter(): Promise<FieldClient> {
    return this.settled(this.begin())
  }

  /** Begins to join. */
  begin(socket: OpenSocket = this.network.socket): Promise<FieldClient> {
    const client = new JuntoClient({
      url: this.network.url,
      socket,
      clock: this.clock,
      random: new SeededRandom(this.#clients.length + 2),
      onWarning: ({ message }) => this.warnings.push(message),
    })
    this.#clients.push(client)
    return client.open(Field, { key: 'main' })
  }

  async settled<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {})
    await this.clock.settle()
    return promise
  }

  read(metric: string): number {
    return this.metrics.read(metric, { room: 'field' })
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.close()
    const closing = this.server.close()
    await this.clock.advance('20s')
    await closing
  }
}
