import { isDeepStrictEqual } from 'node:util'
import { runs } from '@junto/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonical } from './canonical.ts'

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -5n, max: 5n }),
  fc.uint8Array({ maxLength: 3 }),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 2 }), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any

it('texts are the same for equal values, and for no others', () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      expect(canonical(one) === canonical(other)).toBe(isDeepStrictEqual(one, other))
      expect(canonical(structuredClone(one))).toBe(canonical(one))
    }),
    runs(1000),
  )
})

it('the order of fields, and those that are undefined, do not matter', () => {
  expect(canonical({ a: 1, b: [2], c: undefined })).toBe(canonical({ b: [2], a: 1 }))
  expect(canonical(-0)).toBe(canonical(0))
})
