import { JuntoError, type Clock } from '@junto/protocol'
import { onAbort } from '@junto/protocol/internal'
import type { Room } from '../room/room.ts'
import type { OpeningOptions } from './join-request.ts'

const nothing = (): void => {}

/** A first join, which the program waits for: until it settles, its signal is heeded and its patience counts. */
export class Opening {
  /** What the program waits for. */
  readonly promise: Promise<Room>
  readonly #clock: Clock
  readonly #until: number
  readonly #stopPatience: () => void
  readonly #stopHeeding: () => void
  #resolve: (room: Room) => void = nothing
  #reject: (error: JuntoError) => void = nothing

  /**
   * @param aborted Called when its signal is aborted, with what to reject with.
   * @param impatient Called when its patience ends while nothing has settled it.
   */
  constructor(
    room: string,
    clock: Clock,
    { signal, patience }: OpeningOptions,
    aborted: (error: JuntoError) => void,
    impatient: () => void,
  ) {
    this.#clock = clock
    this.#until = clock.now() + patience
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const finite = patience > 0 && patience < Infinity
    this.#stopPatience = finite ? clock.after(patience, impatient) : nothing
    this.#stopHeeding = signal === undefined ? nothing : onAbort(signal, () => aborted(givenUp(room, signal)))
  }

  /** Milliseconds of patience that are left: without any, an attempt that failed was the last. */
  get left(): number {
    return Math.max(0, this.#until - this.#clock.now())
  }

  resolve(room: Room): void {
    this.#stop()
    this.#resolve(room)
  }

  reject(error: JuntoError): void {
    this.#stop()
    this.#reject(error)
  }

  #stop(): void {
    this.#stopPatience()
    this.#stopHeeding()
  }
}

/** The error of a join whose signal was aborted. */
export function givenUp(room: string, signal: AbortSignal): JuntoError {
  return new JuntoError('cancelled', `joining room '${room}' was given up by its signal`, { cause: signal.reason })
}
