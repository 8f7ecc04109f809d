import type { Codec } from './codec/codec.ts'
import { compileTypes } from './codec/compile-types.ts'
import { SchemaError } from './errors.ts'
import { hashLayout } from './fingerprint.ts'
import type { Layout, MessageDef, TypeIndex } from './layout.ts'

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
  /** Of calls, in milliseconds. */
  readonly timeout: number | undefined
  /** Of calls. */
  readonly idempotent: boolean
  /** Of calls and streams. */
  readonly params?: Codec
  /** Of calls. */
  readonly result?: Codec
  /** Of calls; the index is the code on the wire. */
  readonly errors: readonly { readonly code: string; readonly data: Codec }[]
  /** Of events. */
  readonly payload?: Codec
  /** Of streams. */
  readonly item?: Codec
}

/** A layout with everything that is made from it once. */
export interface CompiledLayout {
  readonly layout: Layout
  /** Its name, 16 hex characters: `hashLayout(layout)`, or what another implementation calls it. */
  readonly hash: string
  /** The codec of each type, by index. */
  readonly types: readonly Codec[]
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
  const up = layout.up.map((def, id) => messageCodec(def, id, types))
  const down = layout.down.map((def, id) => messageCodec(def, id, types))
  return { layout, hash, types, up, down, upByName: byName(up), downByName: byName(down) }
}

function byName(messages: readonly MessageCodec[]): ReadonlyMap<string, MessageCodec> {
  return new Map(messages.map((message) => [message.name, message]))
}

function messageCodec(def: MessageDef, id: number, codecs: readonly Codec[]): MessageCodec {
  const codec = (type: TypeIndex): Codec => {
    const found = codecs[type]
    if (found === undefined) throw new SchemaError('invalid_layout', def.name, `uses type ${type}, which there is not`)
    return found
  }
  const usual = {
    name: def.name,
    id,
    delivery: 'reliable',
    priority: 0,
    timeout: undefined,
    idempotent: false,
  } as const
  switch (def.kind) {
    case 'event': {
      const { kind, delivery, priority, payload } = def
      return {
        ...usual,
        kind,
        delivery,
        priority,
        errors: [],
        ...(payload !== undefined && { payload: codec(payload) }),
      }
    }
    case 'call': {
      const { kind, timeout, idempotent, params, result } = def
      return {
        ...usual,
        kind,
        timeout,
        idempotent,
        errors: def.errors.map(({ code, type }) => ({ code, data: codec(type) })),
        ...(params !== undefined && { params: codec(params) }),
        ...(result !== undefined && { result: codec(result) }),
      }
    }
    case 'stream': {
      const { kind, params, item } = def
      return { ...usual, kind, errors: [], item: codec(item), ...(params !== undefined && { params: codec(params) }) }
    }
  }
}
