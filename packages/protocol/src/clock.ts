/**
 * Where Junto reads the time. Everything that waits does it here, so that a whole server and its clients run in virtual
 * time in tests: nothing in the packages uses timers or dates of the platform directly.
 *
 * Also the token under which a server's services find it.
 */
export abstract class Clock {
  /** Monotonic milliseconds, with fractions, from any origin: for durations and deadlines. */
  abstract now(): number

  /** Milliseconds since 1970, for what is shown, stored or sent to others. May jump. */
  abstract time(): number

  /**
   * Runs `fn` once after `ms` milliseconds (at once, but never before this function returns, when not positive).
   *
   * @returns a function that cancels it; harmless when it ran already.
   */
  abstract after(ms: number, fn: () => void): () => void

  /**
   * Runs `fn` at the end of this turn of the event loop: after what has arrived together was handled, and before the
   * next timers. What a turn wants to send is collected until then and leaves as one message.
   */
  abstract atEndOfTurn(fn: () => void): void
}
