import { JuntoError, type Limits } from '@junto/protocol'
import type { ListQuery } from '../matchmaking/room-list.ts'
import type { Wish } from '../matchmaking/wish.ts'
import type { JoinRequest } from './seat.ts'
import type { Shelf } from './shelf.ts'

/** Rooms in a list where nothing else is asked for. */
const usualList = 100

/** The key of the room that is to be opened. @throws JuntoError `invalid` where there is none. */
export function keyOf({ key }: JoinRequest): string {
  if (key === undefined) throw new JuntoError('invalid', 'key: open needs one')
  return key
}

/** What is looked for, in what order. @throws SchemaError naming what cannot be. */
export function wishOf({ where }: Shelf, request: JoinRequest): Wish {
  return { where: where.readWhere(request.where), order: where.readOrder(request.order) }
}

/** What a list is to show. @throws SchemaError as {@link wishOf}; JuntoError `invalid` for more than a list may have. */
export function queryOf(shelf: Shelf, request: JoinRequest, { maxListed }: Limits): ListQuery {
  const { limit = Math.min(usualList, maxListed) } = request
  if (limit > maxListed)
    throw new JuntoError('invalid', `limit: a list has at most ${maxListed} rooms (limit maxListed)`)
  return { ...wishOf(shelf, request), limit }
}
