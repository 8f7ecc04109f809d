import { JuntoError, type Clock, type ErrorCode } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import type { RoomDefinition } from './definition.ts'
import { within } from '../promises.ts'
import type { ConnectionInfo } from './seat.ts'

/** What an authenticator may throw to refuse, and what its deadline does. Anything else that it throws is a fault of it. */
const verdicts: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'timeout']

/** Who somebody is, as a room type sees it. */
export interface Identity {
  /** As the contract declares it; undefined where it declares none. */
  readonly user: unknown
  /** Tells one user from another; undefined where nothing does. */
  readonly key: string | undefined
}

const nobody: Identity = { user: undefined, key: undefined }

/** Asks room types who a connection is: once for each connection and type, however many rooms of it are joined. */
export class Authenticator {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #timeout: number
  readonly #known = new WeakMap<ConnectionInfo, Map<RoomDefinition, Promise<Identity>>>()

  /** @param timeout Milliseconds until an authenticator that does not answer counts as failed. */
  constructor(clock: Clock, logger: Logger, timeout: number) {
    this.#clock = clock
    this.#logger = logger
    this.#timeout = timeout
  }

  /**
   * Who is at the other end of a connection.
   *
   * @throws JuntoError `unauthorized`, or what the authenticator refused with; `timeout`; `internal` when it failed, which
   *   says nothing about the credentials, so that the client may come back with them. What failed is in the log, not in the
   *   message: whoever is refused need not know.
   */
  identify(definition: RoomDefinition, connection: ConnectionInfo): Promise<Identity> {
    if (!definition.authenticate) return Promise.resolve(nobody)
    let users = this.#known.get(connection)
    if (!users) {
      users = new Map<RoomDefinition, Promise<Identity>>()
      this.#known.set(connection, users)
    }
    const known = users.get(definition)
    if (known) return known
    const asked = this.#ask(definition, connection)
    users.set(definition, asked)
    // A failure may have passed when the connection tries again.
    asked.catch(() => users.delete(definition))
    return asked
  }

  async #ask(definition: RoomDefinition, connection: ConnectionInfo): Promise<Identity> {
    const late = new AbortController()
    const { auth, remoteAddress } = connection
    const token = typeof auth === 'string' ? auth : undefined
    try {
      // In a function of its own, so that a synchronous throw is a rejection.
      const answer = (async () =>
        await definition.authenticate?.({ token, auth, remoteAddress, signal: late.signal }))()
      const user: unknown = await within(this.#clock, this.#timeout, answer, () => {
        return new JuntoError('timeout', `authentication took longer than ${this.#timeout} ms`)
      })
      const declared = definition.contract.shape.user !== undefined
      if (declared ? user === undefined || user === null : user !== true) {
        throw new JuntoError('unauthorized', `these credentials do not let you into ${definition.name}`)
      }
      if (!declared) return nobody
      definition.checkNamed('user', user)
      // Who shows nothing is nobody in particular: all guests may have been given one id.
      const isGuest = auth === undefined || auth === null
      return { user, key: isGuest ? undefined : definition.userKeyOf(user) }
    } catch (error) {
      late.abort()
      const about = { room: definition.name, remoteAddress, error }
      if (error instanceof JuntoError && verdicts.includes(error.code)) {
        this.#logger.info(`A connection was not let into rooms ${definition.name}`, about)
        throw error
      }
      this.#logger.error(`authenticate of the room type ${definition.name} failed`, about)
      throw new JuntoError(
        'internal',
        `whether you may enter ${definition.name} could not be told: authenticate failed; the server's log has the reason`,
      )
    }
  }
}
