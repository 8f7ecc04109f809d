import type { JuntoClient } from '@junto/client'
import { createWorld, History, SeededRandom, type MemoryLink, type World } from '../../src/index.ts'
import { Sim } from './contract.ts'
import { Duel, wishes } from './duel.ts'
import { duelDeeds, duelRooms, duelSeats, type AnyDuel } from './duel-room.ts'
import { Ledger, type Account } from './ledger.ts'
import { Lister } from './lister.ts'
import { MoodyStore } from './moody-store.ts'
import { Player } from './player.ts'
import { simRooms, type SimRoomBase } from './room.ts'
import { Race, raceTicks } from './race.ts'
import { raceRooms, type AnyRace } from './race-room.ts'
import { Racer } from './racer.ts'
import { Seeker, type Way } from './seeker.ts'
import { Stage } from './showing.ts'

/** What can happen in a step, and how often of so many. */
const happenings = [
  ['act', 20],
  ['seek', 5],
  ['turn', 3],
  ['deed', 5],
  ['quit', 1],
  ['show', 6],
  ['drive', 6],
  ['keep', 3],
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
  seekers: Seeker[]
  lister: Lister | undefined
  racer: Racer | undefined
}

/** One run of whole servers and clients, on a network with faults, all of it drawn from one seed. */
export class Simulation {
  readonly #trace
  readonly #random: SeededRandom
  readonly #world: World
  readonly #ledger: Ledger
  readonly #rooms = new Set<SimRoomBase>()
  readonly #duels = new Set<AnyDuel>()
  readonly #races = new Set<AnyRace>()
  /** Whether there is a race. In few runs: whoever drives sends all the time. */
  readonly #hasRace: boolean
  readonly #duelRoom
  readonly #store: MoodyStore
  readonly #stage: Stage
  readonly #keeper
  readonly #clientLimits
  readonly #pages: Page[] = []
  /** Clients that are told of what happens to their page. */
  readonly #inPages = new Set<JuntoClient>()
  /** Whether new connections may be cut before much has passed on them. */
  #hostile = true
  #last = 0
  readonly #unique = (): number => ++this.#last

  /** @param trace Told of what happens, for whoever looks for a fault. */
  constructor(seed: number, began?: (world: World) => void, trace?: (...what: unknown[]) => void) {
    this.#trace = trace
    this.#random = new SeededRandom(seed)
    const random = this.#random
    const small = random.chance(0.5)
    this.#ledger = new Ledger(new History(), small)
    const persists = random.chance(0.5)
    const ledger = this.#ledger
    const draws = new SeededRandom(seed + 0.5)
    const rooms = this.#rooms
    this.#keeper = { ledger, random: draws, rooms, saved: new Map(), disposed: new Map(), persists, closing: false }
    this.#hasRace = draws.chance(0.15)
    this.#duelRoom = duelRooms({ ledger, random: draws, duels: this.#duels, listed: () => this.#listed() })
    this.#store = new MoodyStore(() => this.#world.clock, new SeededRandom(seed + 0.25))
    this.#world = createWorld({
      seed,
      command: `npm run simulate -- --seed ${seed}`,
      store: this.#store,
      rooms: [
        [
          Sim,
          simRooms(this.#keeper),
          {
            persist: persists,
            disposeAfter: 1000,
            ...(random.chance(0.3) ? { patchRate: 20 } : {}),
            authenticate: ({ auth }) => this.#authenticate(auth),
          },
        ],
        [
          Duel,
          this.#duelRoom,
          {
            maxMembers: duelSeats,
            disposeAfter: random.pick([0, 1000]),
            idleAfter: random.pick([Infinity, Infinity, 30_000]),
            maxAge: random.pick([Infinity, Infinity, 40_000]),
            authenticate: ({ auth }) => this.#authenticate(auth),
          },
        ],
        [
          Race,
          raceRooms(ledger, this.#races),
          {
            tickRate: raceTicks,
            patchRate: random.pick([2, 5, raceTicks]),
            disposeAfter: 0,
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
    this.#stage = new Stage(ledger, this.#world.clock)
    began?.(this.#world)
    this.#world.network.onConnection((link) => this.#connected(link))
  }

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
    const seeker = page.seekers[random.integer(0, Math.max(0, page.seekers.length - 1))]
    switch (what) {
      case 'seek':
        return this.#seek(page)
      case 'turn':
        return void seeker?.act()
      case 'deed':
        if (this.#duels.size > 0) random.pick([...this.#duels]).do(random.pick(duelDeeds))
        return
      case 'quit':
        if (!seeker?.isIn) return
        seeker.leave()
        page.seekers = page.seekers.filter((each) => each !== seeker)
        return
      case 'show': {
        const showing = random.chance(0.5) ? player.showing : seeker?.showing
        const how = random.integer(0, 9)
        if (how === 0) showing?.clear()
        else if (how === 1) showing?.showFor(random.integer(50, 5000))
        else showing?.show(random.integer(1, 5))
        return
      }
      case 'drive':
        if (this.#hasRace) page.racer ??= this.#newRacer(page)
        return page.racer?.act()
      case 'keep':
        return void this.#aRoom()?.keep()
      case 'act':
        for (let n = random.integer(1, 4); n > 0; n--) player.act()
        page.racer?.act()
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
        this.#rough(page, Infinity)
        return world.stall(client)
      case 'flow':
        for (const each of this.#pages) world.flow(each.client)
        return
      case 'halfOpen':
        this.#rough(page)
        return world.halfOpen(client, random.pick(['client', 'server']))
      case 'offline':
        this.#rough(page, Infinity)
        return world.offline(client)
      case 'online':
        for (const each of this.#pages) world.online(each.client)
        return
      case 'slow':
        this.#rough(page, Infinity)
        return world.slow(client, random.pick([200, 2000, Infinity]))
      case 'kick':
        return this.#aRoom()?.kick()
      case 'leave':
        if (!player.isIn) return
        player.leave()
        return this.#replace(page, player)
      case 'reload':
      case 'crash':
        return this.#begin(page, what)
      case 'page':
        this.#rough(page, Infinity)
        return world.page(client, random.pick(['hidden', 'visible', 'suspended', 'resumed']))
      case 'restart':
        this.#stage.upheaval()
        this.#keeper.closing = true
        await world.close()
        this.#keeper.closing = false
        if (random.chance(0.5)) await world.advance(random.pick([100, 3000]))
        this.#stage.upheaval()
        return world.serve()
      case 'kill':
        // What is said to be safe by then is.
        for (const room of this.#rooms) if (random.chance(0.7)) void room.keep()
        await world.advance(random.pick([0, 0, 5, 50, 300]))
        for (const room of [...this.#rooms, ...this.#duels, ...this.#races]) room.abandon()
        this.#keeper.disposed.clear()
        world.kill()
        this.#store.lose()
        this.#stage.upheaval()
        if (random.chance(0.5)) await world.advance(random.pick([100, 3000]))
        return world.serve()
    }
  }

  /** The page is loaded, or its process begins, anew, with the programs that it had. */
  #begin(page: Page, how: 'reload' | 'crash'): void {
    for (const each of [...page.players, ...page.seekers]) each.abandon()
    page.lister?.abandon()
    page.racer?.abandon()
    page.client = how === 'reload' ? this.#reload(page) : this.#crash(page)
    page.players = page.players.map((each) => this.#play(page.client, each.key))
    page.seekers = page.seekers.map(({ way }) => this.#newSeeker(page, way))
    if (page.lister !== undefined) page.lister = this.#newLister(page)
    if (page.racer !== undefined) page.racer = this.#newRacer(page)
  }

  /** What is the matter with a page may keep others from seeing what it shows, and it from seeing them. */
  #rough({ players, seekers }: Page, ms?: number): void {
    for (const { showing } of [...players, ...seekers]) showing?.rough(ms)
  }

  #listed() {
    return this.#world.server.rooms.list(this.#duelRoom)
  }

  /** A page looks for a duel, and may show a list of them. */
  #seek(page: Page): void {
    const random = this.#random
    page.lister ??= random.chance(0.4) ? this.#newLister(page) : undefined
    page.seekers = page.seekers.filter(({ isIn, failed, room }) => isIn || (room === undefined && !failed))
    if (page.seekers.length >= 3) return
    for (let n = random.pick([1, 1, 2]); n > 0; n--) page.seekers.push(this.#newSeeker(page, this.#way(page)))
  }

  #way({ lister }: Page): Way {
    const random = this.#random
    const by = random.pick(['wish', 'wish', 'wish', 'wish', 'create', 'code', 'id'] as const)
    const ids = lister?.ids ?? []
    if (by === 'id' && ids.length > 0) return { by, text: random.pick(ids) }
    if (by === 'code' && this.#duels.size > 0) return { by, text: random.pick([...this.#duels]).code }
    return { by: by === 'create' ? by : 'wish', wish: random.pick(wishes) }
  }

  #newSeeker({ client, name }: Page, way: Way): Seeker {
    return new Seeker(
      { ledger: this.#ledger, stage: this.#stage, unique: this.#unique, duels: this.#duels },
      client,
      name,
      way,
    )
  }

  #newRacer({ client }: Page): Racer {
    const { random } = this.#keeper
    return new Racer(
      { ledger: this.#ledger, stage: this.#stage, random, unique: this.#unique, races: this.#races },
      client,
    )
  }

  #newLister({ client, name, lister }: Page): Lister {
    const { where, orderBy } = this.#random.pick(wishes)
    const limit = this.#random.pick([undefined, undefined, 2])
    const listed = lister?.listed ?? { where, ...(orderBy && { orderBy }), ...(limit && { limit }) }
    return new Lister(this.#ledger, client, name, listed)
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
    const page: Page = {
      client: this.#client(name),
      name,
      players: [],
      seekers: [],
      lister: undefined,
      racer: undefined,
    }
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
    const littleMayWait = this.#clientLimits.resumeBuffer !== undefined
    const { random } = this.#keeper
    return new Player(
      { ledger: this.#ledger, stage: this.#stage, random, unique: this.#unique, littleMayWait },
      client,
      key,
    )
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
    this.#store.fails = false
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
    for (const { racer } of this.#pages) racer?.stop()
    await world.advance('100s')
    for (const { racer } of this.#pages) racer?.prove()
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
    this.#proveFound()
    for (const room of this.#rooms) if (room.streams > 0) fault(`${room.streams} streams run on in room ${room.key}`)
    for (const player of this.#pages.flatMap(({ players }) => players)) {
      player.editor?.prove()
      if (player.reading > 0) fault(`${player.name} still reads ${player.reading} streams`)
    }
  }

  /** Lists show what there is, and everybody sees what each shows. */
  #proveFound(): void {
    const listed = this.#listed()
    for (const { lister, players, seekers } of this.#pages) {
      lister?.prove(listed)
      for (const { room, showing } of [...players, ...seekers]) {
        if (room === undefined || showing === undefined) continue
        const there = [...this.#rooms, ...this.#duels].find((each) => each.members.has(room.memberId))
        if (there !== undefined) showing.prove(there.members)
      }
    }
    this.#stage.judge()
  }

  async #end(): Promise<void> {
    const { network, log } = this.#world
    const heard = this.#pages.flatMap(({ players }) => players.map(({ hears }) => hears ?? ''))
    this.#ledger.closeUnheard(new Set(heard))
    for (const what of this.#ledger.history.faults()) this.#world.history.fault(what)
    for (const { level, message, fields } of log) {
      // The store fails as it is to do.
      if (level === 'error' && !message.endsWith('it is tried again'))
        this.#world.history.fault(`the server logged: ${message} ${describe(fields?.['error'])}`)
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
