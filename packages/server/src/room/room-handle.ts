import { JuntoError } from '@junto/protocol'
import type { RoomHost } from './room-host.ts'

/**
 * A room, seen from the program around the server. It does not keep the room: one that is closed stays closed, and whoever asks for its
 * key again gets the next one.
 */
export class RoomHandle<R> {
  readonly #host: RoomHost

  /** @internal From `server.rooms`. */
  constructor(host: RoomHost) {
    this.#host = host
  }

  /** The id of the room, for `joinById` and logs. */
  get id(): string {
    return this.#host.id
  }

  /** The key by which clients open it; `undefined` for a room that is found by matchmaking. */
  get key(): string | undefined {
    return this.#host.key
  }

  /** How many seats are taken, those of who is joining or away included. */
  get members(): number {
    return this.#host.taken
  }

  /** Resolves when the room was closed, saved and disposed; never rejects. */
  get closed(): Promise<void> {
    return this.#host.closed
  }

  /**
   * Runs code in the room, as if a message of a member had called it: what it writes leaves with one patch at the end of the turn, what takes too
   * long is told with the room's name. Until its promise has settled, the room is neither disposed for being empty nor closed for being
   * idle; one that is closed meanwhile waits for it, 10 s at most (limit `hookTimeout`).
   *
   * @param code What it returns, `run` resolves with.
   * @throws (rejects) whatever the code throws, which the room's `onError` and the log are told, too. JuntoError `room_closed` when the room is not
   *   open any more; `misuse` for what is no function.
   */
  async run<T>(code: (room: R) => T | PromiseLike<T>): Promise<T> {
    if (typeof code !== 'function') {
      throw new JuntoError('misuse', `run takes a function, (room) => …, not ${String(code)}`)
    }
    // `server.rooms` was asked for rooms of this class.
    return this.#host.run((room) => code(room as R))
  }

  /**
   * Closes the room: everybody leaves (`onLeave` with `closed`), it is saved when it is persisted, then disposed. See {@link closed}.
   *
   * @param message Shown to the members' clients.
   */
  close(message?: string): void {
    this.#host.close(message)
  }
}
