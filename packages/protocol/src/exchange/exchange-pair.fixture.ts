import { VirtualClock } from '@junto/testing'
import { DeclaredError, errorToWire, JuntoError } from '../errors.ts'
import { parseFrame } from '../frame-parsing.ts'
import * as FrameType from '../frame-type.ts'
import type { ExchangeFrame, Frame, Settle } from '../frames.ts'
import { commonLimits } from '../limits.ts'
import { unpackSequence } from '../msgpack.ts'
import type { AnswerContext, Answerer, StreamAnswerer } from './answering.ts'
import type { Exchange, ExchangeOptions } from './exchange.ts'
import { OfferingExchange } from './offering-exchange.ts'

/** The defaults of an exchange's limits. */
export const exchangeLimits = {
  maxCallsInFlight: commonLimits.maxCallsInFlight.value,
  streamCredit: commonLimits.streamCredit.value,
}

export type CallHandler = (params: unknown, context: AnswerContext) => unknown
export type StreamHandler = (params: unknown, context: AnswerContext) => AsyncIterable<unknown>

/** Answers with functions; declared errors pass with their index. */
export class FunctionAnswerer implements Answerer, StreamAnswerer {
  calls: CallHandler[] = []
  streams: StreamHandler[] = []
  readonly unheard: unknown[] = []

  call(id: number, params: unknown, context: AnswerContext): unknown {
    const handler = this.calls[id]
    if (handler === undefined) throw new JuntoError('unsupported', `no call ${id}`)
    return handler(params, context)
  }

  stream(id: number, params: unknown, context: AnswerContext): AsyncIterable<unknown> {
    const handler = this.streams[id]
    if (handler === undefined) throw new JuntoError('unsupported', `no stream ${id}`)
    return handler(params, context)
  }

  failure(error: unknown, unheard: boolean): { code: string | number; message: string; data?: unknown } {
    if (unheard) this.unheard.push(error)
    if (error instanceof DeclaredError) return { code: error.index, message: error.message, data: error.data }
    if (error instanceof JuntoError) return errorToWire(error)
    return { code: 'internal', message: 'it failed' }
  }
}

/** One side of a pair: its exchange, what answers there, and what it has sent. */
export interface Side {
  readonly exchange: Exchange
  readonly answers: FunctionAnswerer
  readonly sent: { readonly frame: ExchangeFrame; readonly settle: Settle }[]
}

export interface PairOptions {
  readonly clock: VirtualClock
  /** Milliseconds that the next frame is under way. Default: 1. */
  readonly delay?: () => number
  /** Called with every frame before it is under way; what it throws is what sending throws. */
  readonly onSend?: (from: 'left' | 'right', frame: ExchangeFrame) => void
  readonly options?: Partial<ExchangeOptions>
}

/** Two exchanges joined by a pipe that loses nothing, keeps the order, and takes its time. */
export function exchangePair({ clock, delay = () => 1, onSend, options }: PairOptions): { left: Side; right: Side } {
  const left = makeSide('left', () => right)
  const right = makeSide('right', () => left)
  return { left, right }

  function makeSide(name: 'left' | 'right', other: () => Side): Side {
    const answers = new FunctionAnswerer()
    const sent: Side['sent'] = []
    let arrival = 0
    const send = (bytes: Uint8Array, settle: Settle): void => {
      const frame = exchangeFrame(parseFrame(unpackSequence(bytes)[0]))
      onSend?.(name, frame)
      sent.push({ frame, settle })
      arrival = Math.max(arrival, clock.now() + delay())
      clock.after(arrival - clock.now(), () => other().exchange.receive(frame))
    }
    return {
      exchange: new OfferingExchange({ clock, send, ...exchangeLimits, ...options, answer: answers }),
      answers,
      sent,
    }
  }
}

export function exchangeFrame(frame: Frame): ExchangeFrame {
  switch (frame.type) {
    case FrameType.call:
    case FrameType.reply:
    case FrameType.failed:
    case FrameType.cancel:
    case FrameType.stream:
    case FrameType.item:
    case FrameType.end:
    case FrameType.credit:
      return frame
    default:
      throw new Error(`an exchange sent a frame of type ${frame.type}`)
  }
}

/** Waits in virtual time; rejects with the reason of the signal when that is aborted first. */
export function wait(clock: VirtualClock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const abort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}
