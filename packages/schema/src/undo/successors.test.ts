import { describe, expect, it } from 'vitest'
import { Handle } from '../state/nodes/state-node.ts'
import { TestBoard } from './board.fixture.ts'
import { atomicSuccession, latest, succeed } from './successors.ts'

describe('what was taken out and put back', () => {
  it('is found by each of the copies that there were, however often', () => {
    const board = new TestBoard()
    const { columns } = board.state
    columns.push({ name: 'one', tags: [] })
    const item = (): Handle => {
      const found: unknown = columns.at(0)
      if (!(found instanceof Handle)) throw new Error('There is no item')
      return found
    }
    const seen = [item()]
    for (let count = 0; count < 100; count++) {
      board.undo(board.write(() => columns.pop()))
      seen.push(item())
    }
    expect(new Set(seen).size).toBe(101)
    for (const each of seen) expect(latest(each)).toBe(item())
  })

  it('may be there twice, each with what comes after it', () => {
    const { columns } = new TestBoard().state
    columns.push(...['first', 'one', 'other', 'last'].map((name) => ({ name, tags: [] })))
    const [first, one, other, last] = [...columns]
    if (!(first instanceof Handle && one instanceof Handle && other instanceof Handle)) throw new Error('No items')
    const sourceOf = (handle: Handle) => ({ handle, parts: new Map() })
    succeed(sourceOf(first), one)
    succeed(sourceOf(first), other)
    succeed(sourceOf(one), last)
    expect([latest(first), latest(one), latest(other)]).toEqual([other, last, other])
  })

  it('was not, where that came to nothing: the next time counts', () => {
    const { columns } = new TestBoard().state
    columns.push(...['first', 'one', 'other', 'last'].map((name) => ({ name, tags: [] })))
    const [first, one, other, last] = [...columns]
    if (!(first instanceof Handle && one instanceof Handle && other instanceof Handle)) throw new Error('No items')
    const sourceOf = (handle: Handle) => ({ handle, parts: new Map() })
    const refused = () =>
      atomicSuccession(() => {
        succeed(sourceOf(first), other)
        succeed(sourceOf(one), other)
        succeed(sourceOf(other), last)
        throw new Error('refused')
      })
    expect(refused).toThrow('refused')
    expect([latest(first), latest(one), latest(other)]).toEqual([first, one, other])
    succeed(sourceOf(first), one)
    expect(refused).toThrow('refused')
    expect([latest(first), latest(one), latest(other)]).toEqual([one, one, other])
    succeed(sourceOf(one), last)
    expect([latest(first), latest(one)]).toEqual([last, last])
  })
})
