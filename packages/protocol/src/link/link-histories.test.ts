import { replayCommand, SeededRandom, seeds } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { LinkHistory, noTally } from './link-history.fixture.ts'

/** Runs of `npm run test:long` take longer. */
const patience = 300_000

describe('two links, whatever happens to their lines', () => {
  it(
    '[K1] [K8] [K9] bring each frame once and in order, and count what is missing',
    () => {
      for (const seed of seeds(4000)) {
        const random = new SeededRandom(seed)
        try {
          new LinkHistory(random, noTally()).play(random.integer(5, 300))
        } catch (error) {
          throw new Error(`seed ${seed}: ${replayCommand(seed)}`, { cause: error })
        }
      }
    },
    patience,
  )

  it('have histories that are worth looking at', () => {
    const tally = noTally()
    for (let seed = 1; seed <= 200; seed++) new LinkHistory(new SeededRandom(seed), tally).play(200)
    for (const [what, times] of Object.entries(tally)) expect(times, what).toBeGreaterThan(100)
  })
})
