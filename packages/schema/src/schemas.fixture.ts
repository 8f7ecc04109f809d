import fc from 'fast-check'
import { quantizer, angleFromSteps, maxSteps } from './codec/quantized.ts'
import type { Schema } from './contract.ts'
import { nameFault } from './layout-bounds.ts'
import * as t from './types.ts'

/** A random schema, with values of it that travel without rounding. */
export interface SchemaCase {
  readonly schema: Schema
  readonly values: fc.Arbitrary<unknown>
}

/** A schema and a value of it. */
export interface ValueCase {
  readonly schema: Schema
  readonly value: unknown
}

/** Names such as people give, and such as they should not. */
export const names: fc.Arbitrary<string> = fc
  .oneof(
    fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,6}$/),
    fc.constantFrom('toString', 'valueOf', 'hasOwnProperty', 'length', 'name', 'then', '__defineGetter__', '0', ' '),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  )
  .filter((name) => nameFault(name) === undefined)

/** Strings that can travel: any Unicode, but no lone surrogates. */
export const strings: fc.Arbitrary<string> = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, -(2 ** 53) - 2, 0.1, 2 ** 32, -(2 ** 31) - 1),
)

function whole(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) }),
    fc.constantFrom(min, max),
  )
}

const json: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'binary' })
  .filter((value) => !JSON.stringify(value).includes('"__proto__"'))

const ranges = fc
  .tuple(
    fc.oneof(fc.constantFrom(0, -1, -180, 0.5), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    fc.oneof(fc.constantFrom(0.1, 0.01, 1, 1 / 32, 0.25, 3), fc.double({ min: 1e-6, max: 1e3, noNaN: true })),
    fc.integer({ min: 1, max: 70_000 }),
  )
  .map(([min, step, steps]) => ({ min: min + 0, max: min + steps * step, step }))
  .filter(({ min, max, step }) => max > min && (max - min) / step < maxSteps)

function quantized(range: { min: number; max: number; step: number }): SchemaCase {
  const { steps, fromSteps } = quantizer({ kind: 'quantized', ...range })
  return { schema: t.Quantized(range), values: fc.integer({ min: 0, max: steps }).map(fromSteps) }
}

function fixed(schema: Schema, values: fc.Arbitrary<unknown>): SchemaCase {
  return { schema, values }
}

const leaves: fc.Arbitrary<SchemaCase> = fc.oneof(
  fc.constantFrom(
    fixed(t.Null(), fc.constant(null)),
    fixed(t.Boolean(), fc.boolean()),
    fixed(t.String(), strings),
    fixed(t.Number(), finite),
    fixed(t.Float64(), finite),
    fixed(t.Float32(), fc.float({ noNaN: true, noDefaultInfinity: true })),
    fixed(t.Integer(), fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -0))),
    fixed(t.Uint8(), whole(0, 255)),
    fixed(t.Uint16(), whole(0, 65_535)),
    fixed(t.Uint32(), whole(0, 2 ** 32 - 1)),
    fixed(t.Int8(), whole(-128, 127)),
    fixed(t.Int16(), whole(-32_768, 32_767)),
    fixed(t.Int32(), whole(-(2 ** 31), 2 ** 31 - 1)),
    fixed(t.BigInt(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })),
    fixed(t.Angle(), fc.integer({ min: 0, max: 65_535 }).map(angleFromSteps)),
    fixed(t.Timestamp(), whole(-8.64e15, 8.64e15)),
    fixed(t.Bytes(), fc.uint8Array()),
    fixed(t.Json(), json),
  ),
  ranges.map(quantized),
  fc
    .oneof(strings, fc.integer(), fc.boolean(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }))
    .map((value) => fixed(t.Literal(value), fc.constant(value))),
  fc
    .uniqueArray(fc.oneof(strings, fc.integer()), { minLength: 1, maxLength: 5 })
    .map((values) => fixed(t.Enum(values), fc.constantFrom(...values))),
)

/** Random schemas of any kind that travels by position. */
export const schemaCases: fc.Arbitrary<SchemaCase> = fc.letrec<{ any: SchemaCase }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 3, arbitrary: leaves },
    { weight: 1, arbitrary: tie('any').map(listOf) },
    { weight: 1, arbitrary: tie('any').map(mapOf) },
    { weight: 1, arbitrary: tie('any').map(({ schema, values }) => ({ schema: t.Value(schema), values })) },
    { weight: 1, arbitrary: fc.array(tie('any'), { maxLength: 3 }).map(tupleOf) },
    { weight: 2, arbitrary: fc.array(tie('any'), { minLength: 1, maxLength: 4 }).map(unionOf) },
    {
      weight: 4,
      arbitrary: fc
        .uniqueArray(fc.tuple(names, tie('any'), fc.boolean()), { maxLength: 5, selector: ([name]) => name })
        .map(recordOf),
    },
  ),
})).any

function listOf({ schema, values }: SchemaCase): SchemaCase {
  return { schema: t.Array(schema), values: fc.array(values, { maxLength: 4 }) }
}

function mapOf({ schema, values }: SchemaCase): SchemaCase {
  const keys = strings.filter((key) => key !== '__proto__')
  return { schema: t.Map(schema), values: fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true }) }
}

function tupleOf(items: readonly SchemaCase[]): SchemaCase {
  return { schema: t.Tuple(items.map(({ schema }) => schema)), values: fc.tuple(...items.map(({ values }) => values)) }
}

function unionOf(items: readonly SchemaCase[]): SchemaCase {
  return { schema: t.Union(items.map(({ schema }) => schema)), values: fc.oneof(...items.map(({ values }) => values)) }
}

function recordOf(fields: readonly (readonly [string, SchemaCase, boolean])[]): SchemaCase {
  const schema = t.Object(
    Object.fromEntries(fields.map(([name, { schema }, optional]) => [name, optional ? t.Optional(schema) : schema])),
  )
  const values = fc.record(Object.fromEntries(fields.map(([name, { values }]) => [name, values])), {
    requiredKeys: fields.filter(([, , optional]) => !optional).map(([name]) => name),
    noNullPrototype: true,
  })
  return { schema, values }
}

/** Random schemas with a value of each. */
export const valueCases: fc.Arbitrary<ValueCase> = schemaCases.chain(({ schema, values }) =>
  values.map((value) => ({ schema, value })),
)
