import { JuntoError, type Clock } from '@junto/protocol'
import { isPromiseLike } from '@junto/protocol/internal'
import {
  entriesOf,
  runMutation,
  SchemaError,
  undoName,
  type Entry,
  type IssuedMutation,
  type MessageCodec,
  type Ran,
  type StateTree,
  type UndoParams,
  type UndoResult,
} from '@junto/schema/internal'
import type { Validate } from '@junto/schema/validate'
import type { Counter, Metrics } from '../observe/metrics.ts'
import type { Atomic } from '../sync/atomic.ts'
import type { Progress } from '../sync/stamp.ts'
import { thrownAs } from '../thrown.ts'
import { DeclaredFailure, declaredErrors } from './declared-failure.ts'
import { accepted, decode, encodeResult } from './decoding.ts'
import { HandlerFailure, placeIn } from './handler-failure.ts'
import { MutationPast } from './mutation-past.ts'
import { boundedTime, MutatorRun, type Author, type Issue } from './mutator-run.ts'
import { ownMutator } from './own-function.ts'
import type { UndoReport } from './mutators.ts'

/** A mutator as it is called: `define` has checked the types. */
export type AnyMutator = (state: unknown, params: unknown, context: MutatorRun) => unknown

/** One who sends mutations. */
export interface Mutating extends Author {
  /** Knows the last that was handled. */
  readonly progress: Progress
  /** One more was handled: the member is to be told. */
  handled(): void
}

/** Limits of mutations. */
export interface MutationLimits {
  readonly mutationAge: number
  readonly undoSteps: number
  readonly undoBytes: number
}

/** Parts of {@link RoomMutations}. */
export interface MutationsOptions {
  readonly clock: Clock
  readonly limits: MutationLimits
  readonly metrics: Metrics
  readonly atomic: Atomic
  /** The contract's name, for metrics. */
  readonly room: string
  /** Name of the room's class, for messages. */
  readonly className: string
  readonly up: readonly MessageCodec[]
  /** Validators of what the contract declares as parameters, by id. */
  readonly checks: readonly (Validate | undefined)[]
  /** What the room's `mutators` holds. */
  readonly mutators: unknown
  /** The room's hook, when something is taken back and nobody has seen it; throws to refuse. */
  readonly onUndo: (member: object, report: UndoReport) => unknown
}

/** All that a mutation wrote, for `entriesOf`. */
type Written = Ran<unknown>['record']

/** What came of a mutation. */
interface Outcome {
  readonly value: unknown
  /** What of it can be taken back; `undefined`: all that it wrote. */
  readonly entries?: readonly Entry[] | undefined
}

/** One mutation, ready to be run. */
interface Route {
  readonly codec: MessageCodec
  /** Where errors are said to be: `mutation addStroke`. */
  readonly where: string
  readonly check: Validate | undefined
  readonly run: (state: unknown, params: unknown, context: MutationRun, author: Mutating, written: Written) => Outcome
  readonly error: MutationRun['error']
}

/**
 * Runs what members do to the state by functions that their clients may have, too: here it is the truth. Each as one: what fails has changed
 * nothing.
 */
export class RoomMutations {
  readonly #options: MutationsOptions
  readonly #atomic: Atomic
  /** By id; undefined for messages that are no mutations. */
  readonly #routes: readonly (Route | undefined)[]
  readonly #counts: Readonly<Record<'applied' | 'rejected' | 'failed', Counter>>
  /** What members can take back. Made with the first that they can. */
  readonly #pasts = new WeakMap<Mutating, MutationPast>()
  #tree: StateTree | undefined

  /** @throws Error naming a mutator that is missing. */
  constructor(options: MutationsOptions) {
    this.#options = options
    this.#atomic = options.atomic
    this.#routes = options.up.map((codec) => (codec.mutation ? this.#routeOf(codec) : undefined))
    const { metrics, room } = options
    const count = (outcome: string) => metrics.counter('mutations', { room, outcome })
    this.#counts = { applied: count('applied'), rejected: count('rejected'), failed: count('failed') }
  }

  /** Whether the room's contract has any. */
  get any(): boolean {
    return this.#routes.some((route) => route !== undefined)
  }

  /** Whether a message is one. */
  has(id: number): boolean {
    return this.#routes[id] !== undefined
  }

  /** The first state stands. */
  begin(tree: StateTree): void {
    this.#tree = tree
  }

  /**
   * Runs a mutation.
   *
   * @param wire Its parameters as they came.
   * @returns the encoded result.
   * @throws HandlerFailure with what its mutator threw; JuntoError `invalid` for one that was not run. Nothing has changed then.
   */
  call(author: Mutating, id: number, wire: unknown): unknown {
    try {
      const result = this.#call(author, id, wire)
      this.#counts.applied.add()
      return result
    } catch (error) {
      this.#counts[isRefusal(error) ? 'rejected' : 'failed'].add()
      throw error
    }
  }

  /**
   * Runs code that changes the state as one, on behalf of a member.
   *
   * @param where What it is called in the log.
   * @throws HandlerFailure with what the code threw. Nothing has changed then.
   */
  apply<T>(where: string, code: (state: unknown, written: Written) => T): Ran<T> {
    const tree = this.#tree
    if (tree === undefined) throw new Error(`${where} ran before there was a state`)
    return this.#atomic.run(() => {
      try {
        return runMutation(tree, (written) => atOnce(code(tree.root, written), where))
      } catch (error) {
        throw new HandlerFailure(error, where, 'mutator')
      }
    })
  }

  /** Milliseconds ago, at most, that something of a member counts as issued, whatever its client says. */
  get maxAge(): number {
    return this.#options.limits.mutationAge
  }

  #call(author: Mutating, id: number, wire: unknown): unknown {
    const route = this.#routes[id]
    if (route === undefined) throw new JuntoError('unsupported', `this room has no mutation of number ${id}`)
    const { codec, where, check, error } = route
    // Its layout was made from the contract: it is always the same record.
    const issued = decode(codec.params, wire, codec.name) as IssuedMutation
    const { n, params } = issued
    const last = author.progress.mutation
    if (n <= last) {
      throw new JuntoError('invalid', `[U2] ${where} has the number ${n}, and ${last} was there before it`)
    }
    author.progress.mutation = n
    author.handled()
    if (check !== undefined) accepted(() => check(params, `${codec.name}.params`))
    const now = boundedTime(issued.at, this.#options.clock.time(), this.maxAge)
    const context = new MutationRun(author, issued, now, error)
    // What waits for its end may write to the state itself: first what this has changed is taken down.
    return this.#atomic.run(() => {
      const { value, record } = this.apply(where, (state, written) => {
        const { value: result, entries } = route.run(state, params, context, author, written)
        return { result: encodeResult(codec, atOnce(result, where)), entries }
      })
      if (codec.undoable) this.#pastOf(author).log.keep(n, value.entries ?? entriesOf(record))
      return value.result
    })
  }

  #routeOf(codec: MessageCodec): Route {
    const { className, mutators, checks } = this.#options
    const where = placeIn(codec)
    const usual = { codec, where, check: checks[codec.id], error: declaredErrors(codec) }
    // No mutation of a contract is called so. Its parameters are what its codec yields.
    if (codec.name === undoName) {
      return {
        ...usual,
        check: (params, path) => this.#checkUndo(params as UndoParams, path),
        run: (state, params, _context, author, written) => this.#undo(state, params as UndoParams, author, written),
      }
    }
    const mutator = ownMutator(mutators, codec.name, className)
    if (mutator !== undefined) {
      return { ...usual, run: (state, params, context) => ({ value: mutator(state, params, context) }) }
    }
    throw new Error(
      `${className}.mutators has no function for the ${where} of the contract: ` +
        'write readonly mutators = … with what clients are given, too',
    )
  }

  #checkUndo({ of }: UndoParams, path: string): void {
    const { undoSteps } = this.#options.limits
    if (of.length <= undoSteps) return
    throw new SchemaError(
      'invalid_value',
      `${path}.of`,
      `names ${of.length} mutations, more than the limit undoSteps (${undoSteps})`,
    )
  }

  #undo(state: unknown, { of, force }: UndoParams, author: Mutating, written: Written): Outcome {
    const { clock, onUndo } = this.#options
    const past = this.#pastOf(author)
    const once = [...new Set(of)]
    const wait = past.ask(once, clock.now())
    if (wait > 0) {
      const retryAfter = Math.ceil(wait)
      throw new JuntoError('rate_limited', `too much was to be taken back: try again in ${retryAfter} ms`, {
        retryAfter,
      })
    }
    let entries: readonly Entry[] | undefined
    const accept = ({ done, skipped, forgotten }: UndoResult): void => {
      // What the room writes now is its own: to do again what was taken back must not take back that.
      entries = entriesOf(written)
      atOnce(onUndo(author.member, { force, done, skipped, forgotten }), 'onUndo')
    }
    const value = past.log.undo(state, { of: once, force }, accept)
    return { value, entries }
  }

  #pastOf(author: Mutating): MutationPast {
    let past = this.#pasts.get(author)
    if (past === undefined) this.#pasts.set(author, (past = new MutationPast(this.#options.limits)))
    return past
  }
}

/** What the mutator of a mutation is told. */
class MutationRun extends MutatorRun {
  readonly error: (code: string, data: unknown, message?: string) => Error

  constructor(author: Author, issued: Issue, now: number, error: MutationRun['error']) {
    super(author, issued, now)
    this.error = error
  }
}

/** @throws Error for a promise: what it came to would be written when the mutation was over long since. */
function atOnce<T>(value: T, where: string): T {
  if (!isPromiseLike(value)) return value
  // Whatever becomes of it, nobody is told a second time.
  value.then(undefined, () => {})
  throw new Error(
    `${where} returned a promise: what changes the state with a client does so at once; what has to be waited for belongs into a call`,
  )
}

/** Whether a mutation did not come about as it may happen to any, and not because something is wrong with the room. */
function isRefusal(error: unknown): boolean {
  const failure = thrownAs(error, HandlerFailure)
  const thrown = failure === undefined ? error : failure.thrown
  if (thrownAs(thrown, DeclaredFailure) !== undefined) return true
  const code = thrownAs(thrown, JuntoError)?.code
  return code === 'invalid' || code === 'forbidden' || code === 'rate_limited'
}
