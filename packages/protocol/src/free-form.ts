import { JuntoError } from './errors.ts'
import { className } from './msgpack-refusal.ts'

/**
 * A copy of a value that travels by name and not by a layout (credentials, join data, options, filters), made of nothing but
 * what msgpack has without extensions. Fields that are undefined are left out.
 *
 * A class instance, a Map or a Date would arrive as something else or make the peer refuse the message: it is refused here,
 * with its path, where the mistake was made.
 *
 * @throws JuntoError `invalid` naming the path.
 */
export function freeForm(value: unknown, path: string): unknown {
  return copy(value, path, 0)
}

// Below the receiver's limit of 32, so that the error names the path here.
const deepest = 24

function copy(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return value
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value)
        refuse(path, 'has more than 64 bits')
      return value
    case 'undefined':
      return null
    case 'object':
      break
    default:
      return refuse(path, `is a ${typeof value}`)
  }
  if (value === null || value instanceof Uint8Array) return value
  if (depth === deepest) refuse(path, `is nested deeper than ${deepest}`)
  if (Array.isArray(value)) return value.map((item: unknown, index) => copy(item, `${path}[${index}]`, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    refuse(path, `is a ${className(value)}, not a plain object`)
  }
  const fields: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) {
    if (name === '__proto__') refuse(path, "has a key '__proto__'")
    if (field !== undefined) fields[name] = copy(field, `${path}.${name}`, depth + 1)
  }
  return fields
}

function refuse(path: string, what: string): never {
  throw new JuntoError(
    'invalid',
    `${path} ${what} and cannot be sent; use plain objects, arrays, strings, numbers, booleans, null, bigint and Uint8Array`,
  )
}
