/** Shows inputs in the mirror before the server has applied them. */
export interface InputPrediction {
  /**
   * Runs an input on what is shown, now and again on each newer state, until the server has applied it. Listeners are told once.
   *
   * @param seq Its number.
   * @param at When it was due, by the server's clock.
   * @param input As the server reads it.
   */
  predict(seq: number, at: number, input: unknown): void
  /** Runs an input, calls `read` while the mirror shows what came of it, and takes it back. Nobody is told. */
  preview(seq: number, at: number, input: unknown, read: () => void): void
  /** @throws JuntoError `misuse` while a mutator runs: it must not send mutations. */
  check?(): void
  /** Inputs that the server has not applied are shown no more. */
  forgetInputs(): void
}
