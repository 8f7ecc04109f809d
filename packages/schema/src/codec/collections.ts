import type { Coder } from './coder.ts'
import { expected, isPlainObject, within } from './fault.ts'
import { checkKey } from './scalars.ts'

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

/** Converts the entries of an object; with `sparse`, without those that are undefined. */
export function convertEntries(
  value: unknown,
  expects: string,
  convert: (part: unknown) => unknown,
  sparse = false,
): Record<string, unknown> {
  if (!isPlainObject(value)) throw expected(expects, value)
  const converted: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    checkKey(key)
    if (sparse && value[key] === undefined) continue
    try {
      converted[key] = convert(value[key])
    } catch (error) {
      throw within(error, key)
    }
  }
  return converted
}

/** Coder of what holds others, which converts both ways alike. */
function container(
  expects: string,
  shape: 'object' | 'array',
  convert: (value: unknown, way: 'encode' | 'decode') => unknown,
  matches: Coder['matches'],
): Coder {
  return {
    expects,
    shape,
    encode: (value) => convert(value, 'encode'),
    decode: (wire) => convert(wire, 'decode'),
    matches,
  }
}

/** Coder of a list, as an array. */
export function listCoder(item: Coder): Coder {
  const expects = 'an array'
  return container(
    expects,
    'array',
    (value, way) => convertItems(value, expects, item[way]),
    (value, exact) => Array.isArray(value) && value.every((element) => item.matches(element, exact)),
  )
}

/** Coder of a tuple, as an array of exactly its length. */
export function tupleCoder(elements: readonly Coder[]): Coder {
  const { length } = elements
  const expects = `an array of exactly ${length}`
  return container(
    expects,
    'array',
    (value, way) => convertItems(value, expects, (part, index) => elements[index]?.[way](part), length),
    (value, exact) =>
      Array.isArray(value) &&
      value.length === length &&
      elements.every((element, index) => element.matches(value[index], exact)),
  )
}

/**
 * Coder of a map: plain objects on both sides, a msgpack map between. The key `__proto__` is refused: many languages
 * and decoders treat it specially.
 */
export function mapCoder(entry: Coder): Coder {
  const expects = 'an object of entries by key'
  return container(
    expects,
    'object',
    (value, way) => convertEntries(value, expects, entry[way]),
    (value, exact) => {
      // Maps do not travel in messages, but are taken into a state, where this decides between the variants of a union.
      const entries: readonly (readonly [unknown, unknown])[] | undefined =
        value instanceof Map ? [...value] : isPlainObject(value) ? Object.entries(value) : undefined
      return (
        entries?.every(
          ([key, part]) => typeof key === 'string' && key !== '__proto__' && entry.matches(part, exact),
        ) === true
      )
    },
  )
}
