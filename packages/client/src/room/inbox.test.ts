import { VirtualClock } from '@junto/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Warning } from '../warnings.ts'
import { Inbox } from './inbox.ts'

let clock: VirtualClock
let warnings: Warning[]
let inbox: Inbox

beforeEach(() => {
  clock = new VirtualClock()
  warnings = []
  inbox = new Inbox({ clock, report: (warning) => warnings.push(warning), room: 'board', limits: { maxUnheard: 4 } })
})

describe('listening', () => {
  it('calls every listener at once, in order', async () => {
    const heard: string[] = []
    inbox.listen('cleared', (by) => heard.push(`1:${String(by)}`))
    inbox.listen('cleared', (by) => heard.push(`2:${String(by)}`))
    await clock.settle()
    inbox.deliver('cleared', 'ada')
    expect(heard).toEqual(['1:ada', '2:ada'])
  })

  it('ends with its subscription, also when the same function listens twice', async () => {
    const heard: unknown[] = []
    const listener = (payload: unknown): void => void heard.push(payload)
    const first = inbox.listen('cleared', listener)
    using second = inbox.listen('cleared', listener)
    await clock.settle()
    first()
    first()
    inbox.deliver('cleared', 1)
    expect(heard).toEqual([1])
    second()
    inbox.deliver('cleared', 2)
    expect(heard).toEqual([1])
  })

  it('goes on when a listener throws, and reports what it threw', async () => {
    const heard: unknown[] = []
    inbox.listen('cleared', () => {
      throw new RangeError('oops')
    })
    inbox.listen('cleared', (payload) => heard.push(payload))
    await clock.settle()
    inbox.deliver('cleared', 1)
    expect(heard).toEqual([1])
    expect(warnings).toMatchObject([{ code: 'fault', message: "a listener to 'cleared' of room 'board' threw: oops" }])
    expect(warnings[0]?.error).toBeInstanceOf(RangeError)
  })

  it('lets a listener listen and end while it is called', async () => {
    const heard: string[] = []
    const first = inbox.listen('cleared', () => {
      heard.push('first')
      first()
      inbox.listen('cleared', () => heard.push('late'))
    })
    await clock.settle()
    inbox.deliver('cleared', 1)
    expect(heard).toEqual(['first'])
    inbox.deliver('cleared', 2)
    expect(heard).toEqual(['first', 'late'])
  })
})

describe('events before their first listener', () => {
  it('wait, and come in order after the code that listens, before newer ones', async () => {
    inbox.deliver('cleared', 1)
    inbox.deliver('cleared', 2)
    const heard: unknown[] = []
    inbox.listen('cleared', (payload) => heard.push(payload))
    expect(heard).toEqual([])
    inbox.deliver('cleared', 3)
    await clock.settle()
    inbox.deliver('cleared', 4)
    expect(heard).toEqual([1, 2, 3, 4])
    expect(warnings).toEqual([])
  })

  it('go to every listener that was added in the same turn', async () => {
    inbox.deliver('cleared', 1)
    const heard: string[] = []
    inbox.listen('cleared', () => heard.push('a'))
    inbox.listen('cleared', () => heard.push('b'))
    await clock.settle()
    expect(heard).toEqual(['a', 'b'])
  })

  it('still wait when that listener ended before it got anything', async () => {
    inbox.deliver('cleared', 1)
    inbox.listen('cleared', () => {})()
    await clock.settle()
    const heard: unknown[] = []
    inbox.listen('cleared', (payload) => heard.push(payload))
    await clock.settle()
    expect(heard).toEqual([1])
  })

  it('wait up to a bound for all names; the oldest go first, and that is told', async () => {
    for (let n = 1; n <= 3; n++) inbox.deliver('cleared', n)
    inbox.deliver('moved', 1)
    for (let n = 4; n <= 6; n++) inbox.deliver('cleared', n)
    const heard: unknown[] = []
    inbox.listen('cleared', (payload) => heard.push(payload))
    await clock.settle()
    expect(heard).toEqual([4, 5, 6])
    expect(warnings).toMatchObject([{ code: 'overflow', message: expect.stringContaining('3 events ') as string }])
  })

  it('are reported once by name when nothing listens', async () => {
    inbox.deliver('cleared', 1)
    inbox.deliver('cleared', 2)
    await clock.advance('5s')
    inbox.deliver('cleared', 3)
    await clock.advance('1m')
    expect(warnings).toMatchObject([
      {
        code: 'unheard',
        message: "event 'cleared' of room 'board' came and nothing listens to it: add room.on('cleared', …)",
      },
    ])
  })

  it('are not kept once there has been a listener', async () => {
    inbox.listen('cleared', () => {})
    await clock.settle()
    const second: unknown[] = []
    const first = inbox.listen('moved', () => {})
    await clock.settle()
    first()
    inbox.deliver('moved', 1)
    inbox.listen('moved', (payload) => second.push(payload))
    await clock.settle()
    expect(second).toEqual([])
  })

  it('leave no timer behind when the room ends', async () => {
    inbox.deliver('cleared', 1)
    inbox.close()
    expect(clock.pendingTimers).toBe(0)
  })
})
