import { expect, test } from 'vitest'
import { SystemClock, SystemLoopDelay } from './system-clock.ts'

test('the end of a turn comes after what was settled in it, and before the next timers', async () => {
  const clock = new SystemClock()
  const log: string[] = []
  await new Promise<void>((resolve) => {
    clock.after(0, () => {
      clock.after(0, () => {
        log.push('timer')
        resolve()
      })
      clock.atEndOfTurn(() => log.push('end'))
      clock.atEndOfTurn(() => log.push('end, second'))
      void Promise.resolve().then(() => log.push('promise'))
      log.push('turn')
    })
  })
  expect(log).toEqual(['turn', 'promise', 'end', 'end, second', 'timer'])
})

test('what the end of a turn puts off belongs to the next one', async () => {
  const clock = new SystemClock()
  const log: string[] = []
  await new Promise<void>((resolve) => {
    clock.atEndOfTurn(() => {
      clock.atEndOfTurn(() => {
        log.push('next')
        resolve()
      })
      log.push('first')
    })
    clock.atEndOfTurn(() => log.push('second'))
  })
  expect(log).toEqual(['first', 'second', 'next'])
})

test('a cancelled timer does not run', async () => {
  const clock = new SystemClock()
  const log: string[] = []
  clock.after(1, () => log.push('cancelled'))()
  await new Promise<void>((resolve) => clock.after(5, resolve))
  expect(log).toEqual([])
})

test('a wait longer than a timer can count does not end at once', async () => {
  const clock = new SystemClock()
  const log: string[] = []
  const cancel = clock.after(2 ** 40, () => log.push('at once'))
  await new Promise<void>((resolve) => clock.after(5, resolve))
  cancel()
  expect(log).toEqual([])
})

test('the delay of the event loop is that of what holds it up', async () => {
  const delay = new SystemLoopDelay()
  const clock = new SystemClock()
  expect(delay.read()).toBeUndefined()
  delay.start()
  try {
    const turn = (): Promise<void> => new Promise((resolve) => clock.after(30, resolve))
    // Its timer has to come round before and after.
    await turn()
    await turn()
    const until = clock.now() + 150
    while (clock.now() < until);
    await turn()
    await turn()
    const { p50, p99, max } = delay.read() ?? { p50: 0, p99: 0, max: 0 }
    expect(max).toBeGreaterThan(0.1)
    expect(p99).toBeGreaterThan(0.1)
    expect(p50).toBeLessThan(max)
  } finally {
    delay.stop()
  }
  expect(delay.read()).toBeUndefined()
})
