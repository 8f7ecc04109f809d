import { checkSignal, encodeJoin, roomAddress, type JoinFrame } from '@junto/protocol/internal'
import type { AnyContract } from '@junto/schema'
import { encodeNamed, type OwnLayout } from '@junto/schema/internal'
import { checkObject, checkOptionNames, wrong } from '../arguments.ts'
import type { JoinSettings } from '../open-options.ts'
import type { Optimistic } from '../room/optimism.ts'
import type { Room } from '../room/room.ts'

/** What every way to join may say, without its types. */
export interface UntypedOptions extends JoinSettings {
  readonly key?: string
  readonly where?: unknown
  readonly orderBy?: JoinFrame['order']
  readonly limit?: number
  readonly join?: unknown
  readonly options?: unknown
  readonly version?: number
  readonly mutators?: Optimistic<object>
}

/** What a join asks for, without what each attempt adds. */
export type JoinRequest = Omit<JoinFrame, 'type' | 'ref' | 'layouts' | 'join'> & {
  /** Yields the contract's join data, at each attempt. */
  readonly join: (() => unknown) | undefined
}

/**
 * A join for the very room that was joined before, where there is one. It may have to be restored, and has another id then: so it is asked for by
 * its key where it has one, however it was found.
 */
export function joinAgain(request: JoinRequest, before: Pick<Room, 'id' | 'key'> | undefined): JoinRequest {
  if (before === undefined || request.by === 'list') return request
  const { room, join, options, version } = request
  const { id, key } = before
  if (key !== undefined) return { by: 'open', room, key, join, options, version }
  return { by: 'join', room, id, join, version }
}

/**
 * The frame that asks for a room.
 *
 * @param layouts Hashes of those that need not be sent.
 * @throws SchemaError for what cannot be sent; whatever the program's own function throws that yields the join data.
 */
export function encodeRequest(ref: number, request: JoinRequest, layouts: readonly string[]): Uint8Array {
  const { join, options, where } = request
  return encodeJoin(ref, {
    ...request,
    join: encodeNamed(join?.(), 'join'),
    options: encodeNamed(options, 'options'),
    where: encodeNamed(where, 'where'),
    layouts,
  })
}

/** How the first join is waited for. */
export interface OpeningOptions {
  readonly signal: AbortSignal | undefined
  /** Milliseconds to keep trying while the server cannot be reached. */
  readonly patience: number
  /** What shows the room's mutations at once. */
  readonly mutators?: Optimistic<object> | undefined
}

/** A wish for a room, as it goes to the session. */
export interface Wish {
  readonly request: JoinRequest
  readonly opening: OpeningOptions
  /** What the server's layout is compared with, where the program holds more than its type. */
  readonly own: OwnLayout | undefined
}

/** All there are. */
const optionNames: { readonly [name in keyof Required<UntypedOptions>]: 1 } = {
  key: 1,
  where: 1,
  orderBy: 1,
  limit: 1,
  join: 1,
  options: 1,
  version: 1,
  signal: 1,
  patience: 1,
  mutators: 1,
}

/**
 * Reads what a program gave to a way to join. Before a connection is made or used for it: a key may come out of a URL, and
 * the program may be untyped.
 *
 * @throws JuntoError `invalid` for what the server would refuse, `misuse` for what is no such argument at all.
 */
export function readWish(
  contract: AnyContract | string,
  by: JoinRequest['by'],
  options: UntypedOptions,
  id: string | undefined,
): Wish {
  checkObject(options, 'options')
  checkOptionNames(options, 'a join', optionNames)
  const named: Pick<AnyContract, 'name' | '~own'> = typeof contract === 'string' ? { name: contract } : contract
  checkObject(named, 'contract')
  const {
    key,
    where,
    orderBy: order,
    limit,
    join,
    options: creation,
    version,
    signal,
    patience = 0,
    mutators,
  } = options
  const address = roomAddress(by, { room: named.name, key, id, version })
  if (!(patience >= 0)) throw wrong('patience', 'from 0 ms to Infinity', patience)
  checkSignal(signal)
  if (mutators !== undefined && typeof mutators?.['~make'] !== 'function')
    throw wrong('mutators', 'optimistic(mutators)', mutators)
  return {
    request: { by, ...address, where, order, limit, join: asked(join), options: creation },
    opening: { signal, patience, mutators },
    own: named['~own']?.(by === 'list'),
  }
}

/** Join data as what yields it. A contract's data is never a function, so that one is the other way to give it: it is called with nothing. */
function asked(join: unknown): (() => unknown) | undefined {
  return typeof join === 'function' || join === undefined ? (join as (() => unknown) | undefined) : () => join
}
