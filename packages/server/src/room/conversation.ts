import { JuntoError, type Clock } from '@junto/protocol'
import { OfferingExchange, type ExchangeEnd, type ExchangeFrame, type Settle } from '@junto/protocol/internal'
import type { MessageCodec } from '@junto/schema/internal'
import type { AnswerValidators } from '@junto/schema/validate'
import type { Message } from '../sync/feed.ts'
import { eventSenders } from './event-senders.ts'
import { memberCalls, type MemberCallSettings } from './member-calls.ts'
import type { Router, Sender } from './router.ts'

/** What conversations need of their room. */
export interface ConversationHost {
  readonly clock: Clock
  readonly router: Router
  readonly down: readonly MessageCodec[]
  /** Validators of what clients answer, by id. */
  readonly answerChecks: readonly AnswerValidators[]
  readonly callTimeout: number
  readonly maxCallsInFlight: number
  readonly streamCredit: number
}

/** The member with whom it is. */
export interface Partner extends Sender {
  /** Why nothing that is said to it can ever arrive. */
  readonly unreachable: string | undefined
  /** Bytes of one frame that its client accepts. */
  readonly maxFrame: number
  say(message: Message, settle: Settle): void
}

/** What a room and one member say to each other: events, calls and streams. */
export class Conversation {
  readonly #host: ConversationHost
  readonly #partner: Partner
  // Made on first use: many members are only sent events.
  #exchange: OfferingExchange | undefined

  constructor(host: ConversationHost, partner: Partner) {
    this.#host = host
    this.#partner = partner
  }

  /** A frame of a call or stream. @throws JuntoError `bad_message` when the client breaks the rules. */
  receive(frame: ExchangeFrame): void {
    this.#open().receive(frame)
  }

  /** Makes what stands under `member.call`. */
  calls(): Readonly<Record<string, unknown>> {
    const { down, answerChecks } = this.#host
    return memberCalls(down, answerChecks, (codec, params, settings) => this.#call(codec, params, settings))
  }

  /** Makes what stands under `member.send`. */
  senders(): Readonly<Record<string, unknown>> {
    return eventSenders(this.#host.down, (message) => {
      this.#checkSize(message.frame)
      this.#partner.say(message, 'visible')
    })
  }

  /** Frames that were on their way to the member are lost: what cannot go on without them ends. */
  lost(frames: readonly Uint8Array[]): void {
    this.#exchange?.forfeited(frames)
  }

  /** Whether a frame that waits belongs to what ended with those that are lost. */
  hasLost(frame: Uint8Array): boolean {
    return this.#exchange?.hasLost(frame) === true
  }

  /** The member is back, and is told of what it waits for in vain. */
  tellLost(): void {
    this.#exchange?.tellLost()
  }

  /** Its client has forgotten everything: what was under way ends, and something new may begin. */
  restart(): void {
    this.#exchange?.close('outcome_unknown')
    this.#exchange = undefined
  }

  /** The member is gone. */
  close(end: ExchangeEnd): void {
    this.#exchange?.close(end)
  }

  #call(codec: MessageCodec, params: unknown, settings: MemberCallSettings): Promise<unknown> {
    const { unreachable } = this.#partner
    if (unreachable !== undefined) return Promise.reject(new JuntoError('disconnected', unreachable))
    const timeout = settings.timeout ?? codec.timeout ?? this.#host.callTimeout
    return this.#open().call(codec.id, params, {
      timeout: timeout === Infinity ? undefined : timeout,
      signal: settings.signal,
      settle: settings.settle,
    })
  }

  #open(): OfferingExchange {
    if (this.#exchange) return this.#exchange
    const { clock, router, maxCallsInFlight, streamCredit } = this.#host
    this.#exchange = new OfferingExchange({
      clock,
      maxCallsInFlight,
      streamCredit,
      abandoned: this.#partner.session.abandoned,
      answer: router.answererFor(this.#partner),
      send: (frame, settle) => {
        this.#checkSize(frame)
        this.#partner.say({ frame, loose: undefined }, settle)
      },
    })
    return this.#exchange
  }

  /** What the client would never accept fails here, where somebody hears of it: the call's caller, or the handler. */
  #checkSize(frame: Uint8Array): void {
    const { maxFrame } = this.#partner
    if (frame.length <= maxFrame) return
    throw new JuntoError('too_large', `${frame.length} bytes for one member, whose client accepts ${maxFrame} at once`)
  }
}
