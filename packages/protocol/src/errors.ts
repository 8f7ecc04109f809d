/** The codes of the framework's errors; `errorHelp` says for each how it comes about and what to do. The first ten may end a call. */
export const errorCodes = [
  'timeout',
  'cancelled',
  'disconnected',
  'outcome_unknown',
  'invalid',
  'unsupported',
  'forbidden',
  'rate_limited',
  'too_large',
  'internal',
  'bad_message',
  'unknown_frame',
  'not_joined',
  'unauthorized',
  'unknown_room',
  'room_not_found',
  'already_joined',
  'room_full',
  'room_closed',
  'room_failed',
  'incompatible',
  'too_many_rooms',
  'too_many_connections',
  'overloaded',
  'shutting_down',
  'unreachable',
  'store_failed',
  'misuse',
] as const

/** A code of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number]

/** What an error may carry besides its message. */
export interface ErrorDetails {
  /** Machine-readable details; sent along when the error goes to the other side. */
  readonly data?: unknown
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfter?: number | undefined
  /** What led to it; never sent. */
  readonly cause?: unknown
}

/** Every error of the framework: one class, told apart by `code`. */
export class JuntoError extends Error {
  /** What went wrong: a code of {@link errorCodes}. */
  readonly code: ErrorCode
  /** Machine-readable details, where the code has some. */
  readonly data: unknown
  /** Milliseconds after which trying again makes sense, where that is known. */
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(message, details?.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.data = details?.data
    this.retryAfter = details?.retryAfter
  }
}
// On the prototype: an own property would show up in every inspected error.
JuntoError.prototype.name = 'JuntoError'

/**
 * What the other side sent breaks a rule of docs/protocol.md. Its number is enough: only who makes an implementation can mend that,
 * and a page would pay for each sentence.
 *
 * @param found The number that is wrong, where there is one.
 */
export function broken(rule: string, found?: number): JuntoError {
  return new JuntoError(
    'bad_message',
    `[${rule}] of docs/protocol.md is broken${found === undefined ? '' : `: ${found}`}`,
  )
}

/** The message of an error, or anything else that was thrown as text. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The error that another one led to. */
export function causedBy(cause: unknown, code: ErrorCode, what: string): JuntoError {
  return new JuntoError(code, `${what}: ${describe(cause)}`, { cause })
}

/** What was thrown, as an error of this code if it is none of the framework's. */
export function asJuntoError(error: unknown, code: ErrorCode): JuntoError {
  return error instanceof JuntoError ? error : new JuntoError(code, describe(error), { cause: error })
}

/** An error that a contract declares, as it travels: the index of its code in the layout, and its encoded data. */
export class DeclaredError extends Error {
  /** Position in the message's declared errors. */
  readonly index: number
  /** The encoded data. */
  readonly data: unknown

  constructor(index: number, message: string, data: unknown) {
    super(message)
    this.index = index
    this.data = data
  }
}
DeclaredError.prototype.name = 'DeclaredError'

/** An error as frames carry it. An integer code is the index of a declared error, a string one of the framework's. */
export interface WireError {
  readonly code: string | number
  readonly message: string
  readonly data?: unknown
}

/** A framework error for the wire: code, message and data; a `retryAfter` travels inside the data. */
export function errorToWire({ code, message, data, retryAfter }: JuntoError): WireError & { readonly code: ErrorCode } {
  return { code, message, data: retryAfter === undefined ? data : { retryAfter } }
}

/** An error that arrived. A code that this side does not know becomes `internal`, and the message keeps it. */
export function errorFromWire(wire: WireError): JuntoError | DeclaredError {
  const { code, message, data } = wire
  if (typeof code === 'number') return new DeclaredError(code, message, data)
  const known = isErrorCode(code)
  return new JuntoError(known ? code : 'internal', known ? message : `${code}: ${message}`, {
    data,
    retryAfter: retryAfterOf(data),
  })
}

/** How many of {@link errorCodes} may end a call. */
const callCodes = 10

/** Whether any call may end with an error of this code. */
export function endsCalls(code: ErrorCode): boolean {
  return errorCodes.indexOf(code) < callCodes
}

/** Whether this side knows a code. */
export function isErrorCode(code: string): code is ErrorCode {
  const codes: readonly string[] = errorCodes
  return codes.includes(code)
}

function retryAfterOf(data: unknown): number | undefined {
  // Whatever it is, it can be asked for a field.
  const { retryAfter } = (data ?? {}) as { readonly retryAfter?: unknown }
  return typeof retryAfter === 'number' && retryAfter >= 0 ? retryAfter : undefined
}
