import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../src/index.ts'
import { histories } from './history.ts'
import { HistoryWorld, type Account } from './world.ts'

// Whole servers and clients, in virtual time, beside a plain model of who may see what.

/** Runs of `npm run test:long` take minutes. */
const patience = 900_000

describe('a room of any contract, whatever happens to it and its members', () => {
  it(
    '[M2] shows each member what it may see of the state, at the end of each turn, and sends it nothing else',
    () =>
      fc.assert(
        fc.asyncProperty(histories, async (history) => {
          await new HistoryWorld(history).play()
        }),
        runs(250),
      ),
    patience,
  )

  it('has a history that is worth looking at', async () => {
    const sum: Account = { compared: 0, restricted: 0, viewed: 0, catchUps: 0, resumed: 0, rejoined: 0, repaired: 0 }
    for (const history of fc.sample(histories, { numRuns: 50, seed: 1 })) {
      const { compared, restricted, viewed, catchUps, resumed, rejoined, repaired } = await new HistoryWorld(
        history,
      ).play()
      sum.compared += compared
      sum.restricted += restricted
      sum.viewed += viewed
      sum.catchUps += catchUps
      sum.resumed += resumed
      sum.rejoined += rejoined
      sum.repaired += repaired
    }
    expect(sum.compared).toBeGreaterThan(500)
    expect(sum.restricted).toBeGreaterThan(sum.compared / 2)
    expect(sum.viewed).toBeGreaterThan(sum.compared / 2)
    expect(sum.catchUps).toBeGreaterThan(10)
    expect(sum.resumed).toBeGreaterThan(30)
    expect(sum.rejoined).toBeGreaterThan(10)
    expect(sum.repaired).toBeGreaterThan(10)
  })
})
