import { StoreError } from './store-error.ts'

/**
 * Where rooms are kept while they are not running. Also the token under which it is found: `provide(Store, new …)`.
 *
 * A room is named by its contract's name and its key; both are any strings, chosen by clients in part (keys have 1 to 256 characters there): an
 * implementation must not take them for paths, and must tell apart what differs only in case. What is kept of a room is a
 * list of pieces, each some bytes which the store does not look into: the first is the room as a whole, those behind it are increments,
 * each of what changed since the piece before. `save` begins the list anew; `append` adds to it.
 *
 * What every implementation promises, and the store suite of `@junto/testing` checks:
 *
 * - `save` and `append` resolve when the bytes survive the end of the process and, where there is a disk, of the machine. One that
 *   rejects, or never got to resolve, leaves the pieces that were there before, or those and the new one: never a
 *   mixture, never nothing.
 * - `load` yields what the last resolved calls have left, or later ones whose outcome nobody heard of.
 * - Calls for one room are carried out in the order in which they were made; rooms do not wait for each other.
 * - Failing is rejecting; nothing is retried here. The room that wants to be saved tries again. A {@link StoreError} says what is the
 *   matter.
 * - Every call settles. A room whose store does not answer is given up after a while, but the next one of its key waits for the
 *   answer: give what talks to a network a timeout.
 * - Bytes that were handed over are not written to afterwards, by either side.
 *
 * One server writes a room at a time. A store need not keep two from it; one that notices rejects with a {@link StoreError} `conflict`,
 * and lets the next `save` through.
 *
 * A store that keeps no increments is complete with `load`, `save` and `delete`: rooms are saved as a whole each time then.
 */
export abstract class Store {
  /** Whether it keeps increments: then {@link append} does its work. Default: false. */
  readonly incremental: boolean = false

  /**
   * The pieces in order; `undefined` when nothing was saved. Rejects when there is something that cannot be read.
   *
   * @param damaged Is told, in a sentence, what is lost for good where less can be read than was said to be safe, and that is given back. The
   *   server logs it as a warning and counts it.
   */
  abstract load(room: string, key: string, damaged?: (what: string) => void): Promise<readonly Uint8Array[] | undefined>

  /** Makes this the first and only piece. */
  abstract save(room: string, key: string, bytes: Uint8Array): Promise<void>

  /** Forgets the room; resolves also when there is nothing to forget. */
  abstract delete(room: string, key: string): Promise<void>

  /**
   * Adds a piece. Only asked of a store that is {@link incremental}.
   *
   * @param base How many pieces there must be: from 1 on. When there are others, somebody else has written, or an earlier call
   *   whose outcome nobody heard of: it rejects with a {@link StoreError} `conflict` and leaves them as they are. The room is saved as a
   *   whole then.
   */
  append(room: string, key: string, base: number, _bytes: Uint8Array): Promise<void> {
    return Promise.reject(
      new StoreError(
        'conflict',
        `${this.constructor.name} keeps no increments (${base} pieces of ${room}, key ${JSON.stringify(key)})`,
      ),
    )
  }
}
