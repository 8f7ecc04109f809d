import { runs, VirtualClock } from '@junto/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SilentLogger } from '../observe/log.ts'
import { Listings } from './listings.ts'
import { inPlainOrder, metadataOf, modelRoom, wishOf, type ModelRoom } from './rooms-model.fixture.ts'

/** What a list shows, as its view was told. */
function shownBy(listings: Listings<ModelRoom>, query: Parameters<Listings<ModelRoom>['open']>[0]) {
  const shown = new Map<string, object>()
  const told: string[] = []
  const list = listings.open(query, {
    put: ({ room: { id }, taken, metadata, locked, maxMembers }) => {
      told.push(`put ${id}`)
      shown.set(id, { taken, metadata, locked, maxMembers })
    },
    remove: (id) => {
      told.push(`remove ${id}`)
      expect(shown.delete(id)).toBe(true)
    },
  })
  for (const { room, taken, metadata, locked, maxMembers } of list.shown) {
    shown.set(room.id, { taken, metadata, locked, maxMembers })
  }
  return { list, shown, told }
}

const whatIsShown = ({ taken, metadata, locked, maxMembers }: ModelRoom) => ({ taken, metadata, locked, maxMembers })

it('lists show the first rooms that fit, as they are, whatever happens to them', async () => {
  const change = fc.record({
    room: fc.nat(39),
    metadata: metadataOf,
    taken: fc.nat(4),
    locked: fc.boolean(),
    isListed: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(wishOf, fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 3 }),
      fc.array(fc.array(change, { maxLength: 10 }), { minLength: 1, maxLength: 10 }),
      async (queries, turns) => {
        const clock = new VirtualClock()
        const listings = new Listings<ModelRoom>({ clock, logger: new SilentLogger() })
        const rooms = Array.from({ length: 40 }, (_, number) => modelRoom(number, { isListed: number < 20 }))
        for (const room of rooms) listings.changed(room)
        const lists = queries.map(([wish, limit]) => {
          const query = { ...wish, limit }
          return { query, ...shownBy(listings, query) }
        })
        for (const turn of turns) {
          for (const { room: number, ...changed } of turn) {
            const room = rooms[number]
            if (room === undefined) continue
            Object.assign(room, changed)
            listings.changed(room)
          }
          await clock.advance(250)
          for (const { query, shown } of lists) {
            const expected = inPlainOrder(
              rooms.filter(({ isListed }) => isListed),
              query,
            ).slice(0, query.limit)
            expect(new Map(shown)).toEqual(new Map(expected.map((room) => [room.id, whatIsShown(room)])))
          }
        }
        for (const { list } of lists) list.close()
        expect(clock.pendingTimers).toBe(0)
      },
    ),
    runs(80),
  )
})

it('[P20] changes are told at once after a quiet time, and four times a second at most', async () => {
  const clock = new VirtualClock()
  const listings = new Listings<ModelRoom>({ clock, logger: new SilentLogger() })
  const room = modelRoom(1)
  listings.changed(room)
  expect(clock.pendingTimers).toBe(0)
  const { list, told } = shownBy(listings, { where: [], order: undefined, limit: 10 })
  await clock.advance(1000)
  expect(told).toEqual([])
  for (let step = 0; step < 100; step++) {
    room.taken = (room.taken + 1) % 4
    listings.changed(room)
    await clock.advance(10)
    if (step === 0) expect(told).toEqual(['put room-1'])
  }
  expect(told).toHaveLength(4)
  // What has not changed after all is not told.
  told.length = 0
  await clock.advance(1000)
  listings.changed(room)
  await clock.advance(1000)
  expect(told).toEqual([])
  list.close()
})

it('a list that fails does not keep the others, and the log names it', async () => {
  const clock = new VirtualClock()
  const errors: unknown[] = []
  class Noting extends SilentLogger {
    override readonly error = (message?: string): void => void errors.push(message)
  }
  const logger = new Noting()
  const listings = new Listings<ModelRoom>({ clock, logger })
  const query = { where: [], order: undefined, limit: 10 }
  const broken = (): never => {
    throw new Error('no')
  }
  listings.open(query, { put: broken, remove: broken })
  const { shown } = shownBy(listings, query)
  listings.changed(modelRoom(1))
  await clock.advance(250)
  expect([...shown.keys()]).toEqual(['room-1'])
  expect(errors).toEqual(['A list of rooms could not be brought up to date'])
})
