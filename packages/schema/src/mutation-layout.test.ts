import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { compileLayout, type MessageCodec } from './compiled-layout.ts'
import { layoutOf } from './contract-layout.ts'
import { call, defineRoom, event, type RoomShape } from './contract.ts'
import { SchemaError } from './errors.ts'
import { hashLayout } from './fingerprint.ts'
import { decodeLayout } from './layout-gate.ts'
import { encodeLayout } from './layout-wire.ts'
import { mutation } from './mutation.ts'
import { undoName } from './mutation-layout.ts'
import * as t from './types.ts'
import { validatorsOf } from './validate.ts'

const Point = t.Object({ x: t.Number(), y: t.Number({ maximum: 100 }) })
const shape = {
  version: 1,
  state: t.Object({ points: t.Map(Point) }),
  clientToServer: { clear: call(), point: event(Point) },
  serverToClient: {},
} satisfies RoomShape

function room(more: Partial<RoomShape>) {
  return defineRoom('board', { ...shape, ...more })
}

const Board = room({
  mutations: {
    add: mutation({ params: Point, result: t.String(), errors: { full: t.Object({ limit: t.Integer() }) } }),
    move: mutation({ params: t.Object({ id: t.String(), to: Point }), undoable: true, timeout: 500, idempotent: true }),
    tidy: mutation(),
  },
  input: t.Object({ dx: t.Int8(), fire: t.Boolean() }),
})

describe('[V2] the mutations of a contract', () => {
  const layout = layoutOf(Board)
  const compiled = compileLayout(layout)
  const codec = (name: string): MessageCodec => {
    const found = compiled.upByName.get(name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }

  it('stand behind what else a client sends, in their order, and undo behind them', () => {
    expect(layout.up.map(({ name }) => name)).toEqual(['clear', 'point', 'add', 'move', 'tidy', 'undo'])
    expect(compiled.up.map(({ mutation, undoable }) => [mutation, undoable])).toEqual([
      [false, false],
      [false, false],
      [true, false],
      [true, true],
      [true, false],
      [true, true],
    ])
  })

  it('are calls: with a result, errors, a deadline, and whether they may be repeated', () => {
    expect(codec('add').result?.decode('a', 'it')).toBe('a')
    expect(codec('add').errors.map(({ code }) => code)).toEqual(['full'])
    expect(codec('move')).toMatchObject({ kind: 'call', timeout: 500, idempotent: true })
    expect(codec('tidy')).toMatchObject({ kind: 'call', timeout: undefined, idempotent: false, result: undefined })
  })

  it('travel with their number, their time and their seed', () => {
    const issued = { n: 7, at: 1_767_225_600_000.5, seed: 0xffff_ffff }
    const params = { id: 'a', to: { x: 1, y: 2 } }
    const wire = codec('move').params?.encode({ ...issued, params }, 'it')
    expect(wire).toEqual([7, 1_767_225_600_000.5, 0xffff_ffff, ['a', [1, 2]]])
    expect(codec('move').params?.decode(wire, 'it')).toEqual({ ...issued, params })
    expect(codec('tidy').params?.encode(issued, 'it')).toEqual([7, 1_767_225_600_000.5, 0xffff_ffff])
  })

  it.each([
    ['without a number', { at: 1, seed: 1 }, 'it.n'],
    ['with half a number', { n: 0.5, at: 1, seed: 1 }, 'it.n'],
    ['of no time', { n: 1, at: NaN, seed: 1 }, 'it.at'],
    ['with a seed of 33 bits', { n: 1, at: 1, seed: 2 ** 32 }, 'it.seed'],
  ])('do not travel %s', (_, issued, path) => {
    expect(() => codec('tidy').params?.encode(issued, 'it')).toThrow(path)
    const { n = null, at, seed } = { n: undefined, ...issued }
    expect(() => codec('tidy').params?.decode([n, at, seed], 'it')).toThrow(path)
  })

  it('are taken back by numbers', () => {
    const issued = { n: 9, at: 1, seed: 1 }
    const params = { of: [8, 7, 3], force: true }
    expect(codec(undoName).params?.encode({ ...issued, params }, 'it')).toEqual([9, 1, 1, [[8, 7, 3], true]])
    const result = { done: 12, skipped: 1, forgotten: 0 }
    expect(codec(undoName).result?.encode(result, 'it')).toEqual([12, 1, 0])
  })

  it('are not taken back where none can be', () => {
    const { up } = layoutOf(room({ mutations: { tidy: mutation() } }))
    expect(up.map(({ name }) => name)).toEqual(['clear', 'point', 'tidy'])
  })

  it('change nothing of what stands before them', () => {
    const before = layoutOf(room({}))
    expect(layout.up.slice(0, before.up.length)).toEqual(before.up)
    expect(layout.types.slice(0, before.types.length)).toEqual(before.types)
  })

  it('travel as they are, with the input', () => {
    const wire = encodeLayout(layout)
    expect(decodeLayout(wire)).toEqual(layout)
    expect(hashLayout(decodeLayout(wire))).toBe(hashLayout(layout))
    expect(wire).toHaveLength(8)
    expect(encodeLayout(layoutOf(room({})))).toHaveLength(7)
  })

  it('make another hash by what can be taken back', () => {
    const hash = (undoable: boolean) =>
      hashLayout(layoutOf(room({ mutations: { a: mutation({ undoable }), b: mutation({ undoable: true }) } })))
    expect(hash(true)).not.toBe(hash(false))
  })

  it('are checked by what the contract says of their parameters', () => {
    const { up } = validatorsOf(Board)
    const checks = layout.up.map((_, id) => up[id] !== undefined)
    expect(checks).toEqual([false, true, true, true, false, false])
    expect(() => up[2]?.({ x: 1, y: 101 }, 'mutations.add')).toThrow('mutations.add.y: must be <= 100')
    expect(() => up[2]?.({ x: 1, y: 100 }, 'mutations.add')).not.toThrow()
  })
})

describe('[V2] the input of a contract', () => {
  it('is a type of the layout', () => {
    const { input } = compileLayout(layoutOf(Board))
    expect(input?.encode({ dx: -3, fire: true }, 'input')).toEqual([-3, true])
    expect(() => input?.encode({ dx: 200, fire: true }, 'input')).toThrow('input.dx: expected a whole number')
    expect(compileLayout(layoutOf(room({}))).input).toBeUndefined()
  })

  it('is checked', () => {
    const { input } = validatorsOf(room({ input: t.Object({ dx: t.Number({ maximum: 1 }) }) }))
    expect(() => input?.({ dx: 2 }, 'input')).toThrow('input.dx: must be <= 1')
  })
})

describe('is refused where the contract is defined', () => {
  // What JavaScript lets anybody write.
  const untyped = (value: unknown): never => value as never

  it.each<[string, Partial<RoomShape>, string]>([
    [
      'a mutation called input',
      { mutations: { input: mutation() } },
      "mutations.input: cannot be called 'input': that is the mutator of the contract's input",
    ],
    [
      'a mutation called undo',
      { mutations: { undo: mutation() } },
      "mutations.undo: cannot be called 'undo': clients take back mutations by that name",
    ],
    [
      'a mutation called as a message',
      { mutations: { clear: mutation() } },
      'mutations.clear: is in clientToServer, too: one of the two needs another name',
    ],
    [
      'a message called undo where mutations can be taken back',
      { clientToServer: { undo: call() }, mutations: { add: mutation({ undoable: true }) } },
      "clientToServer.undo: needs another name: in a contract with undoable mutations, clients take them back by 'undo'",
    ],
    ['a mutation that the language calls', { mutations: { toJSON: mutation() } }, 'mutations.toJSON: cannot be called'],
    [
      'parameters that cannot travel',
      { mutations: { a: mutation({ params: t.Object({ f: Type.Any() }) }) } },
      'mutations.a.params.f: is of any type',
    ],
    [
      'a result that cannot travel',
      { mutations: { a: mutation({ result: Type.Any() }) } },
      'mutations.a.result: is of any',
    ],
    [
      'a deadline that is none',
      { mutations: { a: mutation({ timeout: 0 }) } },
      'mutations.a.timeout: is 0; write milliseconds above 0, or Infinity for no deadline',
    ],
    [
      'an error of the framework',
      { mutations: { a: mutation({ errors: { timeout: t.Null() } }) } },
      'mutations.a.errors.timeout: cannot be called "timeout"',
    ],
    [
      'a limit that is none',
      { mutations: { a: mutation({ limit: { rate: 0 } }) } },
      'mutations.a.limit.rate: is 0; write messages a second, above 0',
    ],
    ['a call among mutations', { mutations: untyped({ a: call() }) }, 'mutations.a: is no mutation(): write'],
    ['nothing among mutations', { mutations: untyped({ a: undefined }) }, 'mutations.a: is no mutation(): write'],
    ['mutations that are a list', { mutations: untyped([]) }, 'mutations: is not an object of mutations by name'],
    ['a mutation among calls', { clientToServer: untyped({ a: mutation() }) }, 'clientToServer.a: is a mutation()'],
    ['an input that is no object', { input: t.Array(t.Int8()) }, 'input: is not an object: write t.Object({ … })'],
  ])('%s', (_, more, message) => {
    expect(() => room(more)).toThrow(SchemaError)
    expect(() => room(more)).toThrow(message)
  })

  it('an option that mutations do not have', () => {
    expect(() => mutation(untyped({ undoeable: true }))).toThrow(
      'mutation().undoeable: is no option of mutation(): did you mean undoable?',
    )
  })

  it('but not a message called undo where nothing can be taken back', () => {
    expect(() => room({ clientToServer: { undo: call() }, mutations: { add: mutation() } })).not.toThrow()
  })
})
