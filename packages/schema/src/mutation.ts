import { checkBuilder } from './contract-shape.ts'
import type { RateLimit, Schema, ValueOf } from './contract.ts'
import type { Caller } from './messages.ts'

// As with messages, constraints name these non-generic bases.
/** Any mutation of a contract. */
export interface AnyMutation {
  readonly kind: 'mutation'
  /** How often a user may send it to a room. Undefined: as often as it may send anything. */
  readonly limit?: RateLimit | undefined
  readonly '~caller'?: unknown
  readonly '~said': { params: unknown; result: unknown; errors: unknown }
}

/** Mutations by name. */
export interface Mutations {
  readonly [name: string]: AnyMutation
}

/**
 * A mutation: parameters `P` go to the server, where a function changes the room's state; one result `R` or one of the declared errors
 * `E` (data by code) comes back. A client that has the function runs it at once, and shows what it does.
 */
export interface Mutation<P, R, E> extends AnyMutation {
  readonly schemas: {
    readonly params: Schema | undefined
    readonly result: Schema | undefined
    readonly errors: Readonly<Record<string, Schema>>
  }
  /** It may safely run twice: it is repeated when its outcome got lost. */
  readonly idempotent: boolean
  /** Milliseconds after which a caller gives up, unless it says otherwise. */
  readonly timeout: number | undefined
  /** Who made it can take it back. */
  readonly undoable: boolean
  /** Types only, as the next: there are no such properties. They are looked up, which costs the compiler less than to infer them. */
  readonly '~said': { params: P; result: R; errors: E }
  readonly '~caller': Caller<P, R, E>
}

/** What {@link mutation} is made from. */
export interface MutationOptions<P, R, E> {
  /** Parameters; left out, the mutation takes none. */
  readonly params?: P
  /** Result; left out, the mutation returns nothing. */
  readonly result?: R
  /** Errors that the mutator may raise, by code, with the schema of their data. */
  readonly errors?: E
  /** It may safely run twice. Default: false. */
  readonly idempotent?: boolean
  /** Milliseconds after which a caller gives up. Default: `Infinity`, as an edit made offline waits as long as its session does. */
  readonly timeout?: number
  /** How often a user may send it. Default: as often as it may send anything. */
  readonly limit?: RateLimit
  /** Who made it can take it back, with `undoing`. Default: false. */
  readonly undoable?: boolean
}

// Exported, emitted declarations of contracts would have to name it, and could not.
type ErrorData<E> = { [K in keyof E]: ValueOf<E[K]> }

const options = ['params', 'result', 'errors', 'idempotent', 'timeout', 'limit', 'undoable'] as const

/**
 * Declares a mutation. The function that it names stands in `Mutators` of the contract.
 *
 * @throws SchemaError for an option that mutations do not have.
 */
export function mutation<
  P extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
  const E extends Record<string, Schema> = {},
>(given: MutationOptions<P, R, E> = {}): Mutation<ValueOf<P>, ValueOf<R>, ErrorData<E>> {
  checkBuilder('mutation', given, options)
  const made: Omit<Mutation<ValueOf<P>, ValueOf<R>, ErrorData<E>>, '~caller' | '~said'> = {
    kind: 'mutation',
    schemas: { params: given.params, result: given.result, errors: given.errors ?? {} },
    idempotent: given.idempotent ?? false,
    timeout: given.timeout,
    limit: given.limit,
    undoable: given.undoable ?? false,
  }
  // What is left out is a type only.
  return made as Mutation<ValueOf<P>, ValueOf<R>, ErrorData<E>>
}
