import { describe, expect, it } from 'vitest'
import { call, defineRoom, event, type Schema } from './contract.ts'
import { SchemaError } from './errors.ts'
import * as t from './types.ts'
import { compileValidator, validatorsOf } from './validate.ts'

function refusal(schema: Schema, value: unknown): string {
  try {
    compileValidator(schema)(value, 'it')
  } catch (error) {
    if (error instanceof SchemaError && error.code === 'invalid_value') return error.message
    throw error
  }
  throw new Error('the value was not refused')
}

describe('a validator', () => {
  it.each<[string, Schema, unknown, string]>([
    [
      'a long string',
      t.Object({ name: t.String({ maxLength: 3 }) }),
      { name: 'abcd' },
      'it.name: must not have more than 3 characters',
    ],
    ['a string of another form', t.String({ pattern: '^a+$' }), 'b', 'it: must match pattern "^a+$"'],
    ['a list with too much', t.Array(t.String(), { maxItems: 1 }), ['a', 'b'], 'it: must not have more than 1 items'],
    ['an item of a list', t.Array(t.Number({ minimum: 1 })), [1, 0], 'it[1]: must be >= 1'],
    [
      'an entry of a map',
      t.Map(t.String({ maxLength: 1 })),
      { 'a/b': 'xx' },
      'it["a/b"]: must not have more than 1 characters',
    ],
    [
      'a map with too much',
      t.Map(t.Null(), { maxProperties: 1 }),
      { a: null, b: null },
      'it: must not have more than 1 properties',
    ],
    ['bytes', t.Object({ b: t.Bytes({ maxLength: 2 }) }), { b: new Uint8Array(3) }, 'it.b: must be 0 to 2 bytes'],
    ['a narrower integer', t.Uint8({ maximum: 7 }), 8, 'it: must be <= 7'],
    ['a bigint', t.BigInt({ minimum: 3n }), 2n, 'it: must be >= 3'],
    [
      'inside of a value kept whole',
      t.Value(t.Object({ a: t.String({ minLength: 1 }) })),
      { a: '' },
      'it.a: must not have fewer than 1 characters',
    ],
    [
      'inside of what some see',
      t.Object({ a: t.Visible('x', t.Object({ b: t.String({ minLength: 1 }) })) }),
      { a: { b: '' } },
      'it.a.b: must not have fewer than 1 characters',
    ],
    ['what some see, missing', t.Object({ a: t.Visible('x', t.String()) }), {}, 'it: must have required properties a'],
    [
      'an entry that comes into view',
      t.Map(t.Object({ hp: t.Uint8({ maximum: 9 }) }), { view: true }),
      { a: { hp: 10 } },
      'it.a.hp: must be <= 9',
    ],
    ['an owner that is none', t.Object({ by: t.Owner() }), { by: 7 }, 'it.by: must be string'],
    ['a reference that is none', t.Object({ to: t.Id('unit') }), { to: 7 }, 'it.to: must be string'],
    [
      "a check of one's own",
      t.Refine(
        t.String(),
        (s) => s === s.trim(),
        () => 'must be trimmed',
      ),
      ' a',
      'it: must be trimmed',
    ],
    [
      'a variant of a union',
      t.Union([t.Null(), t.Object({ a: t.String({ maxLength: 1 }) })]),
      { a: 'xx' },
      'it.a: must not have more than 1 characters',
    ],
  ])('refuses %s', (_, schema, value, message) => {
    expect(refusal(schema, value)).toBe(message)
  })

  it.each<[string, Schema, unknown, unknown]>([
    ['alone', t.Literal(5n), 5n, 6n],
    ['beyond what a number holds', t.Literal(12_345_678_901_234_567_890n), 12_345_678_901_234_567_890n, 5n],
    ['in a union', t.Object({ n: t.Optional(t.Union([t.Literal(5n), t.Null()])) }), { n: 5n }, { n: 5 }],
    ['among further checks', t.Array(t.Tuple([t.Literal(5n), t.String({ maxLength: 1 })])), [[5n, 'a']], [[5n, 'ab']]],
  ])('knows a bigint constant %s', (_, schema, good, bad) => {
    const validate = compileValidator(schema)
    expect(() => validate(good, 'it')).not.toThrow()
    expect(refusal(schema, bad)).toMatch(/^it/)
  })

  it('admits every type of t', () => {
    const schema = t.Object({
      bytes: t.Bytes(),
      map: t.Map(t.Uint8()),
      json: t.Json(),
      value: t.Value(t.Tuple([t.Angle()])),
      at: t.Timestamp(),
      quantized: t.Quantized({ min: 0, max: 1, step: 0.1 }),
      float: t.Float32(),
      big: t.BigInt(),
      local: t.Local<() => void>(),
      maybe: t.Optional(t.Bytes()),
      by: t.Owner(),
      to: t.Id('unit'),
      some: t.Visible(['owner', 'x'], t.Bytes({ maxLength: 1 })),
      perhaps: t.Visible('x', t.Optional(t.String())),
      also: t.Optional(t.Visible('x', t.String())),
      units: t.Map(t.Object({}), { view: true }),
    })
    const value = {
      bytes: new Uint8Array(1),
      map: { a: 1 },
      json: [{ a: null }],
      value: [7],
      at: 1_700_000_000_000,
      quantized: 0.5,
      float: 0.5,
      big: 1n,
      local: () => undefined,
      by: '',
      to: 'u1',
      some: new Uint8Array(1),
      units: { a: {} },
    }
    expect(() => compileValidator(schema)(value, 'it')).not.toThrow()
  })
})

describe('the validators of a contract', () => {
  const Name = t.String({ maxLength: 3 })
  const contract = defineRoom('room', {
    version: 1,
    state: t.Object({ title: Name }),
    join: t.Object({ name: Name }),
    clientToServer: { none: event(), rename: call({ params: Name }), say: event(Name) },
    serverToClient: { ask: call({ result: Name, errors: { busy: Name } }), told: event(Name) },
  })

  it('are by part, and by id', () => {
    const { join, options, state, up, down } = validatorsOf(contract)
    expect(() => join?.({ name: 'abcd' }, 'join')).toThrow('join.name: must not')
    expect(() => state?.({ title: 'abcd' }, 'state')).toThrow('state.title: must not')
    expect(options).toBeUndefined()
    expect(up.map((validate) => validate !== undefined)).toEqual([false, true, true])
    expect(() => up[1]?.('abcd', 'rename')).toThrow('rename: must not')
    expect(() => down[0]?.result?.('abcd', 'ask')).toThrow('ask: must not')
    expect(() => down[0]?.errors[0]?.('abcd', 'busy')).toThrow('busy: must not')
    expect(down[1]).toEqual({ errors: [] })
  })

  it('are compiled once', () => {
    expect(validatorsOf(contract)).toBe(validatorsOf(contract))
  })

  it('name a pattern that is none', () => {
    const broken = defineRoom('room', {
      version: 1,
      state: t.Object({}),
      clientToServer: { say: event(t.String({ pattern: '(' })) },
      serverToClient: {},
    })
    expect(() => validatorsOf(broken)).toThrow(
      /^clientToServer\.say: has a check that cannot be compiled: Invalid regular/,
    )
  })
})
