import { expect, it } from 'vitest'
import { TestBoard } from './board.fixture.ts'

/** Milliseconds to write one item of a list and to take that back, the least of many; `write` leaves the list as long as it was, or one longer. */
function cost(size: number, write: (order: TestBoard['state']['order'], middle: number) => unknown): number {
  const board = new TestBoard()
  const { order } = board.state
  order.replace(Array.from({ length: size }, (_, index) => `item ${index}`))
  const middle = size / 2
  let least = Infinity
  for (let turn = 0; turn < 40; turn++) {
    const before = performance.now()
    const { done } = board.undo(board.write(() => write(order, middle)))
    least = Math.min(least, performance.now() - before)
    expect([done, order.length, order.at(middle)]).toEqual([1, size, `item ${middle}`])
  }
  return least
}

// Of a hundred times as many it would be a hundred times as much, if all of them were looked at: ten milliseconds and more. To copy them is not
// for nothing either, where a busy machine has little memory at hand.
it.each<[string, Parameters<typeof cost>[1]]>([
  ['an item that came', (order, middle) => order.insert(middle, 'new')],
  ['an item that went', (order, middle) => order.splice(middle, 1)],
  ['an item that was moved', (order, middle) => order.move(middle, middle + 3)],
])('a step in a long list costs what has changed in it: %s', (_, write) => {
  expect(cost(20_000, write)).toBeLessThan(10 * cost(200, write) + 1)
})
