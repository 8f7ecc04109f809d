import { listenColyseus, loadColyseusServer, type ColyseusServer, type TransportName } from '../colyseus.ts'
import type { Part } from '../harness.ts'
import { importPeer } from '../peers.ts'
import { run, startOf, type Held, type Rules, type Runner } from './contract.ts'
import { sampling, type Entered, type PeerModule, type Place, type Player, type Program } from './peer.ts'

// Colyseus as its documentation of inputs and fixed time steps has it: inputs have a schema and wait for the step, in which each entity takes
// its own; patches have an interval of their own. filterBy makes clients that name the same room meet, and both sides share the classes of the
// state and of the input. The clients are its SDK, which does not decode the state in those that only load the server. The rest is as it comes.

/** How coordinates travel. Of its quantized ones 16 bits are the least that suffices: steps of 0.03. */
export type Coordinates = 'float32' | 'quantized'

// What is used of it. Its packages are not installed with this repository: see ../peers.ts.

/** peers/colyseus/server.js */
interface ColyseusGameServer extends ColyseusSchema, Pick<ColyseusServer, 'defineServer' | 'WebSocketTransport'> {
  readonly Encoder: { BUFFER_SIZE: number }
  readonly Room: new () => Room
  readonly defineRoom: (room: new () => Room) => { filterBy(options: readonly string[]): object }
}

interface Room {
  maxClients: number
  /** Milliseconds. */
  patchRate: number
  state: object
  /** Inputs of each session wait for the step. */
  defineInput<I extends object>(type: new () => I): { get(session: string): Iterable<I> }
  setFixedTimestep(step: (context: { readonly dtMs: number }) => void, rate: number): void
}

/** peers/colyseus/client.js */
interface ColyseusClient extends ColyseusSchema {
  readonly Client: new (url: string) => {
    joinOrCreate<T>(room: string, options: object, state: new () => T): Promise<JoinedRoom<T>>
  }
}

interface JoinedRoom<T> {
  /** What decodes the state and its patches. */
  readonly serializer: { setState(): void; patch(): void }
  readonly connection: { readonly events: { onmessage: (event: { readonly data: ArrayBuffer }) => void } }
  /** Called when the state has come or changed. */
  readonly onStateChange: (callback: (state: T) => void) => void
  input<I>(options: { readonly type: new () => I }): { readonly data: I; send(): void }
  leave(): Promise<unknown>
}

interface ColyseusSchema {
  readonly schema: <T extends object>(
    fields: Readonly<Record<string, Field>>,
    name: string,
  ) => new () => T & { assign(values: Partial<T>): T }
  /** Types of fields. */
  readonly t: {
    readonly [type in 'float32' | 'int8' | 'uint16']: () => Field
  } & {
    quantized(options: { readonly min: number; readonly max: number; readonly bits: number }): Field
    angle(): Field
    map(type: unknown): Field
  }
}

type Field = object
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface State {
  readonly players: Iterable<[string, Runner]> & {
    set(id: string, runner: Runner): unknown
    delete(id: string): unknown
  }
  mark: number
}

/** The classes of state and input, which server and client share. */
function define({ schema, t }: ColyseusSchema, coordinates: Coordinates) {
  const isExact = coordinates === 'float32'
  const coordinate = () => (isExact ? t.float32() : t.quantized({ min: -1_000, max: 1_000, bits: 16 }))
  const angle = () => (isExact ? t.float32() : t.angle())
  const RunnerSchema = schema<Runner>({ x: coordinate(), y: coordinate(), aim: angle() }, 'Runner')
  return {
    RunnerSchema,
    StateSchema: schema<State>({ players: t.map(RunnerSchema), mark: t.uint16() }, 'State'),
    HeldSchema: schema<Mutable<Held>>({ dx: t.int8(), dy: t.int8(), aim: angle(), mark: t.uint16() }, 'Held'),
  }
}

/** The peer with coordinates of that kind, on that transport. */
export function colyseus(coordinates: Coordinates, transport: TransportName): PeerModule {
  let loaded: ReturnType<typeof load> | undefined

  async function load() {
    const library = await importPeer<ColyseusClient>('colyseus', 'client.js')
    return { Client: library.Client, ...define(library, coordinates) }
  }

  async function join({ port, room }: Place) {
    const { Client, StateSchema, HeldSchema } = await (loaded ??= load())
    const joined = await new Client(`ws://127.0.0.1:${port}`).joinOrCreate('game', { room }, StateSchema)
    const input = joined.input({ type: HeldSchema })
    const player: Player = {
      send(_seq, { dx, dy, aim, mark }) {
        const { data } = input
        data.dx = dx
        data.dy = dy
        data.aim = aim
        data.mark = mark
        input.send()
      },
      close: () => void joined.leave(),
    }
    return { joined, player }
  }

  return {
    serve: (rules) => serve(rules, coordinates, transport),
    async play(place: Place, received: (bytes: number) => void): Promise<Player> {
      const { joined, player } = await join(place)
      // As all who load a server here: what comes is counted, not decoded.
      joined.serializer.setState = joined.serializer.patch = () => {}
      const { events } = joined.connection
      const { onmessage } = events
      events.onmessage = (event) => {
        received(event.data.byteLength)
        onmessage(event)
      }
      return player
    },
    async enter(place: Place, program: Program): Promise<Entered> {
      const { joined, player } = await join(place)
      joined.onStateChange(({ mark }) => program.seen(mark))
      return sampling(place, program, player)
    },
  }
}

async function serve(
  { game, tickRate, patchRate }: Rules,
  coordinates: Coordinates,
  transport: TransportName,
): Promise<Part> {
  const library = await loadColyseusServer<ColyseusGameServer>()
  const { RunnerSchema, StateSchema, HeldSchema } = define(library, coordinates)
  // As it advises where a state is larger than its buffer: otherwise it would encode twice, and warn each time.
  library.Encoder.BUFFER_SIZE = 128 * 1024
  let ticks = 0
  let applied = 0
  let joinedSoFar = 0

  class GameRoom extends library.Room {
    override maxClients = 2_000
    override patchRate = 1_000 / patchRate
    override state = new StateSchema()
    readonly inputs = this.defineInput(HeldSchema)

    onCreate(): void {
      this.setFixedTimestep(({ dtMs }) => this.step(dtMs), tickRate)
    }

    onJoin({ sessionId }: { sessionId: string }): void {
      this.state.players.set(sessionId, new RunnerSchema().assign(startOf(joinedSoFar++)))
    }

    onLeave({ sessionId }: { sessionId: string }): void {
      this.state.players.delete(sessionId)
    }

    private step(dt: number): void {
      ticks++
      for (const [session, runner] of this.state.players) {
        for (const held of this.inputs.get(session)) {
          run(game, runner, held, dt)
          if (held.mark !== 0) this.state.mark = held.mark
          applied++
        }
      }
    }
  }

  const rooms = { game: library.defineRoom(GameRoom).filterBy(['room']) }
  const { port, close } = await listenColyseus(library, transport, rooms)
  return { ready: port, counters: () => ({ ticks, applied }), close }
}
