import { VirtualClock } from '@junto/testing'
import { describe, expect, test } from 'vitest'
import { TurnEnd } from './turn-end.ts'

describe('the end of a turn', () => {
  test('comes once for everybody: rooms first, then what stands behind them, then links, those included that the rooms filled: all close their messages before one sends', async () => {
    const clock = new VirtualClock()
    let callbacks = 0
    const atEndOfTurn = clock.atEndOfTurn.bind(clock)
    clock.atEndOfTurn = (fn) => {
      callbacks++
      atEndOfTurn(fn)
    }
    const turnEnd = new TurnEnd(clock)
    const log: string[] = []
    const link = (name: string) => ({
      gather: () => void log.push(`${name} closes`),
      flush: () => void log.push(`${name} sends`),
    })
    turnEnd.flushLink(link('link 1'))
    turnEnd.flushBehind({ flush: () => void log.push('behind') })
    turnEnd.flushRoom({
      flush: () => {
        log.push('room 1')
        turnEnd.flushLink(link('link 2'))
      },
    })
    turnEnd.flushRoom({ flush: () => void log.push('room 2') })
    expect(log).toEqual([])
    await clock.settle()
    expect(log).toEqual([
      'room 1',
      'room 2',
      'behind',
      'link 1 closes',
      'link 2 closes',
      'link 1 sends',
      'link 2 sends',
    ])
    expect(callbacks).toBe(1)
  })

  test('what flushing brings about belongs to the next turn', async () => {
    const clock = new VirtualClock()
    const turnEnd = new TurnEnd(clock)
    const log: string[] = []
    const room = { flush: () => void log.push('room') }
    const link = {
      gather: () => undefined,
      flush: () => {
        log.push('link')
        if (log.length < 4) turnEnd.flushLink(link)
      },
    }
    turnEnd.flushRoom({
      flush: () => {
        log.push('first')
        turnEnd.flushRoom(room)
      },
    })
    turnEnd.flushLink(link)
    await clock.settle()
    expect(log).toEqual(['first', 'link', 'room', 'link'])
  })
})
