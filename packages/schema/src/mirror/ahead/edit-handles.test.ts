import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { compileLayout } from '../../compiled-layout.ts'
import { layoutOf } from '../../contract-layout.ts'
import { defineRoom, type Schema, type StateOf } from '../../contract.ts'
import { SchemaError } from '../../errors.ts'
import type { Live } from '../../model.ts'
import { StateTree } from '../../state/state-tree.ts'
import { live, toPlain } from '../../state/values/plain.ts'
import * as t from '../../types.ts'
import { MirrorTree } from '../mirror-tree.ts'
import { Edit, EditsAhead } from './edits-ahead.ts'

// What mutators are given on a client does what it does on the server: the same results, the same errors, the same state.

const Unit = t.Object({ name: t.String(), x: t.Optional(t.Quantized({ min: 0, max: 1, step: 0.1 })) })
const Cat = t.Object({ kind: t.Literal('cat'), lives: t.Uint8() })
const Dog = t.Object({ kind: t.Literal('dog'), tricks: t.Array(t.String()) })

const Zoo = defineRoom('zoo', {
  version: 1,
  state: t.Object({
    title: t.String(),
    bytes: t.Bytes(),
    steps: t.Array(t.Quantized({ min: 0, max: 1, step: 0.1 })),
    one: Unit,
    maybe: t.Optional(Unit),
    pet: t.Union([Cat, Dog, t.Null()]),
    units: t.Map(Unit),
    row: t.Array(Unit),
    scores: t.Map(t.Integer()),
    words: t.Array(t.String()),
    rows: t.Array(t.Array(t.Integer())),
    extra: t.Json(),
    pair: t.Tuple([t.Integer(), t.Integer()]),
  }),
  clientToServer: {},
  serverToClient: {},
})
type Zoo = Live<StateOf<typeof Zoo>>

const first = {
  title: 'zoo',
  bytes: Uint8Array.of(1, 2),
  steps: [0, 0.5],
  one: { name: 'one', x: 0.5 },
  pet: { kind: 'dog', tricks: ['sit'] },
  units: { a: { name: 'A' }, b: { name: 'B', x: 1 }, c: { name: 'C' } },
  row: [{ name: 'r0' }, { name: 'r1' }, { name: 'r2' }],
  scores: { ada: 3, bo: 1 },
  words: ['one', 'two', 'three'],
  rows: [[1, 2], [3]],
  extra: { deep: [1, 2] },
  pair: [1, 2],
}

const layout = compileLayout(layoutOf(Zoo))

/** What a function comes to: what it returned or threw, and what the state is then. */
interface Outcome {
  readonly returned?: unknown
  readonly threw?: unknown
  readonly state: unknown
}

function outcome(state: unknown, act: (zoo: Zoo) => unknown): Outcome {
  // The layout is the contract's.
  const zoo = state as Zoo
  try {
    const returned = act(zoo)
    const plain = Array.isArray(returned) ? returned.map((each) => toPlain(each)) : toPlain(returned)
    return { returned: plain, state: toPlain(zoo) }
  } catch (error) {
    const threw =
      error instanceof SchemaError ? [error.code, error.path, error.message] : error instanceof Error && error.message
    return { threw, state: toPlain(zoo) }
  }
}

function onServer(act: (zoo: Zoo) => unknown): Outcome {
  return outcome(StateTree.create(layout, Zoo, first, { epoch: '0123456789abcdef' }).root, act)
}

function onClient(act: (zoo: Zoo) => unknown): Outcome {
  const { mirror, ahead } = open()
  let came: Outcome | undefined
  ahead.add(new Edit((state) => void (came = outcome(state, act))))
  if (came === undefined) throw new Error('It did not run')
  // What the mirror shows is what its handles say.
  ahead.preview(
    (state) => expect(toPlain(state)).toEqual(came?.state),
    () => {},
  )
  expect(came.state).toEqual(plainOf(mirror.state))
  return came
}

function open() {
  const tree = StateTree.create(layout, Zoo, first, { epoch: '0123456789abcdef' })
  const mirror = new MirrorTree<{ units: Map<string, { name: string }>; row: { name: string }[] }>(layout)
  mirror.applySnapshot(tree.snapshot())
  const ahead = new EditsAhead(mirror, () => {})
  mirror.ahead = ahead
  return { tree, mirror, ahead }
}

/** Maps as objects, without what is absent; numbers of steps as they are sent. */
function plainOf(shown: unknown): unknown {
  if (typeof shown === 'number' && !Number.isInteger(shown)) return Math.round(shown * 10) / 10
  if (typeof shown !== 'object' || shown === null || shown instanceof Uint8Array) return shown
  if (Array.isArray(shown)) return shown.map(plainOf)
  const entries = shown instanceof Map ? [...shown] : Object.entries(shown)
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined).map(([key, part]) => [key, plainOf(part)]))
}

/** For programs without types. */
const untyped = (value: unknown): never => value as never

const acts: Readonly<Record<string, (zoo: Zoo) => unknown>> = {
  // Records.
  'a field': (zoo) => (zoo.title = 'park'),
  'a field of a wrong type': (zoo) => (zoo.title = untyped(7)),
  'a field, read back': (zoo) => {
    zoo.one.x = 0.27
    return [zoo.one.x, zoo.one.name, Object.keys(zoo.one), 'x' in zoo.one]
  },
  'a number out of its range': (zoo) => (zoo.one.x = 2),
  'a field made absent': (zoo) => (zoo.one.x = undefined),
  'a field that is not optional': (zoo) => (zoo.one.name = untyped(undefined)),
  'null for none': (zoo) => (zoo.maybe = untyped(null)),
  'a field that is not declared': (zoo) => Object.assign(zoo.one, { speed: 1 }),
  'a record for another': (zoo) => {
    const before = zoo.one
    zoo.one = { name: 'other', x: 0.14 }
    return [before.name, zoo.one.name, before === zoo.one]
  },
  'a record that lacks a field': (zoo) => (zoo.one = untyped({ x: 1 })),
  'a spread record': (zoo) => (zoo.one = { ...zoo.one }),
  'a spread record with a field': (zoo) => (zoo.one = { ...zoo.one, x: 1 }),
  'a copy of a record': (zoo) => (zoo.maybe = toPlain(zoo.one)),
  'a record that stands somewhere': (zoo) => (zoo.maybe = zoo.units.get('a')),
  itself: (zoo) => {
    const { one } = zoo
    zoo.one = one
    return zoo.one === one
  },
  'a record that was replaced, written to': (zoo) => {
    const before = zoo.one
    zoo.one = { name: 'new' }
    before.name = 'late'
  },
  'a record that was taken out, and put in again': (zoo) => {
    const unit = zoo.units.get('a')
    zoo.units.delete('a')
    zoo.maybe = unit
    return zoo.maybe === unit
  },
  'an enumeration of fields': (zoo) => {
    const names: string[] = []
    for (const name in zoo.one) names.push(name)
    return names
  },
  JSON: (zoo) => JSON.stringify([zoo.one, zoo.units, zoo.row]),
  // Unions.
  'a variant': (zoo) => (zoo.pet = { kind: 'cat', lives: 9 }),
  'a variant with a list': (zoo) => {
    zoo.pet = live({ kind: 'dog', tricks: ['roll'] })
    if (zoo.pet?.kind === 'dog') zoo.pet.tricks.push('sit')
  },
  'no variant at all': (zoo) => (zoo.pet = untyped({ kind: 'cow' })),
  'null for a variant': (zoo) => (zoo.pet = null),
  'something in a variant': (zoo) => zoo.pet?.kind === 'dog' && zoo.pet.tricks.unshift('stay'),
  // Values that are replaced as a whole.
  'free-form': (zoo) => (zoo.extra = { other: [null] }),
  'free-form that cannot travel': (zoo) => (zoo.extra = untyped({ at: new Date() })),
  bytes: (zoo) => (zoo.bytes = Uint8Array.of(3)),
  'a tuple': (zoo) => (zoo.pair = [5, 6]),
  'a tuple that is too long': (zoo) => (zoo.pair = untyped([5, 6, 7])),
  'a tuple, in place': (zoo) => Object.assign(zoo.pair, { 0: 9 }),
  // Maps.
  'an entry': (zoo) => [zoo.units.set('d', { name: 'D', x: 0.31 }).x, zoo.units.size, [...zoo.units.keys()]],
  'an entry for another': (zoo) => {
    const before = zoo.units.get('a')
    return [zoo.units.set('a', { name: 'A2' }).name, before === zoo.units.get('a'), [...zoo.units.keys()]]
  },
  'an entry that stands there': (zoo) => {
    const a = zoo.units.get('a')
    return a !== undefined && zoo.units.set('a', a) === a
  },
  'an entry that stands somewhere else': (zoo) => zoo.units.set('d', zoo.one),
  'an entry of a wrong type': (zoo) => zoo.units.set('d', untyped({ name: 7 })),
  'a key that cannot be': (zoo) => zoo.units.set('__proto__', { name: 'x' }),
  'a key that is no text': (zoo) => zoo.units.set(untyped(7), { name: 'x' }),
  'a deleted entry': (zoo) => [zoo.units.delete('b'), zoo.units.delete('b'), zoo.units.get('b'), zoo.units.has('b')],
  'a deleted entry, written to': (zoo) => {
    const b = zoo.units.get('b')
    zoo.units.delete('b')
    if (b !== undefined) b.name = 'late'
  },
  'an entry deleted and set again': (zoo) => {
    zoo.scores.delete('ada')
    zoo.scores.set('ada', 4)
    return [...zoo.scores]
  },
  'a cleared map': (zoo) => {
    zoo.units.clear()
    return [zoo.units.size, [...zoo.units.values()]]
  },
  'all ways to read a map': (zoo) => {
    const seen: unknown[] = []
    zoo.units.forEach((unit, key) => seen.push([key, unit.name]))
    for (const [key, unit] of zoo.units) seen.push([key, unit.name])
    for (const unit of zoo.units.values()) seen.push(unit === zoo.units.get('a'))
    return [...seen, [...zoo.units.entries()].length, [...zoo.scores.values()], zoo.scores.get('none')]
  },
  'a map that is changed while it is read': (zoo) => {
    const seen: string[] = []
    for (const key of zoo.scores.keys()) {
      seen.push(key)
      if (seen.length < 5) zoo.scores.set(`new${seen.length}`, 0)
      zoo.scores.delete('bo')
    }
    return seen
  },
  'something that is no map of its own': (zoo) => Object.assign(zoo.units, { key: 1 }),
  // Lists.
  'items at the end': (zoo) => [zoo.row.push({ name: 'r3' }, { name: 'r4', x: 1 }), zoo.row.at(-1)?.name],
  'items of a wrong type': (zoo) => zoo.row.push({ name: 'r3' }, untyped({ name: 4 })),
  'items at the beginning': (zoo) => zoo.words.unshift('zero', 'half'),
  'items in the middle': (zoo) => zoo.row.insert(-1, { name: 'new' }),
  'items where there is no place': (zoo) => zoo.row.insert(7, { name: 'new' }),
  'items taken': (zoo) => [zoo.row.pop(), zoo.row.shift(), zoo.row.length],
  'items taken from none': (zoo) => {
    zoo.words.clear()
    return [zoo.words.pop(), zoo.words.shift()]
  },
  'a splice': (zoo) => [...zoo.row.splice(1, 1, { name: 'x' }, { name: 'y' }).map(({ name }) => name), zoo.row.length],
  'a splice to the end': (zoo) => zoo.words.splice(1),
  'a splice from the end': (zoo) => zoo.words.splice(-1, undefined, 'x'),
  'an item': (zoo) => zoo.row.set(-1, { name: 'last' }).name,
  'an item that is the same': (zoo) => zoo.steps.set(1, 0.51),
  'an item of steps': (zoo) => [zoo.steps.set(1, 0.77), zoo.steps.at(1)],
  'an item where there is none': (zoo) => zoo.row.set(3, { name: 'x' }),
  'an item that was taken, written to': (zoo) => {
    const item = zoo.row.shift()
    if (item !== undefined) item.name = 'late'
  },
  'an item that moves': (zoo) => {
    const item = zoo.row.at(0)
    zoo.row.move(0, -1)
    if (item !== undefined) item.name = 'moved'
    return [zoo.row.at(2) === item, zoo.row.indexOf(item ?? zoo.one)]
  },
  'an item that moves to nowhere': (zoo) => zoo.row.move(0, 3),
  'a sorted list': (zoo) => {
    const item = zoo.row.at(0)
    zoo.row.sort((a, b) => b.name.localeCompare(a.name))
    return [zoo.row.map(({ name }) => name), zoo.row.at(2) === item, zoo.words.sort().at(0)]
  },
  'a list that its sorting changes': (zoo) =>
    zoo.words.sort((a, b) => {
      zoo.words.pop()
      return a.localeCompare(b)
    }),
  'other items': (zoo) => {
    const kept = zoo.row.at(1)
    zoo.row.replace([{ name: 'new' }, ...(kept === undefined ? [] : [kept])])
    return [zoo.row.at(1) === kept, zoo.row.length]
  },
  'other items, one of them twice': (zoo) => {
    const item = zoo.row.at(0)
    if (item !== undefined) zoo.row.replace([item, item])
  },
  'items of another list': (zoo) => zoo.row.replace([zoo.one]),
  'a list in a list': (zoo) => {
    zoo.rows.at(0)?.push(9)
    zoo.rows.push([7])
    return zoo.rows.map((row) => row.length)
  },
  'a list for another': (zoo) => {
    zoo.words = live(['only'])
    return [zoo.words.length, zoo.words.at(0)]
  },
  'all ways to read a list': (zoo) => {
    const seen: unknown[] = []
    zoo.row.forEach(({ name }, index) => seen.push([name, index]))
    for (const item of zoo.row) seen.push(item === zoo.row.find(({ name }) => name === item.name))
    for (const [index, item] of zoo.row.entries()) seen.push([index, item.name])
    return [
      ...seen,
      [...zoo.row.keys()],
      [...zoo.row.values()].length,
      zoo.row.some(({ name }) => name === 'r1'),
      zoo.row.every(({ name }) => name === 'r1'),
      zoo.row.filter(({ name }) => name !== 'r1').length,
      zoo.row.findIndex(({ name }) => name === 'r2'),
      zoo.row.slice(1).map(({ name }) => name),
      zoo.row.includes(zoo.one),
      zoo.words.includes('two'),
      zoo.words.indexOf('none'),
      zoo.words.at(9),
    ]
  },
  'a list that is changed while it is read': (zoo) => {
    const seen: string[] = []
    for (const { name } of zoo.row) {
      seen.push(name)
      if (seen.length < 5) zoo.row.push({ name: `new${seen.length}` })
    }
    return seen
  },
  'an index': (zoo) => Object.assign(zoo.row, { 0: { name: 'x' } }),
  // Code of what is put somewhere.
  'a getter that removes where it is put': (zoo) => {
    const a = zoo.units.get('a')
    const value = {
      get name() {
        zoo.units.delete('a')
        return 'late'
      },
    }
    if (a !== undefined) Object.assign(a, value)
  },
  'an item whose getter writes to the list': (zoo) =>
    zoo.row.splice(1, 1, {
      get name() {
        zoo.row.push({ name: 'meanwhile' })
        return 'x'
      },
    }),
}

describe('what a mutator is given', () => {
  it.each(Object.keys(acts))('does the same as on the server: %s', (name) => {
    const act = acts[name]
    if (act === undefined) throw new Error('No such act')
    expect(onClient(act)).toEqual(onServer(act))
  })

  it('keeps a number of steps as it was written, as the server does', () => {
    const { mirror, ahead } = open()
    ahead.add(new Edit((state) => void ((state as Zoo).one.x = 0.27)))
    expect(Object(mirror.state)['one'].x).toBe(0.27)
  })

  it('can be written to only while its function runs', () => {
    const { ahead } = open()
    let kept: Zoo | undefined
    ahead.add(new Edit((state) => void (kept = state as Zoo)))
    expect(kept?.one.name).toBe('one')
    const late = 'cannot be written to: the function that was given it has ended'
    expect(() => kept?.units.set('d', { name: 'D' })).toThrow(`units.d: ${late}`)
    expect(() => kept?.row.push({ name: 'x' })).toThrow(`row[3]: ${late}`)
    expect(() => Object.assign(kept ?? {}, { title: 'late' })).toThrow(`title: ${late}`)
  })

  it('shows in an inspector what it is', () => {
    const { ahead } = open()
    let shown = ''
    ahead.add(new Edit((state) => void (shown = inspect((state as Zoo).units.get('b')))))
    expect(shown).toBe("{ name: 'B', x: 1 }")
  })
})

describe('values of every type', () => {
  const schemas: Readonly<Record<string, Schema>> = {
    Number: t.Number(),
    Float32: t.Float32(),
    Uint8: t.Uint8(),
    Timestamp: t.Timestamp(),
    Quantized: t.Quantized({ min: -1, max: 1, step: 0.1 }),
    Angle: t.Angle(),
    BigInt: t.BigInt(),
    Boolean: t.Boolean(),
    String: t.String(),
    Bytes: t.Bytes(),
    Enum: t.Enum(['x', 7]),
    Json: t.Json(),
    Union: t.Union([t.Uint8(), t.Null()]),
    Optional: t.Optional(t.Uint8()),
    Record: t.Object({ in: t.Array(t.Uint8()) }),
    Map: t.Map(t.Object({ name: t.String() })),
    Value: t.Value(t.Object({ list: t.Array(t.Uint8()) })),
  }
  // prettier-ignore
  const values = [
    Number.NaN, Infinity, -0, 2 ** 53, 0.5, 7, 300, 5n, null, undefined, 'a\ud800', 'x', true, [1], {}, new Date(0),
    Uint8Array.of(1), { in: [1, 2] }, { in: ['x'] }, { list: [1] }, { a: { name: 'A' } }, { a: {} },
    new Map([['a', { name: 'A' }]]),
  ]

  it.each(Object.keys(schemas))('%s: are kept, or refused in the same words', (name) => {
    const contract = defineRoom('any', {
      version: 1,
      state: t.Object({ it: t.Optional(schemas[name] ?? t.Null()) }),
      clientToServer: {},
      serverToClient: {},
    })
    const typed = compileLayout(layoutOf(contract))
    for (const value of values) {
      const tree = StateTree.create(typed, contract, {}, { epoch: '0123456789abcdef' })
      const mirror = new MirrorTree(typed)
      mirror.applySnapshot(tree.snapshot())
      const ahead = new EditsAhead(mirror, () => {})
      const put = (state: unknown): void => void Object.assign(Object(state), { it: value })
      const edit = new Edit(put)
      ahead.add(edit)
      let error: unknown
      try {
        put(tree.root)
      } catch (thrown) {
        error = thrown
      }
      expect([value, edit.failure]).toEqual([value, error])
      ahead.preview(
        (state) => expect(toPlain(state)).toEqual(tree.toPlain()),
        () => {},
      )
    }
  })
})
