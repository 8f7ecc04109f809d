import type { Coder } from './coder.ts'
import { expected, malformed, within } from './fault.ts'

/** A field of a record coder. */
export interface FieldCoder {
  readonly name: string
  readonly optional: boolean
  /** Of the value when it is there. */
  readonly coder: Coder
}

/**
 * Coder of a record: an array of its fields, absent optional ones as `nil`, those at the end cut off. A field whose value
 * can itself be `nil` is wrapped when present: `[value]`.
 */
export function recordCoder(fields: readonly FieldCoder[]): Coder {
  const expects = 'an object'
  const known = new Set(fields.map(({ name }) => name))

  function encode(value: unknown): unknown {
    const source = objectOf(value)
    const wire: unknown[] = []
    let present = 0
    let name = ''
    try {
      for (const field of fields) {
        name = field.name
        const part = read(source, name)
        if (field.optional && part === undefined) {
          wire.push(null)
        } else {
          const encoded = field.coder.encode(part)
          present = wire.push(field.optional && field.coder.nilable ? [encoded] : encoded)
        }
      }
    } catch (error) {
      throw within(error, name)
    }
    // Setting a length costs even where it changes nothing.
    if (wire.length !== present) wire.length = present
    return wire
  }

  function decode(wire: unknown): unknown {
    if (!Array.isArray(wire) || wire.length > fields.length) throw malformed(wire)
    const parts: readonly unknown[] = wire
    const record: Record<string, unknown> = {}
    let index = 0
    let name = ''
    try {
      for (const field of fields) {
        name = field.name
        const part = parts[index++]
        if (!field.optional) record[name] = field.coder.decode(part)
        else if (part !== null && part !== undefined) {
          record[name] = field.coder.decode(field.coder.nilable ? unwrap(part) : part)
        }
      }
    } catch (error) {
      throw within(error, name)
    }
    return record
  }

  function matches(value: unknown, exact: boolean): boolean {
    if (!isObject(value)) return false
    for (const { name, optional, coder } of fields) {
      const part = read(value, name)
      if (optional && part === undefined) continue
      if (!coder.matches(part, exact)) return false
    }
    return !exact || Object.keys(value).every((key) => known.has(key) || value[key] === undefined)
  }

  return { expects, shape: 'object', encode, decode, matches }
}

/** A value that can be a record. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw expected('an object', value)
  return value
}

// Any object will do, not only literals: a record of tracked state has its fields as accessors on the prototype. But what
// holds items, entries or bytes would, as a record whose fields are all optional, be an empty one.
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return !(Array.isArray(value) || value instanceof Uint8Array || value instanceof Map)
}

const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/**
 * A field of an object. Every one inherits a `toString` and a `valueOf`: a field of that name is there only when it is another
 * value.
 */
export function read(source: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = source[name]
  if (typeof value !== 'function' || !inherited.has(name)) return value
  return Object.hasOwn(source, name) ? value : undefined
}

function unwrap(part: unknown): unknown {
  if (!Array.isArray(part) || part.length !== 1) throw malformed(part)
  const parts: readonly unknown[] = part
  return parts[0]
}
