/** What a room's layout says (docs/protocol.md, section 5). */

export type Atom = string | number | bigint | boolean | null

const simple = {
  0: 'null',
  1: 'boolean',
  2: 'string',
  3: 'number',
  4: 'int',
  5: 'uint8',
  6: 'uint16',
  7: 'uint32',
  8: 'int8',
  9: 'int16',
  10: 'int32',
  11: 'float32',
  12: 'float64',
  13: 'bigint',
  14: 'angle',
  15: 'bytes',
  16: 'timestamp',
  17: 'json',
} as const

/** The kinds that a number alone stands for in a layout. */
export type SimpleKind = (typeof simple)[keyof typeof simple]

export interface Field {
  readonly name: string
  readonly type: Type
}

interface Indexed {
  /** Where it stands in the layout's list of types. */
  readonly index: number
}
interface Simple extends Indexed {
  readonly kind: SimpleKind
}
export interface Quantized extends Indexed {
  readonly kind: 'quantized'
  readonly min: number
  readonly max: number
  readonly step: number
}
interface Literal extends Indexed {
  readonly kind: 'literal'
  readonly value: Atom
}
interface Enum extends Indexed {
  readonly kind: 'enum'
  readonly values: readonly Atom[]
}
interface Around extends Indexed {
  readonly kind: 'optional' | 'map' | 'list' | 'value'
  readonly type: Type
}
export interface RecordType extends Indexed {
  readonly kind: 'record'
  readonly fields: readonly Field[]
}
interface Several extends Indexed {
  readonly kind: 'tuple' | 'union'
  readonly types: readonly Type[]
}

export type Type = Simple | Quantized | Literal | Enum | Around | RecordType | Several

interface EventMessage {
  readonly kind: 'event'
  readonly id: number
  readonly name: string
  /** Whether it travels in the frame event, or else loose. */
  readonly isReliable: boolean
  readonly payload: Type | undefined
}
interface CallMessage {
  readonly kind: 'call'
  readonly id: number
  readonly name: string
  readonly params: Type | undefined
  readonly result: Type | undefined
  readonly errors: readonly Field[]
  /** How long a caller waits, 0 for ever; absent where the layout says nothing. */
  readonly timeout: number | undefined
  /** Of a mutation, whether it can be taken back; absent for any other call. */
  readonly undoable: boolean | undefined
}
interface StreamMessage {
  readonly kind: 'stream'
  readonly id: number
  readonly name: string
  readonly params: Type | undefined
  readonly item: Type
}
export type Message = EventMessage | CallMessage | StreamMessage

export interface Layout {
  readonly name: string
  readonly version: number
  readonly types: readonly Type[]
  readonly state: Type
  /** Of what members show of themselves; absent where they show nothing. */
  readonly presence: Type | undefined
  /** Of what a player does in one tick; absent where there is no such thing. */
  readonly input: Type | undefined
  readonly up: readonly Message[]
  readonly down: readonly Message[]
}

/** Reads the `definition` of a joined frame. */
export function readLayout(definition: unknown): Layout {
  const [name, version, listed, state, presence, up, down, input] = array(definition)
  const types: Type[] = []
  const type = (index: unknown): Type => types[whole(index)] ?? wrong(`no lower type ${String(index)}`)
  for (const entry of array(listed)) types.push(readType(entry, types.length, type))
  const maybe = (index: unknown): Type | undefined => (index == null ? undefined : type(index))
  const message = (entry: unknown, id: number): Message => readMessage(array(entry), id, type, maybe)
  return {
    name: text(name),
    version: whole(version),
    types,
    state: type(state),
    presence: maybe(presence),
    input: maybe(input),
    up: array(up).map(message),
    down: array(down).map(message),
  }
}

function readType(entry: unknown, index: number, type: (index: unknown) => Type): Type {
  if (typeof entry === 'number') {
    const kind: SimpleKind | undefined = simple[entry as keyof typeof simple]
    return kind === undefined ? wrong(`kind ${entry}`) : { kind, index }
  }
  const [kind, ...rest] = array(entry)
  const [first, second, third] = rest
  switch (kind) {
    case 32:
      return { kind: 'quantized', index, min: real(first), max: real(second), step: real(third) }
    case 33:
      return { kind: 'literal', index, value: second === true ? BigInt(text(first)) : atom(first) }
    case 34:
      return { kind: 'enum', index, values: rest.map(atom) }
    case 35:
      return { kind: 'optional', index, type: type(first) }
    case 36:
      return { kind: 'record', index, fields: pairs(rest, type) }
    case 37:
      return { kind: 'map', index, type: type(first) }
    case 38:
      return { kind: 'list', index, type: type(first) }
    case 39:
      return { kind: 'tuple', index, types: rest.map(type) }
    case 40:
      return { kind: 'union', index, types: rest.map(type) }
    case 41:
      return { kind: 'value', index, type: type(first) }
    default:
      return wrong(`kind ${String(kind)}`)
  }
}

function readMessage(
  [kind, name, first, second, third, fourth, , undoable]: readonly unknown[],
  id: number,
  type: (index: unknown) => Type,
  maybe: (index: unknown) => Type | undefined,
): Message {
  const common = { id, name: text(name) }
  switch (kind) {
    case 0:
      if (![0, 1, 2].includes(whole(second))) wrong('delivery')
      return { kind: 'event', ...common, isReliable: second === 0, payload: maybe(first) }
    case 1:
      return {
        kind: 'call',
        ...common,
        params: maybe(first),
        result: maybe(second),
        errors: pairs(array(third), type),
        timeout: fourth == null ? undefined : whole(fourth),
        undoable: undoable == null ? undefined : undoable === true,
      }
    case 2:
      return { kind: 'stream', ...common, params: maybe(first), item: type(second) }
    default:
      return wrong(`message of kind ${String(kind)}`)
  }
}

function pairs(list: readonly unknown[], type: (index: unknown) => Type): Field[] {
  return Array.from({ length: list.length / 2 }, (_, at) => ({
    name: text(list[2 * at]),
    type: type(list[2 * at + 1]),
  }))
}

export function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : wrong('no array')
}
export function text(value: unknown): string {
  return typeof value === 'string' ? value : wrong('no text')
}
/** A number, written in whatever way msgpack has. */
export function real(value: unknown): number {
  if (value instanceof Uint8Array && value.length === 0) return -0
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : wrong('no number')
}
export function whole(value: unknown): number {
  const number = real(value)
  return Number.isSafeInteger(number) ? number : wrong('no whole number')
}
function atom(value: unknown): Atom {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  return real(value)
}
export function wrong(what: string): never {
  throw new Error(`Not as the protocol says: ${what}`)
}
