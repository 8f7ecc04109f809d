import { describe, expect, it } from 'vitest'
import { toPlain } from '../state/values/plain.ts'
import { TestBoard } from './board.fixture.ts'

const card = (text: string) => ({ text, votes: 0, draft: `draft of ${text}` })

describe('what a mutation changed', () => {
  it('is put back as it was written, and forth again', () => {
    const board = new TestBoard()
    const { state } = board
    const n = board.write(() => {
      state.title = 'second'
      state.x = 50
    })
    const undo = board.undo(n)
    expect(undo).toMatchObject({ done: 2, skipped: 0, forgotten: 0 })
    expect([state.title, state.x]).toEqual(['first', 1.234])
    expect(board.undo(undo.n)).toMatchObject({ done: 2, skipped: 0 })
    expect([state.title, state.x]).toEqual(['second', 50])
  })

  it('stands where somebody has changed it since, and only there; unless that is to be overwritten', () => {
    const board = new TestBoard()
    const { state } = board
    board.write(() => state.cards.set('one', card('one')))
    const n = board.write(() => {
      state.title = 'mine'
      const one = state.cards.get('one')
      if (one !== undefined) one.text = 'mine'
    })
    board.write(() => (state.title = 'theirs'))
    expect(board.undo(n)).toMatchObject({ done: 1, skipped: 1 })
    expect([state.title, state.cards.get('one')?.text]).toEqual(['theirs', 'one'])
    // What was left is still known.
    expect(board.undo(n, true)).toMatchObject({ done: 2, skipped: 0 })
    expect([state.title, state.cards.get('one')?.text]).toEqual(['first', 'one'])
  })

  it('stands in something that has been removed since', () => {
    const board = new TestBoard()
    const { state } = board
    const one = state.cards.set('one', card('one'))
    const n = board.write(() => (one.votes = 5))
    board.write(() => state.cards.delete('one'))
    expect(board.undo(n)).toMatchObject({ done: 0, skipped: 1 })
    expect(board.undo(n, true)).toMatchObject({ done: 0, skipped: 1 })
    expect(state.cards.size).toBe(0)
  })

  it('stands in what came to the same place and is of another type', () => {
    const board = new TestBoard()
    const { state } = board
    state.focus = { kind: 'card', key: 'one' }
    const { focus } = state
    const n = board.write(() => {
      if (focus?.kind === 'card') focus.key = undefined
    })
    board.write(() => (state.focus = { kind: 'cell' }))
    expect(board.undo(n)).toMatchObject({ done: 0, skipped: 1 })
    expect(toPlain(state.focus)).toEqual({ kind: 'cell' })
  })

  it('is nothing where it cancelled out', () => {
    const board = new TestBoard()
    const { state } = board
    const entries = board.entries(() => {
      state.title = 'second'
      state.title = 'first'
      state.cards.set('one', card('one'))
      state.cards.delete('one')
      state.order.push('e')
      state.order.pop()
      state.x = 1.21
    })
    expect(entries).toEqual([])
  })
})

describe('an entity', () => {
  it('that was added goes, unless somebody has changed it', () => {
    const board = new TestBoard()
    const { state } = board
    const [one, two] = ['one', 'two'].map((key) => board.write(() => state.cards.set(key, card(key))))
    board.write(() => {
      const changed = state.cards.get('two')
      if (changed !== undefined) changed.votes++
    })
    expect(board.undo(one ?? 0)).toMatchObject({ done: 1, skipped: 0 })
    expect(board.undo(two ?? 0)).toMatchObject({ done: 0, skipped: 1 })
    expect([...state.cards.keys()]).toEqual(['two'])
  })

  it('that was removed comes back as it was before the mutation, with its server-only fields, as the last of its map', () => {
    const board = new TestBoard()
    const { state } = board
    const one = state.cards.set('one', card('one'))
    state.cards.set('two', card('two'))
    const n = board.write(() => {
      one.text = 'changed'
      state.cards.delete('one')
    })
    expect(board.undo(n)).toMatchObject({ done: 1, skipped: 0 })
    expect([...state.cards.keys()]).toEqual(['two', 'one'])
    const back = state.cards.get('one')
    expect(back).not.toBe(one)
    expect(toPlain(back)).toEqual({ text: 'one', votes: 0 })
    expect(back?.draft).toBe('draft of one')
  })

  it('of a map that was cleared comes back with the others, in their order', () => {
    const board = new TestBoard()
    const { state } = board
    for (const key of ['10', 'b', '9']) state.cards.set(key, card(key))
    const n = board.write(() => {
      state.cards.delete('b')
      state.cards.clear()
    })
    board.undo(n)
    expect([...state.cards.keys()]).toEqual(['10', 'b', '9'])
  })

  it('does not come back where another stands by now; unless that is to be overwritten', () => {
    const board = new TestBoard()
    const { state } = board
    state.cards.set('one', card('one'))
    const n = board.write(() => state.cards.delete('one'))
    board.write(() => state.cards.set('one', card('another')))
    expect(board.undo(n)).toMatchObject({ done: 0, skipped: 1 })
    expect(state.cards.get('one')?.text).toBe('another')
    expect(board.undo(n, true)).toMatchObject({ done: 1, skipped: 0 })
    expect(state.cards.get('one')?.text).toBe('one')
  })
})

describe('a list', () => {
  it('that is as the mutation left it becomes exactly what it was', () => {
    for (const change of changes) {
      const board = new TestBoard()
      const { state } = board
      const n = board.write(() => change(state.order))
      expect(board.undo(n).skipped).toBe(0)
      expect(toPlain(state.order)).toEqual(['a', 'b', 'c', 'd'])
    }
  })

  it('loses what the mutation added, wherever it is by now, and keeps what others did', () => {
    const board = new TestBoard()
    const { order } = board.state
    const n = board.write(() => order.push('mine'))
    board.write(() => order.move(4, 0))
    board.write(() => order.push('theirs'))
    board.write(() => order.insert(1, 'theirs, too'))
    expect(board.undo(n)).toMatchObject({ done: 1, skipped: 0 })
    expect(toPlain(order)).toEqual(['theirs, too', 'a', 'b', 'c', 'd', 'theirs'])
  })

  it('gets back what the mutation removed, behind what it stood behind, or the nearest before that', () => {
    const board = new TestBoard()
    const { order } = board.state
    const n = board.write(() => order.splice(2, 2))
    board.write(() => order.unshift('theirs'))
    board.write(() => order.splice(2, 1))
    board.write(() => order.push('last'))
    expect(toPlain(order)).toEqual(['theirs', 'a', 'last'])
    expect(board.undo(n)).toMatchObject({ done: 2, skipped: 0 })
    // Behind `b` they stood, which is gone, at the index that it had.
    expect(toPlain(order)).toEqual(['theirs', 'a', 'c', 'd', 'last'])
  })

  it('has an item go where it was that the mutation had moved, whatever came and went since', () => {
    const board = new TestBoard()
    const { order } = board.state
    const n = board.write(() => order.move(0, 2))
    expect(toPlain(order)).toEqual(['b', 'c', 'a', 'd'])
    board.write(() => order.insert(1, 'theirs'))
    expect(board.undo(n)).toMatchObject({ done: 1, skipped: 0 })
    expect(toPlain(order)).toEqual(['a', 'b', 'theirs', 'c', 'd'])
  })

  it('keeps an item that somebody else has changed, and one whose place is gone counts as left', () => {
    const board = new TestBoard()
    const { columns } = board.state
    const n = board.write(() => columns.push({ name: 'one', tags: [] }, { name: 'two', tags: [] }))
    board.write(() => {
      const first = columns.at(0)
      if (first !== undefined) first.name = 'theirs'
      columns.pop()
    })
    expect(board.undo(n)).toMatchObject({ done: 0, skipped: 2 })
    expect(toPlain(columns)).toEqual([{ name: 'theirs', tags: [] }])
    expect(board.undo(n, true)).toMatchObject({ done: 1, skipped: 1 })
    expect(columns.length).toBe(0)
  })

  it('knows its items by what they are and not by their place: also those that went and came back', () => {
    const board = new TestBoard()
    const { columns } = board.state
    const added = board.write(() => columns.push({ name: 'new', tags: [{ name: 'red' }] }))
    const renamed = board.write(() => {
      const tag = columns.at(0)?.tags.at(0)
      if (tag !== undefined) tag.name = 'blue'
    })
    const [undo, gone] = [board.undo(renamed).n, board.undo(added).n]
    expect(columns.length).toBe(0)
    board.write(() => columns.push({ name: 'theirs', tags: [{ name: 'red' }] }))
    expect(board.undo(gone)).toMatchObject({ done: 1, skipped: 0 })
    expect(board.undo(undo)).toMatchObject({ done: 1, skipped: 0 })
    expect(toPlain(columns).toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'new', tags: [{ name: 'blue' }] },
      { name: 'theirs', tags: [{ name: 'red' }] },
    ])
  })

  it('of very many items is put back at once', () => {
    const board = new TestBoard({ steps: 10, bytes: 100_000_000 })
    const { order } = board.state
    const all = Array.from({ length: 20_000 }, (_, index) => `item ${index}`)
    order.replace(all)
    const cleared = board.write(() => order.clear())
    expect(board.undo(cleared)).toMatchObject({ done: 20_000, skipped: 0 })
    expect(toPlain(order)).toEqual(all)
    const sorted = board.write(() => order.sort((a, b) => (a < b ? 1 : -1)))
    expect(board.undo(sorted).skipped).toBe(0)
    expect(toPlain(order)).toEqual(all)
  })
})

const changes: ((order: TestBoard['state']['order']) => unknown)[] = [
  (order) => order.push('e'),
  (order) => order.unshift('a', 'b'),
  (order) => order.splice(1, 2),
  (order) => order.splice(1, 2, 'x', 'a', 'b'),
  (order) => order.move(3, 0),
  (order) => order.sort((one, other) => (one < other ? 1 : -1)),
  (order) => order.replace(['d', 'a', 'b']),
  (order) => order.replace(['d', 'd', 'a', 'a', 'b', 'x']),
  (order) => order.clear(),
  (order) => order.set(2, 'a'),
]
