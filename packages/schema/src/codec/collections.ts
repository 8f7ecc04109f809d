import type { Coder } from './coder.ts'
import { expected, isPlainObject, within } from './fault.ts'
import { checkKey } from './plain-data.ts'

type Direction = (value: unknown) => unknown

/** Coder of a list, as an array. */
export function listCoder(item: Coder): Coder {
  const expects = 'an array'
  function each(value: unknown, convert: Direction): unknown[] {
    if (!Array.isArray(value)) throw expected(expects, value)
    const items: readonly unknown[] = value
    const converted: unknown[] = []
    let index = 0
    try {
      for (; index < items.length; index++) converted.push(convert(items[index]))
    } catch (error) {
      throw within(error, index)
    }
    return converted
  }
  return {
    expects,
    nilable: false,
    shape: 'array',
    encode: (value) => each(value, item.encode),
    decode: (wire) => each(wire, item.decode),
    decodeNamed: (wire, exact) => each(wire, (element) => item.decodeNamed(element, exact)),
    matches: (value, exact) => Array.isArray(value) && value.every((element) => item.matches(element, exact)),
  }
}

/** Coder of a tuple, as an array of exactly its length. */
export function tupleCoder(elements: readonly Coder[]): Coder {
  const expects = `an array of exactly ${elements.length}`
  function each(value: unknown, convert: (element: Coder, value: unknown) => unknown): unknown[] {
    if (!Array.isArray(value) || value.length !== elements.length) throw expected(expects, value)
    const values: readonly unknown[] = value
    const converted: unknown[] = []
    let index = 0
    try {
      for (const element of elements) {
        converted.push(convert(element, values[index]))
        index++
      }
    } catch (error) {
      throw within(error, index)
    }
    return converted
  }
  return {
    expects,
    nilable: false,
    shape: 'array',
    encode: (value) => each(value, (element, part) => element.encode(part)),
    decode: (wire) => each(wire, (element, part) => element.decode(part)),
    decodeNamed: (wire, exact) => each(wire, (element, part) => element.decodeNamed(part, exact)),
    matches: (value, exact) =>
      Array.isArray(value) &&
      value.length === elements.length &&
      elements.every((element, index) => element.matches(value[index], exact)),
  }
}

/**
 * Coder of a map: plain objects on both sides, a msgpack map between. The key `__proto__` is refused: many languages
 * and decoders treat it specially.
 */
export function mapCoder(entry: Coder): Coder {
  const expects = 'an object of entries by key'
  function each(value: unknown, convert: Direction): Record<string, unknown> {
    if (!isPlainObject(value)) throw expected(expects, value)
    const converted: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      checkKey(key)
      try {
        converted[key] = convert(value[key])
      } catch (error) {
        throw within(error, key)
      }
    }
    return converted
  }
  function fits(key: unknown, part: unknown, exact: boolean): boolean {
    return typeof key === 'string' && key !== '__proto__' && entry.matches(part, exact)
  }
  return {
    expects,
    nilable: false,
    shape: 'object',
    encode: (value) => each(value, entry.encode),
    decode: (wire) => each(wire, entry.decode),
    decodeNamed: (wire, exact) => each(wire, (part) => entry.decodeNamed(part, exact)),
    matches(value, exact) {
      // Maps do not travel in messages, but are taken into a state, where this decides between the variants of a union.
      if (value instanceof Map) return [...value].every(([key, part]) => fits(key, part, exact))
      return isPlainObject(value) && Object.keys(value).every((key) => fits(key, value[key], exact))
    },
  }
}
