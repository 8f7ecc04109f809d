/**
 * The layout of a contract: names, order and types of everything that travels by position. It is plain data, made
 * from a contract by `layoutOf`, sent at join, and all that a client needs to speak with a room.
 *
 * A type is an index into {@link Layout.types} and refers only to lower indexes, so that a layout cannot be cyclic.
 */

/** An index into {@link Layout.types}. */
export type TypeIndex = number

/** What a literal can be. `null` is a kind of its own. */
export type LiteralValue = string | number | boolean | bigint

/** A field of a record. */
export interface Field {
  readonly name: string
  /** The type; of kind `optional` when the field may be absent, the only place where that kind stands. */
  readonly type: TypeIndex
}

/** Kinds without parameters that hold one number. */
export type NumberKind =
  | 'number'
  | 'int'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'float32'
  | 'float64'
  | 'angle'
  | 'timestamp'

/** Kinds without parameters. */
export type SimpleKind = NumberKind | 'null' | 'boolean' | 'string' | 'bigint' | 'bytes' | 'json'

/** A number sent as a count of steps. */
export interface QuantizedDef {
  readonly kind: 'quantized'
  readonly min: number
  readonly max: number
  readonly step: number
}

/** One entry of {@link Layout.types}. */
export type TypeDef =
  | { readonly kind: SimpleKind }
  | QuantizedDef
  | { readonly kind: 'literal'; readonly value: LiteralValue }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'optional'; readonly type: TypeIndex }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'map'; readonly type: TypeIndex }
  | { readonly kind: 'list'; readonly type: TypeIndex }
  | { readonly kind: 'tuple'; readonly types: readonly TypeIndex[] }
  | { readonly kind: 'union'; readonly types: readonly TypeIndex[] }
  /** A typed value that is replaced as a whole: in state it is not tracked inside; in messages it is its inner type. */
  | { readonly kind: 'value'; readonly type: TypeIndex }

/** Any kind of type. */
export type TypeKind = TypeDef['kind']

/** A declared error: the code, and the type of its data. */
export interface ErrorDef {
  readonly code: string
  readonly type: TypeIndex
}

/** An event of the message table. */
export interface EventDef {
  readonly kind: 'event'
  readonly name: string
  readonly payload: TypeIndex | undefined
  readonly delivery: 'reliable' | 'latest' | 'volatile'
  readonly priority: number
  /** Of the delivery `latest`: the field of its payload by which one event replaces another. Absent: any replaces any. */
  readonly key?: string
}

/** A call of the message table. A declared error is known by its index in `errors`. */
export interface CallDef {
  readonly kind: 'call'
  readonly name: string
  readonly params: TypeIndex | undefined
  readonly result: TypeIndex | undefined
  readonly errors: readonly ErrorDef[]
  /** Milliseconds after which a caller gives up, unless it says otherwise. */
  readonly timeout: number | undefined
  readonly idempotent: boolean
  /** There where the call is a mutation. */
  readonly mutation?: MutationDef
}

/** What a mutation has beyond other calls. Its parameters are the record that mutation-layout.ts makes. */
export interface MutationDef {
  /** Who made it can take it back. */
  readonly undoable: boolean
}

/** A stream of the message table. */
export interface StreamDef {
  readonly kind: 'stream'
  readonly name: string
  readonly params: TypeIndex | undefined
  readonly item: TypeIndex
}

/** One message of a direction. Its id on the wire is its index in that direction's table. */
export type MessageDef = EventDef | CallDef | StreamDef

/** Everything of a contract that travels by position. */
export interface Layout {
  /** The room's name. */
  readonly name: string
  /** The contract's version. */
  readonly version: number
  readonly types: readonly TypeDef[]
  /** The state; always a record. */
  readonly state: TypeIndex
  /** What members show of themselves; a record, where the contract has it. */
  readonly presence: TypeIndex | undefined
  /** What a member's player does in one tick; a record, where the contract has it. */
  readonly input: TypeIndex | undefined
  /** Client to server. */
  readonly up: readonly MessageDef[]
  /** Server to client. */
  readonly down: readonly MessageDef[]
}
