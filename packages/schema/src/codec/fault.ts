import { SchemaError } from '../errors.ts'

/**
 * A value that is not of its type, before it is known where. Whatever contains the value adds its step to the path while
 * the error passes, so that a good value pays nothing for paths.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly what: string
  path = ''

  constructor(what: string) {
    super(what)
    this.what = what
  }
}

/** The error with a step put before its path, for a container to throw on. */
export function within(error: unknown, key: string | number): unknown {
  if (error instanceof Fault) error.path = step(key) + error.path
  return error
}

/** What a codec throws: the fault with its whole path as a `SchemaError`; anything else as it is. */
export function at(error: unknown, path: string): unknown {
  return error instanceof Fault ? new SchemaError('invalid_value', joinPath(path, error.path), error.what) : error
}

/** A path and the steps below it. */
export function joinPath(path: string, steps: string): string {
  return path === '' && steps.startsWith('.') ? steps.slice(1) : path + steps
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u
const shown = 48

/** One step of a path: `.name`, `["any other key"]` (shortened when long: keys can come from anyone) or `[3]`. */
export function step(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`
  if (key.length <= shown && identifier.test(key)) return `.${key}`
  return `[${JSON.stringify(key.length <= shown ? key : `${key.slice(0, shown)}…`)}]`
}

/** What a value is, for an error message. Numbers are shown; texts are not, they may be secret or long. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing'
    case 'number':
      if (!Number.isFinite(value)) return String(value)
      return Object.is(value, -0) ? '-0' : `the number ${value}`
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return `an array of ${value.length}`
      if (value instanceof Uint8Array) return `${value.length} bytes`
      return isPlainObject(value) ? 'an object' : 'an instance of a class'
    default:
      return `a ${typeof value}`
  }
}

/** A fault that says what was expected and what came. */
export function expected(what: string, value: unknown): Fault {
  return new Fault(value === undefined ? `is missing: expected ${what}` : `expected ${what}, got ${describe(value)}`)
}

/** The error for `null` where an optional value of the type stands: many take it for none. */
export function nullForNone(error: unknown): unknown {
  return error instanceof Fault
    ? new Fault(error.what.replace(/, got null$/, ', or undefined for none, got null'))
    : error
}

/** A fault of what came in another form than its type has on the wire: only another program can mend that. */
export function malformed(wire: unknown): Fault {
  return expected('the wire form of its type', wire)
}

/** Whether a value is an object literal, or one without prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isForeignObjectPrototype(prototype)
}

/** Object literals of another realm (a frame, a test environment) have that realm's `Object.prototype`. */
function isForeignObjectPrototype(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  )
}
