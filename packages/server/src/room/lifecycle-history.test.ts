import { replayCommand, seeds } from '@junto/testing'
import { expect, it } from 'vitest'
import { LifecycleHistory } from './lifecycle-history.fixture.ts'

it('whatever happens to rooms and members, every life goes its way from its first hook to its last', async () => {
  const seen = new Map<string, number>()
  for (const seed of seeds(60)) {
    const history = new LifecycleHistory(seed)
    await history.play(150)
    expect(history.wrong, replayCommand(seed)).toEqual([])
    for (const [what, count] of history.seen) seen.set(what, (seen.get(what) ?? 0) + count)
  }
  // One seed alone need not have all of it.
  if (process.env['JUNTO_SEED'] !== undefined) return
  const often = [
    'left',
    'disconnected',
    'refused',
    'kicked',
    'closed',
    'idle',
    'expired',
    'failed',
    'shutdown',
    'onDrop',
    'onResume',
    'seat taken again',
    'timer',
    'opened from outside',
    'run from outside',
    'refused to restart',
  ]
  expect(Object.fromEntries(often.map((what) => [what, (seen.get(what) ?? 0) >= 20]))).toEqual(
    Object.fromEntries(often.map((what) => [what, true])),
  )
})
