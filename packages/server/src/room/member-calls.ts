import { DeclaredError, type Settle } from '@junto/protocol/internal'
import { JuntoError } from '@junto/protocol'
import { SchemaError, type MessageCodec } from '@junto/schema/internal'
import type { AnswerValidators } from '@junto/schema/validate'
import { DeclaredFailure } from './declared-failure.ts'

/** Settings of a call to a member, as users give them. */
export interface MemberCallSettings {
  readonly signal?: AbortSignal | undefined
  readonly timeout?: number | undefined
  readonly settle?: Settle | undefined
}

/** Carries an encoded call to a member's client, and its encoded result back. */
export type Carry = (codec: MessageCodec, params: unknown, settings: MemberCallSettings) => Promise<unknown>

/** Makes what stands under `member.call`: a function per call, with `try` and `failed`. */
export function memberCalls(
  down: readonly MessageCodec[],
  checks: readonly AnswerValidators[],
  carry: Carry,
): Readonly<Record<string, unknown>> {
  // Without a prototype: a message may be called `constructor`.
  const calls: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const codec of down) if (codec.kind === 'call') calls[codec.name] = caller(codec, checks[codec.id], carry)
  return Object.freeze(calls)
}

function caller(codec: MessageCodec, checks: AnswerValidators | undefined, carry: Carry) {
  const ask = async (params: unknown, settings: MemberCallSettings = {}): Promise<unknown> => {
    const wire = codec.params ? codec.params.encode(params, `${codec.name}.params`) : null
    let result: unknown
    try {
      result = await carry(codec, wire, settings)
    } catch (error) {
      throw error instanceof DeclaredError ? received(codec, checks, error) : error
    }
    if (!codec.result) return undefined
    return accept(codec, () => {
      const path = `${codec.name}.result`
      const value = codec.result?.decode(result, path)
      checks?.result?.(value, path)
      return value
    })
  }
  const call = (params: unknown, settings?: MemberCallSettings): Promise<unknown> => {
    const answer = ask(params, settings)
    // Whoever waits for it hears of it. A call that nobody waits for fails whenever its client goes, which must not end the process.
    answer.catch(() => {})
    return answer
  }
  const attempt = async (params: unknown, settings?: MemberCallSettings): Promise<unknown> => {
    try {
      return { ok: true, value: await ask(params, settings) }
    } catch (error) {
      if (error instanceof DeclaredFailure || error instanceof JuntoError) {
        return { ok: false, code: error.code, data: error.data, message: error.message }
      }
      throw error
    }
  }
  const failed = (error: unknown, code: string): boolean =>
    error instanceof DeclaredFailure && error.declaredBy === codec && error.code === code
  return Object.assign(call, { try: attempt, failed })
}

/** A declared error that a client sent: untrusted like everything from there. */
function received(codec: MessageCodec, checks: AnswerValidators | undefined, error: DeclaredError): Error {
  const declared = codec.errors[error.index]
  if (!declared) return new JuntoError('internal', `${codec.name}: the client raised an error that is not declared`)
  return accept(codec, () => {
    const path = `${codec.name}.errors.${declared.code}`
    const data = declared.data.decode(error.data, path)
    checks?.errors[error.index]?.(data, path)
    return new DeclaredFailure(codec, error.index, error.message, data, error.data)
  })
}

/** Runs a decoding; what the client did wrong becomes an `invalid` that says so. */
function accept<T>(codec: MessageCodec, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    throw new JuntoError(
      'invalid',
      `the client answered ${codec.name} with something else than declared: ${error.message}`,
    )
  }
}
