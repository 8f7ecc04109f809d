import { JuntoError, type Clock } from '@junto/protocol'
import {
  asJuntoError,
  DeclaredError,
  errorToWire,
  type Answerer,
  type AnswerContext as ExchangeContext,
  type WireError,
} from '@junto/protocol/internal'
import { SchemaError, type CompiledLayout, type MessageCodec } from '@junto/schema/internal'
import { subscription, type Subscription } from '../subscription.ts'
import { reportFault, type Report } from '../warnings.ts'

/** How long a call of the server waits for the program to register its answer: while a page is still starting. */
const answerWait = 5_000

/** What the program registers, without its types. */
export type UntypedAnswer = (
  params: unknown,
  context: { readonly signal: AbortSignal; error(code: string, data: unknown, message?: string): Error },
) => unknown

/** What answers need. */
export interface AnswersOptions {
  readonly clock: Clock
  readonly report: Report
  /** The room's name, for messages. */
  readonly room: string
}

/** The program's answers to the server's calls. They outlive a connection, and the layout that comes with it. */
export class Answers {
  readonly #options: AnswersOptions
  readonly #answers = new Map<string, UntypedAnswer>()
  /** Calls by name that came before the first answer to them. Gone once there was one. */
  readonly #waiting = new Map<string, Set<(answer: UntypedAnswer) => void>>()
  readonly #answeredOnce = new Set<string>()

  constructor(options: AnswersOptions) {
    this.#options = options
  }

  /** Registers the answer to a call. @throws JuntoError `misuse` when there is one. */
  register(name: string, answer: UntypedAnswer): Subscription {
    if (this.#answers.has(name)) {
      throw new JuntoError(
        'misuse',
        `room '${this.#options.room}' has an answer to '${name}' already: end that one first`,
      )
    }
    this.#answers.set(name, answer)
    this.#answeredOnce.add(name)
    const waiting = this.#waiting.get(name)
    this.#waiting.delete(name)
    for (const resume of waiting ?? []) resume(answer)
    return subscription(() => this.#answers.delete(name))
  }

  /** The side of an exchange that answers, for rooms of this layout. */
  answerer({ down }: CompiledLayout): Answerer {
    return {
      call: (id, params, context) => this.#call(down[id], params, context),
      failure: failureOf,
    }
  }

  async #call(codec: MessageCodec | undefined, params: unknown, exchange: ExchangeContext): Promise<unknown> {
    if (codec?.kind !== 'call') throw new JuntoError('unsupported', 'there is no such call')
    const { name, errors } = codec
    const decoded = codec.params?.decode(params, `${name}.params`)
    const context = {
      get signal() {
        return exchange.signal
      },
      error: (code: string, data: unknown, message = `${name} failed: ${code}`): Error => {
        const index = errors.findIndex((error) => error.code === code)
        const declared = errors[index]
        if (declared === undefined) return new Error(message)
        return new DeclaredError(index, message, declared.data.encode(data, `${name}.errors.${code}`))
      },
    }
    const answer = this.#answers.get(name) ?? (await this.#firstAnswer(name, exchange.signal))
    try {
      const result = await answer(decoded, context)
      return codec.result?.encode(result, `${name}.result`)
    } catch (error) {
      if (error instanceof JuntoError || error instanceof DeclaredError) throw error
      const { report, room } = this.#options
      // An answer that fails because it was told to stop has done what it was asked for.
      if (!exchange.signal.aborted) reportFault(report, `the answer to '${name}' of room '${room}'`, error)
      throw new JuntoError('internal', `the answer to '${name}' failed`, { cause: error })
    }
  }

  #firstAnswer(name: string, signal: AbortSignal): Promise<UntypedAnswer> {
    const { clock, room } = this.#options
    // One sentence for the server and for the program: a page pays for each.
    const message = `nobody answers '${name}' of room '${room}': room.answer('${name}', …) does`
    const nobody = new JuntoError('unsupported', message)
    if (this.#answeredOnce.has(name)) return Promise.reject(nobody)
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set()
      this.#waiting.set(name, waiting)
      const resume = (answer: UntypedAnswer): void => {
        stop()
        resolve(answer)
      }
      const giveUp = (): void => {
        stop()
        const waited = waiting.delete(resume)
        reject(nobody)
        // A server that has waited in vain says nothing. One whose connection is lost has not.
        const reason: unknown = signal.reason
        if (!waited || (reason instanceof JuntoError && reason.code === 'outcome_unknown')) return
        this.#options.report({ code: 'unheard', message })
      }
      const stop = clock.after(answerWait, giveUp)
      signal.addEventListener('abort', giveUp)
      waiting.add(resume)
    })
  }
}

function failureOf(error: unknown): WireError {
  if (error instanceof DeclaredError) return { code: error.index, message: error.message, data: error.data }
  return errorToWire(asJuntoError(error, error instanceof SchemaError ? 'invalid' : 'internal'))
}
