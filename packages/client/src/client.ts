import { JuntoError } from '@junto/protocol'
import { givenLimits, longestName } from '@junto/protocol/internal'
import type { AnyContract, NameOf } from '@junto/schema'
import { openSocket } from '#open-socket'
import { checkFunction, checkObject, checkOptionNames, wrong } from './arguments.ts'
import type { JuntoClientOptions } from './client-options.ts'
import type { ConnectionStatus } from './connection/connection-state.ts'
import { pageEvents } from './connection/page-events.ts'
import type {
  CreateOptions,
  JoinByIdOptions,
  JoinOrCreateOptions,
  ListOptions,
  OpenOptions,
  Versioned,
} from './open-options.ts'
import type { JoinedRoom } from './room/joined-room.ts'
import type { Room } from './room/room.ts'
import { UntypedRoomList, type RoomList } from './room/room-list.ts'
import { readWish, type JoinRequest, type UntypedOptions } from './session/join-request.ts'
import { Session } from './session/session.ts'
import { SystemClock } from './system-clock.ts'
import { SystemRandom } from './system-random.ts'
import { tabStore, type SessionStore } from './session/session-store.ts'
import { defaultReport, guardedReport } from './warnings.ts'

/**
 * A program's way to the rooms of one server. All rooms share one connection, made with the first join, kept alive, and
 * made again after a loss.
 *
 * Each way to join takes a contract, or the name of one that the program holds as a type only:
 *
 * ```ts
 * import { JuntoClient } from '@junto/client'
 * import type { Poll } from './contract.ts'
 *
 * const client = new JuntoClient({ url: 'ws://localhost:1727' })
 * const room = await client.open<typeof Poll>('poll', { version: 1, key: 'lunch', join: { name: 'Ada' } })
 * ```
 *
 * They reject with a JuntoError: `unreachable` when no connection could be made, `unauthorized` or `forbidden`, `incompatible`
 * when the contracts do not fit, `room_full`, `room_not_found` and the like when the room refuses, `invalid` when it does
 * not take the data, `cancelled` when the signal was aborted.
 */
export class JuntoClient implements AsyncDisposable {
  /** How the connection stands, for interfaces. */
  readonly connection: ConnectionStatus
  readonly #session: Session

  /** Connects to nothing yet: the first join does. */
  constructor(options: JuntoClientOptions) {
    check(options)
    const limits = givenLimits(options.limits)
    if (limits === undefined) throw wrong('limits', 'clientLimits({ … })', options.limits)
    const report = guardedReport(options.onWarning ?? defaultReport)
    this.#session = new Session({
      ...options,
      limits,
      random: options.random ?? new SystemRandom(),
      callTimeout: options.callTimeout ?? limits.callTimeout,
      clock: options.clock ?? new SystemClock(),
      openSocket: options.socket ?? openSocket,
      page: options.page ?? pageEvents(),
      report,
      store: storeOf(options),
    })
    this.connection = this.#session.connection.status
  }

  // By name first, by contract last, and the latter with a second type parameter, which nobody gives: a compiler tells of a
  // call that fits no overload what the last one says. So whoever passes a contract reads which option is wrong; and whoever
  // gives the type, one argument, has only the first overload to fit, and reads what that one says.

  /** Joins the one room of this key, which is created, or restored, when there is none. */
  open<T extends AnyContract>(name: NameOf<T>, options: OpenOptions<T> & Versioned<T>): Promise<JoinedRoom<T>>
  open<T extends AnyContract, _Inferred>(contract: T, options: OpenOptions<T>): Promise<JoinedRoom<T>>
  open<T extends AnyContract>(contract: T | string, options: UntypedOptions): Promise<JoinedRoom<T>> {
    return this.#open(contract, 'open', options)
  }

  /** Joins a room whose metadata fit, or creates one. */
  joinOrCreate<T extends AnyContract>(
    name: NameOf<T>,
    options: JoinOrCreateOptions<T> & Versioned<T>,
  ): Promise<JoinedRoom<T>>
  joinOrCreate<T extends AnyContract, _Inferred>(contract: T, options: JoinOrCreateOptions<T>): Promise<JoinedRoom<T>>
  joinOrCreate<T extends AnyContract>(contract: T | string, options: UntypedOptions): Promise<JoinedRoom<T>> {
    return this.#open(contract, 'joinOrCreate', options)
  }

  /** Creates a room and joins it. */
  create<T extends AnyContract>(name: NameOf<T>, options: CreateOptions<T> & Versioned<T>): Promise<JoinedRoom<T>>
  create<T extends AnyContract, _Inferred>(contract: T, options: CreateOptions<T>): Promise<JoinedRoom<T>>
  create<T extends AnyContract>(contract: T | string, options: UntypedOptions): Promise<JoinedRoom<T>> {
    return this.#open(contract, 'create', options)
  }

  /** Joins the room of this id, which must be there. */
  joinById<T extends AnyContract>(
    name: NameOf<T>,
    id: string,
    options: JoinByIdOptions<T> & Versioned<T>,
  ): Promise<JoinedRoom<T>>
  joinById<T extends AnyContract, _Inferred>(
    contract: T,
    id: string,
    options: JoinByIdOptions<T>,
  ): Promise<JoinedRoom<T>>
  joinById<T extends AnyContract>(contract: T | string, id: string, options: UntypedOptions): Promise<JoinedRoom<T>> {
    return this.#open(contract, 'join', options, id)
  }

  /** Joins the room of this join code, which must be there. It may be written in small letters, with spaces or hyphens. */
  joinByCode<T extends AnyContract>(
    name: NameOf<T>,
    code: string,
    options: JoinByIdOptions<T> & Versioned<T>,
  ): Promise<JoinedRoom<T>>
  joinByCode<T extends AnyContract, _Inferred>(
    contract: T,
    code: string,
    options: JoinByIdOptions<T>,
  ): Promise<JoinedRoom<T>>
  joinByCode<T extends AnyContract>(
    contract: T | string,
    code: string,
    options: UntypedOptions,
  ): Promise<JoinedRoom<T>> {
    return this.#open(contract, 'code', options, code)
  }

  /**
   * A live list of the rooms that matchmaking may find, full and locked ones included: without private rooms and those with a key. It counts as a
   * room of this client; of each list it has one.
   */
  list<T extends AnyContract>(name: NameOf<T>, options: ListOptions<T> & Versioned<T>): Promise<RoomList<T>>
  list<T extends AnyContract, _Inferred>(contract: T, options?: ListOptions<T>): Promise<RoomList<T>>
  async list<T extends AnyContract>(contract: T | string, options: UntypedOptions = {}): Promise<RoomList<T>> {
    const list: unknown = new UntypedRoomList(await this.#open<Room>(contract, 'list', options))
    // As for rooms: that it fits T was checked on the way.
    return list as RoomList<T>
  }

  /** Leaves all rooms, closes the connection, and ends this client. What was sent in this turn still leaves. */
  close(): Promise<void> {
    this.#session.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @typeParam R What the room is: of the contract's type, or untyped. */
  async #open<R>(
    contract: AnyContract | string,
    by: JoinRequest['by'],
    options: UntypedOptions,
    id?: string,
  ): Promise<R> {
    const { own, request, opening } = readWish(contract, by, options, id)
    const room: unknown = await this.#session.open(own, request, opening)
    // The object is made from the server's layout. That it fits the contract was checked on the way: field by field, or by its version where
    // the program holds only the type.
    return room as R
  }
}

function storeOf({ keepSession, url }: JuntoClientOptions): SessionStore | undefined {
  return keepSession === true ? tabStore(url) : keepSession || undefined
}

/** All there are: a name that is none is a mistake, which would else show much later, or never. */
const optionNames: { readonly [name in keyof Required<JuntoClientOptions>]: 1 } = {
  url: 1,
  auth: 1,
  program: 1,
  keepSession: 1,
  callTimeout: 1,
  limits: 1,
  onWarning: 1,
  socket: 1,
  clock: 1,
  random: 1,
  readers: 1,
  page: 1,
}

/** A name and a password, or a parameter that sounds like such. */
const credentialsInUrl = /\/\/[^/?#]*@|[?&][\w.-]*(token|secret|jwt|auth\w*|passw\w*|pwd|api.?key)=/i

/** @throws JuntoError `misuse` naming what cannot work. */
function check(options: JuntoClientOptions): void {
  checkObject(options, 'the options of a client')
  const { url, auth, program, callTimeout, onWarning } = options
  checkOptionNames(options, 'a client', optionNames)
  // For untyped programs; something with a text form, such as a URL, does as well.
  const address = String(url)
  if (credentialsInUrl.test(address)) {
    throw new JuntoError('misuse', 'url must hold no credentials, for URLs are logged: give them as auth: () => token')
  }
  // Other sockets have addresses of their own.
  if (!url || (options.socket === undefined && !/^wss?:/i.test(address))) {
    const example = /^https?:/.test(address) ? address.replace('http', 'ws') : 'ws://localhost:1727'
    throw new JuntoError('misuse', `url must be the server's address, such as '${example}', not ${address}`)
  }
  if (auth !== undefined) checkFunction(auth, 'auth')
  if (onWarning !== undefined) checkFunction(onWarning, 'onWarning')
  if (program !== undefined && (typeof program !== 'string' || program.length > longestName)) {
    throw wrong('program', `a text of at most ${longestName} characters`, program)
  }
  if (callTimeout !== undefined && !(callTimeout > 0)) throw wrong('callTimeout', 'above 0 ms or Infinity', callTimeout)
}
