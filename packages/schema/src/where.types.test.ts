import { expectTypeOf, it } from 'vitest'
import { defineRoom } from './contract.ts'
import * as t from './types.ts'
import type { OrderBy, Where } from './where.ts'

const Duel = defineRoom('duel', {
  version: 1,
  metadata: t.Object({
    mode: t.Enum(['casual', 'ranked']),
    level: t.Optional(t.Uint8()),
    map: t.Union([t.String(), t.Null()]),
    open: t.Boolean(),
    tags: t.Array(t.String()),
  }),
  state: t.Object({}),
  clientToServer: {},
  serverToClient: {},
})
const Bare = defineRoom('bare', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })

// Only the compiler looks at these.
declare const where: (asked: Where<typeof Duel>) => void
declare const orderBy: (asked: OrderBy<typeof Duel>) => void

it('a where is typed by the metadata', () => {
  void (() => {
    where({})
    where({ mode: 'ranked', level: 3, map: null, open: true, tags: ['a'] })
    where({ mode: { in: ['casual'] }, level: { from: 1, to: 9 }, map: { in: ['ice', null] } })
    where({ level: { from: 1 } })
    where({ level: { in: [1, 2] } })
    // @ts-expect-error another value
    where({ mode: 'x' })
    // @ts-expect-error another value
    where({ mode: { in: ['x'] } })
    // @ts-expect-error texts have no ranges
    where({ map: { from: 'a' } })
    // @ts-expect-error a range is of numbers
    where({ level: { from: '1' } })
    // @ts-expect-error a list can only be equal
    where({ tags: { in: [['a']] } })
    // @ts-expect-error no such field
    where({ size: 1 })
  })
})

it('an order is by one field that holds numbers or texts, or by members', () => {
  void (() => {
    orderBy({ level: 'asc' })
    orderBy({ mode: 'desc' })
    orderBy({ map: 'desc' })
    orderBy({ members: 'desc' })
    // @ts-expect-error another direction
    orderBy({ level: 'up' })
    // @ts-expect-error two fields
    orderBy({ level: 'asc', members: 'desc' })
    // @ts-expect-error lists have no order
    orderBy({ tags: 'asc' })
    // @ts-expect-error booleans have no order
    orderBy({ open: 'asc' })
    // @ts-expect-error no field
    orderBy({})
  })
})

it('without metadata there is nothing to ask for, and an order by members', () => {
  expectTypeOf<Where<typeof Bare>>().toEqualTypeOf<never>()
  expectTypeOf<OrderBy<typeof Bare>>().toExtend<{ readonly members: 'asc' | 'desc' }>()
})
