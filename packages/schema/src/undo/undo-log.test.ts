import { describe, expect, it } from 'vitest'
import { TestBoard } from './board.fixture.ts'

describe('a log of what can be taken back', () => {
  it('knows so many mutations, and says of others that it has forgotten them', () => {
    const board = new TestBoard({ steps: 2, bytes: 10_000 })
    const numbers = ['one', 'two', 'three'].map((title) => board.write((state) => (state.title = title)))
    expect(board.log.size).toBe(2)
    const [first = 0, second = 0, third = 0] = numbers
    expect(board.undo([third, second, first])).toMatchObject({ done: 2, skipped: 0, forgotten: 1 })
    expect(board.state.title).toBe('one')
  })

  it('keeps so many bytes, and lets go of all that it forgets', () => {
    const board = new TestBoard({ steps: 1000, bytes: 10_000 })
    for (let count = 0; count < 100; count++) board.write((state) => (state.title = 'x'.repeat(400) + String(count)))
    expect(board.log.bytes).toBeGreaterThan(8000)
    expect(board.log.bytes).toBeLessThanOrEqual(10_000)
    expect(board.log.size).toBeLessThan(13)
    const large = board.write((state) => (state.title = 'y'.repeat(20_000)))
    expect(board.undo(large)).toMatchObject({ done: 0, forgotten: 1 })
    for (let n = 0; n <= large + 1; n++) board.log.forget(n)
    expect([board.log.size, board.log.bytes]).toEqual([0, 0])
  })

  it('counts what stands in all kinds of places', () => {
    const board = new TestBoard()
    board.write((state) => state.cards.set('key', { text: 'x'.repeat(500), votes: 0, draft: '' }))
    board.write((state) => state.columns.push({ name: 'y'.repeat(700), tags: [] }))
    expect(board.log.bytes).toBeGreaterThan(1200)
    expect(board.log.bytes).toBeLessThan(1500)
  })

  it('forgets what was taken back whole: that comes to nothing a second time', () => {
    const board = new TestBoard()
    const n = board.write((state) => (state.title = 'mine'))
    board.undo(n)
    expect(board.undo(n)).toMatchObject({ done: 0, skipped: 0, forgotten: 1 })
  })

  it('knows mutations that changed nothing', () => {
    const board = new TestBoard()
    const n = board.write(() => {})
    expect(board.undo(n)).toMatchObject({ done: 0, skipped: 0, forgotten: 0 })
    expect(board.undo(n)).toMatchObject({ forgotten: 1 })
  })

  it('forgets nothing for the sake of those that changed nothing, of which it knows as many', () => {
    const board = new TestBoard({ steps: 3, bytes: 10_000 })
    const real = board.write((state) => (state.title = 'mine'))
    const empty = [1, 2, 3, 4, 5].map(() => board.write(() => {}))
    expect(board.log.size).toBe(1 + 3)
    expect(board.undo(empty)).toMatchObject({ done: 0, skipped: 0, forgotten: 2 })
    expect(board.undo(real)).toMatchObject({ done: 1, forgotten: 0 })
    expect(board.state.title).toBe('first')
  })

  it('keeps under a number what was said of it last, whether that is something or nothing', () => {
    const board = new TestBoard()
    const entries = board.entries((state) => (state.title = 'mine'))
    for (const kept of [entries, [], entries, []]) {
      board.log.keep(7, kept)
      expect(board.log.entriesOf(7)).toEqual(kept)
      expect(board.log.size).toBe(1)
    }
    expect(board.log.bytes).toBe(0)
  })
})
