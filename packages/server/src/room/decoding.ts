import { JuntoError } from '@junto/protocol'
import { SchemaError, type MessageCodec } from '@junto/schema/internal'
import { thrownAs } from '../thrown.ts'

/** What a client sent, as the contract says. @throws JuntoError `invalid` naming the path, for the one who sent it. */
export function decode(codec: MessageCodec['params'], wire: unknown, path: string): unknown {
  return codec && accepted(() => codec.decode(wire, path))
}

/** Reads or checks what a client sent. @throws JuntoError `invalid` naming the path, for what does not satisfy the contract. */
export function accepted<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw unaccepted(error)
  }
}

/** What {@link accepted} throws for what came out of reading or checking. */
export function unaccepted(error: unknown): unknown {
  const unfit = thrownAs(error, SchemaError)
  return unfit === undefined ? error : new JuntoError('invalid', unfit.message, { data: { path: unfit.path } })
}

/** The result of a call as it travels. @throws SchemaError naming the path. */
export function encodeResult({ name, result: codec }: MessageCodec, result: unknown): unknown {
  return codec ? codec.encode(result, `${name}.result`) : null
}
