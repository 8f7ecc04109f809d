import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Edits } from './edits.ts'

/** A splice (removed and added) or a move, at places that are taken modulo the length. */
const operations = fc.array(
  fc.oneof(
    fc.record({ at: fc.nat(), removed: fc.nat(4), added: fc.nat(4) }),
    fc.record({ from: fc.nat(), to: fc.nat() }),
  ),
  { maxLength: 20 },
)

describe('the runs of a list', () => {
  it('are the list after any operations', () => {
    fc.assert(
      fc.property(fc.nat(12), operations, (length, list) => {
        // Old items are their index, new ones -1.
        const items = Array.from({ length }, (_, index) => index)
        const edits = new Edits(length)
        for (const operation of list) {
          if ('at' in operation) {
            const at = operation.at % (items.length + 1)
            const removed = Math.min(operation.removed, items.length - at)
            items.splice(at, removed, ...Array.from({ length: operation.added }, () => -1))
            edits.splice(at, removed, operation.added)
          } else if (items.length > 0) {
            const [from, to] = [operation.from % items.length, operation.to % items.length]
            items.splice(to, 0, ...items.splice(from, 1))
            edits.move(from, to)
          }
        }
        const runs = edits.runs()
        const told = runs.flatMap(({ from, count }) =>
          Array.from({ length: count }, (_, index) => (from === -1 ? -1 : from + index)),
        )
        expect(told).toEqual(items)
        expect(edits.none).toBe(items.length === length && items.every((item, index) => item === index))
        expect(edits.keepsSome).toBe(items.some((item) => item !== -1))
        expect(runs.every(({ count }) => count > 0)).toBe(true)
      }),
      runs(500),
    )
  })

  it('are few for few operations, however long the list', () => {
    const edits = new Edits(1_000_000)
    for (let count = 0; count < 1000; count++) edits.splice(1_000_000 + count, 0, 1)
    expect(edits.runs()).toEqual([
      { from: 0, count: 1_000_000 },
      { from: -1, count: 1000 },
    ])
    expect(edits.scattered).toBe(false)
    for (let at = 0; at < 2000; at += 2) edits.splice(at, 1, 1)
    expect(edits.scattered).toBe(true)
  })
})
