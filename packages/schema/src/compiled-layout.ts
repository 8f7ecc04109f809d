import type { Codec } from './codec/codec.ts'
import { compileTypes } from './codec/compile-types.ts'
import { lower } from './codec/lower.ts'
import { hashLayout } from './fingerprint.ts'
import type { CallDef, EventDef, Layout, MessageDef, StreamDef, TypeIndex } from './layout.ts'

/** The codecs of one message. A codec that is absent means: no payload, `nil` on the wire. */
export interface MessageCodec {
  readonly kind: 'event' | 'call' | 'stream'
  readonly name: string
  /** The index in its direction's table. */
  readonly id: number
  /** Of events; calls and streams are reliable. */
  readonly delivery: 'reliable' | 'latest' | 'volatile'
  /** Of events; 0 for calls and streams. */
  readonly priority: number
  /** Of events of the delivery `latest`: the field of the payload by which one replaces another. Undefined: any replaces any. */
  readonly key: string | undefined
  /** Of calls, in milliseconds. */
  readonly timeout: number | undefined
  /** Of calls. */
  readonly idempotent: boolean
  /** Whether it is a mutation: a call whose parameters are an {@link IssuedMutation}. */
  readonly mutation: boolean
  /** Of mutations: whether who made it can take it back. */
  readonly undoable: boolean
  /** Of calls and streams. */
  readonly params: Codec | undefined
  /** Of calls. */
  readonly result: Codec | undefined
  /** Of calls; the index is the code on the wire. */
  readonly errors: readonly { readonly code: string; readonly data: Codec }[]
  /** Of events. */
  readonly payload: Codec | undefined
  /** Of streams. */
  readonly item: Codec | undefined
}

/** A layout with everything that is made from it once. */
export interface CompiledLayout {
  readonly layout: Layout
  /** Its name, 16 hex characters: `hashLayout(layout)`, or what another implementation calls it. */
  readonly hash: string
  /** The codec of each type, by index. */
  readonly types: readonly Codec[]
  /** Of what members show of themselves; undefined where the contract declares none. */
  readonly presence: Codec | undefined
  /** Of what a member's player does in one tick; undefined where the contract declares none. */
  readonly input: Codec | undefined
  /** Client to server, by id. */
  readonly up: readonly MessageCodec[]
  /** Server to client, by id. */
  readonly down: readonly MessageCodec[]
  readonly upByName: ReadonlyMap<string, MessageCodec>
  readonly downByName: ReadonlyMap<string, MessageCodec>
}

const compiled = new WeakMap<Layout, CompiledLayout>()

/** Compiles a layout. Done once per layout object. */
export function compileLayout(layout: Layout): CompiledLayout {
  const known = compiled.get(layout)
  if (known !== undefined) return known
  const result = compileNamedLayout(layout, hashLayout(layout))
  compiled.set(layout, result)
  return result
}

/** Compiles a layout that came with its hash. */
export function compileNamedLayout(layout: Layout, hash: string): CompiledLayout {
  const types = compileTypes(layout.types)
  const codec = (type: TypeIndex | undefined): Codec | undefined => (type === undefined ? type : lower(types, type))
  const up = layout.up.map((def, id) => messageCodec(def, id, codec, types))
  const down = layout.down.map((def, id) => messageCodec(def, id, codec, types))
  const presence = codec(layout.presence)
  const input = codec(layout.input)
  return { layout, hash, types, presence, input, up, down, upByName: byName(up), downByName: byName(down) }
}

function byName(messages: readonly MessageCodec[]): ReadonlyMap<string, MessageCodec> {
  return new Map(messages.map((message) => [message.name, message]))
}

/** What is in any kind of message. */
type MessageParts = Partial<Omit<EventDef, 'kind'> & Omit<CallDef, 'kind'> & Omit<StreamDef, 'kind'>>

function messageCodec(
  def: MessageDef,
  id: number,
  codec: (type: TypeIndex | undefined) => Codec | undefined,
  types: readonly Codec[],
): MessageCodec {
  const { params, result, errors = [], mutation, payload, item }: MessageParts = def
  return {
    delivery: 'reliable',
    priority: 0,
    key: undefined,
    timeout: undefined,
    idempotent: false,
    ...def,
    id,
    mutation: mutation !== undefined,
    undoable: mutation?.undoable === true,
    payload: codec(payload),
    params: codec(params),
    result: codec(result),
    item: codec(item),
    errors: errors.map(({ code, type }) => ({ code, data: lower(types, type) })),
  }
}
