import { JuntoError, type Clock } from '@junto/protocol'
import {
  errorToWire,
  FrameType,
  isPromiseLike,
  type AnswerContext,
  type Answerer,
  type EventFrame,
  type Frame,
  type LooseFrame,
  type StreamAnswerer,
  type WireError,
} from '@junto/protocol/internal'
import type { MessageCodec } from '@junto/schema/internal'
import type { Validate } from '@junto/schema/validate'
import { thrownAs } from '../thrown.ts'
import type { SessionInfo } from './seat.ts'
import type { Watchdog, Watched } from '../observe/watchdog.ts'
import { DeclaredFailure, declaredErrors } from './declared-failure.ts'
import { accepted, decode, encodeResult } from './decoding.ts'
import { latestKey } from './event-senders.ts'
import { MessageLimits, type Allowance } from '../limits/message-limits.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { BucketSize } from '../limits/token-bucket.ts'
import type { Culprit, Faults } from './faults.ts'
import { failureIn, HandlerFailure, placeIn } from './handler-failure.ts'
import type { Mutating, RoomMutations } from './mutations.ts'
import { ownFunction } from './own-function.ts'
import { UnderWay } from './under-way.ts'

/** A handler as the router calls it: `define` has checked the types. */
export type AnyHandler = (input: unknown, context: HandlerContext) => unknown

/** What the router knows of a member. */
export interface Sender extends Culprit, Mutating {
  readonly session: SessionInfo
  /** Aborted when the member is gone. */
  readonly signal: AbortSignal
  /** A fault that belongs to no call. */
  notice(code: 'unsupported' | 'invalid', message: string): void
}

/** One message a client may send to a handler, ready to be dispatched. */
interface Route {
  readonly codec: MessageCodec
  /** Where errors are said to be: `call addStroke`. */
  readonly where: string
  readonly handler: AnyHandler
  readonly path: string
  readonly check: Validate | undefined
  readonly error: HandlerContext['error']
}

/** Parts of a {@link Router}. */
export interface RouterOptions {
  readonly watchdog: Watchdog
  readonly watched: Watched
  readonly faults: Faults
  /** Name of the room's class, for messages. */
  readonly className: string
  readonly up: readonly MessageCodec[]
  /** Validators of parameters and payloads, by id. */
  readonly checks: readonly (Validate | undefined)[]
  /** How often a user may send each message, by id. */
  readonly limits: readonly (BucketSize | undefined)[]
  readonly quotas: Quotas
  /** What the room's `handlers` holds. */
  readonly handlers: unknown
  readonly mutations: RoomMutations
}

/** Takes messages of members to the room's handlers: decodes, validates, dispatches, encodes what comes back. */
export class Router {
  readonly #options: RouterOptions
  /** By id; those of mutations are not here. */
  readonly #routes: readonly (Route | undefined)[]
  readonly #limits: MessageLimits
  /** Made on first use: many rooms answer all at once. */
  #running: UnderWay | undefined

  /** @throws Error naming a handler that is missing. */
  constructor(options: RouterOptions) {
    this.#options = options
    this.#routes = options.up.map((codec) => {
      if (codec.mutation) return undefined
      const path = codec.kind === 'event' ? `${codec.name}.payload` : `${codec.name}.params`
      return {
        codec,
        where: placeIn(codec),
        handler: handlerOf(options, codec),
        path,
        check: options.checks[codec.id],
        error: declaredErrors(codec),
      }
    })
    this.#limits = new MessageLimits(
      options.up.map((codec) => {
        const size = options.limits[codec.id]
        return size && { ...size, what: placeIn(codec), place: (payload) => placeOf(codec, payload) }
      }),
    )
  }

  /** What members do to the state. */
  get mutations(): RoomMutations {
    return this.#options.mutations
  }

  /** Whether messages have limits of their own. */
  get limited(): boolean {
    return this.#limits.any
  }

  /** How often a session's user may send what a frame is: see `Seat.allowance`. */
  allowance(session: SessionInfo, frame: Frame): Allowance | undefined {
    if (!('id' in frame) || typeof frame.id !== 'number' || !this.#limits.has(frame.id)) return undefined
    return this.#limits.of(this.#options.quotas.of(session).holder, frame.id)
  }

  /** What answers a member's calls and streams. */
  answererFor(sender: Sender): Answerer & StreamAnswerer {
    return new MemberAnswerer(this, sender)
  }

  /** An event of a member, that came in a frame for reliable ones or in a loose one. */
  event(sender: Sender, { type, id, payload }: EventFrame | LooseFrame): void {
    const route = this.#routes[id]
    if (route?.codec.kind !== 'event') {
      sender.notice('unsupported', `this room takes no event of number ${id}`)
      return
    }
    const { name, delivery } = route.codec
    if ((type === FrameType.event) !== (delivery === 'reliable')) {
      sender.notice('unsupported', `the event ${name} is ${delivery}, and came in a frame for others`)
      return
    }
    let input: unknown
    try {
      input = checked(route, route.codec.payload, payload)
    } catch (error) {
      const invalid = thrownAs(error, JuntoError)
      if (invalid !== undefined) sender.notice('invalid', invalid.message)
      else this.#options.faults.report(error, route.where, sender)
      return
    }
    try {
      const result = this.#dispatch(route, input, new HandlerContext(sender.member, route.error, sender))
      if (isPromiseLike(result)) {
        const running = result.then(undefined, (error: unknown) =>
          this.#options.faults.report(error, route.where, sender),
        )
        void this.#track(route, Promise.resolve(running))
      }
    } catch (error) {
      this.#options.faults.report(error, route.where, sender)
    }
  }

  /** A call or mutation of a member: the encoded result, or a promise of it. Throws what {@link failure} understands. */
  call(sender: Sender, id: number, params: unknown, context: AnswerContext): unknown {
    const { mutations, watchdog, watched } = this.#options
    if (mutations.has(id)) {
      watchdog.enter(watched)
      return mutations.call(sender, id, params)
    }
    const route = this.#routes[id]
    if (route?.codec.kind !== 'call') throw new JuntoError('unsupported', `this room answers no call of number ${id}`)
    const input = checked(route, route.codec.params, params)
    try {
      const result = this.#dispatch(route, input, new HandlerContext(sender.member, route.error, context))
      return isPromiseLike(result) ? this.#track(route, this.#later(route, result)) : encodeResult(route.codec, result)
    } catch (error) {
      throw failureIn(route.where, error)
    }
  }

  /** A stream of a member: its encoded items. */
  stream(sender: Sender, id: number, params: unknown, context: AnswerContext): AsyncIterable<unknown> {
    const route = this.#routes[id]
    if (route?.codec.kind !== 'stream') throw new JuntoError('unsupported', `this room has no stream of number ${id}`)
    const input = checked(route, route.codec.params, params)
    try {
      const items = this.#dispatch(route, input, new HandlerContext(sender.member, route.error, context))
      if (!isAsyncIterable(items)) {
        throw new Error(`the handler of ${route.where} returned no async iterable: write it as async function*`)
      }
      return new EncodedItems(route, items[Symbol.asyncIterator]())
    } catch (error) {
      throw failureIn(route.where, error)
    }
  }

  /**
   * How an error is told to the caller; what is the room's own fault is reported, and told without details.
   *
   * @param unheard The caller no longer waits: a handler that then ends with its signal's reason did as it was told.
   */
  failure(sender: Sender, error: unknown, unheard: boolean): WireError {
    const ours = thrownAs(error, JuntoError)
    if (ours !== undefined) return errorToWire(ours)
    const failure = thrownAs(error, HandlerFailure) ?? new HandlerFailure(error, 'message')
    const { thrown, where } = failure
    if (unheard && isAbort(thrown)) return { code: 'cancelled', message: 'cancelled' }
    const declared = thrownAs(thrown, DeclaredFailure)
    if (declared !== undefined) return { code: declared.index, message: declared.message, data: declared.wire }
    const known = thrownAs(thrown, JuntoError)
    // Anything else with a code of ours came from somewhere else, such as a call to another member that timed out.
    if (known?.code === 'forbidden' || known?.code === 'rate_limited') return errorToWire(known)
    this.#options.faults.report(thrown, where, sender)
    return { code: 'internal', message: `${where}: the ${failure.code} failed; the server's log says why` }
  }

  /** Waits for handlers of calls and events that run, no longer than `ms`: what they were sent may be acknowledged. */
  async settled(clock: Clock, ms: number): Promise<void> {
    await this.#running?.settled(clock, ms)
  }

  #track<T>({ where }: Route, running: Promise<T>): Promise<T> {
    return (this.#running ??= new UnderWay()).track(where, running)
  }

  async #later(route: Route, result: PromiseLike<unknown>): Promise<unknown> {
    try {
      return encodeResult(route.codec, await result)
    } catch (error) {
      throw failureIn(route.where, error)
    }
  }

  #dispatch(route: Route, input: unknown, context: HandlerContext): unknown {
    // The session ends the stretch with the peer's message.
    this.#options.watchdog.enter(this.#options.watched)
    return route.handler(input, context)
  }
}

/** The context of one message. A class, so that the signal is made when somebody asks for it. */
export class HandlerContext {
  readonly member: object
  readonly error: (code: string, data: unknown, message?: string) => Error
  readonly #source: { readonly signal: AbortSignal }

  constructor(member: object, error: HandlerContext['error'], source: { readonly signal: AbortSignal }) {
    this.member = member
    this.error = error
    this.#source = source
  }

  get signal(): AbortSignal {
    return this.#source.signal
  }
}

/** Tells the exchange of one member from those of the others. */
class MemberAnswerer implements Answerer, StreamAnswerer {
  readonly #router: Router
  readonly #sender: Sender

  constructor(router: Router, sender: Sender) {
    this.#router = router
    this.#sender = sender
  }

  call(id: number, params: unknown, context: AnswerContext): unknown {
    return this.#router.call(this.#sender, id, params, context)
  }

  stream(id: number, params: unknown, context: AnswerContext): AsyncIterable<unknown> {
    return this.#router.stream(this.#sender, id, params, context)
  }

  failure(error: unknown, unheard: boolean): WireError {
    return this.#router.failure(this.#sender, error, unheard)
  }
}

/** A stream's items, encoded one by one; what ends the loop over them ends the handler's. */
class EncodedItems implements AsyncIterableIterator<unknown> {
  readonly #route: Route
  readonly #items: AsyncIterator<unknown, unknown>

  constructor(route: Route, items: AsyncIterator<unknown, unknown>) {
    this.#route = route
    this.#items = items
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      const { done, value } = await this.#items.next()
      if (done === true) return { done: true, value: undefined }
      return { done: false, value: this.#route.codec.item?.encode(value, `${this.#route.codec.name}.item`) }
    } catch (error) {
      throw failureIn(this.#route.where, error)
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    try {
      await this.#items.return?.()
    } catch (error) {
      throw failureIn(this.#route.where, error)
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** Where an event waits that came too soon: of class `latest` with what it replaces. Decoded for its key alone: few come too soon. */
function placeOf(codec: MessageCodec, payload: unknown): string | undefined {
  if (codec.delivery !== 'latest') return undefined
  try {
    return latestKey(codec, codec.payload?.decode(payload, codec.name))
  } catch {
    // It is answered for that when it has its turn.
    return `${codec.id}`
  }
}

/** What a message carries, decoded and checked. @throws JuntoError `invalid`. */
function checked({ path, check }: Route, codec: MessageCodec['params'], wire: unknown): unknown {
  const value = decode(codec, wire, path)
  if (codec && check) accepted(() => check(value, path))
  return value
}

/** What a handler throws that heeds its signal: the signal's reason, or what the platform makes of it. */
function isAbort(error: unknown): boolean {
  const known = thrownAs(error, JuntoError)
  if (known !== undefined) return ['cancelled', 'timeout', 'disconnected', 'outcome_unknown'].includes(known.code)
  return thrownAs(error, Error)?.name === 'AbortError'
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown, unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function handlerOf(options: RouterOptions, codec: MessageCodec): AnyHandler {
  const { handlers, className } = options
  const handler = ownFunction(handlers, codec.name)
  if (handler !== undefined) return handler
  throw new Error(
    `${className}.handlers has no function for the ${placeIn(codec)} of the contract: ` +
      'write readonly handlers = this.handle({ … }) with one for each',
  )
}
