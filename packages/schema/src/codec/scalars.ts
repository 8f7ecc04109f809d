import { isWellFormed } from '../layout-bounds.ts'
import type { LiteralValue } from '../layout.ts'
import { leaf, type Coder } from './coder.ts'
import { expected, Fault, malformed } from './fault.ts'
import { numberOf } from './numbers.ts'

/** Coder of `null`. */
export const nullCoder: Coder = leaf('null', (value): value is null => value === null, true)

/** Coder of booleans. */
export const booleanCoder: Coder = leaf('a boolean', (value): value is boolean => typeof value === 'boolean')

/** Coder of strings. */
export const stringCoder: Coder = {
  expects: 'a string',
  encode: checkedString,
  decode: checkedString,
  matches: (value) => typeof value === 'string' && isWellFormed(value),
}

/** A string that UTF-8 can hold. */
export function checkedString(value: unknown): string {
  if (typeof value !== 'string') throw expected('a string', value)
  if (!isWellFormed(value)) {
    throw new Fault('has half a surrogate pair in it: it was cut inside a character')
  }
  return value
}

/** Refuses a key of a map that cannot travel. */
export function checkKey(key: string): void {
  if (key === '__proto__') {
    throw new Fault('has the key "__proto__", which reaches the prototype of objects: put another character before it')
  }
  checkedString(key)
}

const passedBytes = leaf('bytes (a Uint8Array)', (value): value is Uint8Array => value instanceof Uint8Array)

/** Coder of bytes. What is decoded is a copy: a view would hold the whole message in memory. */
export const bytesCoder: Coder = {
  ...passedBytes,
  decode: (wire) => new Uint8Array(passedBytes.decode(wire)),
}

/** Coder of one constant, which needs no bytes of its own. */
export function literalCoder(constant: LiteralValue): Coder {
  const expects = show(constant)
  return {
    expects,
    nilable: true,
    encode(value) {
      if (value !== constant) throw expected(expects, value)
      return null
    },
    decode(wire) {
      if (wire !== null) throw malformed(wire)
      return constant
    },
    matches: (value, exact) => (exact ? Object.is(value, constant) : value === constant),
  }
}

/** Coder of one of several constants, as the index. `null` may be among them. */
export function constantsCoder(constants: readonly (LiteralValue | null)[]): Coder {
  const expects = list(constants)
  const indexes = new Map<unknown, number>()
  for (const [index, constant] of constants.entries()) if (!indexes.has(constant)) indexes.set(constant, index)
  function indexOf(value: unknown): number {
    const index = indexes.get(value)
    if (index === undefined) throw expected(expects, value)
    return index
  }
  return {
    expects,
    variantOf: indexOf,
    encode: indexOf,
    decode(wire) {
      const index = numberOf(wire)
      const constant = typeof index === 'number' ? constants[index] : undefined
      if (constant === undefined) throw malformed(wire)
      return constant
    },
    // A map takes -0 for 0.
    matches: (value, exact) => indexes.has(value) && !(exact && Object.is(value, -0)),
  }
}

const shown = 12

function list(constants: readonly (LiteralValue | null)[]): string {
  if (constants.length === 1) return show(constants[0])
  const more = constants.length > shown ? ` and ${constants.length - shown} more` : ''
  return `one of ${constants.slice(0, shown).map(show).join(', ')}${more}`
}

function show(constant: LiteralValue | null | undefined): string {
  if (typeof constant === 'string') return JSON.stringify(constant.length > 32 ? `${constant.slice(0, 32)}…` : constant)
  return typeof constant === 'bigint' ? `${constant}n` : String(constant)
}
