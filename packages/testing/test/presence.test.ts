import type { JoinedRoom, JuntoClient } from '@junto/client'
import { defineRoom, t } from '@junto/schema'
import { Room, type Member } from '@junto/server'
import { describe, expect, test } from 'vitest'
import { createWorld, seeds, type World } from '../src/index.ts'

// Presence through whole servers and clients, against a model: what each has shown last.

const Plaza = defineRoom('plaza', {
  version: 1,
  state: t.Object({ steps: t.Uint32() }),
  presence: t.Object({ n: t.Uint32(), note: t.Optional(t.String()) }),
  clientToServer: {},
  serverToClient: {},
})

type Shown = { readonly n: number; readonly note?: string }

class PlazaRoom extends Room(Plaza) {
  onCreate() {
    return { steps: 0 }
  }

  readonly handlers = this.handle({})
}

/** Longer than anything takes to arrive that is under way, and than the grace. */
const quiet = 30_000
const grace = 5_000
/** A loss of the connection that is shorter is not to be noticed by others. */
const short = grace - 1_500

/** One client, what it sees of the others, and what may be seen of it. */
class Visitor {
  readonly client: JuntoClient
  readonly room: JoinedRoom<typeof Plaza>
  /** What its watcher was told of. */
  readonly seen = new Map<string, Shown>()
  /** Until when it may vanish for others, or others for it. */
  rough = 0
  downSince: number | undefined
  readonly #world: World
  readonly faults: string[]

  constructor(
    world: World,
    client: JuntoClient,
    room: JoinedRoom<typeof Plaza>,
    readonly crowd: Crowd,
  ) {
    this.#world = world
    this.client = client
    this.room = room
    this.faults = crowd.faults
    room.status.subscribe(() => {
      const { state } = room.status.value
      const now = world.clock.now()
      if (state === 'reconnecting') this.downSince ??= now
      else {
        if (this.downSince !== undefined && now - this.downSince > short) this.excuse(quiet)
        this.downSince = undefined
      }
    })
    room.onRecovery((recovery) => {
      if (recovery.outcome === 'resynced' && recovery.rejoined) this.excuse(quiet)
    })
    room.presence.watch({
      added: (value, id) => this.#told(id, value, !this.seen.has(id), 'added'),
      changed: (value, id, previous) =>
        this.#told(id, value, this.seen.get(id) === previous && previous !== value, 'changed'),
      removed: (value, id) => {
        if (this.seen.get(id) !== value) this.#fault(`${id} was removed, with another value than it had`)
        this.seen.delete(id)
        crowd.vanished(this, id)
      },
    })
  }

  get isRough(): boolean {
    const now = this.#world.clock.now()
    return now < this.rough || (this.downSince !== undefined && now - this.downSince > short)
  }

  /** For so long from now on, it may vanish for others, or others for it. */
  excuse(ms: number): void {
    this.rough = Math.max(this.rough, this.#world.clock.now() + ms)
  }

  #told(id: string, value: Shown, fits: boolean, what: string): void {
    if (!fits) this.#fault(`${id} was ${what}, where it had ${JSON.stringify(this.seen.get(id))}`)
    if (id === this.room.memberId) this.#fault('it was told of itself')
    this.seen.set(id, value)
  }

  #fault(what: string): void {
    this.faults.push(`${this.room.memberId}: ${what}`)
  }
}

/** All who are there, and what happens to them. */
class Crowd {
  readonly world: World
  readonly visitors: Visitor[] = []
  readonly faults: string[] = []
  readonly #views: boolean
  #n = 0

  constructor(seed: number, views: boolean) {
    this.#views = views
    this.world = createWorld({
      seed,
      network: { latency: 20, jitter: 40 },
      rooms: [[Plaza, PlazaRoom, { presenceViews: views, presenceGrace: grace, persist: true }]],
    })
  }

  get server(): PlazaRoom {
    return this.world.room(PlazaRoom, 'plaza')
  }

  async come(): Promise<void> {
    const client = this.world.client({ page: this.world.random.chance(0.5) })
    const room = await this.world.until(client.open(Plaza, { key: 'plaza' }))
    this.visitors.push(new Visitor(this.world, client, room, this))
  }

  /** Somebody vanished for somebody. It has to have a reason. */
  vanished(from: Visitor, id: string): void {
    const gone = this.visitors.find(({ room }) => room.memberId === id)
    // Who leaves sees nobody any more.
    const isLeaving = from.room.status.value.state === 'left'
    if (gone === undefined || gone.isRough || from.isRough || isLeaving) return
    this.faults.push(`${id} vanished for ${from.room.memberId} at ${this.world.clock.now()} ms, and was there`)
  }

  /** One thing happens to somebody. */
  async step(): Promise<void> {
    const { random } = this.world
    const visitor = random.pick(this.visitors)
    const { client, room } = visitor
    switch (random.integer(0, 15)) {
      case 0:
        if (this.visitors.length < 6) await this.come()
        return
      case 1:
        if (this.visitors.length < 4) return
        this.visitors.splice(this.visitors.indexOf(visitor), 1)
        if (random.chance(0.5)) void room.leave()
        else this.world.crash(client)
        return
      case 2:
        visitor.excuse(quiet)
        room.presence.clear()
        return
      case 3: {
        const expires = random.integer(50, 5_000)
        visitor.excuse(expires + quiet)
        room.presence.set({ n: ++this.#n }, { expires })
        return
      }
      case 4:
      case 5:
        this.world.cut(client)
        return
      case 6:
        return this.#disturb(
          visitor,
          () => this.world.offline(client),
          () => this.world.online(client),
        )
      case 7:
        return this.#disturb(
          visitor,
          () => this.world.stall(client),
          () => this.world.flow(client),
        )
      case 8:
        return this.#disturb(
          visitor,
          () => this.world.slow(client, 200),
          () => this.world.slow(client, Infinity),
        )
      case 9:
        this.world.halfOpen(client, random.pick(['client', 'server']))
        visitor.excuse(2 * quiet)
        return
      case 10:
        this.#look()
        return
      case 11:
        this.server.state.steps++
        return
      case 12:
        room.presence.update({ note: random.pick([undefined, 'a', 'b']), n: ++this.#n })
        return
      default:
        // Many at once: the last counts.
        for (let times = random.integer(1, 20); times > 0; times--) room.presence.set({ n: ++this.#n })
    }
  }

  /** Something is wrong with somebody's connection for a while. */
  async #disturb(visitor: Visitor, begin: () => void, end: () => void): Promise<void> {
    visitor.excuse(Infinity)
    begin()
    await this.world.advance(this.world.random.integer(10, 12_000))
    end()
    visitor.rough = this.world.clock.now() + 2 * quiet
  }

  /** The room changes whom somebody sees. */
  #look(): void {
    if (!this.#views) return
    const { random } = this.world
    const members = [...this.server.members.values()]
    const [one, other] = [random.pick(members), random.pick(members)]
    // What others show may vanish for it by that.
    const viewer = this.visitors.find(({ room }) => room.memberId === one.id)
    viewer?.excuse(quiet)
    if (random.chance(0.6)) one.view.add(other)
    else one.view.remove(other)
  }

  /** The server is restarted. Seats are kept, and nobody vanishes; who is in whose view the room has to say anew. */
  async restart(): Promise<void> {
    if (this.#views) for (const visitor of this.visitors) visitor.excuse(quiet)
    await this.world.restart()
  }

  /** All that goes on is over: everybody sees what is shown by then. */
  async settle(): Promise<void> {
    await this.world.advance('2m')
    const members = new Map<string, Member<typeof Plaza>>(this.server.members)
    for (const { room } of this.visitors) {
      expect(room.status.value.state).toBe('joined')
      expect(members.get(room.memberId)?.presence, `what ${room.memberId} shows`).toEqual(room.presence.own)
    }
    for (const { room } of this.visitors) {
      const me = members.get(room.memberId)
      const expected: [string, Shown | undefined][] = []
      for (const other of this.visitors) {
        const them = members.get(other.room.memberId)
        if (other.room === room || other.room.presence.own === undefined || them === undefined) continue
        if (this.#views && me?.view.has(them) !== true) continue
        expected.push([them.id, other.room.presence.own])
      }
      expect(new Map(room.presence.others), `what ${room.memberId} sees`).toEqual(new Map(expected))
    }
    for (const { seen, room } of this.visitors) expect([...seen]).toEqual([...room.presence.others])
    expect(this.faults).toEqual([])
  }
}

async function run(seed: number, views: boolean): Promise<void> {
  const crowd = new Crowd(seed, views)
  for (let n = 0; n < 4; n++) await crowd.come()
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 60; n++) {
      await crowd.step()
      await crowd.world.advance(crowd.world.random.integer(0, 300))
    }
    await crowd.settle()
  }
  await crowd.restart()
  await crowd.settle()
  crowd.world.check()
  await crowd.world.end()
}

describe('[N1] [N4] [N7] whatever happens to connections, all come to see what each shows, and nobody flickers', () => {
  test.each(seeds(5))('seed %i', (seed) => run(seed, false))
  test.each(seeds(5))('[N6] seed %i, with views', (seed) => run(seed, true))
})

test('[N5] who does not come back to a restarted server vanishes after the grace, and who comes back does not', async () => {
  const world = createWorld({
    network: { latency: 20 },
    rooms: [[Plaza, PlazaRoom, { presenceGrace: grace, persist: true }]],
  })
  const clients = [world.client(), world.client(), world.client()]
  const rooms = await Promise.all(clients.map((client) => world.until(client.open(Plaza, { key: 'plaza' }))))
  const [ada, bob, cyd] = rooms
  if (ada === undefined || bob === undefined || cyd === undefined || clients[2] === undefined) throw new Error('three')
  for (const [n, { presence }] of rooms.entries()) presence.set({ n })
  await world.advance('1s')
  const gone: string[] = []
  ada.presence.watch({ removed: (_value, id) => gone.push(id) })
  const ids = rooms.map(({ memberId }) => memberId)
  world.offline(clients[2])
  await world.restart()
  await world.advance('3s')
  expect(rooms.map(({ memberId }) => memberId)).toEqual(ids)
  bob.presence.set({ n: 10 })
  await world.advance('1s')
  expect([gone, ada.presence.others.get(bob.memberId)]).toEqual([[], { n: 10 }])
  // Somebody new is told of those who are back.
  const dan = await world.until(world.client().open(Plaza, { key: 'plaza' }))
  await world.advance('100ms')
  expect([...dan.presence.others.keys()].toSorted((a, b) => a.localeCompare(b))).toEqual(
    [ada.memberId, bob.memberId].toSorted((a, b) => a.localeCompare(b)),
  )
  await world.advance('5s')
  expect(gone).toEqual([cyd.memberId])
  world.online(clients[2])
  await world.advance('1m')
  expect(ada.presence.others.get(cyd.memberId)).toEqual({ n: 2 })
  await world.end()
})
