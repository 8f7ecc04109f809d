import { describe, Fault, within } from '../../codec/fault.ts'
import { checkKey } from '../../codec/scalars.ts'

/** A frozen array of what becomes of each item; a `Fault` gets the index put before its path. */
export function frozenItems(
  items: readonly unknown[],
  take: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  return Object.freeze(mapItems(items, take))
}

/** An array of what becomes of each item. */
export function mapItems(items: unknown, each: (item: unknown, index: number) => unknown): unknown[] {
  const made: unknown[] = []
  if (!Array.isArray(items)) throw new Fault(`is ${describe(items)}`)
  let index = 0
  try {
    // Not `map`, which skips holes.
    for (; index < items.length; index++) made.push(each(items[index], index))
  } catch (error) {
    throw within(error, index)
  }
  return made
}

/** A frozen object of what becomes of each entry; a `Fault` gets the key put before its path. */
export function frozenEntries(
  source: Readonly<Record<string, unknown>>,
  each: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  const made: Record<string, unknown> = {}
  for (const key of Object.keys(source)) {
    checkKey(key)
    try {
      made[key] = each(source[key])
    } catch (error) {
      throw within(error, key)
    }
  }
  return Object.freeze(made)
}

/** The same length, with equal items. */
export function equalItems(
  one: readonly unknown[],
  other: readonly unknown[],
  equal: (a: unknown, b: unknown, index: number) => boolean,
): boolean {
  return one.length === other.length && one.every((item, index) => equal(item, other[index], index))
}

/** The same keys in the same order, with equal values. */
export function equalEntries(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
  equal: (a: unknown, b: unknown) => boolean,
): boolean {
  const keys = Object.keys(one)
  const others = Object.keys(other)
  return (
    keys.length === others.length && keys.every((key, index) => key === others[index] && equal(one[key], other[key]))
  )
}
