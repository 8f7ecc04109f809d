import type { Condition, Order } from '@junto/schema/internal'
import fc from 'fast-check'
import type { Candidate } from './matchmaker.ts'
import type { Listable } from './listings.ts'
import type { Wish } from './wish.ts'

/** A room without anything but what finding it needs. */
export interface ModelRoom extends Candidate, Listable {
  metadata: Readonly<Record<string, unknown>> | undefined
  taken: number
  maxMembers: number
  locked: boolean
  isFindable: boolean
  isListed: boolean
}

export function modelRoom(number: number, given: Partial<ModelRoom> = {}): ModelRoom {
  return {
    id: `room-${number}`,
    number,
    metadata: undefined,
    taken: 0,
    maxMembers: 4,
    locked: false,
    isFindable: true,
    isListed: true,
    wanted: undefined,
    canSeat: () => true,
    ...given,
  }
}

const mode = fc.constantFrom('casual', 'ranked', 'custom')
const level = fc.integer({ min: 0, max: 9 })

/** Metadata in which fields may be missing, or hold other things than in the next room. */
export const metadataOf = fc.option(
  fc.record(
    {
      mode,
      level: fc.oneof({ weight: 5, arbitrary: level }, { weight: 1, arbitrary: fc.constantFrom('hard', null) }),
      ping: level,
      tags: fc.array(mode, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined, freq: 10 },
)

const range = (field: string) =>
  fc.record({
    field: fc.constant(field),
    from: fc.oneof(level, fc.constant(-Infinity)),
    to: fc.oneof(level, fc.constant(Infinity)),
  })
const values = (field: string, value: fc.Arbitrary<unknown>) =>
  fc.record({ field: fc.constant(field), values: fc.array(value, { minLength: 1, maxLength: 3 }) })

const conditions: Readonly<Record<string, fc.Arbitrary<Condition>>> = {
  level: fc.oneof(range('level'), values('level', fc.oneof(level, fc.constantFrom('hard', null)))),
  mode: values('mode', mode),
  ping: fc.oneof(range('ping'), values('ping', level)),
  tags: values('tags', fc.array(mode, { maxLength: 2 })),
}

const orderOf: fc.Arbitrary<Order | undefined> = fc.option(
  fc.record({
    field: fc.constantFrom('members', 'level', 'mode'),
    direction: fc.constantFrom('asc' as const, 'desc' as const),
  }),
  { nil: undefined },
)

/** Wishes of few shapes and many values, as programs have them. */
export const wishOf: fc.Arbitrary<Wish> = fc.subarray(Object.keys(conditions)).chain((fields) =>
  fc.record({
    where: fc.tuple(...fields.toSorted().flatMap((field) => conditions[field] ?? [])),
    order: orderOf,
  }),
)

/** Whether a room fits, said once more, and in another way. */
export function fitsPlainly({ metadata }: ModelRoom, { where }: Wish): boolean {
  return where.every((condition) => {
    const value = metadata?.[condition.field]
    if (value === undefined) return false
    if ('values' in condition) return condition.values.some((each) => JSON.stringify(each) === JSON.stringify(value))
    return typeof value === 'number' && value >= condition.from && value <= condition.to
  })
}

/** The rooms that fit, in the order asked for. */
export function inPlainOrder(rooms: Iterable<ModelRoom>, wish: Wish): ModelRoom[] {
  const { order } = wish
  const keyOf = (room: ModelRoom): number | string | undefined => {
    const value = order?.field === 'members' ? room.taken : order && room.metadata?.[order.field]
    return typeof value === 'number' || typeof value === 'string' ? value : undefined
  }
  const fitting = [...rooms].filter((room) => fitsPlainly(room, wish)).toSorted((a, b) => a.number - b.number)
  const ranked = fitting.filter((room) => keyOf(room) !== undefined)
  const upwards = ranked.toSorted((a, b) => {
    const [one, other] = [keyOf(a), keyOf(b)]
    if (typeof one === 'number' && typeof other === 'number') return one - other
    if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : Number(one > other)
    return typeof one === 'number' ? -1 : 1
  })
  const keys = [...new Set(upwards.map(keyOf))]
  if (order?.direction === 'desc') keys.reverse()
  return [
    ...keys.flatMap((key) => upwards.filter((room) => keyOf(room) === key)),
    ...fitting.filter((room) => keyOf(room) === undefined),
  ]
}
