import type { JoinedRoom, JuntoClient } from '@junto/client'
import { serverLimits } from '@junto/protocol'
import { call, defineRoom, event, t } from '@junto/schema'
import { Clock, Room, type Member, type ResumeOutcome, type Resumption } from '@junto/server'
import { describe, expect, it } from 'vitest'
import { createWorld, seeds, SeededRandom, type MemoryLink, type World, type WorldClientOptions } from '../src/index.ts'

// Both sides know within the stated times that a link is dead, and nobody is declared dead who is not.

const { heartbeat, activeHeartbeat, pongTimeout } = serverLimits()
/** A dead link is noticed by then when something is sent over it, and when nothing is: ms. */
const whenActive = 2 * activeHeartbeat
const whenIdle = heartbeat + pongTimeout

const Pier = defineRoom('pier', {
  version: 1,
  state: t.Object({ tide: t.Uint32() }),
  clientToServer: { hail: call({ result: t.Uint32() }), wave: event(t.Uint32(), { delivery: 'volatile' }) },
  serverToClient: { bell: event() },
})

type Sailor = Member<typeof Pier>

class PierRoom extends Room(Pier) {
  readonly clock = this.inject(Clock)
  readonly dropped: number[] = []
  readonly resumed: { readonly at: number; readonly outcome: ResumeOutcome }[] = []

  onCreate() {
    return { tide: 0 }
  }

  override onDrop(): void {
    this.dropped.push(this.clock.now())
  }

  override onResume(_member: Sailor, { outcome }: Resumption): void {
    this.resumed.push({ at: this.clock.now(), outcome })
  }

  readonly handlers = this.handle({ hail: () => this.state.tide, wave: () => {} })

  rise(): void {
    this.state.tide++
  }
}

/** One client at the pier. */
class Harbour {
  readonly world: World
  readonly ada: JuntoClient
  /** When the client lost its connection. */
  readonly lost: number[] = []
  joined: JoinedRoom<typeof Pier> | undefined

  constructor(seed: number, network: { latency: number; jitter: number }, options: WorldClientOptions = {}) {
    this.world = createWorld({ seed, rooms: [[Pier, PierRoom]], network })
    this.ada = this.world.client(options)
  }

  async enter(): Promise<JoinedRoom<typeof Pier>> {
    const joined = await this.world.until(this.ada.open(Pier, { key: 'north' }))
    this.joined = joined
    this.ada.connection.subscribe(() => {
      if (this.ada.connection.state === 'waiting') this.lost.push(this.world.clock.now())
    })
    return joined
  }

  get room(): PierRoom {
    // Of this class by the world's own rooms.
    return this.world.room(Pier, 'north') as PierRoom
  }

  /** Lets time pass with things going on; tells when the server, and when the client, sent something first. */
  async bustle(
    random: SeededRandom,
    ms: number,
    by: 'both' | 'server' | 'client' | 'nobody',
  ): Promise<{ server: number | undefined; client: number | undefined }> {
    const { clock } = this.world
    const end = clock.now() + ms
    const sent: { server: number | undefined; client: number | undefined } = { server: undefined, client: undefined }
    while (clock.now() < end) {
      await this.world.advance(Math.min(end - clock.now(), 20 + random.number() ** 3 * 4_000))
      const side = by === 'both' ? (random.number() < 0.5 ? 'server' : 'client') : by
      if (side === 'server') {
        sent.server ??= clock.now()
        if (random.number() < 0.3) this.room.broadcast.bell()
        else this.room.rise()
      }
      if (side === 'client') {
        if (random.number() < 0.2) this.joined?.send.wave(1)
        else {
          sent.client ??= clock.now()
          this.joined?.call.hail().catch(() => {})
        }
      }
    }
    return sent
  }
}

const kinds = ['both', 'server', 'client', 'nobody'] as const

describe('[P13] a link that dies without a word', () => {
  it.each(kinds)('is noticed by the client in time, when sends: %s', async (by) => {
    for (const seed of seeds(6)) {
      const random = new SeededRandom(seed)
      const harbour = new Harbour(seed, { latency: random.number() * 200, jitter: random.number() * 200 })
      await harbour.enter()
      await harbour.bustle(random, random.number() * 40_000, by)
      harbour.world.halfOpen(harbour.ada, 'client')
      const died = harbour.world.clock.now()
      const { client } = await harbour.bustle(random, whenIdle + 1_000, by)
      const [lost = Infinity] = harbour.lost
      // What was under way still arrives.
      expect(lost).toBeLessThanOrEqual(died + 400 + whenIdle)
      if (client !== undefined) expect(lost).toBeLessThanOrEqual(client + whenActive)
      await harbour.world.advance('2m')
      harbour.world.check()
      await harbour.world.end()
    }
  })

  it.each(kinds)('is noticed by the server in time, when sends: %s', async (by) => {
    for (const seed of seeds(6)) {
      const random = new SeededRandom(seed)
      const harbour = new Harbour(seed, { latency: random.number() * 200, jitter: random.number() * 200 })
      await harbour.enter()
      await harbour.bustle(random, random.number() * 40_000, by)
      harbour.world.offline(harbour.ada)
      const died = harbour.world.clock.now()
      const { server } = await harbour.bustle(random, whenIdle + 1_000, by)
      const [dropped = Infinity] = harbour.room.dropped
      expect(dropped).toBeLessThanOrEqual(died + 400 + whenIdle)
      if (server !== undefined) expect(dropped).toBeLessThanOrEqual(Math.max(server, died + 400) + whenActive)
      harbour.world.online(harbour.ada)
      await harbour.world.advance('2m')
      harbour.world.check()
      await harbour.world.end()
    }
  })

  it.each(kinds)('is told from one that is only slow, for an hour, when sends: %s', async (by) => {
    const random = new SeededRandom(7)
    const harbour = new Harbour(7, { latency: 300, jitter: 1_700 })
    await harbour.enter()
    await harbour.bustle(random, 3_600_000, by)
    await harbour.world.advance('10s')
    expect(harbour.lost).toEqual([])
    expect(harbour.room.dropped).toEqual([])
    await harbour.world.end()
  })

  it('is noticed by a client in whose last minute the room spoke, without its sending anything', async () => {
    const harbour = new Harbour(1, { latency: 50, jitter: 0 })
    await harbour.enter()
    await harbour.world.advance('40s')
    harbour.room.rise()
    await harbour.world.advance(50)
    const heard = harbour.world.clock.now()
    harbour.world.halfOpen(harbour.ada, 'client')
    await harbour.world.advance(whenActive)
    expect(harbour.lost).toEqual([heard + whenActive])
    await harbour.world.end()
  })
})

describe('room.time', () => {
  it('tells the time of the server and the way there, over a line that is cut, and asks only who wants to know', async () => {
    const harbour = new Harbour(3, { latency: 40, jitter: 30 })
    const { world } = harbour
    const links: MemoryLink[] = []
    world.network.onConnection((link) => links.push(link))
    const room = await harbour.enter()
    await world.advance('2s')
    const said = links[0]?.up.bytes
    expect(said).toBeGreaterThan(0)
    await world.advance('1m')
    expect(links[0]?.up.bytes).toBe(said)
    room.time.now()
    await world.advance('2s')
    expect(links[0]?.up.bytes).toBeGreaterThan(said ?? 0)
    for (let second = 0; second < 60; second++) {
      if (second === 30) world.cut(harbour.ada)
      await world.advance('1s')
      expect(Math.abs(room.time.now() - world.clock.time())).toBeLessThanOrEqual(15 + 4)
    }
    expect(room.time.rtt).toBeGreaterThanOrEqual(80)
    expect(room.time.rtt).toBeLessThan(140)
    expect(room.time.jitter).toBeGreaterThan(0)
    expect(room.time.jitter).toBeLessThan(60)
    await world.end()
  })
})

describe('a page', () => {
  it('that is put aside is away at once, and resumes when it is shown', async () => {
    const harbour = new Harbour(4, { latency: 30, jitter: 0 }, { page: true })
    const { world, ada } = harbour
    const room = await harbour.enter()
    const outcomes: string[] = []
    room.onRecovery(({ outcome }) => outcomes.push(outcome))
    world.page(ada, 'suspended')
    await world.advance(100)
    expect(harbour.room.dropped).toHaveLength(1)
    harbour.room.rise()
    await world.advance('20s')
    expect(room.status.value.state).toBe('reconnecting')
    world.page(ada, 'resumed')
    await world.advance(200)
    expect(room.status.value.state).toBe('joined')
    expect(room.state.tide).toBe(1)
    expect(outcomes).toEqual(['resumed'])
    expect(harbour.room.resumed).toMatchObject([{ outcome: 'resumed' }])
    await world.end()
  })

  it('that is looked at again finds out within seconds that its line is dead, and is back at once', async () => {
    const harbour = new Harbour(5, { latency: 30, jitter: 0 }, { page: true })
    const { world, ada } = harbour
    const room = await harbour.enter()
    world.stall(ada)
    await world.advance('1s')
    world.page(ada, 'visible')
    await world.advance('5s')
    expect(room.status.value.state).toBe('joined')
    expect(harbour.lost).toHaveLength(1)
    expect(harbour.room.resumed).toMatchObject([{ outcome: 'resumed' }])
    await world.end()
  })

  it('whose network went and came is back at once, however long the next attempt was away', async () => {
    const harbour = new Harbour(6, { latency: 30, jitter: 0 }, { page: true })
    const { world, ada } = harbour
    const room = await harbour.enter()
    world.offline(ada)
    await world.advance('40s')
    expect(ada.connection.value).toMatchObject({ offline: true })
    world.online(ada)
    await world.advance(200)
    expect(room.status.value.state).toBe('joined')
    await world.end()
  })
})
