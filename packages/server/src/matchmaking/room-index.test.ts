import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RoomIndex } from './room-index.ts'
import { inPlainOrder, metadataOf, modelRoom, wishOf, type ModelRoom } from './rooms-model.fixture.ts'
import type { Wish } from './wish.ts'

const wish = (where: Wish['where'], order?: Wish['order']): Wish => ({ where, order })
const all = (): boolean => true

describe('the index', () => {
  it('finds what a look at each room would find, whatever happens to them', () => {
    const change = fc.record({
      room: fc.nat(199),
      metadata: metadataOf,
      taken: fc.nat(4),
      isFindable: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(metadataOf, { minLength: 150, maxLength: 200 }),
        fc.array(wishOf, { minLength: 1, maxLength: 4 }),
        fc.array(fc.array(change, { maxLength: 8 }), { minLength: 20, maxLength: 40 }),
        fc.nat(3),
        (metadata, wishes, turns, refused) => {
          const index = new RoomIndex<ModelRoom>()
          const rooms = metadata.map((each, number) => modelRoom(number, { metadata: each }))
          const put = (room: ModelRoom): void => (room.isFindable ? index.set(room) : index.delete(room))
          // Not in the order of their age.
          for (const room of rooms.toReversed()) put(room)
          for (const turn of turns) {
            for (const { room: number, ...changed } of turn) {
              const room = rooms[number]
              if (room === undefined) continue
              Object.assign(room, changed)
              put(room)
            }
            for (const each of wishes) {
              const expected = inPlainOrder(
                rooms.filter(({ isFindable }) => isFindable),
                each,
              ).filter(({ number }) => number % 4 !== refused)[0]
              const found = index.best(each, ({ number }) => number % 4 !== refused)
              expect(found.room?.id).toBe(expected?.id)
            }
          }
        },
      ),
      runs(30),
    )
  })

  it('forgets rooms', () => {
    const index = new RoomIndex<ModelRoom>()
    const rooms = Array.from({ length: 300 }, (_, number) =>
      modelRoom(number, { metadata: { mode: 'a', level: number } }),
    )
    for (const room of rooms) index.set(room)
    const ranked = wish([{ field: 'mode', values: ['a'] }], { field: 'level', direction: 'desc' })
    for (let times = 0; times < 20; times++) expect(index.best(ranked, all).room?.number).toBe(299)
    for (const room of rooms) index.delete(room)
    expect(index.size).toBe(0)
    expect(index.best(ranked, all).room).toBeUndefined()
    for (const room of rooms) index.set(room)
    expect(index.best(ranked, all).room?.number).toBe(299)
  })
})

describe('the cost of a match', () => {
  /** How many fields are read for one match, once wishes of its shape have been asked for a while. */
  function reads(count: number, asked: Wish, metadataOfRoom: (number: number) => Record<string, unknown>): number {
    let read = 0
    const watched = (fields: Record<string, unknown>): Record<string, unknown> =>
      new Proxy(fields, {
        get(target, name) {
          read++
          return typeof name === 'string' ? target[name] : undefined
        },
      })
    const index = new RoomIndex<ModelRoom>()
    const rooms = Array.from({ length: count }, (_, number) =>
      modelRoom(number, { metadata: watched(metadataOfRoom(number)), taken: number % 4 }),
    )
    for (const room of rooms) index.set(room)
    for (let times = 0; times < 20; times++) index.best(asked, all)
    // The oldest ones go.
    for (const room of rooms.splice(0, count / 2)) index.delete(room)
    read = 0
    index.best(asked, all)
    return read
  }

  const metadata = (number: number) => ({
    mode: number % 2 === 0 ? 'ranked' : 'casual',
    level: number % 100,
    ping: number % 7,
  })

  it.each<[string, Wish, most: number]>([
    ['by values, the oldest', wish([{ field: 'mode', values: ['ranked'] }]), 0],
    [
      'by values, the fullest',
      wish([{ field: 'mode', values: ['ranked'] }], { field: 'members', direction: 'desc' }),
      0,
    ],
    ['by one of several values', wish([{ field: 'level', values: [3, 5, 7] }]), 0],
    ['by a value that no room has', wish([{ field: 'mode', values: ['nothing'] }]), 0],
    [
      'by a range, in its order',
      wish(
        [
          { field: 'mode', values: ['ranked'] },
          { field: 'level', from: 30, to: 60 },
        ].toSorted(byField),
        {
          field: 'level',
          direction: 'asc',
        },
      ),
      500,
    ],
    ['by a range of half of the rooms, the oldest', wish([{ field: 'level', from: 25, to: 75 }]), 2_000],
    ['by a range that is empty', wish([{ field: 'level', from: 50.2, to: 50.8 }]), 500],
  ])('%s: is not that of looking at all rooms', (_, asked, most) => {
    expect(reads(10_000, asked, metadata)).toBeLessThanOrEqual(most)
  })

  it('is told, where rooms are looked at one by one', () => {
    const index = new RoomIndex<ModelRoom>()
    for (let number = 0; number < 2_000; number++) index.set(modelRoom(number, { metadata: metadata(number) }))
    const half = { field: 'level', from: 50, to: 100 }
    const looked = (...where: Wish['where']): number => {
      for (let times = 0; times < 20; times++) index.best(wish(where), all)
      return index.best(wish(where), all).looked
    }
    // Not put in order yet.
    expect(index.best(wish([half]), all).looked).toBe(2_000)
    expect(looked({ field: 'mode', values: ['ranked'] })).toBe(1)
    expect(looked(half)).toBeLessThan(500)
    expect(looked(half, { field: 'ping', from: 7, to: 8 })).toBeGreaterThanOrEqual(1_000)
  })

  function byField(one: { readonly field: string }, other: { readonly field: string }): number {
    return one.field < other.field ? -1 : 1
  }

  it('is that of looking at all while wishes of a shape are rare, so that strange ones make nothing grow', () => {
    const index = new RoomIndex<ModelRoom>()
    for (let number = 0; number < 100; number++) index.set(modelRoom(number, { metadata: { a: number, b: number } }))
    for (let shape = 0; shape < 1_000; shape++) {
      const odd = wish([{ field: `f${shape}`, values: [1] }])
      expect(index.best(odd, all).room).toBeUndefined()
    }
    for (let shape = 0; shape < 40; shape++) {
      for (let times = 0; times < 20; times++) index.best(wish([{ field: `f${shape}`, values: [1] }]), all)
    }
    expect(index.best(wish([{ field: 'a', values: [7] }]), all).room?.number).toBe(7)
  })
})
