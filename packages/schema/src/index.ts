/// <reference lib="esnext.disposable" preserve="true" />
// Preserved: the declarations name Disposable and AsyncDisposable, which a program's own `lib` may lack.

/** Contracts: everything both sides of a room may say, and the types of what is said. */
export { call, defineRoom, event, stream } from './contract.ts'
export { mutation } from './mutation.ts'
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
  InputOf,
  ModelOf,
  MutationsOf,
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
  Mutates,
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
export type { AnyMutation, Mutation, MutationOptions, Mutations } from './mutation.ts'
export type { InputContext, InputMutator, MutationContext, Mutator, MutatorContext, Mutators } from './mutators.ts'
export { live, toPlain, type PlainOf } from './state/values/plain.ts'
export * as t from './types.ts'
export type { Direction, OneOf, OrderBy, Range, Where } from './where.ts'
