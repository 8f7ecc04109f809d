import { JuntoError, type Clock, type Limits } from '@junto/protocol'
import type { Metrics } from '../observe/metrics.ts'
import type { Connection } from '../transport/transport.ts'
import { addressKey } from './address.ts'
import { AddressBudget, type Intake } from './address-budget.ts'
import type { HeapGuard } from './heap-guard.ts'
import type { Holder } from './message-limits.ts'
import { Address, Parties, User, type Party } from './parties.ts'
import type { TokenBucket } from './token-bucket.ts'

/** A session, as far as it is counted. Told apart by identity. */
export interface Visitor {
  readonly connection: { readonly remoteAddress: string }
}

/** What is kept of one session: who it is, as far as it has shown that. */
export class Account implements Holder {
  /** Users that it was identified as, one for each kind of room at most. */
  readonly users = new Set<User>()
  /** The last of them. */
  user: User | undefined
  spentUntil = -Infinity

  /** What its user may send, over all sessions. */
  get messages(): TokenBucket | undefined {
    return this.user?.messages
  }

  /** By what limits of single messages are counted: the user, or the session where nobody has asked who it is. */
  get holder(): Holder {
    return this.user ?? this
  }
}

/** Somebody because of whom something exists. */
interface Asker {
  readonly who: 'user' | 'address'
  readonly party: Party
}

/** As names of limits end. */
const titles = { user: 'User', address: 'Address' } as const

const mostOf = {
  rooms: { user: 'maxRoomsPerUser', address: 'maxRoomsPerAddress' },
  listings: { user: 'maxListingsPerUser', address: 'maxListingsPerAddress' },
} as const

/** To look at so many rooms costs the server about as much as a join. */
const roomsPerJoin = 1_000

/** Parts of {@link Quotas}. */
export interface QuotasOptions {
  readonly clock: Clock
  readonly limits: Limits
  readonly heap: HeapGuard
  readonly metrics: Metrics
}

/** How much users and addresses may have and do, over all of their sessions. One for each server. */
export class Quotas {
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #heap: HeapGuard
  readonly #users: Parties<User>
  readonly #addresses: Parties<Address>
  readonly #accounts = new WeakMap<Visitor, Account>()

  constructor({ clock, limits, heap, metrics }: QuotasOptions) {
    this.#clock = clock
    this.#limits = limits
    this.#heap = heap
    const users = {
      joins: { rate: limits.joinRatePerUser, burst: limits.joinBurstPerUser },
      creations: { rate: limits.createRatePerUser, burst: limits.createBurstPerUser },
      messages: { rate: limits.userMessageRate, burst: limits.userMessageBurst },
    }
    const addresses = {
      joins: { rate: limits.joinRatePerAddress, burst: limits.joinBurstPerAddress },
      creations: { rate: limits.createRatePerAddress, burst: limits.createBurstPerAddress },
      sessions: { rate: limits.sessionRatePerAddress, burst: limits.sessionBurstPerAddress },
      guesses: { rate: limits.codeGuessRate, burst: limits.codeGuessBurst },
    }
    this.#users = new Parties(() => new User(users))
    this.#addresses = new Parties(() => new Address(addresses, new AddressBudget({ clock, limits, metrics })))
  }

  /** A connection is made: what comes in on it counts with that of others from its address. To be closed with it. */
  intake(connection: Pick<Connection, 'remoteAddress' | 'pause' | 'resume'>): Intake {
    return this.#address(connection.remoteAddress, this.#clock.now()).budget.open(connection)
  }

  /**
   * A session is about to begin.
   *
   * @throws JuntoError `rate_limited`.
   */
  beginning(remoteAddress: string): void {
    const now = this.#clock.now()
    const { sessions } = this.#address(remoteAddress, now)
    if (!sessions.tryTake(now)) {
      throw tooOften('new sessions from this address', 'sessionRatePerAddress', sessions.wait(now))
    }
  }

  /** The account of a session, made when it is first asked for. */
  of(session: Visitor): Account {
    let account = this.#accounts.get(session)
    if (account === undefined) this.#accounts.set(session, (account = new Account()))
    return account
  }

  /** A session has ended: it counts no more. Harmless when called again. */
  close(session: Visitor): void {
    const account = this.of(session)
    for (const user of account.users) user.sessions.delete(session)
    account.users.clear()
    account.user = undefined
  }

  /**
   * A session wants to join a room.
   *
   * @throws JuntoError `overloaded`; `rate_limited`.
   */
  joining(session: Visitor): void {
    this.#heap.refuseIfOverloaded()
    const now = this.#clock.now()
    const { joins } = this.#address(session.connection.remoteAddress, now)
    if (!joins.tryTake(now)) throw tooOften('joins from this address', 'joinRatePerAddress', joins.wait(now))
  }

  /**
   * A session that joins has shown who it is.
   *
   * @param key The user's; undefined where a room knows no users.
   * @throws JuntoError `too_many_connections`; `rate_limited`.
   */
  identified(session: Visitor, key: string | undefined): void {
    if (key === undefined) return
    this.#refuseSurplus(session, key)
    const { joins } = this.#enroll(session, key)
    const now = this.#clock.now()
    if (!joins.tryTake(now)) throw tooOften('joins of this user', 'joinRatePerUser', joins.wait(now))
  }

  /**
   * Somebody who wants to go on with a session has shown who it is.
   *
   * @returns what counts the session among those of that user, to be called once it is let in.
   * @throws JuntoError `too_many_connections`, where it is another user than before.
   */
  identifiedAgain(session: Visitor, key: string | undefined): () => void {
    if (key === undefined) return () => {}
    this.#refuseSurplus(session, key)
    return () => this.#enroll(session, key)
  }

  /**
   * A room is about to be made, or loaded, because a session asked for it; or the program of the server, which may have as many as it
   * likes.
   *
   * @returns what to call when the room is no more.
   * @throws JuntoError `overloaded`; `too_many_rooms`; `rate_limited`.
   */
  creating(session: Visitor | undefined): () => void {
    this.#heap.refuseIfOverloaded()
    if (session === undefined) return () => {}
    const now = this.#clock.now()
    const askers = this.#askersOf(session, now)
    this.#refuseMore(askers, 'rooms')
    for (const { who, party } of askers) {
      const wait = party.creations.wait(now)
      if (wait > 0) throw tooOften(`rooms made for this ${who}`, `createRatePer${titles[who]}`, wait)
    }
    for (const { party } of askers) party.creations.take(now)
    return counted(askers, 'rooms')
  }

  /**
   * A list of rooms is about to be made, because a session asked for it.
   *
   * @param most The most rooms that it shows.
   * @returns what to call when the list is no more.
   * @throws JuntoError `overloaded`; `too_many_rooms`.
   */
  listing(session: Visitor, most: number): () => void {
    this.#heap.refuseIfOverloaded()
    const now = this.#clock.now()
    const askers = this.#askersOf(session, now)
    this.#refuseMore(askers, 'listings')
    const address = this.#address(session.connection.remoteAddress, now)
    if (address.listed + most > this.#limits.maxListedPerAddress) {
      const shown = `the lists that this address asked for show ${address.listed} rooms already`
      throw new JuntoError('too_many_rooms', `${shown} (limit maxListedPerAddress)`)
    }
    address.listed += most
    return counted(askers, 'listings', () => (address.listed -= most))
  }

  /**
   * Rooms are about to be looked for, because a session asked for them.
   *
   * @returns what to tell how many were looked at one by one: for each 1,000 of them that counts as one more join.
   * @throws JuntoError `rate_limited`, while too many were looked at before: also for joins that have been let in since.
   */
  searching(session: Visitor): (looked: number) => void {
    const now = this.#clock.now()
    const askers = this.#askersOf(session, now)
    for (const { who, party } of askers) {
      if (party.joins.wait(now, 0) === 0) continue
      const what = `rooms looked at for this ${who}, which count as joins`
      throw tooOften(what, `joinRatePer${titles[who]}`, party.joins.wait(now))
    }
    return (looked) => {
      const joins = Math.floor(looked / roomsPerJoin)
      if (joins > 0) for (const { party } of askers) party.joins.take(now, joins)
    }
  }

  /**
   * A session shows a join code.
   *
   * @throws JuntoError `rate_limited`, when too many from its address led nowhere: whether this one does is not told.
   */
  guessing({ connection }: Visitor): void {
    const now = this.#clock.now()
    const wait = this.#address(connection.remoteAddress, now).guesses.wait(now)
    if (wait > 0) throw tooOften('wrong join codes from this address', 'codeGuessRate', wait)
  }

  /** A session has shown a join code that leads nowhere. */
  guessed({ connection }: Visitor): void {
    const now = this.#clock.now()
    this.#address(connection.remoteAddress, now).guesses.take(now)
  }

  /** By whom it counts what a session asks for: its user, where it has shown that, and its address. */
  #askersOf(session: Visitor, now: number): readonly Asker[] {
    const { user } = this.of(session)
    const address: Asker = { who: 'address', party: this.#address(session.connection.remoteAddress, now) }
    return user === undefined ? [address] : [{ who: 'user', party: user }, address]
  }

  #refuseMore(askers: readonly Asker[], kind: 'rooms' | 'listings'): void {
    for (const { who, party } of askers) {
      const limit = mostOf[kind][who]
      const most = this.#limits[limit]
      if (party[kind] < most) continue
      const what = kind === 'rooms' ? 'rooms' : 'lists of rooms'
      throw new JuntoError(
        'too_many_rooms',
        `${most} ${what} exist because this ${who} asked for them (limit ${limit})`,
      )
    }
  }

  #refuseSurplus(session: Visitor, key: string): void {
    const { sessions } = this.#users.of(key, this.#clock.now())
    const { maxConnectionsPerUser } = this.#limits
    if (sessions.has(session) || sessions.size < maxConnectionsPerUser) return
    throw new JuntoError(
      'too_many_connections',
      `this user has ${maxConnectionsPerUser} connections, which is all it may have (limit maxConnectionsPerUser)`,
    )
  }

  /** Counts a session among those of its user, once. */
  #enroll(session: Visitor, key: string): User {
    const account = this.of(session)
    const user = this.#users.of(key, this.#clock.now())
    user.sessions.add(session)
    account.users.add(user)
    account.user = user
    return user
  }

  #address(remoteAddress: string, now: number): Address {
    return this.#addresses.of(addressKey(remoteAddress), now)
  }
}

function tooOften(what: string, limit: string, wait: number): JuntoError {
  const retryAfter = Math.ceil(wait)
  return new JuntoError('rate_limited', `too many ${what} (limit ${limit}): try again in ${retryAfter} ms`, {
    retryAfter,
  })
}

/** Counts something for all who asked for it. @returns what to call when it is no more; harmless when called again. */
function counted(askers: readonly Asker[], kind: 'rooms' | 'listings', onGone?: () => void): () => void {
  for (const { party } of askers) party[kind]++
  let there = true
  return () => {
    if (!there) return
    there = false
    for (const { party } of askers) party[kind]--
    onGone?.()
  }
}
