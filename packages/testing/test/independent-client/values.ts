import { array, real, text, type Type, whole, wrong } from './layout.ts'
import { angleCountOf, angleOf, countOf, highest, quantizedOf } from './steps.ts'

/**
 * Values in messages, by position (V4 to V8). Records are objects, maps are `Map` (or objects, to be encoded), lists and
 * tuples are arrays.
 */

const ranges: { readonly [kind: string]: readonly [least: number, most: number] } = {
  int: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  timestamp: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  uint32: [0, 0xffff_ffff],
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  angle: [0, 0xffff],
}

function within(kind: string, value: number): number {
  const [least, most] = ranges[kind] ?? wrong(kind)
  return value >= least && value <= most ? value : wrong(`${value} is no ${kind}`)
}

/** Whether values of a type may be nil, so that being present has to be said (V7). */
function mayBeNil(type: Type): boolean {
  return (
    type.kind === 'null' ||
    type.kind === 'literal' ||
    type.kind === 'json' ||
    (type.kind === 'value' && mayBeNil(type.type))
  )
}

/** Whether a union is written as the index of the variant alone (V8). */
function isFlat(types: readonly Type[]): boolean {
  return types.every(({ kind }) => kind === 'literal' || kind === 'null')
}

/** What stands on the wire, to a value. */
export function decode(type: Type | undefined, wire: unknown): unknown {
  if (type === undefined) return wire == null ? undefined : wrong('a value where the contract has none')
  switch (type.kind) {
    case 'null':
      return wire == null ? null : wrong('no nil')
    case 'literal':
      return wire == null ? type.value : wrong('no nil')
    case 'boolean':
      return typeof wire === 'boolean' ? wire : wrong('no boolean')
    case 'string':
      return text(wire)
    case 'bytes':
      return wire instanceof Uint8Array ? Uint8Array.from(wire) : wrong('no bin')
    case 'number':
    case 'float64':
      return real(wire)
    case 'float32':
      return Math.fround(real(wire))
    case 'int':
    case 'timestamp':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'int8':
    case 'int16':
    case 'int32':
      return within(type.kind, whole(wire))
    case 'bigint':
      return BigInt.asIntN(66, typeof wire === 'bigint' ? wire : BigInt(whole(wire)))
    case 'angle':
      return angleOf(whole(wire))
    case 'quantized':
      return quantizedOf(type, whole(wire))
    case 'enum':
      return type.values[whole(wire)] ?? wrong('no such value')
    case 'json':
      return decodeJson(wire)
    case 'value':
      return decode(type.type, wire)
    case 'optional':
      return wrong('an optional outside of a record')
    case 'list':
      return array(wire).map((item) => decode(type.type, item))
    case 'map':
      return new Map(entries(wire).map(([key, value]) => [key, decode(type.type, value)]))
    case 'tuple': {
      const parts = array(wire)
      if (parts.length !== type.types.length) wrong('a tuple of another length')
      return type.types.map((part, at) => decode(part, parts[at]))
    }
    case 'record': {
      const parts = array(wire)
      if (parts.length > type.fields.length) wrong('a longer record')
      const record: { [name: string]: unknown } = {}
      type.fields.forEach(({ name, type: of }, at) => {
        const part = parts[at]
        if (of.kind !== 'optional' && at >= parts.length) wrong('a shorter record')
        if (of.kind !== 'optional') record[name] = decode(of, part)
        else if (part != null) record[name] = decode(of.type, mayBeNil(of.type) ? array(part)[0] : part)
      })
      return record
    }
    case 'union': {
      const [index, inner] = isFlat(type.types) ? [wire, null] : array(wire)
      return decode(type.types[whole(index)] ?? wrong('no such variant'), inner)
    }
  }
}

/** A value, to what stands on the wire. Throws when it does not fit the type. */
export function encode(type: Type | undefined, value: unknown): unknown {
  if (type === undefined) return value === undefined ? null : wrong('a value where the contract has none')
  switch (type.kind) {
    case 'null':
      return value === null ? null : wrong('not null')
    case 'literal':
      return Object.is(value, type.value) ? null : wrong('not the literal')
    case 'boolean':
      return typeof value === 'boolean' ? value : wrong('no boolean')
    case 'string':
      return text(value)
    case 'bytes':
      return value instanceof Uint8Array ? value : wrong('no bytes')
    case 'number':
    case 'float64':
      return number(finite(value))
    case 'float32':
      return number(Math.fround(finite(value)))
    case 'int':
    case 'timestamp':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'int8':
    case 'int16':
    case 'int32':
      return number(within(type.kind, whole(finite(value))))
    case 'bigint':
      return typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n ? value : wrong('no bigint')
    case 'angle':
      return angleCountOf(finite(value))
    case 'quantized': {
      const count = countOf(type, finite(value))
      return count <= highest(type) ? count : wrong('out of range')
    }
    case 'enum': {
      const index = type.values.findIndex((one) => Object.is(one, value))
      return index >= 0 ? index : wrong('not one of the values')
    }
    case 'json':
      return encodeJson(value)
    case 'value':
      return encode(type.type, value)
    case 'optional':
      return wrong('an optional outside of a record')
    case 'list':
      return array(value).map((item) => encode(type.type, item))
    case 'map': {
      const all = value instanceof Map ? [...(value as Map<string, unknown>)] : entries(value)
      return Object.fromEntries(all.map(([key, entry]) => [key, encode(type.type, entry)]))
    }
    case 'tuple': {
      const parts = array(value)
      if (parts.length !== type.types.length) wrong('a tuple of another length')
      return type.types.map((part, at) => encode(part, parts[at]))
    }
    case 'record': {
      const record = new Map(entries(value))
      const wire = type.fields.map(({ name, type: of }) => {
        const part = record.get(name)
        record.delete(name)
        if (of.kind !== 'optional') return encode(of, part)
        if (part === undefined) return null
        return mayBeNil(of.type) ? [encode(of.type, part)] : encode(of.type, part)
      })
      if (record.size > 0) wrong('fields that the type does not name')
      // What is absent at the end is left out; nil of a required null or literal is not.
      let length = wire.length
      while (length > 0 && type.fields[length - 1]?.type.kind === 'optional' && wire[length - 1] === null) length--
      return wire.slice(0, length)
    }
    case 'union': {
      for (const [index, variant] of type.types.entries()) {
        let inner: unknown
        try {
          inner = encode(variant, value)
        } catch {
          continue
        }
        return isFlat(type.types) ? index : [index, inner]
      }
      return wrong('no variant fits')
    }
  }
}

function decodeJson(wire: unknown): unknown {
  if (wire === null || typeof wire === 'boolean' || typeof wire === 'string') return wire
  if (Array.isArray(wire)) return wire.map(decodeJson)
  if (typeof wire === 'object' && !(wire instanceof Uint8Array)) {
    return Object.fromEntries(entries(wire).map(([key, value]) => [key, decodeJson(value)]))
  }
  return real(wire)
}

function encodeJson(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(encodeJson)
  if (typeof value === 'object') return Object.fromEntries(entries(value).map(([key, one]) => [key, encodeJson(one)]))
  return number(finite(value))
}

/** A value by name, for what is said before the layout is known (V9). */
export function byName(value: unknown): unknown {
  if (typeof value === 'number') return number(value)
  if (Array.isArray(value)) return value.map(byName)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, byName(part)]),
  )
}

/** A number for the wire; writers of msgpack make 0 of -0 (V5). */
function number(value: number): number | Uint8Array {
  return Object.is(value, -0) ? new Uint8Array(0) : value
}

function finite(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : wrong('no number')
}

function entries(value: unknown): [string, unknown][] {
  const usable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  return usable ? Object.entries(value) : wrong('no map')
}
