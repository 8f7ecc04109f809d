import type { InputOf, MutationsOf, Of, StateOf } from './contract.ts'
import type { CallError } from './messages.ts'
import type { Live } from './model.ts'
import type { AnyMutation } from './mutation.ts'

/**
 * What a mutator may know beside state and parameters. All of it is the same on both sides and in each run, so that a mutator comes
 * to the same whenever it meets the same state. Whatever else it asks (`Date.now()`, `Math.random()`) is not.
 */
export interface MutatorContext<T> {
  /** Id of the member whose mutation it is. */
  readonly by: string
  /** What authentication yielded for that member; `undefined` on a client that does not know it. */
  readonly user: Of<T>['user'] | undefined
  /** Milliseconds since 1970 by the server's clock, when it was issued. The server bounds how long ago that may be. */
  readonly now: number
  /**
   * The next of a sequence of numbers from 0 up to, and without, 1. The client knows the sequence and could choose it: no secret, and no
   * die that matters, comes from here.
   */
  readonly random: () => number
  /** A text of 16 letters and digits from the same sequence, to be the key of something new. */
  readonly newId: () => string
}

/** What a mutator is told. `E` are the declared errors: data by code. */
export interface MutationContext<T, E = Record<never, never>> extends MutatorContext<T> {
  /**
   * Makes a declared error, to be thrown: `throw error('full', { limit: 5000 })`.
   *
   * @param message For people. Default: a sentence of mutation and code.
   */
  readonly error: <K extends keyof E & string>(code: K, data: E[K], message?: string) => CallError<K, E[K]>
}

/** What the mutator of the input is told. */
export interface InputContext<T> extends MutatorContext<T> {
  /** Milliseconds of one tick, always the same. */
  readonly dt: number
  /** Number of the input; the first of a membership is 1. */
  readonly seq: number
}

/** Whatever a mutator without a result returns; a promise is something else, and no mutator returns one. */
type Returned<R> = [R] extends [void] ? void | undefined : R

/** The function of one mutation. It is synchronous, and changes nothing but the state that it is given. */
export type Mutator<T, M extends AnyMutation> = (
  state: Live<StateOf<T>>,
  params: M['~said']['params'],
  context: MutationContext<T, M['~said']['errors']>,
) => Returned<M['~said']['result']>

/** What one input does in one tick. */
export type InputMutator<T> = (state: Live<StateOf<T>>, input: InputOf<T>, context: InputContext<T>) => void | undefined

/**
 * The functions of a contract's mutations, by name, and with the name `input` that of its input, where the contract has one. Written
 * once, beside the contract: the server runs them as the truth, and a client that has them shows at once what they do.
 */
export type Mutators<T> = {
  readonly [K in keyof MutationsOf<T>]: Mutator<T, MutationsOf<T>[K]>
} & ([InputOf<T>] extends [undefined] ? unknown : { readonly input: InputMutator<T> })
