/**
 * Where rooms are kept while they are not running. Also the token under which it is found: `provide(Store, new …)`.
 *
 * A room is named by its contract's name and its key; both are any strings, chosen by clients in part: an
 * implementation must not take them for paths, and must tell apart what differs only in case. What is kept is bytes,
 * which the store does not look into.
 *
 * What every implementation promises, and the store suite of `@junto/testing` checks:
 *
 * - `save` resolves when the bytes survive the end of the process and, where there is a disk, of the machine. A save
 *   that rejects, or never got to resolve, leaves what was saved before: never a mixture, never nothing.
 * - `load` yields what the last resolved `save` was given, or a later one whose outcome nobody heard of.
 * - Calls for one room are carried out in the order in which they were made; rooms do not wait for each other.
 * - Failing is rejecting; nothing is retried here. The room that wants to be saved tries again.
 * - Every call settles. A room whose store does not answer is given up after a while, but the next one of its key waits for the
 *   answer: give what talks to a network a timeout.
 * - Bytes that were handed over are not written to afterwards, by either side.
 *
 * One server writes a room at a time. Keeping two from it is not the store's business.
 *
 * This keeps whole rooms. A store that can keep increments will offer that beside `save`, and will be asked whether it
 * does; whoever implements these three methods remains valid.
 */
export abstract class Store {
  /** What was saved last; `undefined` when there is nothing. Rejects when there is something that cannot be read. */
  abstract load(room: string, key: string): Promise<Uint8Array | undefined>
  /** Replaces what is kept. */
  abstract save(room: string, key: string, bytes: Uint8Array): Promise<void>
  /** Forgets the room; resolves also when there is nothing to forget. */
  abstract delete(room: string, key: string): Promise<void>
}
