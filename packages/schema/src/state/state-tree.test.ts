import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { compileLayout } from '../compiled-layout.ts'
import { layoutOf } from '../contract-layout.ts'
import { defineRoom, type StateOf } from '../contract.ts'
import { SchemaError } from '../errors.ts'
import { MirrorTree } from '../mirror/mirror-tree.ts'
import type { TypeDef } from '../layout.ts'
import type { Live, Mirror, StateList, StateMap } from '../model.ts'
import * as t from '../types.ts'
import { toPlain } from './values/plain.ts'
import { nextPatch, patchSince } from './patches.fixture.ts'
import { StateTree } from './state-tree.ts'

const Point = t.Object({ x: t.Number(), y: t.Number() })
const Stroke = t.Object({
  by: t.String(),
  color: t.Uint8(),
  width: t.Optional(t.Quantized({ min: 0, max: 10, step: 0.5 })),
  points: t.Array(Point),
  meta: t.Json(),
  style: t.Value(t.Object({ dash: t.Array(t.Integer()) })),
  owner: t.Local<{ socket: string }>(),
})
const Board = defineRoom('board', {
  version: 1,
  state: t.Object({
    title: t.String(),
    angle: t.Angle(),
    x: t.Quantized({ min: -1000, max: 1000, step: 0.01 }),
    settings: t.Object({ grid: t.Boolean(), zoom: t.Float32() }),
    strokes: t.Map(Stroke),
    scores: t.Map(t.Integer()),
    tags: t.Array(t.String()),
    cursor: t.Optional(Point),
    selected: t.Union([t.Null(), Point]),
    shape: t.Union([
      t.Object({ kind: t.Literal('circle'), r: t.Number() }),
      t.Object({ kind: t.Literal('box'), w: t.Number(), h: t.Number() }),
    ]),
  }),
  clientToServer: {},
  serverToClient: {},
})
type Model = StateOf<typeof Board>

const layout = compileLayout(layoutOf(Board))
const stroke = { by: 'ada', color: 3, points: [{ x: 0, y: 0 }], meta: { a: [1] }, style: { dash: [1, 2] } }

function open() {
  const tree = StateTree.create(
    layout,
    Board,
    {
      title: 'first',
      angle: 0,
      x: 0,
      settings: { grid: true, zoom: 1 },
      strokes: { a: stroke },
      scores: { ada: 1 },
      tags: ['x', 'y'],
      selected: null,
      shape: { kind: 'circle', r: 1 },
    },
    { epoch: '0123456789abcdef' },
  )
  // The layout is the contract's, so the state is of its model.
  const state = tree.root as Live<Model>
  const mirror = new MirrorTree<Mirror<Model>>(layout)
  mirror.applySnapshot(tree.snapshot())
  return {
    tree,
    state,
    mirror,
    /** Closes the turn; tells how many bytes it took. */
    flush: (): number => {
      const patch = nextPatch(tree)
      if (patch !== undefined) mirror.applyPatch(patch)
      return patch?.length ?? 0
    },
  }
}

/** The error's message, which begins with the path. */
function refusal(write: () => unknown): string {
  try {
    write()
  } catch (error) {
    expect(error).toBeInstanceOf(SchemaError)
    expect(error).toMatchObject({ code: 'invalid_value' })
    return error instanceof Error ? error.message : ''
  }
  throw new Error('It was accepted')
}

describe('writing', () => {
  it('feels like plain objects, and is typed', () => {
    const { state, mirror, flush } = open()
    state.title = 'second'
    Object.assign(state.settings, { grid: false, zoom: 0.5 })
    const added = state.strokes.set('b', { ...stroke, by: 'bo' })
    expectTypeOf(added).toEqualTypeOf<ReturnType<typeof state.strokes.get> & {}>()
    added.points.push({ x: 1, y: 1 }, { x: 2, y: 2 })
    const { by, points } = added
    expect([by, points.length]).toEqual(['bo', 3])
    const third = points.at(2)
    if (third !== undefined) third.x += 10
    state.cursor = { x: 5, y: 5 }
    state.shape = { kind: 'box', w: 2, h: 3 }
    flush()
    expect(mirror.state).toMatchObject({
      title: 'second',
      settings: { grid: false, zoom: 0.5 },
      cursor: { x: 5, y: 5 },
      shape: { kind: 'box', w: 2, h: 3 },
    })
    expect(mirror.state.strokes.get('b')?.points).toEqual([
      { x: 0, y: 0 },
      { x: 1, y: 1 },
      { x: 12, y: 2 },
    ])
    state.cursor = undefined
    flush()
    expect(mirror.state.cursor).toBe(undefined)
  })

  it('sends nothing for what is equal already', () => {
    const { tree, state, flush } = open()
    state.title = 'first'
    state.settings.zoom = 1
    state.scores.set('ada', 1)
    state.tags.set(0, 'x')
    state.tags.sort()
    state.tags.replace(['x', 'y'])
    state.tags.move(1, 1)
    const first = state.strokes.get('a')
    if (first === undefined) throw new Error('No stroke')
    state.strokes.set('a', first)
    first.meta = { a: [1] }
    first.style = { dash: [1, 2] }
    const settings = state.settings
    state.settings = settings
    expect(tree.dirty).toBe(false)
    expect(flush()).toBe(0)
  })

  it('sends nothing for what was undone within the turn', () => {
    const { tree, state, flush } = open()
    state.scores.set('bo', 1)
    state.scores.delete('bo')
    state.tags.push('z')
    state.tags.pop()
    state.tags.move(0, 1)
    state.tags.move(0, 1)
    state.strokes.set('b', stroke)
    state.strokes.delete('b')
    expect(tree.dirty).toBe(true)
    expect(tree.version).toBe(1)
    expect(flush()).toBe(0)
    expect(tree.dirty).toBe(false)
    expect(tree.version).toBe(1)
    // And what comes after it is noticed.
    state.scores.set('bo', 2)
    state.tags.push('z')
    expect(flush()).toBeGreaterThan(0)
  })

  it('keeps a quantized number as written and sends it when its count of steps changes', () => {
    const { state, mirror, flush } = open()
    for (let step = 0; step < 4; step++) state.x += 0.001
    expect(flush()).toBe(0)
    expect(state.x).toBeCloseTo(0.004, 10)
    state.x += 0.001
    state.x += 0.001
    // Version, two bytes of group, two of fields, id, difference.
    expect(flush()).toBe(7)
    expect(state.x).toBeCloseTo(0.006, 10)
    expect(mirror.state.x).toBe(0.01)
    state.angle = 7
    flush()
    expect(state.angle).toBe(7)
    expect(mirror.state.angle).toBeCloseTo(7 - 2 * Math.PI, 3)
  })

  it('rounds a 32-bit float where it is written', () => {
    const { state, mirror, flush } = open()
    state.settings.zoom = 0.1
    expect(state.settings.zoom).toBe(Math.fround(0.1))
    flush()
    expect(mirror.state.settings.zoom).toBe(Math.fround(0.1))
  })

  it('takes copies of values that are replaced as a whole, and freezes them', () => {
    const { state } = open()
    const meta = { list: [1, 2] }
    const made = state.strokes.set('b', { ...stroke, meta })
    meta.list.push(3)
    expect(made.meta).toEqual({ list: [1, 2] })
    expect(Object.isFrozen(made.meta)).toBe(true)
    expect(Object.isFrozen(made.style.dash)).toBe(true)
  })

  it('calls onDirty once per turn', () => {
    const { tree, state, flush } = open()
    let calls = 0
    tree.onDirty = () => calls++
    state.title = 'a'
    state.title = 'b'
    state.tags.push('c')
    expect(calls).toBe(1)
    flush()
    expect(calls).toBe(1)
    state.title = 'd'
    expect(calls).toBe(2)
    expect(() => tree.snapshot()).toThrow('call close first')
    expect(() => patchSince(tree, 1)).toThrow('call close first')
    flush()
    expect(tree.snapshot()).toBe(tree.snapshot())
  })

  it('leaves out what the type has no field for', () => {
    const { state } = open()
    state.settings = Object.assign(Object.create({ inherited: 1 }), { grid: true, zoom: 2, more: 'x' })
    expect(toPlain(state.settings)).toEqual({ grid: true, zoom: 2 })
  })

  it('keeps server-only fields on the server', () => {
    const { tree, state } = open()
    const made = state.strokes.set('b', { ...stroke, owner: { socket: 'secret' } })
    expect(made.owner).toEqual({ socket: 'secret' })
    expect(state.strokes.get('a')?.owner).toBe(undefined)
    nextPatch(tree)
    made.owner = { socket: 'other' }
    expect(tree.dirty).toBe(false)
    expect(JSON.stringify(tree.toPlain())).not.toMatch(/secret|other/)
    expect(new TextDecoder().decode(tree.snapshot())).not.toMatch(/secret|other/)
  })
})

describe('bytes, which nobody can freeze', () => {
  it('are sent whenever they are assigned, also when they were changed in place', () => {
    const types: readonly TypeDef[] = [
      { kind: 'bytes' },
      { kind: 'record', fields: [{ name: 'inside', type: 0 }] },
      { kind: 'value', type: 1 },
      { kind: 'map', type: 0 },
      { kind: 'list', type: 0 },
      {
        kind: 'record',
        fields: [
          { name: 'field', type: 0 },
          { name: 'whole', type: 2 },
          { name: 'map', type: 3 },
          { name: 'list', type: 4 },
        ],
      },
    ]
    const bytes = compileLayout({
      name: 'b',
      version: 1,
      types,
      state: 5,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const made = (): Uint8Array => Uint8Array.of(1, 2)
    const first = { field: made(), whole: { inside: made() }, map: { a: made() }, list: [made()] }
    const tree = StateTree.create(bytes, undefined, first, { epoch: '0123456789abcdef' })
    const mirror = new MirrorTree(bytes)
    mirror.applySnapshot(tree.snapshot())
    // The layout above is of this type.
    const state = tree.root as {
      field: Uint8Array
      whole: { inside: Uint8Array }
      map: StateMap<Uint8Array>
      list: StateList<Uint8Array>
    }
    const changed = (value: Uint8Array | undefined): Uint8Array => {
      if (value === undefined) throw new Error('There are bytes')
      value[0] = 9
      return value
    }
    state.field = changed(state.field)
    const { whole } = state
    changed(whole.inside)
    state.whole = whole
    state.map.set('a', changed(state.map.get('a')))
    state.list.set(0, changed(state.list.at(0)))
    mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
    const now = Uint8Array.of(9, 2)
    expect(mirror.state).toEqual({ field: now, whole: { inside: now }, map: new Map([['a', now]]), list: [now] })
    state.list.replace([changed(state.list.at(0)), made()])
    state.field = Uint8Array.from(changed(state.field))
    mirror.applyPatch(nextPatch(tree) ?? new Uint8Array())
    expect(mirror.state).toMatchObject({ field: now, list: [now, made()] })
  })
})

describe('what JavaScript lets anybody write', () => {
  it.each<[string, (state: Live<Model>) => unknown]>([
    ['a field that there is not', (state) => Object.assign(state, { nn: 5 })],
    ['a field of a record inside', (state) => Object.assign(state.settings, { nn: 5 })],
    ['an entry as a property', (state) => Object.assign(state.strokes, { ada: stroke })],
    ['an item by index', (state) => Object.assign(state.tags, { 0: 'z' })],
    ['the length of a list', (state) => Object.assign(state.tags, { length: 0 })],
  ])('throws: %s', (_, write) => {
    const { tree, state } = open()
    expect(() => write(state)).toThrow(TypeError)
    expect(nextPatch(tree)).toBeUndefined()
  })

  it('does not keep server-only fields from being set, and set again', () => {
    const Deck = t.Object({ n: t.Uint8(), secret: t.Local<number>() })
    const contract = defineRoom('d', { version: 1, state: Deck, clientToServer: {}, serverToClient: {} })
    const tree = StateTree.create(compileLayout(layoutOf(contract)), contract, { n: 1 }, { epoch: '0123456789abcdef' })
    // The layout is the contract's, so the state is of its model.
    const state = tree.root as Live<StateOf<typeof contract>>
    expect(inspect(state)).toBe('{ n: 1 }')
    state.secret = 1
    state.secret = undefined
    state.secret = 2
    expect(state.secret).toBe(2)
    expect(inspect(state)).toBe('{ n: 1, secret: 2 }')
    expect(() => Object.assign(state, { nn: 1 })).toThrow(TypeError)
    expect(() => delete state.secret).toThrow(TypeError)
  })
})

describe('refusing, with the path', () => {
  it.each<[string, (state: Live<Model>) => unknown]>([
    ['title: expected a string, got the number 1', (state) => Object.assign(state, { title: 1 })],
    ['title: is missing: expected a string', (state) => Object.assign(state, { title: undefined })],
    ['x: expected a number from -1000 to 1000, got the number 1000.5', (state) => (state.x = 1000.5)],
    ['x: expected a number from -1000 to 1000, got NaN', (state) => (state.x = Number.NaN)],
    [
      'settings.zoom: expected a number within the range of 32-bit floats, got the number 1e+39',
      (state) => (state.settings.zoom = 1e39),
    ],
    ['settings.zoom: is missing: expected', (state) => Object.assign(state, { settings: { grid: true } })],
    [
      'strokes.a.color: expected a whole number from 0 to 255, got the number 256',
      (state) => Object.assign(state.strokes.get('a') ?? {}, { color: 256 }),
    ],
    [
      'strokes.a.points[0].x: expected a finite number, got a string',
      (state) => Object.assign(state.strokes.get('a')?.points.at(0) ?? {}, { x: 'a' }),
    ],
    [
      'strokes.b.points[1].y: expected a finite number, got Infinity',
      (state) =>
        state.strokes.set('b', {
          ...stroke,
          points: [
            { x: 1, y: 1 },
            { x: 1, y: Infinity },
          ],
        }),
    ],
    [
      'strokes["a b"].meta.f[1]: expected a JSON value, got a function',
      (state) => state.strokes.set('a b', { ...stroke, meta: Object({ f: [1, () => 1] }) }),
    ],
    [
      'strokes.c.style.dash[0]: expected a whole number',
      (state) => state.strokes.set('c', { ...stroke, style: { dash: [0.5] } }),
    ],
    ['tags[2]: has half a surrogate pair', (state) => state.tags.push('\ud800')],
    ['tags[3]: expected a string', (state) => state.tags.push('fine', Object(3))],
    ['tags: has 2 items, and no place 2', (state) => state.tags.set(2, 'z')],
    ['tags: has 2 items, and no place 3', (state) => state.tags.insert(3, 'z')],
    ['scores.__proto__: has the key "__proto__"', (state) => state.scores.set('__proto__', 1)],
    [
      'scores: expected a string as key, got the number 5',
      (state) => Reflect.apply(Reflect.get(state.scores, 'set'), state.scores, [5, 1]),
    ],
    ['scores.x: expected a whole number', (state) => state.scores.set('x', 0.5)],
    ['shape.kind: expected one of "circle", "box"', (state) => Object.assign(state, { shape: { kind: 'star' } })],
    ['shape.w: is missing', (state) => Object.assign(state, { shape: { kind: 'box', h: 1 } })],
  ])('%s', (message, write) => {
    const { tree, state } = open()
    const before = JSON.stringify(tree.toPlain())
    expect(refusal(() => write(state))).toContain(message)
    // What was refused has left nothing behind.
    expect(tree.dirty).toBe(false)
    expect(JSON.stringify(tree.toPlain())).toBe(before)
  })

  it('the first value', () => {
    expect(refusal(() => StateTree.create(layout, Board, { title: 'a' }, { epoch: '0123456789abcdef' }))).toContain(
      'angle: is missing',
    )
    expect(refusal(() => StateTree.create(layout, Board, 'a', { epoch: '0123456789abcdef' }))).toContain(
      'expected an object',
    )
  })

  it('a record that was spread, which copies nothing, with advice', () => {
    const { state } = open()
    const first = state.strokes.get('a')
    expect(refusal(() => state.strokes.set('b', Object({ ...first })))).toMatch(/^strokes\.b: .*use toPlain\(record\)/)
    expect(refusal(() => state.strokes.set('b', Object({ ...first, width: 2 })))).toMatch(
      /^strokes\.b\.\w+: is missing: expected .*use toPlain\(record\)$/,
    )
  })
})

describe('entities', () => {
  it('that were removed can be read, and not written to', () => {
    const { state, flush } = open()
    const first = state.strokes.get('a')
    if (first === undefined) throw new Error('No stroke')
    const point = first.points.at(0)
    state.strokes.delete('a')
    expect(first.by).toBe('ada')
    expect(point?.x).toBe(0)
    expect(refusal(() => (first.by = 'bo'))).toContain('by: cannot be written to: it was removed from the state')
    expect(refusal(() => first.points.push({ x: 1, y: 1 }))).toContain('removed from the state')
    expect(refusal(() => Object.assign(point ?? {}, { x: 2 }))).toContain('removed from the state')
    const scores = state.scores
    expect(flush()).toBeGreaterThan(0)
    expect(refusal(() => (first.by = 'bo'))).toContain('removed from the state')
    scores.clear()
  })

  it('that were removed are copied when they are put somewhere again', () => {
    const { tree, state, mirror, flush } = open()
    const first = state.strokes.get('a')
    if (first === undefined) throw new Error('No stroke')
    const seen = mirror.state.strokes.get('a')
    state.strokes.delete('a')
    const again = state.strokes.set('b', first)
    expect(again).not.toBe(first)
    expect(toPlain(again)).toEqual(stroke)
    again.by = 'cy'
    flush()
    expect(mirror.state.strokes.get('b')).not.toBe(seen)
    expect(mirror.state.strokes.get('b')?.by).toBe('cy')
    const other = open()
    other.state.strokes.set('z', first)
    expect(tree.dirty).toBe(false)
  })

  it('cannot stand in two places', () => {
    const { state } = open()
    const first = state.strokes.get('a')
    if (first === undefined) throw new Error('No stroke')
    expect(refusal(() => state.strokes.set('b', first))).toMatch(
      /^strokes\.b: already stands in the state, at "strokes\.a", and cannot stand in two places: put a copy here \(toPlain\)/,
    )
    state.strokes.set('b', toPlain(first))
    const point = first.points.at(0)
    if (point === undefined) throw new Error('No point')
    expect(refusal(() => first.points.push(point))).toContain('at "strokes.a.points[0]"')
    expect(refusal(() => first.points.replace([point, point]))).toContain('stands in this list twice')
    expect(refusal(() => (state.selected = point))).toContain('selected: already stands')
    expect(refusal(() => open().state.strokes.set('b', first))).toContain('already stands')
  })

  it('are replaced when a plain object is assigned', () => {
    const { state, mirror, flush } = open()
    const before = state.settings
    const seen = mirror.state.settings
    state.settings = { grid: true, zoom: 1 }
    expect(state.settings).not.toBe(before)
    expect(refusal(() => (before.grid = false))).toContain('removed')
    flush()
    expect(mirror.state.settings).not.toBe(seen)
    expect(mirror.state.settings).toEqual({ grid: true, zoom: 1 })
  })

  it('that come and go within a turn are never sent, and an id that became free is used again', () => {
    const { tree, state, flush } = open()
    flush()
    const before = tree.bookkeeping
    const size = tree.snapshot().length
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 10_000; index++) {
        state.strokes.set(`s${index}`, stroke)
        if (index >= 50) state.strokes.delete(`s${index - 50}`)
      }
      for (let index = 9_950; index < 10_000; index++) state.strokes.delete(`s${index}`)
      expect(flush()).toBe(0)
    }
    // In turns of their own, too.
    const costs = new Set<number>()
    for (let index = 0; index < 5_000; index++) {
      state.strokes.set('guest', stroke)
      costs.add(flush())
      state.strokes.delete('guest')
      flush()
    }
    expect(costs.size).toBe(1)
    // At most the ids of the 50 that were there at once, three each, and as many touched keys as there are entries.
    expect(tree.bookkeeping - before).toBeLessThanOrEqual(153 + state.strokes.size)
    state.title = 'first'
    flush()
    expect(tree.snapshot().length).toBeLessThanOrEqual(size + 2)
  })

  it('leave no ids behind when a crowd has left', () => {
    const { tree, state, flush } = open()
    for (let index = 0; index < 5_000; index++) state.strokes.set(`s${index}`, stroke)
    flush()
    state.strokes.clear()
    flush()
    expect(tree.bookkeeping).toBeLessThan(1100)
  })
})

describe('showing', () => {
  it('a plain copy, JSON and what console.log prints', () => {
    const { state } = open()
    const first = state.strokes.get('a')
    const { owner: _, ...shared } = { owner: 0, ...stroke }
    expect(toPlain(first)).toEqual(shared)
    expect(JSON.parse(JSON.stringify(first))).toEqual(shared)
    expect(JSON.stringify(state.scores)).toBe('{"ada":1}')
    expect(JSON.stringify(state.tags)).toBe('["x","y"]')
    expect(inspect(state.settings)).toBe('{ grid: true, zoom: 1 }')
    expect(inspect(state.scores)).toBe("Map(1) { 'ada' => 1 }")
    expect(inspect(state.tags)).toBe("[ 'x', 'y' ]")
    expect(toPlain(5)).toBe(5)
  })

  it('fields by for … in, not by Object.keys: they are accessors of a prototype', () => {
    const { state } = open()
    const names: string[] = []
    for (const name in state.settings) names.push(name)
    expect(names).toEqual(['grid', 'zoom'])
    expect(Object.keys(state.settings)).toEqual([])
    expect('zoom' in state.settings).toBe(true)
  })
})
