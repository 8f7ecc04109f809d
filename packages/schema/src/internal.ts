/** What the sibling packages use of this one. Nothing here may import TypeBox: clients bundle it. */
export type { Codec } from './codec/codec.ts'
export { compileLayout, type CompiledLayout, type MessageCodec } from './compiled-layout.ts'
export { SchemaError, type SchemaErrorCode } from './errors.ts'
export type {
  CallDef,
  ErrorDef,
  EventDef,
  Field,
  Layout,
  LiteralValue,
  MessageDef,
  NumberKind,
  QuantizedDef,
  SimpleKind,
  StreamDef,
  TypeDef,
  TypeIndex,
  TypeKind,
} from './layout.ts'
