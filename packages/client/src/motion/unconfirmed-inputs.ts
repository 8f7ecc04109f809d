import type { Room } from '../room/room.ts'

/** Inputs that were sent together. */
interface Sent {
  /** Number of the last of them. */
  readonly last: number
  readonly frame: Uint8Array
}

/**
 * The inputs of a room that the server has not applied yet, by whichever sampling they were sent: also what was taken before that ended shows
 * until the server has applied it, so it must arrive. What arrives twice is dropped there.
 */
export class UnconfirmedInputs {
  readonly #room: Room
  #sent: Sent[] = []
  #member: string

  constructor(room: Room) {
    this.#room = room
    this.#member = room.memberId
  }

  /** Sends inputs, and keeps them. @param last Number of the last of them. */
  send(last: number, frame: Uint8Array): void {
    this.#sent.push({ last, frame })
    this.#room.seat?.sendLoose(frame)
  }

  /** The server has applied all up to this one. */
  applied(input: number): void {
    this.#sent = this.#sent.filter(({ last }) => last > input)
  }

  /**
   * The room is joined again: what was on its way may have been lost.
   *
   * @returns whether as another member, whose seat knows nothing of what the former one did.
   */
  rejoined(): boolean {
    const { memberId, stamp, seat } = this.#room
    const isAnother = memberId !== this.#member
    if (isAnother) this.#sent = []
    this.#member = memberId
    this.applied(stamp?.input ?? 0)
    for (const { frame } of this.#sent) seat?.sendLoose(frame)
    return isAnother
  }
}
