import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byId } from './by-id.ts'

const highest = 2 ** 32 - 2

describe('items by id', () => {
  it('are sorted, however far apart their ids lie', () => {
    const ids = fc.oneof(
      fc.uniqueArray(fc.nat(200)),
      fc.uniqueArray(fc.integer({ min: highest - 50, max: highest })),
      fc.uniqueArray(fc.nat(highest)),
      fc.uniqueArray(fc.oneof(fc.nat(20), fc.nat(highest)), { minLength: 2 }),
    )
    fc.assert(
      fc.property(ids, (given) => {
        const items = given.map((id) => ({ id }))
        const sorted = byId([...items])
        expect(sorted.map(({ id }) => id)).toEqual([...given].sort((a, b) => a - b))
        expect(new Set(sorted)).toEqual(new Set(items))
      }),
      runs(500),
    )
  })

  it('stay in the same array where they are so already', () => {
    const items = [{ id: 3 }, { id: 4 }, { id: 900 }]
    expect(byId(items)).toBe(items)
    const none: { id: number }[] = []
    expect(byId(none)).toBe(none)
  })
})
