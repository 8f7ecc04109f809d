import { afterAll, beforeAll, expect, it } from 'vitest'
import { runs, SeededRandom, type Direction } from '../../src/index.ts'
import { CutExchange, operations, type Cut } from './exchange.ts'

// Real sockets, and a proxy that cuts the connection of an exchange of a thousand operations: within the upgrade, the hello, the join, or
// any message behind them.

/** Positions in an ordinary run of the tests. */
const sampled = 300

/** Bytes of the upgrade, the greeting and the join, more or less: a third of the positions are in these. */
const handshake = 700

let exchange: CutExchange

beforeAll(async () => {
  exchange = new CutExchange()
  await exchange.begin()
})

afterAll(() => exchange.end())

/** Positions from 0 to `end`, so many, each drawn from a part of its own. */
function spread(random: SeededRandom, end: number, many: number): number[] {
  return Array.from({ length: many }, (_, part) => Math.floor(((part + random.number()) * end) / many))
}

function* positions(direction: Direction, total: number, many: number): Generator<Cut> {
  const random = new SeededRandom(direction === 'up' ? 1 : 2)
  const every = many >= total
  const drawn = every
    ? Array.from({ length: total + 1 }, (_, bytes) => bytes)
    : [...spread(random, handshake, Math.ceil(many / 3)), ...spread(random, total, Math.floor((many * 2) / 3))]
  for (const [index, bytes] of drawn.entries()) yield { direction, bytes, how: index % 2 === 0 ? 'cut' : 'reset' }
}

it(`${operations} operations over real sockets are each applied once and in order, wherever the connection is cut`, async () => {
  const whole = await exchange.run()
  expect(whole.connections).toBe(1)
  // Twenty times as often is every byte.
  const factor = runs(1).numRuns
  let reconnected = 0
  let played = 0
  for (const direction of ['up', 'down'] as const) {
    const total = whole[direction]
    const many = factor >= 20 ? total : (sampled / 2) * factor
    for (const cut of positions(direction, total, many)) {
      const { connections } = await exchange.run(cut)
      played++
      // The very last bytes may be those of the goodbye, behind which nobody comes back.
      if (cut.bytes < total - 100) expect(connections, `${cut.how} after ${cut.bytes} ${direction}`).toBeGreaterThan(1)
      if (connections > 1) reconnected++
    }
  }
  expect(played).toBeGreaterThanOrEqual(sampled)
  expect(reconnected).toBeGreaterThan(played * 0.95)
  await expect.poll(() => exchange.leftovers, { timeout: 10_000 }).toEqual([0, 0])
}, 1_800_000)

it('the same over TCP in slices of one byte, and cut within them', async () => {
  const slowly = new CutExchange({ slice: 1 })
  try {
    await slowly.begin()
    expect(await slowly.run()).toMatchObject({ connections: 1 })
    expect(await slowly.run({ direction: 'down', bytes: 3000, how: 'cut' })).toMatchObject({ connections: 2 })
  } finally {
    await slowly.end()
  }
})
