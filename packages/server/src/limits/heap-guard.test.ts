import { serverLimits } from '@junto/protocol'
import { VirtualClock } from '@junto/testing'
import { expect, it } from 'vitest'
import { HeapGauge, HeapGuard } from './heap-guard.ts'

it('takes nothing on above the mark, and looks once a second', async () => {
  const clock = new VirtualClock()
  let looks = 0
  let used = 0.84
  const gauge = {
    used: () => {
      looks++
      return used
    },
  }
  const guard = new HeapGuard(clock, gauge, serverLimits())
  expect(guard.overloaded).toBe(false)
  used = 0.85
  expect(guard.overloaded).toBe(false)
  await clock.advance('1s')
  expect(guard.overloaded).toBe(true)
  expect(() => guard.refuseIfOverloaded()).toThrow(
    expect.objectContaining({
      code: 'overloaded',
      retryAfter: 5000,
      message: 'the server has too little memory left for new rooms and joins (limit heapMark: 85 %)',
    }),
  )
  expect(looks).toBe(2)
  used = 0.5
  await clock.advance('1s')
  expect(() => guard.refuseIfOverloaded()).not.toThrow()
})

it('reads the heap of this process', () => {
  const used = new HeapGauge().used()
  expect(used).toBeGreaterThan(0)
  expect(used).toBeLessThan(1)
})
