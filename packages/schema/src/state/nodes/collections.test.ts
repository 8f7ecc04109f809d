import { describe, expect, it } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import type { TypeDef } from '../../layout.ts'
import { MirrorTree } from '../../mirror/mirror-tree.ts'
import type { StateList, StateMap } from '../../model.ts'
import { nextPatch } from '../patches.fixture.ts'
import { StateTree } from '../state-tree.ts'

interface State {
  list: StateList<string>
  map: StateMap<number>
  items: StateList<{ n: number }>
  grid: StateList<number[]>
  steps: StateList<number>
}

const types: readonly TypeDef[] = [
  { kind: 'string' },
  { kind: 'int' },
  { kind: 'list', type: 0 },
  { kind: 'map', type: 1 },
  { kind: 'record', fields: [{ name: 'n', type: 1 }] },
  { kind: 'list', type: 4 },
  { kind: 'list', type: 1 },
  { kind: 'list', type: 6 },
  { kind: 'quantized', min: 0, max: 10, step: 1 },
  { kind: 'list', type: 8 },
  {
    kind: 'record',
    fields: [
      { name: 'list', type: 2 },
      { name: 'map', type: 3 },
      { name: 'items', type: 5 },
      { name: 'grid', type: 7 },
      { name: 'steps', type: 9 },
    ],
  },
]
/** `it` is null, a record whose one field may be absent, or a map. */
const unions = compileLayout({
  name: 'unions',
  version: 1,
  types: [
    { kind: 'null' },
    { kind: 'int' },
    { kind: 'map', type: 1 },
    { kind: 'optional', type: 2 },
    { kind: 'record', fields: [{ name: 'within', type: 3 }] },
    { kind: 'union', types: [0, 4, 2] },
    { kind: 'record', fields: [{ name: 'it', type: 5 }] },
  ],
  state: 6,
  presence: undefined,
  input: undefined,
  up: [],
  down: [],
})
const layout = compileLayout({
  name: 'x',
  version: 1,
  types,
  state: 10,
  presence: undefined,
  input: undefined,
  up: [],
  down: [],
})

function open(list: readonly string[] = ['a', 'b', 'c', 'd', 'e']) {
  const first = {
    list,
    map: { one: 1, two: 2, three: 3 },
    items: [{ n: 0 }, { n: 1 }, { n: 2 }],
    grid: [[1], [2, 3]],
    steps: [0],
  }
  const tree = StateTree.create(layout, undefined, first, { epoch: '0123456789abcdef' })
  const mirror = new MirrorTree<{ list: string[]; items: { n: number }[]; map: Map<string, number>; grid: number[][] }>(
    layout,
  )
  mirror.applySnapshot(tree.snapshot())
  return {
    tree,
    // The layout above is of this type.
    state: tree.root as State,
    mirror,
    flush: (): number => {
      const patch = nextPatch(tree)
      if (patch !== undefined) mirror.applyPatch(patch)
      return patch?.length ?? 0
    },
  }
}

describe('a list does what an array does', () => {
  it.each<[string, (list: StateList<string>, array: string[]) => unknown[]]>([
    ['push', (list, array) => [list.push('x', 'y'), array.push('x', 'y')]],
    ['pop', (list, array) => [list.pop(), array.pop()]],
    ['shift', (list, array) => [list.shift(), array.shift()]],
    ['unshift', (list, array) => [list.unshift('x', 'y'), array.unshift('x', 'y')]],
    ['splice to the end', (list, array) => [list.splice(2), array.splice(2)]],
    ['splice of none', (list, array) => [list.splice(2, undefined), array.splice(2, Number(undefined))]],
    ['splice from the end', (list, array) => [list.splice(-2, 1, 'x'), array.splice(-2, 1, 'x')]],
    ['splice beyond the end', (list, array) => [list.splice(9, 9, 'x'), array.splice(9, 9, 'x')]],
    ['splice before the beginning', (list, array) => [list.splice(-9, 2), array.splice(-9, 2)]],
    ['splice by a fraction', (list, array) => [list.splice(1.7, 1.9), array.splice(1.7, 1.9)]],
    ['sort', (list, array) => [[...list.sort((a, b) => (a < b ? 1 : -1))], array.sort((a, b) => (a < b ? 1 : -1))]],
    [
      'sort by itself',
      (list, array) => [[...(list.unshift('z') ? list.sort() : [])], array.unshift('z') ? array.sort() : []],
    ],
    ['at', (list, array) => [list.at(-1), array.at(-1)]],
    ['set', (list, array) => [list.set(-1, 'x'), (array[array.length - 1] = 'x')]],
    ['insert', (list, array) => [list.insert(1, 'x', 'y'), void array.splice(1, 0, 'x', 'y')]],
    ['clear', (list, array) => [list.clear(), void array.splice(0)]],
    ['replace', (list, array) => [list.replace(new Set(['b', 'q'])), void array.splice(0, 9, 'b', 'q')]],
    ['slice', (list, array) => [list.slice(1, -1), array.slice(1, -1)]],
    ['filter', (list, array) => [list.filter((_, at) => at % 2 === 0), array.filter((_, at) => at % 2 === 0)]],
    ['map', (list, array) => [list.map((item, at) => item + at), array.map((item, at) => item + at)]],
    ['find', (list, array) => [list.find((item) => item > 'b'), array.find((item) => item > 'b')]],
    ['findIndex', (list, array) => [list.findIndex((item) => item > 'b'), array.findIndex((item) => item > 'b')]],
    ['indexOf', (list, array) => [list.indexOf('c'), array.indexOf('c')]],
    ['includes', (list, array) => [list.includes('z'), array.includes('z')]],
    ['some', (list, array) => [list.some((item) => item === 'c'), array.some((item) => item === 'c')]],
    ['every', (list, array) => [list.every((item) => item === 'c'), array.every((item) => item === 'c')]],
    ['entries', (list, array) => [[...list.entries()], [...array.entries()]]],
    ['keys', (list, array) => [[...list.keys()], [...array.keys()]]],
    ['values', (list, array) => [[...list.values()], [...array.values()]]],
  ])('%s', (_, act) => {
    const { state, mirror, flush } = open()
    const array = ['a', 'b', 'c', 'd', 'e']
    const [got, expected] = act(state.list, array)
    expect(got).toEqual(expected)
    expect([...state.list]).toEqual(array)
    expect(state.list.length).toBe(array.length)
    flush()
    expect(mirror.state.list).toEqual(array)
  })

  it('move takes an item to a place', () => {
    for (const from of [0, 1, 4, -1]) {
      for (const to of [0, 2, 4, -1]) {
        const { state, mirror, flush } = open()
        const array = ['a', 'b', 'c', 'd', 'e']
        array.splice(to < 0 ? to + 5 : to, 0, ...array.splice(from, 1))
        state.list.move(from, to)
        flush()
        expect(mirror.state.list).toEqual(array)
      }
    }
    expect(() => open().state.list.move(0, 5)).toThrow('list: has 5 items, and no place 5')
    expect(() => open().state.list.move(0.5, 1)).toThrow('no place 0.5')
  })

  it('costs by what was done, not by its length', () => {
    const { state, flush } = open(Array.from({ length: 5000 }, (_, index) => `item ${index}`))
    state.list.push('x')
    expect(flush()).toBeLessThan(16)
    state.list.splice(2500, 1)
    expect(flush()).toBeLessThan(20)
    state.list.move(4000, 10)
    expect(flush()).toBeLessThan(24)
    for (let count = 0; count < 100; count++) state.list.push('y')
    expect(flush()).toBeLessThan(220)
    // Beyond some point, all of it is less.
    const size = JSON.stringify(state.list).length
    for (let index = 0; index < 4000; index += 2) state.list.set(index, 'z')
    expect(flush()).toBeLessThan(size)
  })

  it('keeps items the same when they move', () => {
    const { state, mirror, flush } = open()
    const [first, second, third] = mirror.state.items
    const live = state.items.at(0)
    state.items.move(0, 2)
    state.items.sort((a, b) => b.n - a.n)
    state.items.replace([...state.items.filter(({ n }) => n !== 1), { n: 9 }])
    expect(state.items.at(1)).toBe(live)
    flush()
    expect(mirror.state.items[0]).toBe(third)
    expect(mirror.state.items[1]).toBe(first)
    expect(mirror.state.items.includes(second ?? { n: 1 })).toBe(false)
    expect(mirror.state.items.map(({ n }) => n)).toEqual([2, 0, 9])
  })

  it('holds lists', () => {
    const { state, mirror, flush } = open()
    state.grid.at(0)?.push(7)
    state.grid.push([5])
    state.grid.at(2)?.unshift(4)
    flush()
    expect(mirror.state.grid).toEqual([
      [1, 7],
      [2, 3],
      [4, 5],
    ])
  })

  it('keeps small moves of quantized items', () => {
    const { state, flush } = open()
    state.steps.set(0, 0.3)
    expect(flush()).toBe(0)
    state.steps.set(0, (state.steps.at(0) ?? 0) + 0.3)
    expect(flush()).toBeGreaterThan(0)
    state.steps.replace([0.7])
    expect(flush()).toBe(0)
    expect(state.steps.at(0)).toBe(0.7)
  })

  it('iterates like an array while it changes', () => {
    const { state } = open()
    const seen: string[] = []
    for (const item of state.list) {
      seen.push(item)
      if (item === 'b') state.list.splice(0, 1)
      if (item === 'd') state.list.push('f')
    }
    expect(seen).toEqual(['a', 'b', 'd', 'e', 'f'])
  })
})

describe('a map does what a Map does', () => {
  it('keeps the order in which keys were first set', () => {
    const { state, mirror, flush } = open()
    state.map.set('two', 20)
    state.map.delete('one')
    state.map.set('four', 4)
    state.map.set('one', 10)
    flush()
    expect([...state.map]).toEqual([
      ['two', 20],
      ['three', 3],
      ['four', 4],
      ['one', 10],
    ])
    expect([...mirror.state.map]).toEqual([...state.map])
    state.map.clear()
    state.map.set('three', 3)
    state.map.set('9', 9)
    state.map.set('1', 1)
    flush()
    expect([...mirror.state.map.keys()]).toEqual(['three', '9', '1'])
  })

  it('answers like a Map', () => {
    const { state } = open()
    expect(state.map.size).toBe(3)
    expect(state.map.has('one')).toBe(true)
    expect(state.map.get('none')).toBe(undefined)
    expect(state.map.delete('none')).toBe(false)
    expect(state.map.delete('one')).toBe(true)
    expect([...state.map.keys()]).toEqual(['two', 'three'])
    expect([...state.map.values()]).toEqual([2, 3])
    expect([...state.map.entries()]).toEqual([...state.map])
    const seen: unknown[] = []
    state.map.forEach((value, key, map) => seen.push([key, value, map === state.map]))
    expect(seen).toEqual([
      ['two', 2, true],
      ['three', 3, true],
    ])
  })

  it('iterates like a Map while it changes', () => {
    const { state } = open()
    const seen: string[] = []
    for (const [key, value] of state.map) {
      seen.push(key)
      if (key === 'one') state.map.delete('two')
      if (value === 3) state.map.set('four', 4)
    }
    expect(seen).toEqual(['one', 'three', 'four'])
  })

  it('takes a Map, an object, and keys that look like numbers in their order', () => {
    const tree = StateTree.create(
      layout,
      undefined,
      {
        list: [],
        map: new Map([
          ['9', 1],
          ['1', 2],
        ]),
        items: [],
        grid: [],
        steps: [],
      },
      { epoch: '0123456789abcdef' },
    )
    expect([...(tree.root as State).map.keys()]).toEqual(['9', '1'])
    const mirror = new MirrorTree(layout)
    mirror.applySnapshot(tree.snapshot())
    // What a mirror holds makes the same state again.
    const again = StateTree.create(layout, undefined, mirror.state, { epoch: '0123456789abcdef' })
    expect([...(again.root as State).map.keys()]).toEqual(['9', '1'])
  })

  it('takes a Map within the variant of a union, and takes none for a record', () => {
    const tree = StateTree.create(unions, undefined, { it: null }, { epoch: '0123456789abcdef' })
    // The layout below is of this type.
    const state = tree.root as { it: unknown }
    const order = (): string[] => [...(state.it as StateMap<number>).keys()]
    state.it = new Map([
      ['9', 1],
      ['1', 2],
    ])
    expect(order()).toEqual(['9', '1'])
    expect(() => (state.it = new Map([[9, 1]]))).toThrow('it: expected')
    state.it = { within: new Map([['9', 1]]) }
    expect(tree.toPlain()).toEqual({ it: { within: { 9: 1 } } })
  })

  it('is refused inside a plain value of a union while it stands, and copied when it was removed', () => {
    const tree = StateTree.create(unions, undefined, { it: { within: { a: 1 } } }, { epoch: '0123456789abcdef' })
    // The layout below is of this type.
    const state = tree.root as { it: unknown }
    const { within } = state.it as { within: StateMap<number> }
    expect(() => (state.it = { within })).toThrow('it.within: already stands in the state, at "it.within"')
    state.it = null
    state.it = { within }
    expect(tree.toPlain()).toEqual({ it: { within: { a: 1 } } })
  })
})
