import { broken } from '../errors.ts'

/** What is told of a call or stream of this side. Those of one kind refuse what is told of the other. */
export abstract class Outgoing {
  /** The frame that opens it, as long as it may be taken back. */
  readonly opening: Uint8Array | undefined
  readonly #releases: (() => void)[] = []

  constructor(opening: Uint8Array | undefined) {
    this.opening = opening
  }

  /** The reply to a call. */
  resolve(_result: unknown): void {
    throw broken('R3')
  }

  /** An item of a stream. @throws JuntoError `bad_message` when it was not allowed. */
  push(_item: unknown): void {
    throw broken('R3')
  }

  /** No more items come. */
  end(): void {
    throw broken('R3')
  }

  /** It has failed. */
  abstract reject(error: Error): void

  /** What is let go of in the end: a deadline, a signal. */
  onRelease(release: () => void): void {
    this.#releases.push(release)
  }

  protected release(): void {
    for (const release of this.#releases.splice(0)) release()
  }
}

/** What {@link Exchange.call} waits with: a promise, perhaps a deadline and a signal. Settles once. */
export class OutgoingCall extends Outgoing {
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: Error) => void

  constructor(opening: Uint8Array | undefined, resolve: (result: unknown) => void, reject: (error: Error) => void) {
    super(opening)
    this.#resolve = resolve
    this.#reject = reject
  }

  override resolve(result: unknown): void {
    this.release()
    this.#resolve(result)
  }

  override reject(error: Error): void {
    this.release()
    this.#reject(error)
  }
}
