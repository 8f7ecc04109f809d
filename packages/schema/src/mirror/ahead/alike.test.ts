import { describe, expect, it } from 'vitest'
import type { TypeDef } from '../../layout.ts'
import { alike } from './alike.ts'

const types: readonly TypeDef[] = [
  { kind: 'quantized', min: 0, max: 10, step: 0.1 },
  { kind: 'angle' },
  { kind: 'optional', type: 0 },
  { kind: 'float64' },
  {
    kind: 'record',
    fields: [
      { name: 'x', type: 0 },
      { name: 'note', type: 12 },
    ],
  },
  { kind: 'map', type: 4 },
  { kind: 'list', type: 0 },
  { kind: 'tuple', types: [0, 3] },
  { kind: 'null' },
  { kind: 'union', types: [4, 8] },
  { kind: 'value', type: 6 },
  { kind: 'bytes' },
  { kind: 'optional', type: 13 },
  { kind: 'string' },
  { kind: 'tuple', types: [] },
  { kind: 'union', types: [14, 7] },
  { kind: 'record', fields: [] },
  { kind: 'union', types: [16, 4] },
]

const step = (2 * Math.PI) / 65_536

describe('what was shown and what was confirmed', () => {
  it.each<[string, number, unknown, unknown, boolean]>([
    ['a number one step off', 0, 1.2345, 1.3, true],
    ['a number two steps off', 0, 1.2, 1.4, false],
    ['an angle one step off, across the end', 1, step / 2, 2 * Math.PI - step / 2, true],
    ['an angle two steps off', 1, 1, 1 + 2 * step, false],
    ['a number that is there and not', 2, 1, undefined, false],
    ['a number that is not there', 2, undefined, undefined, true],
    ['a number that is not rounded', 3, 1, 1.000001, false],
    ['a record', 4, { x: 1.04, note: undefined }, { x: 1, note: undefined }, true],
    ['a record with another field', 4, { x: 1.04, note: undefined }, { x: 1, note: 'no' }, false],
    ['a map', 5, new Map([['a', { x: 1.04 }]]), new Map([['a', { x: 1 }]]), true],
    ['a map with another key', 5, new Map([['a', { x: 1 }]]), new Map([['b', { x: 1 }]]), false],
    ['a map with one more', 5, new Map(), new Map([['b', { x: 1 }]]), false],
    ['a list', 6, [1.04, 2], [1, 2], true],
    ['a list with one more', 6, [1], [1, 2], false],
    ['a tuple', 7, [1.04, 5], [1, 5], true],
    ['a tuple with another number', 7, [1.04, 5], [1, 5.1], false],
    ['a variant', 9, { x: 1.04 }, { x: 1 }, true],
    ['another variant', 9, { x: 1.04 }, null, false],
    ['a variant that is longer than another', 15, [1.04, 5], [1, 5], true],
    ['another number in a variant that is longer than another', 15, [1, 5], [1, 5.1], false],
    ['a variant that has more fields than another', 17, { x: 1.04 }, { x: 1 }, true],
    ['another number in a variant that has more fields than another', 17, { x: 1 }, { x: 2 }, false],
    ['a whole value', 10, [1.04], [1], true],
    ['bytes', 11, Uint8Array.of(1), Uint8Array.of(1), true],
    ['other bytes', 11, Uint8Array.of(1), Uint8Array.of(2), false],
  ])('%s', (_, type, shown, confirmed, isAlike) => {
    expect(alike(types, type, shown, confirmed)).toBe(isAlike)
    expect(alike(types, type, confirmed, shown)).toBe(isAlike)
  })
})
