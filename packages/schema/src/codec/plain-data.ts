import { layoutBounds } from '../layout-bounds.ts'
import type { Coder } from './coder.ts'
import { at, describe, expected, Fault, isPlainObject, within } from './fault.ts'
import { bigintCoder, numberCoder, numberOf } from './numbers.ts'
import { checkedString } from './scalars.ts'

/** Nesting of data by name: credentials, join data, options, filters. */
const namedDepth = 24

const number = numberCoder('number')

/** What of plain data beyond JSON may travel, and how deep it may nest. */
interface PlainRules {
  readonly expects: string
  /** Bytes and bigints may travel, and absent fields may be written as `undefined`. */
  readonly beyondJson: boolean
  readonly depth: number
}

const json: PlainRules = { expects: 'a JSON value', beyondJson: false, depth: layoutBounds.jsonDepth }
const named: PlainRules = { expects: 'plain data', beyondJson: true, depth: namedDepth }

/**
 * Coder of free-form JSON: `null`, booleans, strings, finite numbers, arrays, plain objects.
 *
 * A value that needs no change is passed on, not copied: packing reads it at once.
 */
export const jsonCoder: Coder = {
  expects: json.expects,
  nilable: true,
  encode: (value) => encodePlain(value, json, json.depth),
  decode: (wire) => decodePlain(wire, json.depth),
  matches(value) {
    try {
      encodePlain(value, json, json.depth)
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
    return value === undefined ? value : encodePlain(value, named, named.depth)
  } catch (error) {
    throw at(error, path)
  }
}

function encodePlain(value: unknown, rules: PlainRules, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return checkedString(value)
    case 'number':
      return number.encode(value)
    case 'boolean':
      return value
    case 'bigint':
      if (rules.beyondJson) return bigintCoder.encode(value)
      throw expected(rules.expects, value)
    case 'object':
      if (value === null) return null
      if (Array.isArray(value)) return encodeArray(value, rules, inside(depth))
      if (isPlainObject(value)) return encodeObject(value, rules, inside(depth))
      if (rules.beyondJson && value instanceof Uint8Array) return value
      throw new Fault(
        `expected ${rules.expects}, got ${describe(value)}: only plain objects, arrays, strings, numbers, booleans and null can travel`,
      )
    case 'undefined':
    case 'symbol':
    case 'function':
      throw expected(rules.expects, value)
  }
}

function inside(depth: number): number {
  if (depth === 0) throw new Fault('is nested too deep, or contains itself')
  return depth - 1
}

function encodeArray(items: readonly unknown[], rules: PlainRules, depth: number): readonly unknown[] {
  let copy: unknown[] | undefined
  let index = 0
  try {
    for (; index < items.length; index++) {
      const item = items[index]
      const wire = encodePlain(item, rules, depth)
      if (wire !== item && copy === undefined) copy = items.slice(0, index)
      copy?.push(wire)
    }
  } catch (error) {
    throw within(error, index)
  }
  return copy ?? items
}

function encodeObject(
  source: Readonly<Record<string, unknown>>,
  rules: PlainRules,
  depth: number,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(source)) {
    checkKey(key)
    const value = source[key]
    if (value === undefined && rules.beyondJson) {
      copy ??= { ...source }
      delete copy[key]
      continue
    }
    try {
      const wire = encodePlain(value, rules, depth)
      if (wire !== value) (copy ??= { ...source })[key] = wire
    } catch (error) {
      throw within(error, key)
    }
  }
  return copy ?? source
}

/** Refuses a key of a map that cannot travel. */
export function checkKey(key: string): void {
  if (key === '__proto__') {
    throw new Fault('has the key "__proto__", which reaches the prototype of objects: put another character before it')
  }
  checkedString(key)
}

// What was received is fresh: it is mended in place.
function decodePlain(wire: unknown, depth: number): unknown {
  switch (typeof wire) {
    case 'string':
      return checkedString(wire)
    case 'number':
      return number.decode(wire)
    case 'boolean':
      return wire
    case 'object':
      if (wire === null) return null
      if (Array.isArray(wire)) return decodeArray(wire, inside(depth))
      if (isPlainObject(wire)) return decodeObject(wire, inside(depth))
      return number.decode(wire)
    case 'bigint':
      return number.decode(numberOf(wire))
    case 'undefined':
    case 'symbol':
    case 'function':
      throw expected(json.expects, wire)
  }
}

function decodeArray(items: unknown[], depth: number): unknown[] {
  let index = 0
  try {
    for (; index < items.length; index++) items[index] = decodePlain(items[index], depth)
  } catch (error) {
    throw within(error, index)
  }
  return items
}

function decodeObject(source: Readonly<Record<string, unknown>>, depth: number): Readonly<Record<string, unknown>> {
  const object: Record<string, unknown> = source
  for (const key of Object.keys(object)) {
    checkKey(key)
    try {
      object[key] = decodePlain(object[key], depth)
    } catch (error) {
      throw within(error, key)
    }
  }
  return object
}
