import { describe, expect, it } from 'vitest'
import { Strikes } from './strikes.ts'

describe('strikes', () => {
  const limits = { strikes: 3, strikeHealing: 10_000 }

  it('are too many at the limit', () => {
    const strikes = new Strikes(limits)
    expect([0, 0, 0].map((now) => strikes.add(now))).toEqual([false, false, true])
  })

  it('are forgotten one by one', () => {
    const strikes = new Strikes(limits)
    expect([0, 1, 10_001, 20_001].map((now) => strikes.add(now))).toEqual([false, false, false, false])
    expect(strikes.add(20_002)).toBe(true)
  })

  it('of a page that makes a mistake now and then never are', () => {
    const strikes = new Strikes(limits)
    for (let now = 0; now < 1e8; now += 10_000) expect(strikes.add(now)).toBe(false)
  })

  it('may be none at all', () => {
    expect(new Strikes({ strikes: 1, strikeHealing: 10_000 }).add(0)).toBe(true)
  })
})
