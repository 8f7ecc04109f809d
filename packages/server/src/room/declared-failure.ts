import type { MessageCodec } from '@junto/schema/internal'

/**
 * A declared error of a call: raised by a handler here, or received from a member's client. The contract gives it its
 * types; here they are erased.
 */
export class DeclaredFailure extends Error {
  readonly code: string
  readonly data: unknown
  /** The message that declares it. */
  readonly declaredBy: MessageCodec
  /** Position among the errors of that message: its code on the wire. */
  readonly index: number
  /** The data as it travels. */
  readonly wire: unknown

  constructor(declaredBy: MessageCodec, index: number, message: string, data: unknown, wire: unknown) {
    super(message)
    this.code = declaredBy.errors[index]?.code ?? ''
    this.data = data
    this.declaredBy = declaredBy
    this.index = index
    this.wire = wire
  }
}
Object.defineProperty(DeclaredFailure.prototype, 'name', { value: 'CallError', configurable: true, writable: true })

/** Makes the `error` of a handler's context: one function per message, shared by all its calls. */
export function declaredErrors(codec: MessageCodec): (code: string, data: unknown, message?: string) => Error {
  return (code, data, message) => {
    const index = codec.errors.findIndex((declared) => declared.code === code)
    const declared = codec.errors[index]
    if (!declared) {
      throw new Error(
        `error('${code}') was raised by the handler of ${codec.name}, but the contract declares ` +
          `${codec.errors.length === 0 ? 'no errors' : `only ${codec.errors.map((each) => each.code).join(', ')}`} for it`,
      )
    }
    // Encoded at once: wrong data then fails where it was written, and not where nobody can tell.
    const wire = declared.data.encode(data, `${codec.name}.errors.${code}`)
    return new DeclaredFailure(codec, index, message ?? `${codec.name} failed: ${code}`, data, wire)
  }
}
