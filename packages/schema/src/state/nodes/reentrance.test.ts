import { describe, expect, it } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import { layoutOf } from '../../contract-layout.ts'
import { defineRoom, type StateOf } from '../../contract.ts'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import type { Live, Mirror } from '../../model.ts'
import * as t from '../../types.ts'
import { toPlain } from '../values/plain.ts'
import { nextPatch } from '../patches.fixture.ts'
import { StateTree } from '../state-tree.ts'

const Item = t.Object({ name: t.String() })
const Bag = defineRoom('bag', {
  version: 1,
  state: t.Object({
    list: t.Array(Item),
    map: t.Map(Item),
    one: t.Optional(Item),
    either: t.Union([t.Null(), Item]),
    outer: t.Map(t.Object({ inner: t.Array(Item) })),
  }),
  clientToServer: {},
  serverToClient: {},
})
type Model = StateOf<typeof Bag>

const layout = compileLayout(layoutOf(Bag))

function open() {
  const first = {
    list: [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
    map: { x: { name: 'x' } },
    one: { name: 'one' },
    either: { name: 'either' },
    outer: { o: { inner: [{ name: 'i' }] } },
  }
  const tree = StateTree.create(layout, Bag, first, { epoch: '0123456789abcdef' })
  const mirror = new MirrorTree<Mirror<Model>>(layout)
  mirror.applySnapshot(tree.snapshot())
  // The layout is made of the contract.
  const state = tree.root as Live<Model>
  return {
    state,
    mirror,
    names: (): string[] => state.list.map(({ name }) => name),
    /** The mirror follows, also when all that stands is written to afterwards, and is what a newcomer gets. */
    check(): void {
      follow()
      for (const item of state.list) item.name += '!'
      for (const item of state.map.values()) item.name += '!'
      if (state.one !== undefined) state.one.name += '!'
      if (state.either !== null) state.either.name += '!'
      state.list.push({ name: 'last' })
      state.map.set('last', { name: 'last' })
      follow()
      const newcomer = new MirrorTree(layout)
      newcomer.applySnapshot(tree.snapshot())
      expect(newcomer.state).toEqual(mirror.state)
      const { list, map, one, either } = toPlain(state)
      expect(mirror.state).toMatchObject({ list, map: new Map(Object.entries(map)), either })
      expect(mirror.state.one).toEqual(one)
    },
  }
  function follow(): void {
    const patch = nextPatch(tree)
    if (patch !== undefined) mirror.applyPatch(patch)
  }
}

/** An item whose getter runs something first. */
function item(name: string, act: () => void): { name: string } {
  return {
    get name() {
      act()
      return name
    },
  }
}

type Opened = ReturnType<typeof open>

describe('code that runs in the middle of a write and writes itself', () => {
  it('a comparison that changes its list: nothing is sorted, and that is said', () => {
    for (const change of [
      ({ state }: Opened) => state.list.pop(),
      ({ state }: Opened) => state.list.push({ name: 'd' }),
      ({ state }: Opened) => state.list.set(0, { name: 'd' }),
      ({ state }: Opened) => state.list.move(0, 2),
    ]) {
      const opened = open()
      const { state } = opened
      let left = 1
      const compare = (): number => {
        if (left-- > 0) change(opened)
        return -1
      }
      expect(() => state.list.sort(compare)).toThrow('list: was changed by the function that compares its items')
      opened.check()
    }
  })

  it('a comparison that removes its list', () => {
    const opened = open()
    const inner = opened.state.outer.get('o')?.inner
    inner?.push({ name: 'j' })
    const compare = (): number => (opened.state.outer.clear(), 1)
    expect(() => inner?.sort(compare)).toThrow('cannot be written to')
    opened.check()
  })

  it('a comparison that writes elsewhere', () => {
    const opened = open()
    const { state } = opened
    state.list.sort((a, b) => {
      state.map.set('compared', { name: a.name })
      return a.name < b.name ? -1 : 1
    })
    expect(opened.names()).toEqual(['a', 'b', 'c'])
    opened.check()
  })

  it('an iterator that takes items out of the list that is replaced: they are copied', () => {
    const opened = open()
    const { state } = opened
    function* drained() {
      for (let taken = state.list.shift(); taken !== undefined; taken = state.list.shift()) yield taken
    }
    state.list.replace(drained())
    expect(opened.names()).toEqual(['c', 'a', 'b'])
    opened.check()
  })

  it('an iterator that takes out what it has yielded, and one that adds', () => {
    const opened = open()
    const { state } = opened
    function* items() {
      const [first] = state.list
      if (first !== undefined) yield first
      state.list.shift()
      state.list.push({ name: 'replaced' })
      yield { name: 'new' }
    }
    state.list.replace(items())
    expect(opened.names()).toEqual(['c', 'new'])
    opened.check()
  })

  it('a getter of an item that takes another out', () => {
    const opened = open()
    const { state } = opened
    const [first] = state.list
    if (first === undefined) throw new Error('There is a first item')
    state.list.replace([first, item('new', () => state.list.clear())])
    expect(opened.names()).toEqual(['c', 'new'])
    opened.check()
  })

  it.each<[string, (opened: Opened) => unknown, readonly string[]]>([
    ['push', ({ state }) => state.list.push(item('g', () => state.list.clear())), ['g']],
    ['unshift', ({ state }) => state.list.unshift(item('g', () => state.list.pop())), ['g', 'c', 'a']],
    [
      'insert',
      ({ state }) =>
        state.list.insert(
          -1,
          item('g', () => state.list.shift()),
        ),
      ['a', 'g', 'b'],
    ],
    [
      'splice',
      ({ state }) =>
        state.list.splice(
          1,
          9,
          item('g', () => state.list.pop()),
        ),
      ['c', 'g'],
    ],
    [
      'set',
      ({ state }) =>
        state.list.set(
          -1,
          item('g', () => state.list.pop()),
        ),
      ['c', 'g'],
    ],
  ])('a getter that changes the list it is put into by %s', (_, act, names) => {
    const opened = open()
    act(opened)
    expect(opened.names()).toEqual(names)
    opened.check()
  })

  it('a getter that takes away the place it is put at', () => {
    const opened = open()
    const { state } = opened
    expect(() =>
      state.list.set(
        2,
        item('g', () => state.list.clear()),
      ),
    ).toThrow('list: has 0 items, and no place 2')
    expect(() =>
      state.list.insert(
        1,
        item('g', () => state.list.clear()),
      ),
    ).toThrow('has 0 items, and no place 1')
    opened.check()
  })

  it('a getter that changes the entry it is set under', () => {
    const opened = open()
    const { state } = opened
    state.map.set(
      'x',
      item('outer', () => state.map.delete('x')),
    )
    expect(state.map.get('x')?.name).toBe('outer')
    opened.check()
    state.map.set(
      'x',
      item('outer', () => state.map.set('x', { name: 'inner' })),
    )
    expect(state.map.get('x')?.name).toBe('outer')
    opened.check()
    state.map.set(
      'y',
      item('outer', () => state.map.set('y', { name: 'inner' })),
    )
    expect(state.map.get('y')?.name).toBe('outer')
    opened.check()
    state.map.set(
      'x',
      item('outer', () => state.map.clear()),
    )
    expect([...state.map.keys()]).toEqual(['x'])
    opened.check()
  })

  it('a getter that assigns the field it is assigned to', () => {
    const opened = open()
    const { state } = opened
    state.one = item('outer', () => (state.one = { name: 'inner' }))
    state.either = item('outer', () => (state.either = { name: 'inner' }))
    expect([state.one.name, state.either.name]).toEqual(['outer', 'outer'])
    opened.check()
    state.one = item('outer', () => (state.one = undefined))
    expect(state.one.name).toBe('outer')
    opened.check()
  })

  it('a getter that removes what it is put into', () => {
    const opened = open()
    const { state } = opened
    const inner = state.outer.get('o')?.inner
    expect(() => inner?.push(item('g', () => state.outer.delete('o')))).toThrow('cannot be written to')
    opened.check()
    const record = state.outer.set('p', { inner: [] })
    const plain = {
      get inner() {
        state.outer.clear()
        return []
      },
    }
    expect(() => Object.assign(record, plain)).toThrow('cannot be written to')
    opened.check()
  })
})
