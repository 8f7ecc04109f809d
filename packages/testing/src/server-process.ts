import type { RandomSource } from '@junto/protocol'
import type { AnyContract } from '@junto/schema'
import {
  JuntoServer,
  Logger,
  MemoryMetrics,
  type Fields,
  type JuntoServerOptions,
  type LogLevel,
  type RoomBase,
  type RoomClass,
  type Store,
} from '@junto/server'
import type { MemoryNetwork, MemoryTransport } from './memory-network.ts'
import { ProcessClock, ProcessStore } from './process.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A line of the server's log. */
export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Fields | undefined
}

/** A room of any contract. */
export type AnyRoom = RoomBase<AnyContract>

/** What a server in a world may be told besides what the world gives it. */
export type WorldServerOptions = Omit<
  JuntoServerOptions,
  'port' | 'host' | 'server' | 'path' | 'transports' | 'clock' | 'random' | 'logger' | 'metrics' | 'store'
>

/** What a {@link ServerProcess} is made from. */
export interface ServerProcessOptions {
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly store: Store
  readonly random: RandomSource
  readonly log: LogLine[]
  readonly options: WorldServerOptions | undefined
}

/** Of what a server counts, what is zero when nobody is there any more. */
const gauges = ['connections', 'sessions_away', 'resume_bytes', 'outbox_bytes']

/** One run of a server: it may end in order, or die. */
export class ServerProcess {
  readonly server: JuntoServer
  readonly metrics = new MemoryMetrics()
  readonly clock: ProcessClock
  /** The rooms that run, by id. */
  readonly rooms = new Map<string, AnyRoom>()
  /** What kept it from listening. */
  failure: Error | undefined
  readonly #store: ProcessStore
  readonly #transport: MemoryTransport

  /** @param define Tells it its rooms. */
  constructor(
    { clock, network, store, random, log, options }: ServerProcessOptions,
    define: (process: ServerProcess) => void,
  ) {
    this.clock = new ProcessClock(clock)
    this.#store = new ProcessStore(store)
    this.#transport = network.transport()
    this.server = new JuntoServer({
      ...options,
      transports: [this.#transport],
      clock: this.clock,
      store: this.#store,
      metrics: this.metrics,
      logger: new LineLogger(log),
      random,
    })
    define(this)
    this.server.listen().catch((error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error))
    })
  }

  /** Whether clients can reach it. */
  get listens(): boolean {
    return this.#transport.url !== undefined
  }

  /** The process dies, without a word and without saving. */
  kill(): void {
    this.clock.kill()
    this.#store.kill()
    this.#transport.kill()
    this.rooms.clear()
  }

  /** The same class of rooms, whose rooms are noted here while they run. */
  watched(room: RoomClass<AnyContract>): RoomClass<AnyContract> {
    return watched(room, this.rooms)
  }

  /**
   * What it still has, when everybody is gone and it has had the time to forget them.
   *
   * @param stays Whether a room is told to stay when nobody is there.
   */
  leftovers(stays: (room: AnyRoom) => boolean): readonly string[] {
    const { server, metrics } = this
    const left: string[] = []
    if (server.connections > 0) left.push(`${server.connections} connections`)
    for (const gauge of gauges) {
      const value = metrics.read(gauge)
      if (value !== 0) left.push(`${gauge} at ${value}`)
    }
    for (const room of this.rooms.values()) if (!stays(room)) left.push(`room ${describeRoom(room)}`)
    return left
  }
}

/** A room's contract and key, or id. */
export function describeRoom(room: AnyRoom): string {
  return `${nameOf(room)} '${room.key ?? room.id}'`
}

/** The name of a room's contract. */
export function nameOf(room: AnyRoom): string {
  return (room.constructor as RoomClass<AnyContract> & { readonly contract: AnyContract }).contract.name
}

function watched(room: RoomClass<AnyContract>, rooms: Map<string, AnyRoom>): RoomClass<AnyContract> {
  class Watched extends room {
    // A field, because a constructor would hide from the server what the class itself wants injected.
    readonly '~noted' = rooms.set(this.id, this)

    override async onDispose(): Promise<void> {
      try {
        await super.onDispose?.()
      } finally {
        rooms.delete(this.id)
      }
    }
  }
  return Object.defineProperty(Watched, 'name', { value: room.name })
}

class LineLogger extends Logger {
  readonly #lines: LogLine[]

  constructor(lines: LogLine[]) {
    super()
    this.#lines = lines
  }

  override debug(message: string, fields?: Fields): void {
    this.#lines.push({ level: 'debug', message, fields })
  }

  override info(message: string, fields?: Fields): void {
    this.#lines.push({ level: 'info', message, fields })
  }

  override warn(message: string, fields?: Fields): void {
    this.#lines.push({ level: 'warn', message, fields })
  }

  override error(message: string, fields?: Fields): void {
    this.#lines.push({ level: 'error', message, fields })
  }
}
