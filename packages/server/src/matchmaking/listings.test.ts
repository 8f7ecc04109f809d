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

/** Rooms of which all lists show some, and what it takes to hear of all of them. */
function crowd({ rooms: count, lists: many, limit }: { rooms: number; lists: number; limit: number }) {
  const clock = new VirtualClock()
  const listings = new Listings<ModelRoom>({ clock, logger: new SilentLogger() })
  const rooms = Array.from({ length: count }, (_, number) => modelRoom(number))
  for (const room of rooms) listings.changed(room)
  const lists = Array.from({ length: many }, () => shownBy(listings, { where: [], order: undefined, limit }))
  const change = (): void => {
    for (const room of rooms) {
      room.taken = (room.taken + 1) % 4
      listings.changed(room)
    }
  }
  return { clock, rooms, lists, listings, change, told: () => lists.reduce((sum, { told }) => sum + told.length, 0) }
}

it('[P20] many rows are told in many turns, with time between them for everybody else, and all of them in the end', async () => {
  const { clock, rooms, lists, change, told } = crowd({ rooms: 200, lists: 100, limit: 100 })
  change()
  let most = 0
  for (let before = 0, quiet = 0; quiet < 300; quiet++) {
    await clock.advance(1)
    const rows = told() - before
    before += rows
    most = Math.max(most, rows)
    if (rows === 0) continue
    quiet = 0
    // What changes meanwhile is told, too: at once where it was not told before.
    if (before === 5_000) change()
  }
  expect(most).toBeLessThanOrEqual(600)
  for (const { shown } of lists) {
    expect([...shown.values()]).toEqual(rooms.slice(0, 100).map(whatIsShown))
  }
  expect(told()).toBe(15_000)
  for (const { list } of lists) list.close()
  expect(clock.pendingTimers).toBe(0)
})

it('[P20] lists that are closed or opened while others wait for their turn show what there is', async () => {
  const { clock, rooms, lists, listings, change } = crowd({ rooms: 100, lists: 50, limit: 100 })
  change()
  await clock.advance(30)
  for (const { list } of lists.slice(0, 49)) list.close()
  const late = shownBy(listings, { where: [], order: undefined, limit: 100 })
  change()
  await clock.advance(500)
  for (const { shown } of [late, ...lists.slice(49)]) expect([...shown.values()]).toEqual(rooms.map(whatIsShown))
  late.list.close()
  lists[49]?.list.close()
  expect(clock.pendingTimers).toBe(0)
})

it('a row that cannot be told keeps no other row of its list', async () => {
  const clock = new VirtualClock()
  const listings = new Listings<ModelRoom>({ clock, logger: new SilentLogger() })
  const told: string[] = []
  const told1 = (id: string): void => {
    if (id === 'room-1') throw new Error('no')
    told.push(id)
  }
  const view = { put: ({ room }: { room: ModelRoom }) => told1(room.id), remove: told1 }
  const list = listings.open({ where: [], order: undefined, limit: 10 }, view)
  const rooms = [1, 2].map((number) => modelRoom(number))
  for (const room of rooms) listings.changed(room)
  await clock.advance(250)
  for (const room of rooms) listings.changed(Object.assign(room, { isListed: false }))
  await clock.advance(250)
  expect(told).toEqual(['room-2', 'room-2'])
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
