import { JuntoError } from '@junto/protocol'
import { DeclaredError, endsCalls } from '@junto/protocol/internal'
import { SchemaError, type MessageCodec } from '@junto/schema/internal'

/** A call's declared error, decoded. Recognised by the call that it came from: two calls may declare the same code. */
export class DeclaredCallError extends Error {
  readonly code: string
  readonly data: unknown
  /** `whiteboard.addStroke` */
  readonly source: string

  constructor(source: string, code: string, message: string, data: unknown) {
    super(message)
    this.source = source
    this.code = code
    this.data = data
  }
}
DeclaredCallError.prototype.name = 'CallError'

/** What a call or stream ended with, as the program sees it. */
export function translated(error: unknown, source: string, codec: MessageCodec): unknown {
  if (error instanceof DeclaredError) {
    const declared = codec.errors[error.index]
    if (declared === undefined)
      return new JuntoError('internal', `${source}: the server raised an error it does not declare`)
    try {
      const data = declared.data.decode(error.data, `${source}.errors.${declared.code}`)
      return new DeclaredCallError(source, declared.code, error.message, data)
    } catch (invalid) {
      return translated(invalid, source, codec)
    }
  }
  if (error instanceof SchemaError) return invalidError(error)
  if (error instanceof JuntoError && error.code !== 'misuse' && !endsCalls(error.code)) {
    return new JuntoError('internal', `${error.code}: ${error.message}`, { cause: error })
  }
  return error
}

/** A value that does not satisfy the contract: its path stands in the message, and in the data. */
export function invalidError(error: SchemaError): JuntoError {
  return new JuntoError('invalid', error.message, { data: { path: error.path }, cause: error })
}

/** The server's contract lacks what is asked for. */
export function unsupportedError(room: string, kind: string, name: string, version: number): JuntoError {
  const message = `the server's contract of room '${room}' (version ${version}) has no ${kind} '${name}': deploy the server, or check the name`
  return new JuntoError('unsupported', message)
}
