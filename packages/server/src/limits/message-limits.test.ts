import { VirtualClock } from '@junto/testing'
import { expect, it } from 'vitest'
import { MessageLimits, type Holder } from './message-limits.ts'

it('counts each message of each holder alone', async () => {
  const clock = new VirtualClock()
  const limits = new MessageLimits(clock, [undefined, { rate: 2, burst: 2 }, { rate: 1, burst: 1 }])
  const ada = { spentUntil: -Infinity }
  const bo = { spentUntil: -Infinity }
  const check = (holder: Holder, id: number) => limits.check(holder, id, `call ${id}`)?.retryAfter
  for (let n = 0; n < 1000; n++) expect(check(ada, 0)).toBeUndefined()
  expect([check(ada, 1), check(ada, 1), check(ada, 1)]).toEqual([undefined, undefined, 500])
  expect(check(ada, 2)).toBeUndefined()
  expect(check(bo, 1)).toBeUndefined()
  await clock.advance(500)
  expect(check(ada, 1)).toBeUndefined()
  expect(limits.check(ada, 2, 'call render')).toMatchObject({
    code: 'rate_limited',
    message: 'call render may be sent 1 times a second: try again in 500 ms',
  })
})
