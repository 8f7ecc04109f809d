import fc from 'fast-check'
import { expect, it } from 'vitest'
import { replayCommand } from './replay-reporter.ts'

it('what fast-check says of a property that failed becomes the command that runs it again', () => {
  const failing = fc.property(fc.integer(), (value) => value < 10)
  let message = ''
  try {
    fc.assert(failing, { seed: -5 })
  } catch (error) {
    message = error instanceof Error ? error.message : ''
  }
  const command = replayCommand('packages/a/b.test.ts', "numbers > of (some) kind are ours, isn't it", message)
  expect(command).toMatch(
    /^JUNTO_SEED=-5 JUNTO_PATH=[\d:]+ npx vitest run packages\/a\/b\.test\.ts -t 'numbers of \\\(some\\\) kind are ours, isn\.t it'$/,
  )
  // With these, the first run is the one that fails, with nothing left to be made smaller.
  const path = /JUNTO_PATH=([\d:]+)/.exec(command ?? '')?.[1]
  if (path === undefined) throw new Error('no path')
  expect(fc.check(failing, { seed: -5, path, endOnFailure: true })).toMatchObject({
    failed: true,
    numRuns: 1,
    counterexample: [10],
  })
})

it('other errors have none', () => {
  expect(replayCommand('a.test.ts', 'a', 'expected 1 to be 2')).toBeUndefined()
})
