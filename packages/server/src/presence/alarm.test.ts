import { VirtualClock } from '@junto/testing'
import { expect, test } from 'vitest'
import { TurnEnd } from '../sync/turn-end.ts'
import { Alarm } from './alarm.ts'

/** An alarm, when it rang, and what it is told then. */
function setUp(ring: (alarm: Alarm) => number = () => Infinity) {
  const clock = new VirtualClock()
  const rang: number[] = []
  const alarm: Alarm = new Alarm(clock, new TurnEnd(clock), () => {
    rang.push(clock.now())
    return ring(alarm)
  })
  return { clock, rang, alarm }
}

test('rings at the end of the turn, once, however often it is set', async () => {
  const { clock, rang, alarm } = setUp()
  alarm.set(-Infinity)
  alarm.set(0)
  expect(rang).toEqual([])
  await clock.advance('1s')
  expect(rang).toEqual([0])
})

test('of all times the earliest counts, and leaves no timer behind', async () => {
  const { clock, rang, alarm } = setUp()
  alarm.set(300)
  alarm.set(100)
  alarm.set(200)
  expect(clock.pendingTimers).toBe(1)
  await clock.advance('1s')
  expect(rang).toEqual([100])
  expect(clock.pendingTimers).toBe(0)
})

test('rings next when the ringing says, whatever that set', async () => {
  const { clock, rang, alarm } = setUp((self) => {
    self.set(-Infinity)
    return clock.now() < 250 ? clock.now() + 100 : Infinity
  })
  alarm.set(100)
  await clock.advance('1s')
  expect(rang).toEqual([100, 200, 300])
})

test('never rings once it is closed: not while it waits, not in the turn, not from its own ringing', async () => {
  const waits = setUp()
  waits.alarm.set(100)
  waits.alarm.close()
  waits.alarm.set(50)
  await waits.clock.advance('1s')
  expect([waits.rang, waits.clock.pendingTimers]).toEqual([[], 0])

  const queued = setUp()
  queued.alarm.set(-Infinity)
  queued.alarm.close()
  await queued.clock.advance('1s')
  expect(queued.rang).toEqual([])

  const ringing = setUp((self) => {
    self.close()
    return 0
  })
  ringing.alarm.set(-Infinity)
  await ringing.clock.advance('1s')
  expect(ringing.rang).toEqual([0])
})

test('a time beyond what timers can wait for is waited for in parts', async () => {
  const far = 3 * 0x7fff_ffff
  const { clock, rang, alarm } = setUp(() => (clock.now() < far ? far : Infinity))
  alarm.set(far)
  await clock.advance(4 * 0x7fff_ffff)
  expect(rang).toEqual([far / 3, (2 * far) / 3, far])
})
