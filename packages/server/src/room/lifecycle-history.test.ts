import { replayCommand, seeds } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { LifecycleHistory } from './lifecycle-history.fixture.ts'

describe('whatever happens to rooms and members, every life goes its way from its first hook to its last', () => {
  const seen = new Map<string, number>()

  it.each(seeds(40))('seed %i', async (seed) => {
    const history = new LifecycleHistory(seed)
    await history.play(150)
    expect(history.wrong, replayCommand(seed)).toEqual([])
    for (const [what, count] of history.seen) seen.set(what, (seen.get(what) ?? 0) + count)
  })

  // One seed alone need not have all of it.
  it.skipIf(process.env['JUNTO_SEED'] !== undefined)('and much has happened', () => {
    const reasons = ['left', 'disconnected', 'refused', 'kicked', 'closed', 'idle', 'expired', 'failed', 'shutdown']
    const others = ['onDrop', 'onResume', 'seat taken again', 'timer', 'refused to restart']
    const outside = ['opened from outside', 'run from outside']
    const seldom = [...reasons, ...others, ...outside].filter((what) => (seen.get(what) ?? 0) < 15)
    expect(seldom).toEqual([])
  })
})
