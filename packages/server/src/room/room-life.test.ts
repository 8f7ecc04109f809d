import { describe, expect, test } from 'vitest'
import { RoomLife, type Ending, type RoomPhase } from './room-life.ts'

const closed: Ending = { reason: 'closed', message: 'enough' }
const failed: Ending = { reason: 'failed', message: undefined }

/** How a life comes to stand in each phase. */
const ways: { readonly [P in RoomPhase]: (life: RoomLife<string>) => void } = {
  creating: () => {},
  restoring: (life) => life.equip('works'),
  open: (life) => {
    ways.restoring(life)
    life.open()
  },
  draining: (life) => {
    ways.open(life)
    life.close(closed)
  },
  disposed: (life) => {
    ways.draining(life)
    life.dispose()
  },
}

const steps = {
  equip: (life) => life.equip('other works'),
  open: (life) => life.open(),
  close: (life) => void life.close(failed),
  dispose: (life) => life.dispose(),
} satisfies { readonly [name: string]: (life: RoomLife<string>) => void }

/** What each step makes of each phase; `never`: it cannot be done there, and says so. */
const table: { readonly [P in RoomPhase]: { readonly [S in keyof typeof steps]: RoomPhase | 'never' } } = {
  creating: { equip: 'restoring', open: 'never', close: 'creating', dispose: 'disposed' },
  restoring: { equip: 'never', open: 'open', close: 'restoring', dispose: 'disposed' },
  open: { equip: 'never', open: 'never', close: 'draining', dispose: 'never' },
  draining: { equip: 'never', open: 'never', close: 'draining', dispose: 'disposed' },
  disposed: { equip: 'never', open: 'never', close: 'disposed', dispose: 'never' },
}

function lifeIn(phase: RoomPhase) {
  const seen: RoomPhase[] = []
  const life: RoomLife<string> = new RoomLife(() => seen.push(life.phase))
  ways[phase](life)
  seen.length = 0
  return { life, seen }
}

const phases = Object.keys(table) as RoomPhase[]

describe.each(phases)('a room that is %s', (phase) => {
  test.each(Object.keys(steps) as (keyof typeof steps)[])('%s', (step) => {
    const { life, seen } = lifeIn(phase)
    const after = table[phase][step]
    if (after === 'never') {
      expect(() => steps[step](life)).toThrow(/^A room that is \w+ cannot become \w+\.$/)
      expect(life.phase).toBe(phase)
    } else {
      steps[step](life)
      expect(life.phase).toBe(after)
    }
    // Told once for each change, and only then.
    expect(seen).toEqual(after === 'never' || after === phase ? [] : [after])
  })

  test('knows its works from the first state on', () => {
    const { life } = lifeIn(phase)
    expect(life.works).toBe(phase === 'creating' ? undefined : 'works')
    expect(life.isEnding).toBe(phase === 'draining' || phase === 'disposed')
    expect(phases.filter((each) => life.is(each))).toEqual([phase])
  })
})

describe('why it ends', () => {
  test('is the first reason, also where it was closed before it was open', () => {
    const { life } = lifeIn('creating')
    expect(life.close(closed)).toBe(false)
    life.equip('works')
    expect(life.close(failed)).toBe(false)
    life.open()
    expect(life.ending).toBe(closed)
    expect(life.close(failed)).toBe(true)
    expect(life.ending).toBe(closed)
    expect(life.close(failed)).toBe(false)
    life.dispose()
    life.close(failed)
    expect(life.ending).toBe(closed)
  })

  test('is nothing for one that came to nothing by itself', () => {
    const { life } = lifeIn('restoring')
    life.dispose()
    life.close(closed)
    expect(life.ending).toBeUndefined()
  })
})
