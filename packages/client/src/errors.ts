import { JuntoError, type ErrorCode } from '@junto/protocol'

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
