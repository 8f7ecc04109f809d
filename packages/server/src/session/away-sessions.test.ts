import { VirtualClock } from '@junto/testing'
import { expect, test } from 'vitest'
import { AwaySessions } from './away-sessions.ts'

function build() {
  const clock = new VirtualClock()
  const due: string[] = []
  const away = new AwaySessions<{ name: string; kept: number }>(clock, 1000, ({ name }) => due.push(name))
  const add = (name: string, address: string, kept = 0) => {
    const one = { name, kept }
    away.add(one, address)
    return one
  }
  return { clock, away, due, add }
}

test('each is due in its time, unless it came back', async () => {
  const { clock, away, due, add } = build()
  const back = add('a', '10.0.0.1')
  add('b', '10.0.0.2')
  expect([away.delete(back), away.delete(back), away.size]).toEqual([true, false, 1])
  await clock.advance(1000)
  expect([due, away.size, away.surplus, clock.pendingTimers]).toEqual([['b'], 0, undefined, 0])
})

test('who makes way went first of the address that has most away', () => {
  const { away, add } = build()
  add('honest', '10.0.0.1')
  for (let n = 0; n < 3; n++) add(`flood ${n}`, `2001:db8::${n}`)
  const order: (string | undefined)[] = []
  for (let next = away.surplus; next !== undefined; next = away.surplus) {
    order.push(next.name)
    away.delete(next)
  }
  expect(order.slice(0, 2)).toEqual(['flood 0', 'flood 1'])
  expect(order).toHaveLength(4)
})

test('what is kept is given up first where most is kept for one address', () => {
  const { away, add } = build()
  add('honest', '10.0.0.1', 500)
  add('nothing', '10.0.0.2')
  add('flood 0', '10.0.0.3', 300)
  add('flood 1', '10.0.0.3', 300)
  expect(away.byKept().map(({ name }) => name)).toEqual(['flood 0', 'flood 1', 'honest'])
})
