/**
 * The types of a contract, exported as `t`: TypeBox's own, and those that JSON Schema does not know. Any other TypeBox
 * schema can be used beside them where it can travel.
 *
 * Costs are bytes on the wire; `docs/contract.md` has them all in one table. In messages a value is packed as msgpack, in
 * state by its type.
 */
import {
  Number as NumberType,
  Integer,
  Optional,
  Refine,
  Unsafe,
  IsOptional,
  type Static,
  type TInteger,
  type TNumber,
  type TNumberOptions,
  String as StringType,
  type TOptional,
  type TSchema,
  type TSchemaOptions,
  type TString,
  type TUnsafe,
} from 'typebox'
import { numberRanges } from './codec/numbers.ts'
import type { NumberKind } from './layout.ts'
import { mapOptionsFault, type MapOptions } from './map-options.ts'
import type {
  IdModel,
  JsonValue,
  LocalModel,
  MapModel,
  Plain,
  ValueModel,
  ViewedMapModel,
  VisibleModel,
} from './model.ts'
import { wireKeyword, type WireMark } from './schema-reader.ts'

export {
  /** A list of one type. In state a tracked `StateList`. Costs 1, 3 or 5 bytes and its items. */
  Array,
  /** A bigint of 64 bits: from -2^63 to 2^64-1. Costs 9 bytes in messages, 1 to 10 in state. */
  BigInt,
  /** A boolean. Costs 1 byte. */
  Boolean,
  /** One of several strings or numbers. Costs 1 byte (its index) up to 128 values. */
  Enum,
  /** A whole number that is exact: from -(2^53-1) to 2^53-1. Costs 1 to 9 bytes. */
  Integer,
  /** The fields of several objects together. */
  Intersect,
  /** The names of an object's fields, as a union. */
  KeyOf,
  /** One constant. Costs 1 byte in messages, none in state. */
  Literal,
  /** `null`. Costs 1 byte in messages, none in state. */
  Null,
  /** A finite number. Costs 1 to 5 bytes when whole and below 2^32, else 9. */
  Number,
  /** An object of named fields; what is not named does not travel. */
  Object,
  /** An object without some of its fields. */
  Omit,
  /** A field that may be absent. Costs 1 byte when absent, nothing at the end of an object. */
  Optional,
  /** An object with all fields optional. */
  Partial,
  /** Some fields of an object. */
  Pick,
  /** A field that is not assigned to. */
  Readonly,
  /** A plain object by key, in messages. In state use `Map`. */
  Record,
  /** A type with a further check, which the server runs on what it receives. */
  Refine,
  /** An object with no field optional. */
  Required,
  /** A string. Limit it with `maxLength`. Costs 1 to 5 bytes and its UTF-8. */
  String,
  /** Strings of a form. Costs what a string costs. */
  TemplateLiteral,
  /** A list of fixed length, each place of its own type. In state one value, replaced as a whole. */
  Tuple,
  /** One of several types. Costs 2 bytes and the value; of literals alone 1 byte. */
  Union,
  /** A JSON Schema with a TypeScript type of your own. */
  Unsafe,
} from 'typebox'

function marked<T>(mark: WireMark, keywords: TSchemaOptions): TUnsafe<T> {
  return Unsafe<T>({ ...keywords, [wireKeyword]: mark })
}

function whole(kind: NumberKind, options: TNumberOptions): TInteger {
  const { min, max } = numberRanges[kind]
  return Integer({ minimum: min, maximum: max, ...options, [wireKeyword]: { kind } satisfies WireMark })
}

function float(kind: NumberKind, options: TNumberOptions): TNumber {
  return NumberType({ ...options, [wireKeyword]: { kind } satisfies WireMark })
}

/** A whole number from 0 to 255. Costs 1 byte, in messages 2 from 128 on. */
export function Uint8(options: TNumberOptions = {}): TInteger {
  return whole('uint8', options)
}

/** A whole number from 0 to 65,535. Costs 1 to 3 bytes. */
export function Uint16(options: TNumberOptions = {}): TInteger {
  return whole('uint16', options)
}

/** A whole number from 0 to 4,294,967,295. Costs 1 to 5 bytes. */
export function Uint32(options: TNumberOptions = {}): TInteger {
  return whole('uint32', options)
}

/** A whole number from -128 to 127. Costs 1 to 2 bytes. */
export function Int8(options: TNumberOptions = {}): TInteger {
  return whole('int8', options)
}

/** A whole number from -32,768 to 32,767. Costs 1 to 3 bytes. */
export function Int16(options: TNumberOptions = {}): TInteger {
  return whole('int16', options)
}

/** A whole number from -2,147,483,648 to 2,147,483,647. Costs 1 to 5 bytes. */
export function Int32(options: TNumberOptions = {}): TInteger {
  return whole('int32', options)
}

/**
 * A number rounded to a 32-bit float: about 7 decimal digits, up to 3.4e38. Costs 4 bytes in state; in messages what any
 * number costs.
 */
export function Float32(options: TNumberOptions = {}): TNumber {
  return float('float32', options)
}

/** A finite number, exact. Costs 8 bytes in state; in messages what any number costs. */
export function Float64(options: TNumberOptions = {}): TNumber {
  return float('float64', options)
}

/**
 * A number from `min` to `max`, rounded to the nearest step above `min`. Out of range is an error. Costs what the count of
 * steps costs: positions on a board of 1,000 in steps of 0.1 take 2 bytes.
 */
export function Quantized(range: {
  readonly min: number
  readonly max: number
  /** The difference between neighbouring values. At most 2^32-1 of them. */
  readonly step: number
}): TNumber {
  const { min, max, step } = range
  const mark: WireMark = { kind: 'quantized', min, max, step }
  return NumberType({ minimum: min, maximum: max, [wireKeyword]: mark })
}

/**
 * An angle in radians, rounded to 1/65,536 of a turn (0.0055°). Whole turns are dropped: what is read lies from -π to
 * below π. Costs 2 bytes in state, 1 to 3 in messages.
 */
export function Angle(): TNumber {
  return float('angle', {})
}

/** Milliseconds since 1970, as of `Date.now()`: whole, and such as a `Date` can hold. Costs 6 bytes in state, 9 in messages. */
export function Timestamp(options: TNumberOptions = {}): TInteger {
  return whole('timestamp', options)
}

/** Bytes: a `Uint8Array`. Costs 2, 3 or 5 bytes and its length. */
export function Bytes(
  options: {
    /** Bytes, least and most. The server checks these. */
    readonly minLength?: number
    readonly maxLength?: number
  } = {},
): TUnsafe<Uint8Array> {
  const { minLength = 0, maxLength = Infinity } = options
  return Refine(
    marked<Uint8Array>({ kind: 'bytes' }, {}),
    (value) => value instanceof Uint8Array && value.length >= minLength && value.length <= maxLength,
    () => (maxLength === Infinity ? `must be bytes` : `must be ${minLength} to ${maxLength} bytes`),
  )
}

/**
 * Entries by key. In state a tracked `StateMap`, in the client's mirror a `ReadonlyMap`, in messages a plain object. Keys
 * are strings; `__proto__` is none. Costs 1, 3 or 5 bytes, and each entry its key and its value.
 */
export function Map<V extends TSchema>(
  value: V,
  options: MapOptions & { readonly view: true },
): TUnsafe<ViewedMapModel<Static<V>>>
export function Map<V extends TSchema>(
  value: V,
  options?: MapOptions & { readonly view?: false },
): TUnsafe<MapModel<Static<V>>>
export function Map(value: TSchema, options: unknown = {}): TSchema {
  const { view = false, ...keywords }: MapOptions = typeof options === 'object' && options !== null ? options : {}
  const fault = mapOptionsFault(options)
  return marked(
    { kind: 'map', view, ...(fault !== undefined && { fault }) },
    { ...keywords, type: 'object', additionalProperties: value },
  )
}

/**
 * Free-form JSON: whatever `JSON.stringify` can hold, up to 16 levels deep. In state one value, replaced as a whole and
 * frozen. Costs what msgpack needs for it, names included.
 */
export function Json(): TUnsafe<ValueModel<JsonValue>> {
  return marked({ kind: 'json' }, {})
}

/**
 * A typed value that in state is not tracked inside but replaced as a whole: for what changes together anyway, as the
 * points of a finished stroke. Costs what the type costs.
 */
export function Value<T extends TSchema>(type: T): TUnsafe<ValueModel<Plain<Static<T>>>> {
  return marked({ kind: 'value' }, { allOf: [type] })
}

/**
 * A field of the state (or of the user) that stays on the server: any TypeScript type, never sent, never in a layout,
 * not saved. Always optional: in a room that was restored it is `undefined` until somebody sets it.
 */
export function Local<T>(): TOptional<TUnsafe<LocalModel<T>>> {
  return Optional(marked<LocalModel<T>>({ kind: 'local' }, {}))
}

/**
 * A field of the state that not everybody sees. For the others it is absent, with everything in it: their clients are never
 * sent it, so that on a client its type is `T | undefined`. On the server it is a `T`. Costs what an optional field costs.
 *
 * ```ts
 * import { t } from '@junto/schema'
 *
 * const Player = t.Object({
 *   name: t.String(),
 *   owner: t.Owner(),
 *   hand: t.Visible('owner', t.Array(t.Uint8())),
 *   ping: t.Visible(['owner', 'referee'], t.Uint16()),
 * })
 * ```
 *
 * @param to Who sees it: `'owner'`, the member that the object's `t.Owner()` field names; any other word is a tag, and
 * those see it to whom the room has granted the tag; a list means anybody in it.
 */
export function Visible<const To extends string, T extends TSchema>(
  to: To | readonly [To, ...To[]],
  type: TOptional<T>,
): TOptional<TUnsafe<VisibleModel<To, Static<T>>>>
export function Visible<const To extends string, T extends TSchema>(
  to: To | readonly [To, ...To[]],
  type: T,
): TUnsafe<VisibleModel<To, Static<T>>>
export function Visible(to: string | readonly string[], type: TSchema): TSchema {
  const visible = marked({ kind: 'visible', to: typeof to === 'string' ? [to] : to }, { allOf: [type] })
  return IsOptional(type) ? Optional(visible) : visible
}

/**
 * A field of the state that says whose the object is: the `id` of a member, `''` for nobody's. That member sees the object's
 * fields that are visible to `'owner'`. Everybody sees whose it is. An object has one such field. Costs what a string costs.
 */
export function Owner(): TString {
  return StringType({ [wireKeyword]: { kind: 'owner' } satisfies WireMark })
}

/**
 * A reference: the key of an entity in a map. It is a string, to write and to read, whose type says what it is the key of:
 * name the entity's type, or call it by a word where it refers to its own kind. Whether there is such an entry, and whether a
 * member sees it, is not checked; the key is all it tells. Costs what a string costs.
 *
 * ```ts
 * import { t } from '@junto/schema'
 *
 * const Unit = t.Object({ hp: t.Uint8(), target: t.Optional(t.Id('unit')) })
 * const Order = t.Object({ unit: t.Id(Unit), to: t.Tuple([t.Float32(), t.Float32()]) })
 * ```
 */
export function Id<const Name extends string>(entity: Name): TUnsafe<IdModel<Name>>
export function Id<E extends TSchema>(entity: E): TUnsafe<IdModel<Plain<Static<E>>>>
export function Id(_entity: unknown): TSchema {
  return marked({ kind: 'id' }, { type: 'string' })
}
