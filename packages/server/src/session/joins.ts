import { JuntoError } from '@junto/protocol'
import type { JoinFrame } from '@junto/protocol/internal'
import type { ServerLimits } from '../config.ts'
import { heldSize } from '../limits/held-size.ts'
import type { ConnectionInfo, Rooms, SessionInfo } from '../room/seat.ts'
import type { Admission } from '../transport/admission.ts'

/** Milliseconds after which a join may be asked for again that was one too many at once. */
const joinAgain = 1000

/** What joins of all sessions share. */
export interface JoinsEnvironment {
  readonly rooms: Rooms
  readonly limits: ServerLimits
  readonly admission: Pick<Admission, 'asking'>
}

/** The session whose joins these are. */
export interface JoinsHost {
  /** It has to make way for others who want to be known: nobody knows yet who it is. */
  makeWay(): void
}

/**
 * The joins of one session that are under way: what they make the server hold, and what speaks against one more before any room is asked.
 * As long as nobody has said who is at the other end, the session counts among the strangers while that is being asked.
 */
export class Joins {
  readonly #environment: JoinsEnvironment
  readonly #info: SessionInfo
  readonly #host: JoinsHost
  /** Taken by what their clients sent. */
  #bytes = 0
  /** How many wait for a room type that asks who it is, while that is not known. */
  #asking = 0
  /** What ends being a stranger, while it is one. */
  #known: (() => void) | undefined
  /** The connection of which is known whose it is. */
  #identified: ConnectionInfo | undefined
  /** Joins that are being given up. Others wait for that. */
  abandoned: Promise<unknown> | undefined

  constructor(environment: JoinsEnvironment, info: SessionInfo, host: JoinsHost) {
    this.#environment = environment
    this.#info = info
    this.#host = host
  }

  /**
   * One more is asked for.
   *
   * @param origin Of the page that asks; undefined where it is another program.
   * @param rooms How many the session has.
   * @returns what to call when it has been answered; or why no room is asked.
   */
  begin(frame: JoinFrame, origin: string | undefined, rooms: number): (() => void) | JuntoError {
    const size = heldSize([frame.where, frame.join, frame.options])
    const refusal =
      this.#refusalByNumber(rooms) ?? this.#refusalByCredentials(frame, origin) ?? this.#refusalBySize(size)
    if (refusal !== undefined) return refusal
    const isAsked = this.#info.connection !== this.#identified && this.#environment.rooms.authenticates(frame.room)
    if (isAsked && !this.#beStranger()) return tooManyStrangers()
    if (isAsked) this.#asking++
    this.#bytes += size
    return () => {
      this.#bytes -= size
      if (isAsked && --this.#asking === 0) this.#beKnown()
    }
  }

  /** A room type has said who it is. */
  identified(): void {
    this.#identified = this.#info.connection
    this.#beKnown()
  }

  /** @returns false where there are too many strangers. */
  #beStranger(): boolean {
    this.#known ??= this.#environment.admission.asking(this.#info.connection.remoteAddress, () => this.#host.makeWay())
    return this.#known !== undefined
  }

  #beKnown(): void {
    this.#known?.()
    this.#known = undefined
  }

  #refusalByNumber(rooms: number): JuntoError | undefined {
    if (rooms < this.#environment.limits.maxRoomsPerConnection) return undefined
    return new JuntoError(
      'too_many_rooms',
      `this session has ${rooms} rooms, which is all it may have (limit maxRoomsPerConnection)`,
    )
  }

  /** A browser's page was judged by its origin. Another program has shown nothing yet. */
  #refusalByCredentials({ room }: JoinFrame, origin: string | undefined): JuntoError | undefined {
    if (origin !== undefined || this.#info.connection.auth != null) return undefined
    if (!this.#environment.rooms.authenticates(room)) return undefined
    return new JuntoError(
      'unauthorized',
      `the room '${room}' asks programs that are no browser page for credentials, and the hello had none: ` +
        'give the client an auth (a page is told by its Origin, and may come without)',
    )
  }

  /** A room may take long to come about: what a stranger sent for it waits in memory. */
  #refusalBySize(size: number): JuntoError | undefined {
    const { maxJoining } = this.#environment.limits
    if (this.#bytes + size <= maxJoining) return undefined
    const what = `where, join and options of this join take ${size} bytes`
    const limit = `limit maxJoining: ${maxJoining}, 64 for each value besides its content`
    if (size > maxJoining) {
      return new JuntoError('too_large', `${what}, which is more than a session may have (${limit})`)
    }
    const message = `${what}, those of other joins that wait ${this.#bytes} (${limit})`
    return new JuntoError('rate_limited', message, { retryAfter: joinAgain })
  }
}

function tooManyStrangers(): JuntoError {
  return new JuntoError(
    'rate_limited',
    `too many others wait to be known (limit maxPendingConnections): try again in ${joinAgain} ms`,
    { retryAfter: joinAgain },
  )
}
