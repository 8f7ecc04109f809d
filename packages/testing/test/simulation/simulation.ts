import type { JuntoClient } from '@junto/client'
import { createWorld, History, SeededRandom, type MemoryLink, type World } from '../../src/index.ts'
import { Sim } from './contract.ts'
import { Ledger, type Account } from './ledger.ts'
import { Player } from './player.ts'
import { simRooms, type SimRoomBase } from './room.ts'

/** What can happen in a step, and how often of so many. */
const happenings = [
  ['act', 26],
  ['speak', 9],
  ['write', 8],
  ['cut', 4],
  ['cutLater', 5],
  ['stall', 2],
  ['flow', 2],
  ['halfOpen', 2],
  ['offline', 2],
  ['online', 2],
  ['slow', 1],
  ['shout', 2],
  ['flood', 1],
  ['kick', 0.7],
  ['leave', 0.7],
  ['reload', 2],
  ['crash', 0.4],
  ['page', 1],
  ['restart', 0.6],
  ['kill', 0.4],
] as const

type Happening = (typeof happenings)[number][0]

const allWeights = happenings.reduce((sum, [, weight]) => sum + weight, 0)

const stepsOfRun = 45
const keys = ['a', 'b'] as const

/** A page: a client, and its programs. */
interface Page {
  client: JuntoClient
  readonly name: string
  players: Player[]
}

/** One run of whole servers and clients, on a network with faults, all of it drawn from one seed. */
export class Simulation {
  readonly #random: SeededRandom
  readonly #world: World
  readonly #ledger: Ledger
  readonly #rooms = new Set<SimRoomBase>()
  readonly #keeper
  readonly #pages: Page[] = []
  /** Clients that are told of what happens to their page. */
  readonly #inPages = new Set<JuntoClient>()
  /** Whether new connections may be cut before much has passed on them. */
  #hostile = true
  #unique = 0

  /** @param trace Told of what happens, for whoever looks for a fault. */
  constructor(seed: number, began?: (world: World) => void, trace?: (...what: unknown[]) => void) {
    this.#trace = trace
    this.#random = new SeededRandom(seed)
    const random = this.#random
    const small = random.chance(0.5)
    this.#ledger = new Ledger(new History(), small)
    this.#keeper = { ledger: this.#ledger, random: new SeededRandom(seed + 0.5), rooms: this.#rooms, closing: false }
    this.#world = createWorld({
      seed,
      command: `npm run simulate -- --seed ${seed}`,
      rooms: [
        [
          Sim,
          simRooms(this.#keeper),
          {
            persist: random.chance(0.5),
            disposeAfter: 1000,
            ...(random.chance(0.3) ? { patchRate: 20 } : {}),
            authenticate: ({ auth }) => this.#authenticate(auth),
          },
        ],
      ],
      network: {
        latency: random.pick([0, 0, 10, 80]),
        jitter: random.pick([0, 0, 30]),
        slice: random.pick([Infinity, Infinity, Infinity, 64]),
        capacity: random.pick([0, 4096, 65_536]),
      },
      server: {
        limits: {
          resumeWindow: random.pick([60_000, 20_000]),
          checkInterval: 0,
          ...(small
            ? { resumeBuffer: 1024, resumeFrames: 16, softOutbox: 2048, hardOutbox: 16_384, maxLatest: 2 }
            : {}),
          ...(random.chance(0.1) ? { maxAwaySessions: 1 } : {}),
          ...(random.chance(0.1) ? { maxResumeTotal: 2048 } : {}),
        },
      },
    })
    this.#clientLimits = random.chance(0.4)
      ? { resumeBuffer: 1024, resumeFrames: 16, softOutbox: 2048, hardOutbox: 4096 }
      : {}
    began?.(this.#world)
    this.#world.network.onConnection((link) => this.#connected(link))
  }

  readonly #clientLimits
  readonly #trace

  async run(): Promise<Account> {
    const random = this.#random
    const world = this.#world
    for (let n = random.integer(2, 3); n > 0; n--) this.#arrive()
    await world.advance(random.pick([0, 100]))
    for (let n = 0; n < stepsOfRun; n++) {
      await this.#step(this.#draw())
      const pause = random.pick([undefined, undefined, undefined, 0, 1, 20, 100, 500, 2000, 8000])
      if (pause !== undefined) await world.advance(pause)
    }
    this.#trace?.('heal')
    await this.#heal()
    this.#trace?.('prove')
    await this.#prove()
    await this.#end()
    return this.#ledger.account
  }

  #draw(): Happening {
    let at = this.#random.number() * allWeights
    for (const [what, weight] of happenings) if ((at -= weight) < 0) return what
    return 'act'
  }

  async #step(what: Happening): Promise<void> {
    const random = this.#random
    const world = this.#world
    const page = this.#pages[random.integer(0, this.#pages.length - 1)]
    const player = page?.players[random.integer(0, page.players.length - 1)]
    if (page === undefined || player === undefined) return
    this.#ledger.count(what)
    this.#trace?.(what, page.name, player.name)
    const { client } = page
    switch (what) {
      case 'act':
        for (let n = random.integer(1, 4); n > 0; n--) player.act()
        return
      case 'shout':
        return player.shout(random.integer(400, 3000))
      case 'flood':
        for (let n = random.integer(5, 30); n > 0; n--) player.shout(100)
        return
      case 'speak':
        return this.#aRoom()?.speak(random.pick([0, 10, 100, 600]))
      case 'write':
        for (let n = random.integer(1, 3); n > 0; n--) this.#aRoom()?.write()
        return
      case 'cut':
        return world.cut(client)
      case 'cutLater':
        return this.#cutLater(world.network.links[random.integer(0, world.network.links.length - 1)], 600)
      case 'stall':
        return world.stall(client)
      case 'flow':
        for (const each of this.#pages) world.flow(each.client)
        return
      case 'halfOpen':
        return world.halfOpen(client, random.pick(['client', 'server']))
      case 'offline':
        return world.offline(client)
      case 'online':
        for (const each of this.#pages) world.online(each.client)
        return
      case 'slow':
        return world.slow(client, random.pick([200, 2000, Infinity]))
      case 'kick':
        return this.#aRoom()?.kick()
      case 'leave':
        if (!player.isIn) return
        player.leave()
        return this.#replace(page, player)
      case 'reload':
      case 'crash':
        for (const each of page.players) each.abandon()
        page.client = what === 'reload' ? this.#reload(page) : this.#crash(page)
        page.players = page.players.map((each) => this.#play(page.client, each.key))
        return
      case 'page':
        return world.page(client, random.pick(['hidden', 'visible', 'suspended', 'resumed']))
      case 'restart':
        this.#keeper.closing = true
        await world.close()
        this.#keeper.closing = false
        if (random.chance(0.5)) await world.advance(random.pick([100, 3000]))
        return world.serve()
      case 'kill':
        for (const room of this.#rooms) room.abandon()
        world.kill()
        if (random.chance(0.5)) await world.advance(random.pick([100, 3000]))
        return world.serve()
    }
  }

  #aRoom(): SimRoomBase | undefined {
    const rooms = [...this.#rooms]
    return rooms[this.#random.integer(0, rooms.length - 1)]
  }

  async #authenticate(auth: unknown): Promise<{ readonly id: string } | undefined> {
    await this.#tick()
    if (this.#hostile && this.#keeper.random.chance(0.01)) return undefined
    return typeof auth === 'string' ? { id: auth } : undefined
  }

  #tick(): Promise<void> {
    return new Promise((resolve) => this.#world.clock.after(this.#keeper.random.pick([0, 0, 5]), resolve))
  }

  #arrive(): void {
    const random = this.#random
    const name = `page ${this.#pages.length}`
    const page: Page = { client: this.#client(name), name, players: [] }
    this.#pages.push(page)
    for (const key of random.pick([['a'], ['a'], ['b'], keys])) page.players.push(this.#play(page.client, key))
  }

  #client(name: string): JuntoClient {
    const page = this.#random.chance(0.7)
    const client = this.#world.client({ page, keepSession: page, auth: () => name, limits: this.#clientLimits })
    if (page) this.#inPages.add(client)
    return client
  }

  /** The page is loaded again; where the client runs in none, its program ends and begins anew. */
  #reload(page: Page): JuntoClient {
    if (!this.#inPages.has(page.client)) return this.#crash(page)
    const client = this.#world.reload(page.client)
    this.#inPages.add(client)
    return client
  }

  #crash({ client, name }: Page): JuntoClient {
    this.#world.crash(client)
    return this.#client(name)
  }

  #play(client: JuntoClient, key: string): Player {
    const unique = (): number => ++this.#unique
    const littleMayWait = this.#clientLimits.resumeBuffer !== undefined
    return new Player({ ledger: this.#ledger, random: this.#keeper.random, unique, littleMayWait }, client, key)
  }

  /** Another program opens the room that one has left. */
  #replace(page: Page, player: Player): void {
    page.players = page.players.map((each) => (each === player ? this.#play(page.client, each.key) : each))
  }

  #connected(link: MemoryLink): void {
    // The handshake is within these.
    if (this.#hostile && this.#random.chance(0.2)) this.#cutLater(link, 400)
  }

  #cutLater(link: MemoryLink | undefined, most: number): void {
    const random = this.#random
    const amount = random.chance(0.3) ? { messages: random.integer(0, 3) } : { bytes: random.integer(0, most) }
    link?.cutAfter(random.pick(['up', 'down']), amount)
    this.#ledger.count('cuts to come')
    this.#trace?.('to be cut', amount)
  }

  /** All faults end, and everything comes back that is to come back. */
  async #heal(): Promise<void> {
    const world = this.#world
    this.#hostile = false
    for (const { client } of this.#pages) {
      world.flow(client)
      world.online(client)
      world.slow(client, Infinity)
      world.page(client, 'resumed')
    }
    for (const link of world.network.links) {
      // What was to be cut is not.
      link.up.after({ bytes: Infinity }, () => {})
      link.down.after({ bytes: Infinity }, () => {})
    }
    await world.advance('100s')
  }

  /** Whoever is in can act, and everything that it does succeeds. */
  async #prove(): Promise<void> {
    const world = this.#world
    const fault = (what: string): void => this.#ledger.fault(what)
    for (const { players } of this.#pages) {
      for (const player of players) {
        const { room } = player
        if (room === undefined && !player.failed) fault(`${player.name} never got in, and was not told why`)
        if (room === undefined || !player.isIn) continue
        if (room.status.value.state !== 'joined') fault(`${player.name} is ${room.status.value.state} in the end`)
        player.shout(10)
        for (let n = 0; n < 3; n++) player.act()
      }
    }
    for (const room of this.#rooms) {
      room.write()
      room.speak(10)
    }
    await world.advance('100s')
    for (const room of this.#rooms) if (room.streams > 0) fault(`${room.streams} streams run on in room ${room.key}`)
    for (const player of this.#pages.flatMap(({ players }) => players)) {
      if (player.reading > 0) fault(`${player.name} still reads ${player.reading} streams`)
    }
  }

  async #end(): Promise<void> {
    const { network, log } = this.#world
    const heard = this.#pages.flatMap(({ players }) => players.map(({ hears }) => hears ?? ''))
    this.#ledger.closeUnheard(new Set(heard))
    for (const what of this.#ledger.history.faults()) this.#world.history.fault(what)
    for (const { level, message, fields } of log) {
      if (level === 'error') this.#world.history.fault(`the server logged: ${message} ${describe(fields?.['error'])}`)
    }
    for (const [name, value] of this.#world.metrics.entries())
      if (value !== 0) this.#ledger.count(`metric ${name}`, value)
    this.#keeper.closing = true
    await this.#world.end()
    if (network.links.length > 0) throw new Error(`${network.links.length} connections are left`)
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : ''
}

/**
 * Plays the run of a seed.
 *
 * @returns what happened in it, and how often.
 * @throws Error that says what is not as it should be.
 */
export function simulate(seed: number): Promise<Account> {
  return new Simulation(seed).run()
}
