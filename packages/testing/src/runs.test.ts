import { afterEach, expect, it, vi } from 'vitest'
import { runs, seeds } from './runs.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** The environment of the tests of this file, whatever that of the whole run is. */
function environment(values: { factor?: string; seed?: string; path?: string }): void {
  vi.stubEnv('JUNTO_RUNS_FACTOR', values.factor)
  vi.stubEnv('JUNTO_SEED', values.seed)
  vi.stubEnv('JUNTO_PATH', values.path)
}

it('a property runs as often as it says, or more often by a factor', () => {
  environment({})
  expect(runs(500)).toEqual({ numRuns: 500 })
  expect(seeds(3)).toEqual([1, 2, 3])
  environment({ factor: '20' })
  expect(runs(500)).toEqual({ numRuns: 10_000 })
  expect(seeds(3)).toHaveLength(60)
})

it('what failed runs again, by its seed and its path', () => {
  environment({ seed: '-17' })
  expect(runs(500)).toEqual({ numRuns: 500, seed: -17 })
  expect(seeds(3)).toEqual([-17])
  environment({ seed: '-17', path: '4:0:1' })
  expect(runs(500)).toEqual({ numRuns: 500, seed: -17, path: '4:0:1', endOnFailure: true })
})

it.each(['', 'many', '0', '-1', '1.5'])('a factor of %j is refused', (factor) => {
  environment({ factor })
  expect(() => runs(500)).toThrow('JUNTO_RUNS_FACTOR')
})

it('a seed that is none is refused', () => {
  environment({ seed: 'x' })
  expect(() => runs(500)).toThrow("JUNTO_SEED is 'x', and must be a whole number")
})
