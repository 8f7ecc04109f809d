/// <reference lib="esnext.disposable" preserve="true" />
// Preserved: the declarations name Disposable and AsyncDisposable, which a program's own `lib` may lack.

/** Contracts: everything both sides of a room may say, and the types of what is said. */
export { call, defineRoom, event, stream } from './contract.ts'
export type {
  AnyContract,
  AnyMessage,
  Call,
  CallOptions,
  Contract,
  Delivery,
  EventOptions,
  RateLimit,
  Down,
  EntitiesOf,
  Event,
  ModelOf,
  NameOf,
  Of,
  Parts,
  RoomShape,
  Schema,
  StateOf,
  Stream,
  TagsOf,
  Up,
  ValueOf,
} from './contract.ts'
export { SchemaError, type SchemaErrorCode } from './errors.ts'
export type {
  CallError,
  Caller,
  CallNames,
  Calls,
  CallSettings,
  EventNames,
  Failure,
  FrameworkErrorCode,
  Outcome,
  ParamsOf,
  PayloadOf,
  ResultOf,
  Sends,
  Streams,
} from './messages.ts'
export type {
  Adoptable,
  Frozen,
  Id,
  IdModel,
  JsonValue,
  Live,
  LocalModel,
  MapModel,
  Mirror,
  Plain,
  StateList,
  StateMap,
  ValueModel,
  ViewedMap,
  ViewedMapModel,
  VisibleModel,
} from './model.ts'
export { live, toPlain, type PlainOf } from './state/values/plain.ts'
export * as t from './types.ts'
export type { Direction, OneOf, OrderBy, Range, Where } from './where.ts'
