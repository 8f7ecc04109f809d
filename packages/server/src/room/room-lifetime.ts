import type { Clock } from '@junto/protocol'

/** Parts of a {@link RoomLifetime}. All times in milliseconds, and `Infinity` for never. */
export interface RoomLifetimeOptions {
  readonly clock: Clock
  /** From when it is empty. */
  readonly disposeAfter: number
  /** Without a message of any member. */
  readonly idleAfter: number
  /** Since it was opened. */
  readonly maxAge: number
  /** Whether nobody has a seat. */
  readonly isEmpty: () => boolean
  /** Its time is over. Called once. */
  readonly end: (because: 'closed' | 'idle' | 'expired') => void
}

/** Ends a room that has no end of its own: when all have left, when nobody says anything any more, when it is too old. */
export class RoomLifetime {
  readonly #options: RoomLifetimeOptions
  #phase: 'new' | 'running' | 'over' = 'new'
  /** When somebody joined, or said something. */
  #heardAt = 0
  /** Work from outside under way. */
  #holds = 0
  #cancelDisposal: (() => void) | undefined
  #cancelIdle: (() => void) | undefined
  #cancelAge: (() => void) | undefined

  constructor(options: RoomLifetimeOptions) {
    this.#options = options
  }

  /** Whether it matters what members say. */
  get listens(): boolean {
    return this.#options.idleAfter !== Infinity
  }

  /** The room is open. */
  begin(): void {
    const { clock, maxAge } = this.#options
    this.#phase = 'running'
    this.#heardAt = clock.now()
    if (maxAge !== Infinity) this.#cancelAge = clock.after(maxAge, () => this.#end('expired'))
    this.#watchIdle()
    this.left()
  }

  /** A member has said something. */
  heard(): void {
    this.#heardAt = this.#options.clock.now()
  }

  /** Somebody has taken a seat. */
  entered(): void {
    this.heard()
    this.#cancelDisposal?.()
    this.#cancelDisposal = undefined
  }

  /** A seat is free again; or the room was asked for, so that its time begins anew where it is empty. */
  left(): void {
    const { clock, disposeAfter, isEmpty } = this.#options
    if (this.#phase !== 'running' || this.#holds > 0 || disposeAfter === Infinity || !isEmpty()) return
    this.#cancelDisposal?.()
    this.#cancelDisposal = clock.after(disposeAfter, () => this.#end('closed'))
  }

  /**
   * Somebody outside works with the room: meanwhile neither emptiness nor silence ends it.
   *
   * @returns what to call when that is done.
   */
  hold(): () => void {
    this.#holds++
    this.#cancelDisposal?.()
    this.#cancelDisposal = undefined
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#holds--
      this.left()
      this.#watchIdle()
    }
  }

  /** The room ends, for whatever reason. */
  stop(): void {
    this.#phase = 'over'
    for (const cancel of [this.#cancelDisposal, this.#cancelIdle, this.#cancelAge]) cancel?.()
  }

  /** One timer, which looks when it is due what was heard meanwhile: messages come often. */
  #watchIdle(): void {
    const { clock, idleAfter } = this.#options
    if (this.#phase !== 'running' || this.#holds > 0 || idleAfter === Infinity) return
    this.#cancelIdle?.()
    this.#cancelIdle = clock.after(Math.max(0, this.#heardAt + idleAfter - clock.now()), () => {
      if (clock.now() - this.#heardAt >= idleAfter && this.#holds === 0) this.#end('idle')
      else this.#watchIdle()
    })
  }

  #end(because: 'closed' | 'idle' | 'expired'): void {
    this.stop()
    this.#options.end(because)
  }
}
