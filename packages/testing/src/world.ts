import type { JuntoClient, PageEvent, Warning } from '@junto/client'
import { JuntoError } from '@junto/protocol'
import type { AnyContract } from '@junto/schema'
import {
  MemoryStore,
  type DefineArguments,
  type JuntoServer,
  type MemoryMetrics,
  type RoomBase,
  type RoomClass,
  type Store,
} from '@junto/server'
import { RunningBot, type Bot, type BotProgram } from './bot.ts'
import { History } from './history.ts'
import { Machine, type AnyJoined, type WorldClientOptions } from './machine.ts'
import { MemoryNetwork } from './memory-network.ts'
import type { MemoryNetworkOptions } from './memory-pipe.ts'
import { mirrorDifference } from './mirror-difference.ts'
import { callingFile, replayCommand } from './runs.ts'
import { SeededRandom } from './seeded-random.ts'
import {
  describeRoom,
  nameOf,
  ServerProcess,
  type AnyRoom,
  type LogLine,
  type WorldServerOptions,
} from './server-process.ts'
import { milliseconds, VirtualClock } from './virtual-clock.ts'

/** Contracts with the classes of their rooms, and what `define` takes besides: `[[Board, BoardRoom], [Lobby, LobbyRoom, { … }]]`. */
export type WorldRooms<C extends readonly AnyContract[]> = {
  readonly [I in keyof C]: readonly [contract: C[I], room: RoomClass<NoInfer<C[I]>>, ...DefineArguments<C[I]>]
}

/** What a {@link World} is made from. */
export interface WorldOptions<C extends readonly AnyContract[]> {
  /** Any whole number. The same seed, and the same calls, give the same history. Default: 1. */
  readonly seed?: number
  /** The rooms that the server has. */
  readonly rooms: WorldRooms<C>
  /** What the network is like. Default: no latency, and no faults. */
  readonly network?: MemoryNetworkOptions
  /** Other options of the server: `limits`, for one. */
  readonly server?: WorldServerOptions
  /** Where rooms are saved. Default: memory. */
  readonly store?: Store
  /** The command that runs this again, for the errors of {@link World.check}. Default: that of the test's file, with `JUNTO_SEED`. */
  readonly command?: string
}

/** Longer than anything in a server waits: after so long it has forgotten whoever is gone. */
const longest = '10m'

/** What pages show ahead of a room that ticks is in its state after so long: inputs have come by then, and ticks and patches that wait for them. */
const untilConfirmed = '1s'

/**
 * A server with rooms, and any number of clients, in memory and in virtual time:
 *
 * ```ts
 * import { createWorld } from '@junto/testing'
 * import type { RoomClass } from '@junto/server'
 * import { Poll } from './contract.ts'
 *
 * declare const PollRoom: RoomClass<typeof Poll>
 *
 * const world = createWorld({ seed: 1, rooms: [[Poll, PollRoom]] })
 * const ada = world.client()
 * const poll = await world.until(ada.open(Poll, { key: 'lunch', join: { name: 'Ada' } }))
 * world.cut(ada)
 * await world.advance('5s')
 * console.log(poll.status.value.state) // joined, again
 * await world.end()
 * ```
 *
 * The server listens already.
 */
export function createWorld<const C extends readonly AnyContract[]>(options: WorldOptions<C>): World {
  return new World(options)
}

/** See {@link createWorld}. */
export class World implements AsyncDisposable {
  readonly seed: number
  readonly clock = new VirtualClock()
  /** Draws for the test. Servers, clients and bots have sources of their own. */
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  /** Where rooms are saved; it outlives servers. */
  readonly store: Store
  /** What the server logged, whichever it was. */
  readonly log: LogLine[] = []
  /** What clients warned of. */
  readonly warnings: Warning[] = []
  /** What programs and rooms record in it is looked at by {@link check}. */
  readonly history = new History()
  readonly #options: WorldOptions<readonly AnyContract[]>
  readonly #contracts = new Map<string, AnyContract>()
  readonly #machines = new Map<JuntoClient, Machine>()
  readonly #bots: RunningBot[] = []
  #running: ServerProcess
  #seeds: number
  /** What {@link until} waits for now, or waited for last. */
  #waiting: Promise<void> = Promise.resolve()

  /** @internal */
  constructor(options: WorldOptions<readonly AnyContract[]>) {
    const { seed = 1, rooms, network, store } = options
    if (!Number.isSafeInteger(seed))
      throw new JuntoError('misuse', `the seed of a world is a whole number, not ${seed}`)
    checkRooms(rooms)
    this.seed = seed
    this.#seeds = seed * 1000
    this.#options = options
    this.random = this.#source()
    this.network = new MemoryNetwork(this.clock, { random: this.#source(), ...network })
    this.store = store ?? new MemoryStore()
    for (const [contract] of rooms) this.#contracts.set(contract.name, contract)
    this.#running = this.#serve()
  }

  /** The server that runs now, or ran last. */
  get server(): JuntoServer {
    return this.#running.server
  }

  /** What that server counts. */
  get metrics(): MemoryMetrics {
    return this.#running.metrics
  }

  /** All clients, in the order in which they were made. */
  get clients(): readonly JuntoClient[] {
    return [...this.#machines.keys()]
  }

  /** A client of the server, on a machine of its own. It connects with the first room that it joins. */
  client(options: WorldClientOptions = {}): JuntoClient {
    const machine = new Machine(this.clock, this.network, {
      random: this.#source(),
      onWarning: (warning) => this.warnings.push(warning),
      ...options,
    })
    this.#machines.set(machine.client, machine)
    return machine.client
  }

  /** A client with a program that runs by itself while time passes. */
  bot(name: string, program: BotProgram, options?: WorldClientOptions): Bot {
    const bot = new RunningBot(name, this.client(options), this.#source(), this.clock, program)
    this.#bots.push(bot)
    return bot
  }

  /**
   * The running room of a class and a key, for rooms without a key of a class and an id: `world.room(BoardRoom, 'a')`. By a contract
   * instead of a class it is what all rooms of that contract are.
   *
   * @throws JuntoError `misuse` when there is none.
   */
  room<R extends object>(room: abstract new (...given: never[]) => R, keyOrId: string): R
  room<T extends AnyContract>(contract: T, keyOrId: string): RoomBase<T>
  room(wanted: AnyContract | (abstract new (...given: never[]) => object), keyOrId: string): object {
    const fits = (room: AnyRoom): boolean =>
      typeof wanted === 'function' ? room instanceof wanted : nameOf(room) === wanted.name
    for (const [id, room] of this.#running.rooms)
      if (fits(room) && (room.key === keyOrId || id === keyOrId)) return room
    const known = [...this.#running.rooms.values()].map(describeRoom)
    throw new JuntoError(
      'misuse',
      `no room ${wanted.name} '${keyOrId}' runs now; there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}`,
    )
  }

  /** Lets time pass; see {@link VirtualClock.advance}. */
  async advance(duration: number | string): Promise<void> {
    await this.clock.advance(duration)
    if (this.#running.failure !== undefined) throw this.#running.failure
  }

  /** Runs what is due now and everything that hangs on it, while no time passes. */
  settle(): Promise<void> {
    return this.advance(0)
  }

  /**
   * Lets time pass until a promise settles, and no longer.
   *
   * @param within How long that may take. Default: one minute.
   * @returns what it resolves to.
   * @throws what it rejects with; JuntoError `timeout`, with the seed, when it takes longer, or nothing is left that it could wait for.
   *   The stack of either has the line that waits.
   */
  until<V>(promise: Promise<V>, within: number | string = '1m'): Promise<V> {
    // Made here, where the stack still has the line that waits.
    const { stack } = new Error()
    // It may reject before its turn comes.
    promise.catch(nothing)
    // Several may be waited for at once: each has its turn.
    const turn = this.#waiting.then(() => this.#until(promise, within, stack))
    this.#waiting = turn.then(nothing, nothing)
    return turn
  }

  async #until<V>(promise: Promise<V>, within: number | string, asked: string | undefined): Promise<V> {
    let settled = false
    const settle = (): void => void (settled = true)
    promise.then(settle, settle)
    const end = this.clock.now() + milliseconds(within)
    await this.settle()
    while (!settled) {
      const next = this.clock.nextAt
      if (next === undefined || next > end) {
        await this.advance(Math.max(0, end - this.clock.now()))
        if (settled) break
        const why = next === undefined ? 'nothing that it could wait for is under way' : `${String(within)} have passed`
        const what = `what is waited for did not happen: ${why}`
        throw withLines(new JuntoError('timeout', this.#told(what, callingFile(asked))), asked)
      }
      await this.advance(Math.max(0, next - this.clock.now()))
    }
    try {
      return await promise
    } catch (error) {
      throw error instanceof Error ? withLines(error, asked) : error
    }
  }

  /** Breaks a client's connection. What is under way is lost, and both ends see 1006. The client may come back at once. */
  cut(client: JuntoClient): void {
    this.#machine(client).link?.cut()
  }

  /** Nothing passes any more on a client's connection, in either direction, and nobody is told, until {@link flow}. */
  stall(client: JuntoClient): void {
    this.#machine(client).link?.stall()
  }

  /** Ends a {@link stall}. */
  flow(client: JuntoClient): void {
    this.#machine(client).link?.flow()
  }

  /** Breaks a client's connection so that one end does not notice: `believer` finds out by itself. The other one sees 1006. */
  halfOpen(client: JuntoClient, believer: 'client' | 'server' = 'server'): void {
    this.#machine(client).link?.halfOpen(believer)
  }

  /**
   * A client reads no more than so many bytes a second, on the connection that it has now.
   *
   * @param rate `Infinity` ends it.
   */
  slow(client: JuntoClient, rate: number): void {
    if (!(rate > 0)) throw new JuntoError('misuse', `a rate is bytes a second, above 0, not ${rate}: stall() stops all`)
    const link = this.#machine(client).link
    if (link !== undefined) link.down.rate = rate
  }

  /** Takes the network from a client: its connection breaks, the server is told nothing, attempts fail until {@link online}. */
  offline(client: JuntoClient): void {
    this.#machine(client).reach = 'refused'
    this.halfOpen(client)
  }

  /** Gives it back. A page is told, as by {@link offline}; another program comes back with its next attempt. */
  online(client: JuntoClient): void {
    this.#machine(client).reach = 'open'
  }

  /** The process of a client dies, without a word; the server sees that its connection is gone. */
  crash(client: JuntoClient): void {
    this.#machine(client).kill()
  }

  /**
   * A page is loaded again: the client is told that its page ends, then it is gone. What it keeps in the tab (`keepSession: true`) stays.
   *
   * @returns the client of the new page, with the same options. Its rooms have to be opened as before.
   * @throws JuntoError `misuse` for a client without a page: nothing would tell it of the end.
   */
  reload(client: JuntoClient): JuntoClient {
    const machine = this.#machine(client)
    if (machine.page === undefined) {
      throw new JuntoError(
        'misuse',
        'only a page can be loaded again: make the client with world.client({ page: true }), or crash() it and make another',
      )
    }
    machine.unload()
    return this.client(machine.options)
  }

  /** Something happens to the page of a client: it is hidden, for one. Nothing, for a client without `page: true`. */
  page(client: JuntoClient, event: PageEvent): void {
    this.#machine(client).page?.tell(event)
  }

  /** The server ends in order, and another one goes on from what was saved. Lets the time pass that this takes. */
  async restart(): Promise<void> {
    await this.close()
    this.serve()
  }

  /** The server ends in order. Lets the time pass that this takes. */
  async close(): Promise<void> {
    await this.until(this.#running.server.close(), longest)
  }

  /** The server's process dies, without a word and without saving; its machine tells the clients that they lost it. */
  kill(): void {
    this.#running.kill()
  }

  /** Another server begins, in the place of one that was closed or killed. */
  serve(): void {
    if (this.#running.listens) {
      throw new JuntoError('misuse', 'a server is running already: close() or kill() it first')
    }
    this.#running = this.#serve()
  }

  /**
   * Looks whether everything is as it should be. To be called when nothing is under way: behind an {@link advance} that is longer than
   * messages take.
   *
   * - What each joined client has of a room is what its member may see of the room's state.
   * - What the {@link history} holds is what was promised.
   * - No bot has failed.
   *
   * @throws Error that names all that is not, and the seed.
   */
  check(): void {
    this.#fail(this.#faults())
  }

  /**
   * Ends everything, and looks whether all is as it should be: what {@link check} looks at, and that nothing is left (no connection, session,
   * room or byte on the server when all clients are gone; no timer when it has closed as well).
   *
   * Where a room ticks, inputs may be under way that clients show already: it waits up to a second until these are confirmed.
   *
   * @throws Error that names all that is not, and the seed.
   */
  async end(): Promise<void> {
    for (const bot of this.#bots) bot.stop()
    for (const { client, dead } of this.#machines.values()) {
      if (dead) continue
      this.online(client)
      this.flow(client)
      this.slow(client, Infinity)
    }
    await this.settle()
    await this.#confirmed()
    const faults = [...this.#faults()]
    for (const { client, dead } of this.#machines.values()) if (!dead) await client.close()
    faults.push(...(await this.#emptied()))
    if (this.#running.listens) await this.close()
    // The other half of a closing may be on its way.
    await this.advance('1m')
    faults.push(...this.#leftTimers())
    this.#fail(faults)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }

  /** Lets time pass until the mirrors of rooms that tick are right, as long as that can be because of inputs that are under way. */
  async #confirmed(): Promise<void> {
    const end = this.clock.now() + milliseconds(untilConfirmed)
    const isAhead = (): boolean =>
      this.#joined().some(
        ({ joined }) => this.#optionsOf(joined.name)?.tickRate !== undefined && this.#faultOf(joined) !== undefined,
      )
    for (let next = this.clock.nextAt; next !== undefined && next <= end && isAhead(); next = this.clock.nextAt) {
      await this.advance(Math.max(0, next - this.clock.now()))
    }
  }

  /** The rooms that clients are in, with the number of the client. */
  #joined(): readonly { readonly client: number; readonly joined: AnyJoined }[] {
    return [...this.#machines.values()].flatMap(({ rooms, dead }, index) =>
      [...rooms]
        .filter(({ status }) => !dead && status.value.state === 'joined')
        .map((joined) => ({ client: index + 1, joined })),
    )
  }

  #faults(): readonly string[] {
    const faults: string[] = []
    for (const { client, joined } of this.#joined()) {
      const found = this.#faultOf(joined)
      if (found !== undefined)
        faults.push(`client ${client}, room ${joined.name} '${joined.key ?? joined.id}': ${found}`)
    }
    for (const { name, failure } of this.#bots) {
      if (failure !== undefined) faults.push(`bot '${name}' failed: ${told(failure.error)}`)
    }
    return [...faults, ...this.history.faults()]
  }

  #faultOf(joined: AnyJoined): string | undefined {
    const contract = this.#contracts.get(joined.name)
    const room = this.#running.rooms.get(joined.id)
    if (contract === undefined || room === undefined) return 'the client has joined it, and it does not run'
    const member = room.members.get(joined.memberId)
    if (member === undefined) return `the client has joined it, and is no member of it (${joined.memberId})`
    return mirrorDifference(contract, room.state, member, joined.state)
  }

  /** Lets time pass until the server has forgotten everybody; tells what it has not. */
  async #emptied(): Promise<readonly string[]> {
    if (!this.#running.listens) return []
    const left = (): readonly string[] => this.#running.leftovers((room) => this.#staysEmpty(room))
    const end = this.clock.now() + milliseconds(longest)
    await this.settle()
    while (left().length > 0) {
      const next = this.clock.nextAt
      if (next === undefined || next > end)
        return [`when all clients were gone, the server still had ${left().join(', ')}`]
      await this.advance(Math.max(0, next - this.clock.now()))
    }
    return []
  }

  /** Whether a room is told to stay when nobody is there. */
  #staysEmpty(room: AnyRoom): boolean {
    return this.#optionsOf(nameOf(room))?.disposeAfter === Infinity
  }

  /** What rooms of that name are defined with. */
  #optionsOf(name: string | undefined): DefineArguments<AnyContract>[0] | undefined {
    return this.#options.rooms.find(([contract]) => contract.name === name)?.[2]
  }

  #leftTimers(): readonly string[] {
    const faults: string[] = []
    const tell = (who: string, { pendingTimers: count }: { readonly pendingTimers: number }): void => {
      if (count > 0) faults.push(`${count === 1 ? '1 timer is' : `${count} timers are`} left of ${who}`)
    }
    tell('the server', this.#running.clock)
    for (const [index, { clock }] of [...this.#machines.values()].entries()) tell(`client ${index + 1}`, clock)
    if (faults.length === 0) tell('the test or the network', this.clock)
    return faults
  }

  #fail(faults: readonly string[]): void {
    if (faults.length === 0) return
    throw new Error(this.#told(`\n- ${faults.join('\n- ')}`, callingFile()))
  }

  /** What is wrong, with the seed, and the command that plays it again. */
  #told(what: string, file: string | undefined): string {
    const where = `In the world of seed ${this.seed}, at ${this.clock.now()} ms:`
    const command = this.#options.command ?? replayCommand(this.seed, file)
    return `${where}${what.startsWith('\n') ? '' : ' '}${what}\n\nOnce more: ${command}`
  }

  #machine(client: JuntoClient): Machine {
    const machine = this.#machines.get(client)
    if (machine === undefined)
      throw new JuntoError('misuse', 'that client is not of this world: make it with world.client()')
    return machine
  }

  #serve(): ServerProcess {
    const { clock, network, store, log } = this
    const { server: options, rooms } = this.#options
    return new ServerProcess({ clock, network, store, log, random: this.#source(), options }, (process) => {
      for (const [contract, room, ...settings] of rooms) {
        process.server.define(contract, process.watched(room), ...settings)
      }
    })
  }

  #source(): SeededRandom {
    return new SeededRandom(this.#seeds++)
  }
}

function nothing(): void {}

/** The same error; its stack also has that of whoever waited for it, but for `until` itself. */
function withLines<E extends Error>(error: E, asked: string | undefined): E {
  const lines = asked?.split('\n').slice(2).join('\n')
  if (lines !== undefined && error.stack?.includes(lines) === false) error.stack = `${error.stack}\n${lines}`
  return error
}

/** What JavaScript lets anybody write. */
function checkRooms(rooms: unknown): void {
  const example = 'rooms: [[Contract, RoomClass]]'
  if (!Array.isArray(rooms)) throw new JuntoError('misuse', `the rooms of a world are a list: write ${example}`)
  if (rooms.length === 0) throw new JuntoError('misuse', `a world needs rooms: ${example}`)
  const given: readonly unknown[] = rooms
  for (const [index, entry] of given.entries()) {
    const pair: readonly unknown[] = Array.isArray(entry) ? entry : []
    const [contract, room] = pair
    if (typeof contract === 'object' && contract !== null && 'shape' in contract && typeof room === 'function') continue
    throw new JuntoError(
      'misuse',
      `rooms[${index}] of the world is no list of a contract and the class of its rooms: write ${example}`,
    )
  }
}

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
