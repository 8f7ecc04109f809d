import { expected, Fault, isPlainObject, within } from '../../codec/fault.ts'
import { checkKey } from '../../codec/scalars.ts'
import { TrackedList } from '../nodes/tracked-list.ts'
import { TrackedMap } from '../nodes/tracked-map.ts'
import { fieldOf, fieldsOf } from './whole-value.ts'

/** Makes what is kept of a value that somebody wants to put somewhere. Throws a `Fault`. */
export type Adopt = (value: unknown) => unknown

/** A field that adopts. */
export interface AdoptingField {
  readonly name: string
  readonly slot: { readonly adopt: Adopt }
}

/**
 * What is kept of the fields of an object, in their order. Throws a `Fault`.
 *
 * @param locals Names of server-only fields.
 */
export function adoptFields(value: unknown, fields: readonly AdoptingField[], locals: readonly string[]): unknown[] {
  const source = fieldsOf(value)
  const values: unknown[] = []
  let name = ''
  try {
    for (const field of fields) {
      name = field.name
      values.push(field.slot.adopt(fieldOf(source, name)))
    }
  } catch (error) {
    if (isHollow(source, locals)) throw hollow()
    throw within(name in source ? error : lacking(error), name)
  }
  return values
}

// Accessors on a prototype are not copied by spreading: what is left is an object with server-only fields at most.
function isHollow(source: Readonly<Record<string, unknown>>, locals: readonly string[]): boolean {
  return Object.getPrototypeOf(source) === Object.prototype && Object.keys(source).every((key) => locals.includes(key))
}

function hollow(): Fault {
  return new Fault(
    'is an object without any field. Spreading a record of the state ({ ...record }) copies none: use toPlain(record)',
  )
}

// `{ ...record, x: 5 }` compiles, as if the other fields were in it.
function lacking(error: unknown): unknown {
  if (!(error instanceof Fault)) return error
  return new Fault(`${error.what}. If a record of the state was spread: that copies no field, use toPlain(record)`)
}

/** Calls `put` with what is kept of each entry of an object of entries by key, or a `Map`. Throws a `Fault`. */
export function adoptEntries(value: unknown, adopt: Adopt, put: (key: string, kept: unknown) => void): void {
  for (const [key, part] of entriesOf(value)) {
    checkKey(key)
    try {
      put(key, adopt(part))
    } catch (error) {
      throw within(error, key)
    }
  }
}

function entriesOf(value: unknown): Iterable<[string, unknown]> {
  if (value instanceof TrackedMap) return value
  if (value instanceof Map) {
    const entries: ReadonlyMap<unknown, unknown> = value
    return Array.from(entries, ([key, part]): [string, unknown] => {
      if (typeof key !== 'string') throw expected('a string as key', key)
      return [key, part]
    })
  }
  if (isPlainObject(value)) return Object.entries(value)
  throw expected('an object of entries by key, or a Map', value)
}

/** Calls `put` with what is kept of each item of an array. Throws a `Fault`. */
export function adoptItems(value: unknown, adopt: Adopt, put: (kept: unknown) => void): void {
  const items = itemsOf(value)
  let index = 0
  try {
    for (; index < items.length; index++) put(adopt(items[index]))
  } catch (error) {
    throw within(error, index)
  }
}

function itemsOf(value: unknown): readonly unknown[] {
  if (value instanceof TrackedList) return value.slice()
  if (Array.isArray(value)) return value
  throw expected('an array', value)
}
