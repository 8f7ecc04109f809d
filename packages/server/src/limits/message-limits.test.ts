import { expect, it } from 'vitest'
import { MessageLimits, type Holder } from './message-limits.ts'

it('counts each message of each holder alone', () => {
  const limits = new MessageLimits([
    undefined,
    { what: 'call search', rate: 2, burst: 2 },
    { what: 'call render', rate: 1, burst: 1 },
  ])
  const ada = { spentUntil: -Infinity }
  const bo = { spentUntil: -Infinity }
  /** Takes one, if there is one. @returns how long to wait else. */
  const tryOne = (holder: Holder, id: number, now = 0) => {
    const allowance = limits.of(holder, id)
    const wait = allowance?.wait(now)
    if (wait === 0) allowance?.take(now)
    return wait
  }
  expect(limits.of(ada, 0)).toBeUndefined()
  expect([tryOne(ada, 1), tryOne(ada, 1), tryOne(ada, 1)]).toEqual([0, 0, 500])
  expect(tryOne(ada, 2)).toBe(0)
  expect(tryOne(bo, 1)).toBe(0)
  expect(tryOne(ada, 1, 500)).toBe(0)
  expect(limits.of(ada, 2)?.limit.what).toBe('call render')
  expect([ada.spentUntil, bo.spentUntil]).toEqual([1500, 500])
})
