/**
 * Bounds of a layout, which may come from anyone. A contract that exceeds one is refused where it is defined, so that
 * what a server sends always passes a client's gate.
 */
export const layoutBounds = {
  /** Characters of a name: field, message, error code, room. */
  nameLength: 128,
  /** Characters of a literal or an enum's value. */
  literalLength: 256,
  /** Types of a layout. Fifty calls with their own records need some two hundred. */
  types: 8192,
  /** Fields of one record. */
  fields: 4096,
  /** Values of one enum, variants of one union, elements of one tuple. */
  members: 4096,
  /** Fields, values, variants and elements of a layout together. */
  parts: 65_536,
  /** Messages of one direction. */
  messages: 8192,
  /** Declared errors of one call. */
  errors: 256,
  /**
   * Nesting of a value on the wire. The gate for incoming messages admits 32 levels by default, of which the frame and
   * what is around it take some.
   */
  depth: 28,
  /** Nesting of a free-form JSON value, part of `depth`. */
  jsonDepth: 16,
} as const

/**
 * Names that could reach an object's prototype in some engine, or that decoders rename: neither fields nor messages nor
 * map keys may be called so.
 */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Whether this can be a name of a layout. */
export function isName(name: string): boolean {
  return name !== '' && name.length <= layoutBounds.nameLength && !forbidden.has(name) && isWellFormed(name)
}

/** What is wrong with a name of a layout; nothing when it is a good one. */
export function nameFault(name: string): string | undefined {
  if (isName(name)) return undefined
  if (name === '') return 'is an empty name'
  if (forbidden.has(name)) return `cannot be called "${name}": that name reaches an object's prototype`
  if (!isWellFormed(name)) return 'is a name with half a surrogate pair in it'
  return `is a name of ${name.length} characters; ${layoutBounds.nameLength} is the limit`
}

/**
 * What the language calls by itself on any object that has it: `await room.call` would call `then`, `JSON.stringify` calls
 * `toJSON`, a text calls `toString` or `valueOf`.
 */
const called: ReadonlySet<string> = new Set(['then', 'toJSON', 'toString', 'valueOf'])

/** Whether this can be the name of a message, which becomes the name of a function. */
export function isMessageName(name: string): boolean {
  return isName(name) && !called.has(name)
}

/** What is wrong with the name of a message; nothing when it is a good one. */
export function messageNameFault(name: string): string | undefined {
  return called.has(name) ? `cannot be called "${name}": the language calls that by itself` : nameFault(name)
}

const surrogate = /\p{Surrogate}/u

/** Whether a string is proper Unicode: without a lone half of a surrogate pair, which UTF-8 cannot hold. */
export const isWellFormed: (text: string) => boolean =
  'isWellFormed' in String.prototype && typeof String.prototype.isWellFormed === 'function'
    ? // Older browsers lack the method, and so do the type declarations of ES2023: hence the cast.
      (text) => (text as string & { isWellFormed(): boolean }).isWellFormed()
    : (text) => !surrogate.test(text)
