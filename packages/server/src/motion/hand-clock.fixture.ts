import { Clock } from '@junto/protocol'

/** A clock whose one timer comes when a test says, as late as it says. */
export class HandClock extends Clock {
  present = 0
  #timer: { readonly at: number; readonly run: () => void } | undefined
  readonly #endOfTurn: (() => void)[] = []

  override now(): number {
    return this.present
  }

  override time(): number {
    return Math.floor(1_700_000_000_000 + this.present)
  }

  /** @throws Error when a timer is set already: what is tested here has one. */
  override after(ms: number, run: () => void): () => void {
    if (this.#timer !== undefined) throw new Error('a second timer')
    const timer = { at: this.present + ms, run }
    this.#timer = timer
    return () => {
      if (this.#timer === timer) this.#timer = undefined
    }
  }

  override atEndOfTurn(run: () => void): void {
    this.#endOfTurn.push(run)
  }

  /** Whether a timer is set. */
  get waits(): boolean {
    return this.#timer !== undefined
  }

  /** The timer comes, so many milliseconds late, or early. @returns when. */
  fire(late = 0): number {
    const timer = this.#timer
    if (timer === undefined) throw new Error('no timer is set')
    this.#timer = undefined
    this.present = Math.max(this.present, timer.at + late)
    timer.run()
    return this.present
  }
}
