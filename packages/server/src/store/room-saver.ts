import type { Clock, Limits } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { within } from '../promises.ts'
import type { Store } from './store.ts'

/** Parts of a {@link RoomSaver}. */
export interface RoomSaverOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly limits: Pick<Limits, 'saveDelay' | 'saveInterval' | 'saveRetryMax' | 'saveDeadline'>
  readonly room: string
  readonly key: string
  /** The room's name, for the log. */
  readonly name: string
  /** The room as it is now. Called when it is about to be saved. */
  readonly record: () => Uint8Array
}

/**
 * Saves one room: a while after it changed, again and again while the store fails, and at last when the room is
 * disposed. One save at a time.
 */
export class RoomSaver {
  readonly #options: RoomSaverOptions
  /** Grows with each change; what `#saved` has reached is safe. */
  #changes = 0
  #saved = 0
  #firstChange = 0
  #lastChange = 0
  #cancelTimer: (() => void) | undefined
  #saving: Promise<boolean> | undefined
  #failures = 0
  /** {@link finish} decides what comes next. */
  #finishing = false

  constructor(options: RoomSaverOptions) {
    this.#options = options
  }

  /** Whether something is not saved yet. */
  get dirty(): boolean {
    return this.#changes !== this.#saved
  }

  /** The room changed. */
  changed(): void {
    const now = this.#options.clock.now()
    if (!this.dirty) this.#firstChange = now
    this.#changes++
    this.#lastChange = now
    if (!this.#cancelTimer && !this.#saving && !this.#finishing) this.#arm(this.#options.limits.saveDelay)
  }

  /**
   * Saves what is not saved yet and returns when it is. While the store fails, it is tried again until the deadline; then
   * the changes are given up, which the log tells. False when they were. Never rejects.
   */
  async finish(): Promise<boolean> {
    const { clock, limits, logger, name } = this.#options
    const deadline = clock.now() + limits.saveDeadline
    this.#finishing = true
    this.#stopTimer()
    while (this.dirty || this.#saving) {
      const left = deadline - clock.now()
      // A store that never answers is a store that fails.
      const saved = await within(clock, left, this.#saving ?? this.#save(), late).catch(() => false)
      if (saved) continue
      const wait = this.#retryDelay()
      if (clock.now() + wait > deadline) {
        logger.error(`The room ${name} could not be saved before it was disposed: its last changes are lost`, {
          room: name,
        })
        break
      }
      await new Promise<void>((resolve) => clock.after(wait, resolve))
    }
    this.#finishing = false
    return !this.dirty
  }

  #arm(ms: number): void {
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      this.#cancelTimer = undefined
      const { clock, limits } = this.#options
      const due = Math.min(this.#lastChange + limits.saveDelay, this.#firstChange + limits.saveInterval)
      const wait = due - clock.now()
      if (wait > 0 && this.#failures === 0) this.#arm(wait)
      else void this.#save()
    })
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** True when it was saved. Never rejects; arms what comes next. */
  #save(): Promise<boolean> {
    this.#saving = this.#saveNow().then((done) => {
      this.#saving = undefined
      if (this.dirty && !this.#finishing) this.#arm(done ? this.#options.limits.saveDelay : this.#retryDelay())
      return done
    })
    return this.#saving
  }

  async #saveNow(): Promise<boolean> {
    const { store, room, key, record, logger, metrics, name, clock } = this.#options
    const changes = this.#changes
    try {
      const bytes = record()
      this.#firstChange = clock.now()
      await store.save(room, key, bytes)
      this.#saved = changes
      this.#failures = 0
      metrics.count('rooms_saved', { room })
      return true
    } catch (error) {
      this.#failures++
      metrics.count('room_saves_failed', { room })
      logger.error(`The room ${name} could not be saved; it is tried again`, { room: name, error })
      return false
    }
  }

  #retryDelay(): number {
    const { saveDelay, saveRetryMax } = this.#options.limits
    return Math.min(saveRetryMax, Math.max(saveDelay, 100) * 2 ** Math.min(this.#failures - 1, 16))
  }
}

function late(): Error {
  return new Error('the store did not answer in time')
}
