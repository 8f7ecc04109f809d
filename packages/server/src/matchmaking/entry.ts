import type { Order } from '@junto/schema/internal'
import { fieldOf } from './wish.ts'

/** What of a room matters to those who look for one. */
export interface Found {
  /** Grows from room to room: who came about earlier has the lower one. */
  readonly number: number
  /** Frozen: replaced as a whole. */
  readonly metadata: unknown
  /** Seats that are taken. */
  readonly taken: number
  readonly maxMembers: number
  readonly locked: boolean
}

/** A room as it was when it was looked at last. */
export interface Entry<R> extends Found {
  readonly room: R
}

/** A room as it is now. */
export function entryOf<R extends Found>(room: R): Entry<R> {
  const { number, metadata, taken, maxMembers, locked } = room
  return { room, number, metadata, taken, maxMembers, locked }
}

/** Whether a room is still as it was. */
export function isCurrent<R extends Found>(entry: Entry<R>): boolean {
  const { room } = entry
  return (
    entry.metadata === room.metadata &&
    entry.taken === room.taken &&
    entry.maxMembers === room.maxMembers &&
    entry.locked === room.locked
  )
}

/** Which comes first: below 0 for the first one, above 0 for the second one, and 0 only for the same room. */
export type Compare = (one: Found, other: Found) => number

/** An order of rooms; undefined: by age. Equals are in the order of their age, and those that lack the field come last. */
export function compareBy(order: Order | undefined): Compare {
  if (order === undefined) return byAge
  const { field, direction } = order
  const sign = direction === 'asc' ? 1 : -1
  if (field === 'members') return (one, other) => (one.taken - other.taken) * sign || byAge(one, other)
  return (one, other) => {
    const value = rankable(fieldOf(one.metadata, field))
    const against = rankable(fieldOf(other.metadata, field))
    if (value === against) return byAge(one, other)
    if (value === undefined) return 1
    if (against === undefined) return -1
    // Numbers before texts, where a field holds both.
    if (typeof value !== typeof against) return typeof value === 'number' ? -sign : sign
    return value < against ? -sign : sign
  }
}

function byAge(one: Found, other: Found): number {
  return one.number - other.number
}

function rankable(value: unknown): number | string | undefined {
  return typeof value === 'number' || typeof value === 'string' ? value : undefined
}
