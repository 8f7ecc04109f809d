import type { Coder } from './coder.ts'
import { expected, isPlainObject, within } from './fault.ts'
import { checkKey } from './plain-data.ts'

/** Converts what stands in an array, which must be of this length, if one is given. */
export function convertItems(
  value: unknown,
  expects: string,
  convert: (item: unknown, index: number) => unknown,
  length?: number,
): unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw expected(expects, value)
  const items: readonly unknown[] = value
  const converted: unknown[] = []
  let index = 0
  try {
    for (; index < items.length; index++) converted.push(convert(items[index], index))
  } catch (error) {
    throw within(error, index)
  }
  return converted
}

/** Converts the entries of an object. */
export function convertEntries(
  value: unknown,
  expects: string,
  convert: (part: unknown) => unknown,
): Record<string, unknown> {
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

/** Coder of a list, as an array. */
export function listCoder(item: Coder): Coder {
  const expects = 'an array'
  return {
    expects,
    nilable: false,
    shape: 'array',
    encode: (value) => convertItems(value, expects, item.encode),
    decode: (wire) => convertItems(wire, expects, item.decode),
    matches: (value, exact) => Array.isArray(value) && value.every((element) => item.matches(element, exact)),
  }
}

/** Coder of a tuple, as an array of exactly its length. */
export function tupleCoder(elements: readonly Coder[]): Coder {
  const { length } = elements
  const expects = `an array of exactly ${length}`
  return {
    expects,
    nilable: false,
    shape: 'array',
    encode: (value) => convertItems(value, expects, (part, index) => elements[index]?.encode(part), length),
    decode: (wire) => convertItems(wire, expects, (part, index) => elements[index]?.decode(part), length),
    matches: (value, exact) =>
      Array.isArray(value) &&
      value.length === length &&
      elements.every((element, index) => element.matches(value[index], exact)),
  }
}

/**
 * Coder of a map: plain objects on both sides, a msgpack map between. The key `__proto__` is refused: many languages
 * and decoders treat it specially.
 */
export function mapCoder(entry: Coder): Coder {
  const expects = 'an object of entries by key'
  function fits(key: unknown, part: unknown, exact: boolean): boolean {
    return typeof key === 'string' && key !== '__proto__' && entry.matches(part, exact)
  }
  return {
    expects,
    nilable: false,
    shape: 'object',
    encode: (value) => convertEntries(value, expects, entry.encode),
    decode: (wire) => convertEntries(wire, expects, entry.decode),
    matches(value, exact) {
      // Maps do not travel in messages, but are taken into a state, where this decides between the variants of a union.
      if (value instanceof Map) return [...value].every(([key, part]) => fits(key, part, exact))
      return isPlainObject(value) && Object.keys(value).every((key) => fits(key, value[key], exact))
    },
  }
}
