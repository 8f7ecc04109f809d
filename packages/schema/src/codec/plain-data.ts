import { layoutBounds } from '../layout-bounds.ts'
import type { Coder } from './coder.ts'
import { convertEntries, convertItems } from './collections.ts'
import { at, expected, Fault, isPlainObject } from './fault.ts'
import { bigintCoder, numberCoder } from './numbers.ts'
import { checkedString } from './scalars.ts'

/** Nesting of data by name: credentials, join data, options, filters. */
const namedDepth = 24

const number = numberCoder('number')

/** What of plain data beyond texts, booleans, null, arrays and objects may travel, and how deep all that may nest. */
interface PlainRules {
  /** Converts such a value. */
  readonly other: (value: unknown) => unknown
  /** Whether a field may be written as `undefined`: it is left out. */
  readonly optionalFields: boolean
  readonly depth: number
}

const intoJson: PlainRules = { other: fromJson, optionalFields: false, depth: layoutBounds.jsonDepth }
const outOfJson: PlainRules = { ...intoJson, other: number.decode }
const named: PlainRules = { other: fromPlainData, optionalFields: true, depth: namedDepth }

/** Coder of free-form JSON: `null`, booleans, strings, finite numbers, arrays, plain objects. */
export const jsonCoder: Coder = {
  expects: 'a JSON value',
  nilable: true,
  encode: (value) => converted(value, intoJson),
  decode: (wire) => converted(wire, outOfJson),
  matches(value) {
    try {
      converted(value, intoJson)
      return true
    } catch (error) {
      if (error instanceof Fault) return false
      throw error
    }
  },
}

/**
 * The wire form of data that travels by name, from a side that may not know its types: plain objects, arrays, strings,
 * finite numbers, bigints of 64 bits, booleans, `null` and bytes. Fields that are `undefined` are left out, and `undefined`
 * itself stays what it is.
 *
 * @throws SchemaError `invalid_value` with the path of anything else.
 */
export function encodeNamed(value: unknown, path: string): unknown {
  try {
    return value === undefined ? value : converted(value, named)
  } catch (error) {
    throw at(error, path)
  }
}

function fromJson(value: unknown): unknown {
  if (typeof value === 'number') return number.encode(value)
  throw unfit('a JSON value', value)
}

function fromPlainData(value: unknown): unknown {
  if (typeof value === 'number') return number.encode(value)
  if (typeof value === 'bigint') return bigintCoder.encode(value)
  if (value instanceof Uint8Array) return value
  throw unfit('plain data', value)
}

function unfit(expects: string, value: unknown): Fault {
  const fault = expected(expects, value)
  if (typeof value !== 'object') return fault
  return new Fault(`${fault.what}: only plain objects, arrays, strings, numbers, booleans and null can travel`)
}

function converted(value: unknown, rules: PlainRules, depth = rules.depth): unknown {
  if (typeof value === 'string') return checkedString(value)
  if (typeof value === 'boolean' || value === null) return value
  const isArray = Array.isArray(value)
  if (!isArray && !isPlainObject(value)) return rules.other(value)
  if (depth === 0) throw new Fault('is nested too deep, or contains itself')
  const part = (inner: unknown): unknown => converted(inner, rules, depth - 1)
  return isArray ? convertItems(value, '', part) : convertEntries(value, '', part, rules.optionalFields)
}
