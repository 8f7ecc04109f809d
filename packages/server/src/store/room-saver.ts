import { JuntoError, type Clock, type Limits } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { within } from '../promises.ts'
import { thrownAs } from '../thrown.ts'
import type { Piece, RoomRecorder } from './room-recorder.ts'
import { StoreError } from './store-error.ts'
import type { Store } from './store.ts'

/** What became of an attempt to save. */
interface Attempt {
  /** The changes that it was to make safe. */
  readonly changes: number
  readonly saved: boolean
}

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
  /** Makes the pieces that are saved. */
  readonly recorder: RoomRecorder
}

/**
 * - `held`: the room is not open yet, and may still turn out to be none: changes are only noted.
 * - `open`: changes are saved by and by.
 * - `finishing`: only {@link RoomSaver.finish} saves.
 * - `closed`: nothing is written any more, whatever comes: the next room of this key may be there already.
 */
type Phase = 'held' | 'open' | 'finishing' | 'closed'

/**
 * Saves one room: a while after it changed, again and again while the store fails, and at last when the room is
 * disposed. One save at a time, and none before {@link open} or after {@link close}.
 */
export class RoomSaver {
  readonly #options: RoomSaverOptions
  #phase: Phase = 'held'
  /** Grows with each change; what `#saved` has reached is safe. */
  #changes = 0
  #saved = 0
  #firstChange = 0
  #lastChange = 0
  #cancelTimer: (() => void) | undefined
  #saving: Promise<Attempt> | undefined
  #failures = 0
  #lastFailure: unknown
  /** Milliseconds that the last saves may still take. */
  #patience: number

  constructor(options: RoomSaverOptions) {
    this.#options = options
    this.#patience = options.limits.saveDeadline
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
    this.#plan(this.#options.limits.saveDelay)
  }

  /** Something changed for which alone the room need not be saved as a whole: then it waits for the next change. */
  changedLittle(): void {
    if (this.#options.recorder.isIncremental) this.changed()
  }

  /** The room has come about: from now on it is saved. */
  open(): void {
    if (this.#phase !== 'held') return
    this.#phase = 'open'
    this.#plan(this.#options.limits.saveDelay)
  }

  /**
   * Saves what there is now, at the end of the turn, and resolves when it is safe.
   *
   * @throws JuntoError `store_failed` when the store failed, or does so for a while already; it is tried again all the same.
   *   `room_closed` when the room was given up before, `misuse` before it is open.
   */
  async save(): Promise<void> {
    const { clock, name, recorder, limits } = this.#options
    if (this.#phase === 'held') {
      throw new JuntoError('misuse', `save() of the room ${name}: it is saved from when it is open, after onRestore`)
    }
    const closed = (): JuntoError => new JuntoError('room_closed', `the room ${name} was closed before it was saved`)
    if (this.#isClosed()) throw closed()
    // What else belongs to this turn need not be saved, nor sent, apart.
    await new Promise<void>((resolve) => clock.atEndOfTurn(resolve))
    if (this.#isClosed()) throw closed()
    // What is pending becomes changes.
    recorder.flush()
    const wanted = this.#changes
    while (this.#saved < wanted) {
      if (this.#isClosed()) throw closed()
      // Not even when many ask for it: the store gets the time between two attempts.
      if (!this.#saving && this.#failures > 0) throw this.#failed()
      const attempt = await within(clock, limits.saveDeadline, this.#saving ?? this.#save(), late).catch(
        () => undefined,
      )
      if (attempt === undefined || (!attempt.saved && attempt.changes >= wanted)) throw this.#failed()
    }
  }

  /**
   * Saves what is not saved yet and returns when it is; later changes wait for the next call. While the store fails, it is tried
   * again for as long as `saveDeadline` says, all calls together; then the changes are given up, which the log tells. False when
   * they were. Never rejects.
   */
  async finish(): Promise<boolean> {
    const { clock } = this.#options
    const deadline = clock.now() + this.#patience
    if (this.#phase !== 'closed') this.#phase = 'finishing'
    this.#stopTimer()
    while (this.#phase === 'finishing' && (this.dirty || this.#saving)) {
      const left = deadline - clock.now()
      // A store that never answers is a store that fails.
      const attempt = await within(clock, left, this.#saving ?? this.#save(), late).catch(() => undefined)
      if (attempt?.saved) continue
      const wait = this.#retryDelay()
      if (clock.now() + wait > deadline) {
        this.#giveUp()
        break
      }
      await new Promise<void>((resolve) => clock.after(wait, resolve))
    }
    this.#patience = Math.max(0, deadline - clock.now())
    return !this.dirty
  }

  /** The room is no more: what is not saved stays unsaved. A save that is under way is the store's. */
  close(): void {
    this.#phase = 'closed'
    this.#stopTimer()
  }

  // A method, because the compiler believes that a field stays as it was looked at last.
  #isClosed(): boolean {
    return this.#phase === 'closed'
  }

  /** The one place that lets a save begin by itself: after so many milliseconds, or later while changes go on. */
  #plan(ms: number): void {
    if (this.#phase !== 'open' || this.#cancelTimer || this.#saving || !this.dirty) return
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      this.#cancelTimer = undefined
      const { clock, limits } = this.#options
      const due = Math.min(this.#lastChange + limits.saveDelay, this.#firstChange + limits.saveInterval)
      const wait = due - clock.now()
      if (wait > 0 && this.#failures === 0) this.#plan(wait)
      else void this.#save()
    })
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Never rejects; plans what comes next. */
  #save(): Promise<Attempt> {
    this.#saving = this.#saveNow().then((attempt) => {
      this.#saving = undefined
      this.#plan(attempt.saved ? this.#options.limits.saveDelay : this.#retryDelay())
      return attempt
    })
    // Asking for the record may tell of changes: they are in this save, and begin no second one.
    this.#stopTimer()
    return this.#saving
  }

  async #saveNow(): Promise<Attempt> {
    const { recorder, metrics, room, clock } = this.#options
    let changes = this.#changes
    try {
      const piece = recorder.next()
      // With what has been flushed for it.
      changes = this.#changes
      this.#firstChange = clock.now()
      await this.#write(piece)
      recorder.kept(piece)
      this.#saved = changes
      this.#failures = 0
      metrics.count('rooms_saved', { room })
      metrics.count('room_bytes_saved', { room }, piece.bytes.length)
      return { changes, saved: true }
    } catch (error) {
      recorder.lost()
      this.#noteFailure(error)
      return { changes, saved: false }
    }
  }

  #write({ base, bytes }: Piece): Promise<void> {
    const { store, room, key } = this.#options
    return base === 0 ? store.save(room, key, bytes) : store.append(room, key, base, bytes)
  }

  #noteFailure(error: unknown): void {
    const { logger, metrics, name, room } = this.#options
    this.#failures++
    this.#lastFailure = error
    metrics.count('room_saves_failed', { room, reason: thrownAs(error, StoreError)?.fault ?? 'other' })
    const next = this.#phase === 'closed' ? 'and is gone: its last changes are lost' : 'it is tried again'
    logger.error(`The room ${name} could not be saved; ${next}`, { room: name, error })
  }

  #failed(): JuntoError {
    return new JuntoError(
      'store_failed',
      `the room ${this.#options.name} could not be saved; the server's log says why`,
      {
        cause: this.#lastFailure,
      },
    )
  }

  #giveUp(): void {
    const { logger, name } = this.#options
    const waiting = this.#saving ? '. The store has not answered: the room cannot be opened again until it does' : ''
    logger.error(`The room ${name} could not be saved before it was disposed: its last changes are lost${waiting}`, {
      room: name,
    })
  }

  #retryDelay(): number {
    const { saveDelay, saveRetryMax } = this.#options.limits
    return Math.min(saveRetryMax, Math.max(saveDelay, 100) * 2 ** Math.min(this.#failures - 1, 16))
  }
}

function late(): Error {
  return new Error('the store did not answer in time')
}
