/** What {@link Exchange.call} waits with: a promise, perhaps a deadline and a signal. Settles once. */
export class OutgoingCall {
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: Error) => void
  #cancelDeadline: (() => void) | undefined
  #unlisten: (() => void) | undefined

  constructor(resolve: (result: unknown) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Its deadline: cancelled when it settles. */
  expire(cancelDeadline: () => void): void {
    this.#cancelDeadline = cancelDeadline
  }

  /** Its signal: no longer listened to when it settles. */
  heed(unlisten: () => void): void {
    this.#unlisten = unlisten
  }

  resolve(result: unknown): void {
    this.#release()
    this.#resolve(result)
  }

  reject(error: Error): void {
    this.#release()
    this.#reject(error)
  }

  #release(): void {
    this.#cancelDeadline?.()
    this.#unlisten?.()
    this.#cancelDeadline = undefined
    this.#unlisten = undefined
  }
}
