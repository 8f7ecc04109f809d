// Not 'msgpackr': its Node entry loads a native string extractor, which would read hostile bytes outside of JavaScript.
import { Packr } from 'msgpackr/pack'
import { JuntoError } from './errors.ts'
import { gate } from './gate.ts'
import type { GateLimits } from './gate-limits.ts'
import { className, deepestValue, fits64, isPlain, refuseDepth, refuseValue } from './msgpack-refusal.ts'

// The codec of Node; that of browsers is browser-codec.ts. Both give the same bytes and refuse the same values.

/** The part of msgpackr that is used here. */
interface Codec {
  pack(value: unknown): Uint8Array
  useBuffer(arena: Uint8Array): void
  unpackMultiple(bytes: Uint8Array): unknown
}

// The cast: the typings of this entry refer to '.', which does not resolve in ES modules, and lack 'auto'.
const packr = new (Packr as unknown as new (options: object) => Codec)({
  // Without records a map is a map on the wire, and nothing is ever compiled.
  useRecords: false,
  variableMapSize: true,
  structuredClone: false,
  moreTypes: false,
  // An integer of 64 bits becomes a number where that is exact: whether it was meant as a bigint, the layout knows.
  int64AsType: 'auto',
  encodeUndefinedAsNil: true,
  useToJSON: false,
  // Decoded bytes belong to whoever gets them, and pin no network buffer.
  copyBuffers: true,
})

const arenaSize = 8192

/** A text is given three bytes for each sign before it is written, and each value begins with 2 KiB left: less than this fits. */
const neverGrows = 512

/** See msgpack.ts. */
export function pack(value: unknown): Uint8Array {
  check(value, 0)
  const bytes = packr.pack(value)
  if (bytes.length >= neverGrows && bytes.buffer.byteLength > arenaSize) renewArena(bytes)
  return bytes
}

/**
 * Left to itself, msgpackr makes arrays of sets and errors, plain objects of instances, nil of functions, and extension types
 * of dates, which the other side's gate refuses: all far away from where the mistake was made.
 */
function check(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'object':
      if (value !== null) checkObject(value, depth + 1)
      return
    case 'bigint':
      if (!fits64(value)) refuseValue('a bigint of more than 64 bits')
      return
    case 'function':
    case 'symbol':
      refuseValue(`a ${typeof value}`)
      break
    default:
  }
}

function checkObject(value: object, depth: number): void {
  if (depth > deepestValue) refuseDepth()
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    for (let i = 0; i < items.length; i++) check(items[i], depth)
  } else if (isPlain(value)) {
    const fields = value as Readonly<Record<string, unknown>>
    for (const key of Object.keys(fields)) check(fields[key], depth)
  } else if (!(value instanceof Uint8Array)) {
    refuseValue(`a ${className(value)}`)
  }
}

/**
 * msgpackr writes one value after the other into an arena that it shares out, and that grows with the largest value: after one
 * of 1 MB it stays at 12 MB, after a text of 7 KB at 84 KB, and every small frame that waits somewhere would keep all of it alive.
 */
function renewArena(large: Uint8Array): void {
  // A copy of the same class as the arena was: in Node msgpackr relies on methods of Buffer.
  packr.useBuffer(Uint8Array.prototype.slice.call(large, 0, arenaSize))
}

/** See msgpack.ts. Node hands out small ones from a pool, and its streams wrap what is no Buffer. */
export function allocate(size: number): Uint8Array {
  return Buffer.allocUnsafe(size)
}

/** See msgpack.ts. */
export function unpackSequence(bytes: Uint8Array, limits?: GateLimits): readonly unknown[] {
  const hasBytes = limits === undefined || gate(bytes, limits)
  // Bytes are not sliced from a Buffer: they would be one too, and differ from what browsers give. A view costs as much as
  // decoding a small message, which seldom holds any.
  const source = hasBytes ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes
  try {
    const values = packr.unpackMultiple(source)
    return Array.isArray(values) ? values : []
  } catch (error) {
    throw new JuntoError('bad_message', 'the bytes are no msgpack', { cause: error })
  }
}

export { countValues } from './gate.ts'
