import { sampleInputs, type JoinedRoom } from '@junto/client'
import { defineRoom, t } from '@junto/schema'
import { Room, type ServerMutators } from '@junto/server'
import { describe, expect, it } from 'vitest'
import { createWorld, type World } from '../../src/index.ts'

// How long inputs wait at the server for the ticks that apply them.

const Lane = defineRoom('lane', {
  version: 1,
  state: t.Object({ sum: t.Float64() }),
  input: t.Object({ made: t.Float64() }),
  clientToServer: {},
  serverToClient: {},
})

type LaneRoom = JoinedRoom<typeof Lane>

/** Milliseconds from when each input was made until it was applied. */
let took: number[] = []
/** Inputs in each tick. */
let perTick: number[] = []
let world: World

class Lanes extends Room(Lane) {
  #given = 0
  readonly mutators: ServerMutators<typeof Lane> = {
    input: (state, { made }) => {
      state.sum += 1
      took.push(world.clock.now() - made)
      this.#given++
    },
  }

  onCreate() {
    return { sum: 0 }
  }

  override onTick(): void {
    perTick.push(this.#given)
    this.#given = 0
  }
}

/** What came of ten seconds, behind others in which clocks are found out about. */
async function play(options: {
  readonly tickRate: number
  readonly latency: number
  readonly jitter: number
  readonly framesPerSecond?: number
  readonly missing?: 'skip' | 'repeat'
  /** Milliseconds that have passed before. Default: 3,000. */
  readonly behind?: number
}): Promise<{ readonly wait: number; readonly empty: number }> {
  const { tickRate, latency, jitter, framesPerSecond, missing = 'skip', behind = 3_000 } = options
  world = createWorld({
    seed: 7,
    rooms: [[Lane, Lanes, { tickRate, inputs: { missing } }]],
    network: { latency, jitter },
  })
  const room: LaneRoom = await world.until(world.client().open(Lane, { key: 'a' }))
  const sample = () => ({ made: world.clock.now() })
  const inputs = sampleInputs(room, sample, { auto: framesPerSecond === undefined })
  const pass = async (ms: number): Promise<void> => {
    if (framesPerSecond === undefined) return world.advance(ms)
    for (let frame = 0; frame < (ms * framesPerSecond) / 1000; frame++) {
      await world.advance(1000 / framesPerSecond)
      inputs.frame()
    }
  }
  await pass(behind)
  took = []
  perTick = []
  await pass(10_000)
  inputs.close()
  void room.leave()
  await world.end()
  const mean = took.reduce((sum, ms) => sum + ms, 0) / took.length
  return { wait: mean - latency - jitter / 2, empty: perTick.filter((given) => given === 0).length }
}

describe.each([20, 30, 60])('at %d ticks a second inputs wait', (tickRate) => {
  const tick = 1000 / tickRate

  it.each([0, 1, 40, 150])(
    'a few milliseconds on a steady line, and no tick is without (%d ms each way)',
    async (latency) => {
      const { wait, empty } = await play({ tickRate, latency, jitter: 0 })
      expect(wait).toBeLessThan(6)
      expect(empty).toBe(0)
    },
  )

  it('up to a frame longer where a page takes them in frames', async () => {
    const { wait, empty } = await play({ tickRate, latency: 20, jitter: 0, framesPerSecond: 59.9 })
    expect(wait).toBeLessThan(20)
    expect(empty).toBe(0)
  })

  it('as long as jitter takes, and hardly any tick is without (150 ms ± 50 there and back)', async () => {
    const { wait, empty } = await play({ tickRate, latency: 50, jitter: 50, behind: 25_000 })
    expect(wait).toBeLessThan(50)
    expect(empty).toBeLessThanOrEqual(2)
  })

  it('a tick longer where one without takes the last one again, and loses none', async () => {
    const { wait, empty } = await play({ tickRate, latency: 20, jitter: 0, missing: 'repeat', behind: 25_000 })
    expect(wait).toBeGreaterThan(tick)
    expect(wait).toBeLessThan(tick + 6)
    expect(empty).toBe(0)
  })
})

describe("from an input of one until another's mirror shows it", () => {
  it.each([
    { tickRate: 30, patchRate: 20, half: 10, most: 45 },
    { tickRate: 60, patchRate: 20, half: 25, most: 45 },
    { tickRate: 20, patchRate: 20, half: 10, most: 12 },
  ])(
    'at $tickRate ticks and $patchRate patches a second it takes $half ms, and $most at most',
    async ({ tickRate, patchRate, half, most }) => {
      world = createWorld({
        seed: 3,
        rooms: [[Lane, Lanes, { tickRate, patchRate }]],
        network: { latency: 1, jitter: 1 },
      })
      const actor = await world.until(world.client().open(Lane, { key: 'a' }))
      const observer = await world.until(world.client().open(Lane, { key: 'a' }))
      /** When each input was made. */
      const made: number[] = []
      const inputs = sampleInputs(actor, () => ({ made: made[made.push(world.clock.now()) - 1] ?? 0 }), { auto: true })
      const delays: number[] = []
      observer.watch((state) => state.sum, {
        changed: (sum) => {
          while (delays.length < sum) delays.push(world.clock.now() - (made[delays.length] ?? 0))
        },
      })
      await world.advance(20_000)
      inputs.close()
      await world.advance(100)
      await world.end()
      expect(delays).toHaveLength(made.length)
      // Behind the time in which clocks are found out about.
      const taken = delays.slice(3 * tickRate).toSorted((a, b) => a - b)
      expect(taken[Math.floor(taken.length / 2)]).toBeLessThan(half)
      expect(taken.at(-1)).toBeLessThan(most)
    },
  )
})
