import { describe, expect, it } from 'vitest'
import { closeCodes, type CloseCode } from './close-codes.ts'
import { reconnectsAfter } from './closing.ts'

describe('close codes', () => {
  it('[C1] say by their number whether a client comes back', () => {
    for (const { code, reconnect, name } of Object.values<CloseCode>(closeCodes)) {
      expect(reconnectsAfter(code), name).toBe(reconnect)
    }
    expect([4000, 4499].map(reconnectsAfter)).toEqual([true, true])
    expect([4500, 4999].map(reconnectsAfter)).toEqual([false, false])
  })

  it('fit into a close frame by their names', () => {
    for (const { name } of Object.values<CloseCode>(closeCodes)) expect(name).toMatch(/^[a-z_]{1,123}$/)
  })

  it('[C2] of others are accidents, but for those that would happen again', () => {
    expect([1001, 1006, 1011, 1012, 1013, 3000].map(reconnectsAfter)).toEqual([true, true, true, true, true, true])
    expect([1000, 1002, 1003, 1007, 1008, 1009, 1010].filter(reconnectsAfter)).toEqual([])
  })
})
