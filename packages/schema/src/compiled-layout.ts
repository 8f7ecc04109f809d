import type { Codec } from './codec/codec.ts'
import type { Layout } from './layout.ts'

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
  /** `hashLayout(layout)`: 16 hex characters. */
  readonly hash: string
  /** Client to server, by id. */
  readonly up: readonly MessageCodec[]
  /** Server to client, by id. */
  readonly down: readonly MessageCodec[]
  readonly upByName: ReadonlyMap<string, MessageCodec>
  readonly downByName: ReadonlyMap<string, MessageCodec>
}

/** Compiles a layout. Done once per layout object. */
export function compileLayout(layout: Layout): CompiledLayout {
  throw new Error(`Layout "${layout.name}" cannot be compiled yet`)
}
