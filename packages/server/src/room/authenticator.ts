import { JuntoError, type Clock, type ErrorCode } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import { sessionTag } from '../observe/session-tag.ts'
import type { RoomDefinition } from './definition.ts'
import { unlessAborted, within } from '../promises.ts'
import { thrownAs } from '../thrown.ts'
import type { ConnectionInfo, SessionInfo } from './seat.ts'

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

/** Parts of {@link Authenticator}. */
export interface AuthenticatorOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Milliseconds until an authenticator that does not answer counts as failed. */
  readonly timeout: number
  /** How many questions about one session may be under way. */
  readonly mostAtOnce: number
}

/** Who is asked about. */
export interface Visitor {
  readonly session: SessionInfo
  /** What it shows: the connection of the session, or one that wants to be. */
  readonly connection: ConnectionInfo
}

/** An authenticator was asked. */
interface Question {
  readonly answer: Promise<Identity>
  /** Tells the authenticator that nobody waits any more; undefined once it has answered. */
  nobody: AbortController | undefined
  /** How many do. */
  waiting: number
}

/** Asks room types who a connection is: once for each connection and type, however many rooms of it are joined. */
export class Authenticator {
  readonly #options: AuthenticatorOptions
  readonly #questions = new WeakMap<ConnectionInfo, Map<RoomDefinition, Question>>()
  /** How many of each session are under way. */
  readonly #underWay = new WeakMap<SessionInfo, number>()

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /**
   * Who is at the other end of a connection.
   *
   * @param signal Aborted when the answer is not waited for any more. When nobody waits for it, the authenticator is told.
   * @throws JuntoError `cancelled` when it was aborted; `rate_limited` when too much is being asked about the session; and JuntoError `unauthorized`, or what the authenticator refused with; `timeout`; `internal` when it failed, which
   *   says nothing about the credentials, so that the client may come back with them. What failed is in the log, not in the
   *   message: whoever is refused need not know.
   */
  async identify(definition: RoomDefinition, visitor: Visitor, signal: AbortSignal): Promise<Identity> {
    if (!definition.authenticate) return nobody
    if (signal.aborted) throw givenUp()
    const { connection } = visitor
    let questions = this.#questions.get(connection)
    if (!questions) {
      questions = new Map<RoomDefinition, Question>()
      this.#questions.set(connection, questions)
    }
    const question = questions.get(definition) ?? this.#ask(definition, visitor, questions)
    question.waiting++
    try {
      return await unlessAborted(signal, question.answer, givenUp)
    } finally {
      question.waiting--
      // Of one that was answered this says nothing any more.
      if (question.waiting === 0 && signal.aborted) {
        if (questions.get(definition) === question) questions.delete(definition)
        question.nobody?.abort()
      }
    }
  }

  #ask(definition: RoomDefinition, visitor: Visitor, questions: Map<RoomDefinition, Question>): Question {
    const { session } = visitor
    const { mostAtOnce } = this.#options
    const underWay = this.#underWay.get(session) ?? 0
    if (underWay >= mostAtOnce) {
      throw new JuntoError(
        'rate_limited',
        `who this is is being asked ${underWay} times already: try again in a second`,
        {
          retryAfter: 1000,
        },
      )
    }
    this.#underWay.set(session, underWay + 1)
    const nobodyWaits = new AbortController()
    const answer = this.#answer(definition, visitor, nobodyWaits).finally(() => {
      this.#underWay.set(session, (this.#underWay.get(session) ?? 1) - 1)
      // The answer is kept as long as the connection.
      question.nobody = undefined
    })
    const question: Question = { answer, nobody: nobodyWaits, waiting: 0 }
    questions.set(definition, question)
    // A failure may have passed when the connection tries again.
    answer.catch(() => {
      if (questions.get(definition) === question) questions.delete(definition)
    })
    return question
  }

  async #answer(
    definition: RoomDefinition,
    { session, connection }: Visitor,
    late: AbortController,
  ): Promise<Identity> {
    const { clock, logger, timeout } = this.#options
    const { auth, remoteAddress } = connection
    const token = typeof auth === 'string' ? auth : undefined
    try {
      // In a function of its own, so that a synchronous throw is a rejection.
      const answer = (async () =>
        await definition.authenticate?.({ token, auth, remoteAddress, signal: late.signal }))()
      const user: unknown = await within(clock, timeout, answer, () => {
        return new JuntoError('timeout', `authentication took longer than ${timeout} ms`)
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
      // It gave up because nobody waits.
      if (late.signal.aborted) throw error
      late.abort()
      const about = { address: remoteAddress, session: sessionTag(session.session), room: definition.name, error }
      const code = thrownAs(error, JuntoError)?.code
      if (code !== undefined && verdicts.includes(code)) {
        logger.info(`A connection was not let into rooms ${definition.name}`, about)
        throw error
      }
      logger.error(`authenticate of the room type ${definition.name} failed`, about)
      throw new JuntoError(
        'internal',
        `whether you may enter ${definition.name} could not be told: authenticate failed; the server's log has the reason`,
      )
    }
  }
}

function givenUp(): JuntoError {
  return new JuntoError('cancelled', 'nobody waits any more for who this is')
}
