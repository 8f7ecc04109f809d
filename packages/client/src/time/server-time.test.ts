import { Clock, type RandomSource } from '@junto/protocol'
import { runs, SeededRandom } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServerTime } from './server-time.ts'

const started = Date.UTC(2026, 0, 1)

/** A machine's clock: real time, and how this machine sees it. */
class MachineClock extends Clock {
  /** Real milliseconds. */
  real = 0
  /** What its calendar is off by. */
  off = 0
  /** How much faster than real time it runs. */
  drift = 0
  /** Real time at which its monotonic clock stood still. */
  slept = 0

  override now(): number {
    return (this.real - this.slept) * (1 + this.drift)
  }

  override time(): number {
    return started + this.real * (1 + this.drift) + this.off
  }

  override after(): () => void {
    throw new Error('the estimate needs no timer')
  }

  override atEndOfTurn(): void {
    throw new Error('the estimate puts nothing off')
  }
}

interface Way {
  /** Milliseconds to the server, and back. */
  readonly there: () => number
  readonly back: () => number
}

/** A client and a server with clocks of their own, and a line between them. */
class World {
  readonly client = new MachineClock()
  readonly server = new MachineClock()
  readonly time: ServerTime
  probes = 0
  open = true
  /** How often time is read: ms. */
  frame = 16
  /** Round trips so far: how long each took, and when its answer came, in real time. */
  trips: { readonly took: number; readonly at: number }[] = []
  readonly #way: Way
  #underWay: { readonly at: number; readonly run: () => void }[] = []

  constructor(way: Way) {
    this.#way = way
    this.time = new ServerTime(this.client, () => {
      if (!this.open) return false
      this.probes++
      const sent = this.client.now()
      const began = this.client.real
      this.#in(this.#way.there(), () => {
        const serverTime = Math.floor(this.server.time())
        this.#in(this.#way.back(), () => {
          this.trips.push({ took: this.client.real - began, at: this.client.real })
          this.time.echoed(sent, serverTime)
        })
      })
      return true
    })
  }

  /** How wrong the estimate is. */
  get error(): number {
    return Math.abs(this.time.now() - this.server.time())
  }

  /** Real time passes, in steps of a frame; `each` is called in each. */
  pass(ms: number, each: () => void = () => {}): void {
    const until = this.client.real + ms
    while (this.client.real < until) {
      const next = Math.min(until, this.client.real + this.frame, ...this.#underWay.map(({ at }) => at))
      this.client.real = next
      this.server.real = next
      const due = this.#underWay.filter(({ at }) => at <= next)
      this.#underWay = this.#underWay.filter(({ at }) => at > next)
      for (const { run } of due) run()
      each()
    }
  }

  #in(ms: number, run: () => void): void {
    this.#underWay.push({ at: this.client.real + ms, run })
  }
}

const steady = (there: number, back = there): Way => ({ there: () => there, back: () => back })

/** Mostly fast, at times slow, and each way for itself. */
function jittery(random: RandomSource, least: number, most: number): () => number {
  return () => least + (most - least) * random.number() ** 4
}

describe('the time of the server', () => {
  it('is asked for by the first use, a few times in a row, then seldom, and never by itself', () => {
    const world = new World(steady(20))
    world.pass(60_000)
    expect(world.probes).toBe(0)
    world.time.now()
    world.pass(1_000)
    expect(world.probes).toBe(5)
    world.pass(60_000)
    expect(world.probes).toBe(5)
    world.pass(60_000, () => void world.time.now())
    expect(world.probes).toBeGreaterThanOrEqual(16)
    expect(world.probes).toBeLessThanOrEqual(18)
  })

  it('is not asked for without a connection, and as soon as there is one', () => {
    const world = new World(steady(20))
    world.open = false
    world.pass(10_000, () => void world.time.now())
    expect(world.probes).toBe(0)
    world.open = true
    world.time.now()
    expect(world.probes).toBe(1)
  })

  it("is this machine's own until the first answer", () => {
    const world = new World(steady(20))
    world.client.off = 3_600_000
    expect(world.time.now()).toBe(world.client.time())
    expect(world.time.rtt).toBeUndefined()
    expect(world.time.jitter).toBeUndefined()
    world.pass(100)
    expect(world.error).toBeLessThan(2)
  })

  it('tells the fastest round trip, and by how much the one in the middle is slower', () => {
    const waits = [10, 30, 10, 50, 25]
    const world = new World({ there: () => waits.shift() ?? 10, back: () => 10 })
    world.time.now()
    world.pass(1_000)
    expect(world.time.rtt).toBe(20)
    expect(world.time.jitter).toBe(15)
  })

  it('is right to half the round trip however unequal the ways are', () => {
    const world = new World(steady(150, 0))
    world.client.off = -12_345
    world.time.now()
    world.pass(5_000, () => void world.time.now())
    expect(world.error).toBeLessThanOrEqual(75 + 2)
  })

  it('takes no notice of answers to what was never asked', () => {
    const world = new World(steady(20))
    for (const sent of [Infinity, NaN, 1e12]) world.time.echoed(sent, 0)
    expect(world.time.rtt).toBeUndefined()
  })

  it('follows a clock that was set back without going back itself, at half speed', () => {
    const world = new World(steady(20))
    world.pass(10_000, () => void world.time.now())
    world.server.off = -4_000
    let last = world.time.now()
    world.pass(30_000, () => {
      const now = world.time.now()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    })
    expect(world.error).toBeLessThan(2)
  })

  it('jumps after a server whose clock was set forward, and after having slept', () => {
    const world = new World(steady(20))
    world.pass(10_000, () => void world.time.now())
    world.server.off = 60_000
    world.pass(6_000, () => void world.time.now())
    expect(world.error).toBeLessThan(2)
    world.client.slept = 600_000
    world.client.real += 600_000
    world.server.real += 600_000
    world.pass(6_000, () => void world.time.now())
    expect(world.error).toBeLessThan(2)
  })

  it('stays within the bounds that can be known, over drifting clocks, unequal and changing ways, and jumps', () => {
    const input = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      off: fc.integer({ min: -1e9, max: 1e9 }),
      clientDrift: fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
      serverDrift: fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
      there: fc.record({ least: fc.integer({ min: 0, max: 100 }), jitter: fc.integer({ min: 0, max: 1_000 }) }),
      back: fc.record({ least: fc.integer({ min: 0, max: 100 }), jitter: fc.integer({ min: 0, max: 1_000 }) }),
      jumps: fc.array(fc.integer({ min: -20_000, max: 1e7 }), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(input, ({ seed, off, clientDrift, serverDrift, there, back, jumps }) => {
        const random = new SeededRandom(seed)
        const world = new World({
          there: jittery(random, there.least, there.least + there.jitter),
          back: jittery(random, back.least, back.least + back.jitter),
        })
        world.client.drift = clientDrift
        world.server.drift = serverDrift
        world.server.off = off
        world.frame = 100
        let last = -Infinity
        let steps = 0
        const read = (): void => {
          const now = world.time.now()
          if (now < last) steps++
          last = now
        }
        for (const jump of [0, ...jumps]) {
          world.server.off += jump
          world.trips = []
          // Until only what came after the jump is known, and going slower has made up for it.
          world.pass(100_000 + 2 * Math.abs(Math.min(0, jump)), read)
          world.open = false
          world.pass(5_000, read)
          // Half of a round trip, and what clocks that tell whole milliseconds go apart by meanwhile: of the best of the last sixteen.
          const bounds = world.trips.slice(-16).map(({ took, at }) => took / 2 + 2 + (world.client.real - at) / 2_000)
          expect(world.error).toBeLessThanOrEqual(Math.min(...bounds) + 0.1)
          world.open = true
        }
        // At the first answer alone.
        expect(steps).toBeLessThanOrEqual(1)
      }),
      runs(50),
    )
  })
})
