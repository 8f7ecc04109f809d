import type { Static, TSchema } from 'typebox'
import { readContract } from './contract-layout.ts'
import { checkBuilder, checkShape } from './contract-shape.ts'
import { listingOf } from './listing.ts'
import type { Caller } from './messages.ts'
import type { EntitiesIn, IdModel, MapModel, Plain, TagsIn, ValueModel, ViewedMapModel, VisibleModel } from './model.ts'
import type { Mutations } from './mutation.ts'
import { ownLayout, type OwnLayout } from './own-layout.ts'

/**
 * Any TypeBox schema. TypeBox's own `TSchema` is an empty interface that everything satisfies, so this asks for one of
 * the brands that its builders set.
 */
export type Schema = { '~kind': string } | { '~unsafe': unknown } | { '~codec': unknown } | { '~refine': unknown }

/** The model type of a schema; `void` where there is none. */
export type ModelOf<S> = S extends TSchema ? (S extends Schema ? Static<S> : void) : void

/** The plain value of a schema; `void` where there is none. */
export type ValueOf<S> = Plain<ModelOf<S>>

/**
 * How a message travels.
 *
 * - `reliable`: in order, every one. The default.
 * - `latest`: while waiting, a newer one replaces an older one.
 * - `volatile`: dropped when it cannot leave at once.
 */
export type Delivery = 'reliable' | 'latest' | 'volatile'

/**
 * How often a user may send a message to a room. Only the server knows it: what comes faster is answered with `rate_limited`,
 * and the handler does not run.
 */
export interface RateLimit {
  /** So many a second in the long run, above 0; 0.5 is one every two seconds. */
  readonly rate: number
  /** So many at once after a pause. Default: what `rate` allows in a second, at least 1. */
  readonly burst?: number
}

// Constraints name these non-generic bases: a constraint on `Call<any, any, any>` costs the compiler over a million
// instantiations for a contract of fifty calls.
/** Any message of a contract. */
export interface AnyMessage {
  readonly kind: 'call' | 'event' | 'stream'
  /** How often a user may send it to a room. Undefined: as often as it may send anything. */
  readonly limit?: RateLimit | undefined
  readonly '~caller'?: unknown
}

/** Messages by name. */
export interface Messages {
  readonly [name: string]: AnyMessage
}

/** Messages of a server by name: only clients open streams. */
export interface ServerMessages {
  readonly [name: string]: AnyMessage & { readonly kind: 'call' | 'event' }
}

/** A call: parameters `P` go out, one result `R` or one of the declared errors `E` (data by code) comes back. */
export interface Call<P, R, E> extends AnyMessage {
  readonly kind: 'call'
  readonly schemas: {
    readonly params: Schema | undefined
    readonly result: Schema | undefined
    readonly errors: Readonly<Record<string, Schema>>
  }
  /** The call may safely run twice: it is repeated when its outcome got lost. */
  readonly idempotent: boolean
  /** Milliseconds after which a caller gives up, unless it says otherwise. */
  readonly timeout: number | undefined
  readonly '~types'?: { params: P; result: R; errors: E }
  /**
   * A type only: there is no such property. `Calls` looks it up, which costs the compiler half of what inferring the three
   * types costs; optional, it would have to be inferred to be rid of `undefined`.
   */
  readonly '~caller': Caller<P, R, E>
}

/** An event: a payload `P`, nothing comes back. */
export interface Event<P> extends AnyMessage {
  readonly kind: 'event'
  readonly schemas: { readonly payload: Schema | undefined }
  readonly delivery: Delivery
  readonly priority: number
  /** Of the delivery `latest`: the field of the payload by which one event replaces another. */
  readonly key: string | undefined
  readonly '~types'?: { payload: P }
}

/** A stream: parameters `P` go out, any number of items `I` come back until either side ends it. */
export interface Stream<P, I> extends AnyMessage {
  readonly kind: 'stream'
  readonly schemas: { readonly params: Schema | undefined; readonly item: Schema }
  readonly '~types'?: { params: P; item: I }
}

/** What {@link call} is made from. */
export interface CallOptions<P, R, E> {
  /** Parameters; left out, the call takes none. */
  readonly params?: P
  /** Result; left out, the call returns nothing. */
  readonly result?: R
  /** Errors that the handler may raise, by code, with the schema of their data. */
  readonly errors?: E
  /** The call may safely run twice. Default: false. */
  readonly idempotent?: boolean
  /** Milliseconds after which a caller gives up. Default: the client's or server's `callTimeout`. */
  readonly timeout?: number
  /** How often a user may call it. Default: as often as it may send anything. */
  readonly limit?: RateLimit
}

/** How an {@link event} of a payload `P` travels. */
export interface EventOptions<P> {
  /** Default: `reliable`. */
  readonly delivery?: Delivery
  /**
   * Of those that are not reliable, what is sent first and dropped last when there is no room: higher numbers. A whole number.
   * Default: 0.
   */
  readonly priority?: number
  /**
   * Only with `latest`: the field of the payload by which a waiting event is replaced, such as the id of what it tells about.
   * Default: any replaces any.
   */
  readonly key?: P extends void ? never : keyof P & string
  /** How often a user may send it. Default: as often as it may send anything. */
  readonly limit?: RateLimit
}

type ErrorData<E> = { [K in keyof E]: ValueOf<E[K]> }

const callOptions = ['params', 'result', 'errors', 'idempotent', 'timeout', 'limit'] as const
const eventOptions = ['delivery', 'priority', 'key', 'limit'] as const
const streamOptions = ['params', 'item', 'limit'] as const

/**
 * Declares a call.
 *
 * @throws SchemaError for an option that calls do not have.
 */
export function call<
  P extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
  const E extends Record<string, Schema> = {},
>(options: CallOptions<P, R, E> = {}): Call<ValueOf<P>, ValueOf<R>, ErrorData<E>> {
  checkBuilder('call', options, callOptions)
  const made: Omit<Call<ValueOf<P>, ValueOf<R>, ErrorData<E>>, '~caller'> = {
    kind: 'call',
    schemas: { params: options.params, result: options.result, errors: options.errors ?? {} },
    idempotent: options.idempotent ?? false,
    timeout: options.timeout,
    limit: options.limit,
  }
  // What is left out is a type only.
  return made as Call<ValueOf<P>, ValueOf<R>, ErrorData<E>>
}

/**
 * Declares an event. Without a payload schema it carries none.
 *
 * @throws SchemaError for an option that events do not have.
 */
export function event<P extends Schema | undefined = undefined>(
  payload?: P,
  options: EventOptions<ValueOf<NoInfer<P>>> = {},
): Event<ValueOf<P>> {
  checkBuilder('event', options, eventOptions)
  return {
    kind: 'event',
    schemas: { payload },
    delivery: options.delivery ?? 'reliable',
    priority: options.priority ?? 0,
    key: options.key,
    limit: options.limit,
  }
}

/**
 * Declares a stream.
 *
 * @throws SchemaError for an option that streams do not have.
 */
export function stream<I extends Schema, P extends Schema | undefined = undefined>(options: {
  /** Parameters; left out, the stream takes none. */
  readonly params?: P
  /** Each item. */
  readonly item: I
  /** How often a user may open it. Default: as often as it may send anything. */
  readonly limit?: RateLimit
}): Stream<ValueOf<P>, ValueOf<I>> {
  checkBuilder('stream', options, streamOptions)
  return { kind: 'stream', schemas: { params: options.params, item: options.item }, limit: options.limit }
}

/** What {@link defineRoom} is made from. */
export interface RoomShape {
  /** Grows when a change is not additive. A client that holds the contract as a type only is admitted by this number. */
  readonly version: number
  /** The room's shared state. */
  readonly state: Schema
  /** What a client tells when it joins. */
  readonly join?: Schema
  /** What a client tells when a room is created. */
  readonly options?: Schema
  /** What rooms are found by. */
  readonly metadata?: Schema
  /** What authentication yields. */
  readonly user?: Schema
  /** What each member shows of itself while present. */
  readonly presence?: Schema
  /** What a member's player does in one tick; an object. What it does to the state is said by the mutator `input`. */
  readonly input?: Schema
  /** What changes the state by functions that server and clients share. */
  readonly mutations?: Mutations
  /** What clients may say to the room, by name: calls, events and streams. */
  readonly clientToServer: Messages
  /** What the room may say to clients, by name: events and calls. */
  readonly serverToClient: ServerMessages
}

/** The inferred parts of a contract. */
export interface Parts {
  version: number
  join: unknown
  options: unknown
  metadata: unknown
  user: unknown
  state: unknown
  presence: unknown
  input: unknown
  mutations: Mutations
  clientToServer: Messages
  serverToClient: Messages
}

/** Any contract. */
export interface AnyContract {
  readonly name: string
  readonly version: number
  readonly shape: RoomShape
  /**
   * What a client compares a server's layout with: of the rooms, or of lists of them. It hangs on the contract, so that a program
   * that holds the contract as a type only bundles none of it.
   */
  readonly '~own'?: (ofLists?: boolean) => OwnLayout
}

/** A room's contract: its name, and (as types that are inferred already) everything both sides may say. */
export interface Contract<N extends string, P extends Parts> extends AnyContract {
  readonly name: N
  readonly version: P['version']
  readonly '~types'?: P
}

type Part<D, K extends string> = D extends { readonly [Q in K]: infer S } ? ValueOf<S> : undefined
type MutationsIn<D> = D extends { readonly mutations: infer M } ? M : {}

/**
 * Declares a room: its name, its state, and everything both sides may say. The one source of types, validation, errors,
 * delivery and wire layout.
 *
 * @throws SchemaError naming the path of whatever in the shape cannot travel.
 */
export function defineRoom<const N extends string, const D extends RoomShape>(
  name: N,
  shape: D,
): Contract<
  N,
  {
    // Spelled out here, not as a named type of `D`: so that emitted declarations hold the evaluated types and no TypeBox.
    version: D['version']
    join: Part<D, 'join'>
    options: Part<D, 'options'>
    metadata: Part<D, 'metadata'>
    user: Part<D, 'user'>
    state: ModelOf<D['state']>
    presence: Part<D, 'presence'>
    input: Part<D, 'input'>
    mutations: MutationsIn<D>
    clientToServer: D['clientToServer']
    serverToClient: D['serverToClient']
  }
> {
  checkShape(name, shape)
  const contract = { name, version: shape.version, shape }
  // At once, so that the error points to the line that defines the room.
  readContract(contract)
  return Object.assign(contract, { '~own': (ofLists = false) => ownLayout(ofLists ? listingOf(contract) : contract) })
}

/** The parts of a contract type. */
export type Of<T> = T extends { readonly '~types'?: infer P } ? (P extends Parts ? P : never) : never
/** The name of a contract type. */
export type NameOf<T> = T extends { readonly name: infer N } ? N : never
/** The model of a contract's state. */
export type StateOf<T> = Of<T>['state']
/** The messages a client may send. */
export type Up<T> = Of<T>['clientToServer']
/** The messages a server may send. */
export type Down<T> = Of<T>['serverToClient']
/** The mutations of a contract; none where it declares none. */
export type MutationsOf<T> = Of<T>['mutations']
/** What a member's player does in one tick; `undefined` where the contract declares no input. */
export type InputOf<T> = Of<T>['input']

/** The tags of a contract's state: the words by which its `t.Visible` fields name who sees them, without `'owner'`. */
export type TagsOf<T> = TagsIn<StateOf<T>>
/** The entities of a contract's state: what stands in its `t.Map(V, { view: true })`s. */
export type EntitiesOf<T> = EntitiesIn<StateOf<T>>

export type { IdModel, MapModel, ValueModel, ViewedMapModel, VisibleModel }
