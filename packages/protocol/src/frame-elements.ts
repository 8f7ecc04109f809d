import { JuntoError } from './errors.ts'
import type { JoinBy, JoinFrame } from './frames.ts'

/** Characters of a name: of a contract, an error code, a program. */
export const longestName = 128
const longestAddress = 256
const longestText = 4096

/** The highest number of a room. */
const highestRef = 0xffff_ffff

/** Whether a value can be the number of a room; 0 is the session. */
export function isRef(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= highestRef
}

/** A frame, whose elements go by position, or a map in one, whose elements go by name. */
export type Elements = readonly unknown[] | Readonly<Record<string, unknown>>

/** An element; nil is as good as nothing. */
export function element(of: Elements, key: number | string): unknown {
  // A position is asked of arrays, a name of maps.
  return (of as Readonly<Record<number | string, unknown>>)[key] ?? undefined
}

// The others throw a JuntoError `invalid` that says which element must be what.

/** An element that may be left out. */
export function optional<K extends number | string, T>(
  of: Elements,
  key: K,
  read: (of: Elements, key: K) => T,
): T | undefined {
  return element(of, key) === undefined ? undefined : read(of, key)
}

export function integer(of: Elements, key: number | string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = element(of, key)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw misfit(of, key, `an integer from ${least} ${most < Number.MAX_SAFE_INTEGER ? `to ${most}` : 'up'}`)
}

/** The number of a room. */
export function ref(of: Elements, key: number): number {
  return integer(of, key, 1, highestRef)
}

export function text(of: Elements, key: number | string, least = 0, most = longestText): string {
  const value = element(of, key)
  if (typeof value === 'string' && value.length >= least && value.length <= most) return value
  throw misfit(of, key, `a string of ${least} to ${most} characters`)
}

/** Of a contract, an error, a program. */
export function name(of: Elements, key: number | string): string {
  return text(of, key, 1, longestName)
}

/** Half a surrogate pair: UTF-8 cannot hold it, so that different keys would become the same. */
const surrogate = /\p{Surrogate}/u

/** How a room or a member is told from others: a text that two sides cannot but spell alike. */
export function address(of: Elements, key: number | string): string {
  const value = text(of, key, 1, longestAddress)
  if (surrogate.test(value)) throw misfit(of, key, 'without half surrogate pairs')
  return value
}

export function hex(of: Elements, key: number | string, digits: number): string {
  const value = element(of, key)
  if (typeof value === 'string' && value.length === digits && !/[^0-9a-f]/.test(value)) return value
  throw misfit(of, key, `${digits} hex digits`)
}

export function bytes(of: Elements, key: number): Uint8Array {
  const value = element(of, key)
  if (value instanceof Uint8Array) return value
  throw misfit(of, key, 'a bin')
}

/** Which room a join means, and of which version: also for clients, which get keys out of URLs and may be untyped. */
export function roomAddress(by: JoinBy, of: Elements): Pick<JoinFrame, 'room' | 'key' | 'id' | 'version'> {
  return {
    room: name(of, 'room'),
    key: by === 'open' ? address(of, 'key') : optional(of, 'key', address),
    id: by === 'join' ? address(of, 'id') : by === 'code' ? code(of) : optional(of, 'id', address),
    version: optional(of, 'version', integer),
  }
}

/** The join code, which stands where ids do, and is named to whom it fits nothing by its own name. */
function code(of: Elements): string {
  return address({ code: element(of, 'id') }, 'code')
}

/** The arrays in an array, each read as what it must hold. */
export function tuples<T>(of: Elements, key: number | string, read: (elements: readonly unknown[]) => T): T[] {
  const value = element(of, key)
  if (Array.isArray(value) && value.every((one) => Array.isArray(one))) return value.map(read)
  throw misfit(of, key, 'an array of arrays')
}

/** The map at a position or name. What it has beyond what is asked of it is not looked at. */
export function map(of: Elements, key: number | string): Elements {
  const value = element(of, key)
  if (isMap(value)) return value
  throw misfit(of, key, 'a map')
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** The fault of an element that is not what it must be. */
export function misfit(of: Elements, key: number | string, expected: string): JuntoError {
  const what = typeof key === 'number' ? `element ${key}` : key
  return new JuntoError('invalid', `${what} must be ${expected}, not ${shown(element(of, key))}`)
}

/** What a value is, without its content: that is the peer's, may be long, and may be a secret. */
function shown(value: unknown): string {
  if (value === undefined) return 'nil'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (value instanceof Uint8Array) return 'a bin'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`
}
