import type { Layout, MessageDef, TypeDef } from './layout.ts'

/*
 * The form in which a layout travels: arrays, numbers and strings.
 *
 *     layout:  [name, version, types, state, presence or nil, up, down], and behind that the input, if there is one
 *     type:    number of a simple kind, or [number of the kind, …]
 *              a literal: [33, value], or [33, digits, true] of a bigint
 *     message: [0, name, payload or nil, delivery, priority], and behind that the key field, if there is one
 *              [1, name, params or nil, result or nil, [code, type, …], timeout or nil, idempotent], and behind that of a mutation
 *              whether it is undoable
 *              [2, name, params or nil, item]
 *
 * There is one form for each layout: nothing may be left out or added.
 */

/** The kinds without parameters; the index is the number. */
export const simpleKinds = [
  'null',
  'boolean',
  'string',
  'number',
  'int',
  'uint8',
  'uint16',
  'uint32',
  'int8',
  'int16',
  'int32',
  'float32',
  'float64',
  'bigint',
  'angle',
  'bytes',
  'timestamp',
  'json',
] as const

/** The number of the first of the kinds with parameters. */
export const firstParameterKind = 32

/** The kinds with parameters; the index is the number, counted from {@link firstParameterKind}. */
export const parameterKinds = [
  'quantized',
  'literal',
  'enum',
  'optional',
  'record',
  'map',
  'list',
  'tuple',
  'union',
  'value',
] as const

/** The deliveries of events; the index is the number. */
export const deliveries = ['reliable', 'latest', 'volatile'] as const
/** The kinds of messages; the index is the number. */
export const messageKinds = ['event', 'call', 'stream'] as const

/** The form in which a layout travels: what msgpack can hold. */
export function encodeLayout(layout: Layout): unknown {
  return [
    layout.name,
    layout.version,
    layout.types.map(encodeType),
    layout.state,
    layout.presence ?? null,
    layout.up.map(encodeMessage),
    layout.down.map(encodeMessage),
    ...(layout.input === undefined ? [] : [layout.input]),
  ]
}

function encodeType(def: TypeDef): unknown {
  const simple: readonly string[] = simpleKinds
  const kind = simple.indexOf(def.kind)
  return kind === -1 ? [numberOf(def), ...parametersOf(def)] : kind
}

function numberOf({ kind }: TypeDef): number {
  const kinds: readonly string[] = parameterKinds
  return firstParameterKind + kinds.indexOf(kind)
}

function parametersOf(def: TypeDef): readonly unknown[] {
  switch (def.kind) {
    case 'quantized':
      return [def.min, def.max, def.step]
    case 'literal':
      // As text: msgpack has no bigints that a decoder could tell from numbers.
      return typeof def.value === 'bigint' ? [String(def.value), true] : [def.value]
    case 'enum':
      return def.values
    case 'record':
      return def.fields.flatMap(({ name, type }) => [name, type])
    case 'tuple':
    case 'union':
      return def.types
    case 'optional':
    case 'map':
    case 'list':
    case 'value':
      return [def.type]
    default:
      return []
  }
}

function encodeMessage(def: MessageDef): unknown {
  return [messageKinds.indexOf(def.kind), def.name, ...partsOf(def)]
}

function partsOf(def: MessageDef): readonly unknown[] {
  switch (def.kind) {
    case 'event':
      return [
        def.payload ?? null,
        deliveries.indexOf(def.delivery),
        def.priority,
        ...(def.key === undefined ? [] : [def.key]),
      ]
    case 'call':
      return [
        def.params ?? null,
        def.result ?? null,
        def.errors.flatMap(({ code, type }) => [code, type]),
        // Infinity, "no deadline", is 0 as in a call's frame.
        def.timeout === Infinity ? 0 : (def.timeout ?? null),
        def.idempotent,
        ...(def.mutation === undefined ? [] : [def.mutation.undoable]),
      ]
    case 'stream':
      return [def.params ?? null, def.item]
  }
}
