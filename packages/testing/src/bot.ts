import type { JuntoClient } from '@junto/client'
import type { Clock } from '@junto/protocol'
import type { SeededRandom } from './seeded-random.ts'
import { milliseconds } from './virtual-clock.ts'

/** A program on a client of its own that runs by itself while the world's time passes. */
export interface Bot {
  readonly name: string
  readonly client: JuntoClient
  /** Draws of its own: the same for the same seed, whatever other bots do. */
  readonly random: SeededRandom
  /** Aborted when the bot is to end. */
  readonly signal: AbortSignal
  /**
   * Waits, in the world's time.
   *
   * @param duration milliseconds, or a text such as `'250ms'`, `'5s'`.
   * @returns false when the bot is to end: `while (await bot.sleep(50)) { … }`.
   */
  readonly sleep: (duration: number | string) => Promise<boolean>
  /** Ends it: its `sleep` answers false from now on, and its signal is aborted. Its client stays open. */
  readonly stop: () => void
}

/** What a bot does. What it throws is told by the world's `check()`. */
export type BotProgram = (bot: Bot) => void | Promise<void>

/** @internal */
export class RunningBot implements Bot {
  readonly name: string
  readonly client: JuntoClient
  readonly random: SeededRandom
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #sleeping = new Set<() => void>()
  /** What its program threw. */
  failure: { readonly error: unknown } | undefined
  running = true

  constructor(name: string, client: JuntoClient, random: SeededRandom, clock: Clock, program: BotProgram) {
    this.name = name
    this.client = client
    this.random = random
    this.#clock = clock
    void this.#run(program)
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  // Fields: a program takes apart what it is given.
  readonly sleep = (duration: number | string): Promise<boolean> =>
    new Promise((resolve) => {
      if (this.signal.aborted) return resolve(false)
      const wake = (): void => {
        this.#sleeping.delete(wake)
        cancel()
        resolve(!this.signal.aborted)
      }
      const cancel = this.#clock.after(milliseconds(duration), wake)
      this.#sleeping.add(wake)
    })

  readonly stop = (): void => {
    this.#stop.abort()
    for (const wake of this.#sleeping) wake()
  }

  async #run(program: BotProgram): Promise<void> {
    try {
      await program(this)
    } catch (error) {
      // What ends because it was told to is no failure.
      if (!this.signal.aborted) this.failure = { error }
    } finally {
      this.running = false
    }
  }
}
