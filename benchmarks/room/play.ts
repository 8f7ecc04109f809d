import { setTimeout as sleep } from 'node:timers/promises'
import { between, withWorkers, type Worker } from '../harness.ts'
import type { Rules } from './contract.ts'
import type { Arrivals, LoadSettings } from './load.ts'
import type { LoopDelay, ServeSettings } from './server.ts'

/** A game with so many players, for so long. */
export interface Session {
  /** The module in peers/. */
  readonly peer: string
  readonly rules: Rules
  readonly clients: number
  /** All are in one room when absent. */
  readonly perRoom?: number
  /** Inputs that each client sends a second; as many as there are ticks when absent. */
  readonly inputRate?: number
  /** Two of the players are programs, and how long the one's inputs take to the other is measured. */
  readonly paired: boolean
  /** Times are in ms. */
  readonly warmUp: number
  readonly window: number
  /** What a peer sends that encodes nothing, in bytes. */
  readonly patchSize: number | undefined
  /** The file for a CPU profile of the server, when it is wanted. */
  readonly profile: string | undefined
}

/** What one window showed. */
export interface Taken {
  /** Shares of a core. That of the load is the one of its busier process. */
  readonly server: number
  readonly load: number
  /** CPU time of the server in a second, and in a tick of a room, in µs. */
  readonly cpu: number
  readonly perTick: number
  /** Messages that the clients got in a second, all together. */
  readonly messages: number
  /** What a client got in a second, and in a message, on average. */
  readonly bytes: number
  readonly messageSize: number
  /** From one program's input to the other's copy of the state, each in ms; empty without them. */
  readonly latencies: readonly number[]
  readonly loopDelay: LoopDelay
  /** By how many ms ticks were late; empty where that is not known. */
  readonly late: readonly number[]
}

/** Until clients and inputs come evenly. */
const settling = 200

/** Plays in fresh processes: a server, the clients that load it, and the two programs. */
export async function play(session: Session): Promise<Taken> {
  return withWorkers(async (start) => {
    const table = await Table.open(start, session)
    await table.seat(session.paired ? session.clients - 2 : session.clients, session.perRoom ?? Infinity)
    await table.warmUp(session.warmUp / 5)
    // What the two know of their lines, they have learnt by the time that counts, and not of a server that is just being compiled.
    if (session.paired) await table.addPair(start)
    await table.warmUp((session.warmUp * 4) / 5)
    if (session.patchSize !== undefined) await table.resize(session.patchSize)
    return table.server.profiled(session.profile, () => table.take(session.window))
  })
}

const at = (file: string): URL => new URL(`./${file}.ts`, import.meta.url)

type Start = Parameters<Parameters<typeof withWorkers>[0]>[0]

/** Processes in which a game is played. */
export class Table {
  readonly server: Worker
  readonly #settings: LoadSettings
  readonly #load: Worker
  #pair: Worker | undefined
  #clients = 0
  #perRoom = Infinity

  static async open(start: Start, session: Pick<Session, 'peer' | 'rules' | 'inputRate'>): Promise<Table> {
    const { peer, rules, inputRate } = session
    const served: ServeSettings = { peer, rules }
    const server = await start({ module: at('server'), role: 'serve', settings: served })
    const settings: LoadSettings = { peer, port: Number(server.ready), rules, inputRate }
    return new Table(settings, server, await start({ module: at('load'), role: 'load', settings }))
  }

  private constructor(settings: LoadSettings, server: Worker, load: Worker) {
    this.#settings = settings
    this.server = server
    this.#load = load
  }

  /** Adds clients until there are so many. */
  async seat(clients: number, perRoom: number): Promise<void> {
    this.#clients = clients
    this.#perRoom = perRoom
    await this.#load.command('arrive', { clients, perRoom } satisfies Arrivals)
  }

  /** Two programs come into the first room. */
  async addPair(start: Start): Promise<void> {
    this.#pair = await start({ module: at('pair'), role: 'pair', settings: this.#settings })
  }

  /** Plays for so long before anything is measured: code is compiled by then. */
  async warmUp(length: number): Promise<void> {
    await this.#load.command('begin')
    await sleep(length)
    await this.#load.command('end')
  }

  /** Where the peer encodes nothing, it sends so many bytes from now on. Others have no such command. */
  async resize(bytes: number): Promise<void> {
    if (this.#settings.peer === 'raw-ws') await this.server.command('size', Math.round(bytes))
  }

  /** Plays for so long, and looks. */
  async take(length: number): Promise<Taken> {
    const { server } = this
    const [load, pair] = [this.#load, this.#pair]
    await load.command('begin')
    await sleep(settling)
    if (this.#tellsLateness) await server.command('late')
    await server.command('loopDelay')
    await pair?.command('begin')
    const all = [server, load, ...(pair ? [pair] : [])]
    const before = await Promise.all(all.map((worker) => worker.sample()))
    await sleep(length)
    const after = await Promise.all(all.map((worker) => worker.sample()))
    // These and the pair are of this folder.
    const loopDelay = (await server.command('loopDelay')) as LoopDelay
    const late = this.#tellsLateness ? ((await server.command('late')) as number[]) : []
    const latencies = pair === undefined ? [] : ((await pair.command('end')) as number[])
    await load.command('end')
    const [served, ...loaded] = all.map((_, n) => between(before[n]!, after[n]!))
    const seconds = (after[0]!.time - before[0]!.time) / 1000
    const { ticks = 0, applied } = served!.counters
    const { received = 0, bytes = 0, sent = 0 } = loaded[0]!.counters
    this.#check({ ticks, applied, received, sent, seconds })
    return {
      server: served!.share,
      load: Math.max(...loaded.map(({ share }) => share)),
      cpu: served!.cpu / seconds,
      perTick: served!.cpu / ticks,
      messages: received / seconds,
      bytes: bytes / this.#clients / seconds,
      messageSize: bytes / received,
      latencies,
      loopDelay,
      late,
    }
  }

  get #tellsLateness(): boolean {
    return !this.#settings.peer.startsWith('colyseus')
  }

  /** Where the machine is busy, ticks are dropped with what was to be applied in them, and a patch holds what two were to hold. */
  #check(was: { ticks: number; applied: number | undefined; received: number; sent: number; seconds: number }): void {
    const { ticks, applied, received, sent, seconds } = was
    const { peer, rules } = this.#settings
    if (ticks === 0) throw new Error(`${peer} did not tick`)
    if (applied !== undefined && applied < sent * 0.5) throw new Error(`${peer} applied ${applied} inputs of ${sent}`)
    // Where nobody moved, there is nothing to send.
    const moves = (this.#settings.inputRate ?? rules.tickRate) * this.#perRoom
    const due = this.#clients * Math.min(rules.patchRate, moves) * seconds
    if (received < due * 0.5) throw new Error(`${peer} sent ${received} messages of ${Math.round(due)}`)
  }
}
