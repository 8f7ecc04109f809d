import { defineRoom, t } from '@junto/schema'
import { listingOf } from '@junto/schema/internal'
import { describe, expect, it } from 'vitest'
import { Room, type Creation, type RoomBase } from '../room/room.ts'
import { World, type TestClient } from '../room/rooms.fixture.ts'

const Duel = defineRoom('duel', {
  version: 4,
  options: t.Object({ mode: t.String(), level: t.Uint8(), map: t.String() }),
  join: t.Object({ name: t.String() }),
  metadata: t.Object({ mode: t.String(), level: t.Uint8(), map: t.Optional(t.String()) }),
  state: t.Object({ round: t.Uint8() }),
  clientToServer: {},
  serverToClient: {},
})
type AnyDuel = RoomBase<typeof Duel>

/** A world with rooms whose metadata are their options, once `ready` has resolved. */
function duels(options: { maxMembers?: number; ready?: () => Promise<void>; limits?: object; user?: boolean } = {}) {
  const world = new World({ limits: options.limits ?? {} })
  const rooms: AnyDuel[] = []
  class DuelRoom extends Room(Duel) {
    async onCreate({ options: wanted }: Creation<typeof Duel>) {
      rooms.push(this)
      await options.ready?.()
      this.metadata = wanted
      return { round: 0 }
    }
    readonly handlers = this.handle({})
  }
  world.registry.define(Duel, DuelRoom, { maxMembers: options.maxMembers ?? 2 })
  return { world, rooms }
}

const usual = { mode: 'ranked', level: 10, map: 'ice' }
const asked = (where: unknown, more: object = {}) =>
  ({ by: 'joinOrCreate', where, options: usual, join: { name: 'Ada' }, ...more }) as const

async function made(world: World, options: object): Promise<string> {
  const client = await world.join(Duel, { by: 'create', options: { ...usual, ...options }, join: { name: 'Ada' } })
  return client.seat.joined.id
}
const idOf = (client: TestClient) => client.seat.joined.id

describe('[P19] joinOrCreate', () => {
  it('finds rooms by values, ranges and sets, the oldest first', async () => {
    const { world } = duels()
    const casual = await made(world, { mode: 'casual' })
    const low = await made(world, { level: 5, map: 'sand' })
    const high = await made(world, { level: 20, map: 'wood' })
    const find = async (where: unknown): Promise<string> => {
      const client = await world.join(Duel, asked(where))
      const id = idOf(client)
      client.leave()
      await world.clock.settle()
      return id
    }
    expect(await find({})).toBe(casual)
    expect(await find({ mode: 'ranked' })).toBe(low)
    expect(await find({ level: { from: 6, to: 20 } })).toBe(casual)
    expect(await find({ mode: 'ranked', level: { from: 6 } })).toBe(high)
    expect(await find({ level: { to: 5 } })).toBe(low)
    expect(await find({ map: { in: ['wood', 'sand'] } })).toBe(low)
    expect(await find({ map: { in: ['wood'] }, level: { from: 20, to: 20 } })).toBe(high)
    expect([casual, low, high]).not.toContain(await find({ map: { in: [] } }))
  })

  it('takes the first in the order asked for', async () => {
    const { world, rooms } = duels({ maxMembers: 3 })
    const ids = [await made(world, { level: 7 }), await made(world, { level: 3 }), await made(world, { level: 9 })]
    const find = async (order: object): Promise<number> =>
      ids.indexOf(idOf(await world.join(Duel, asked({}, { order }))))
    expect(await find({ level: 'asc' })).toBe(1)
    expect(await find({ level: 'desc' })).toBe(2)
    expect(await find({ members: 'asc' })).toBe(0)
    expect(await find({ members: 'desc' })).toBe(0)
    expect(rooms.map((room) => room.members.size)).toEqual([3, 2, 2])
    expect(await find({ members: 'desc' })).toBe(1)
  })

  it('refuses what it cannot read, by name', async () => {
    const { world } = duels()
    const refused = (more: object) => expect(world.join(Duel, { ...asked({}), ...more })).rejects
    await refused({ where: { levle: 1 } }).toMatchObject({
      code: 'invalid',
      message: 'where.levle: is no field of the metadata: did you mean level?',
      data: { path: 'where.levle' },
    })
    await refused({ where: { level: { from: 'x' } } }).toMatchObject({ data: { path: 'where.level.from' } })
    await refused({ order: { size: 'asc' } }).toMatchObject({ code: 'invalid', data: { path: 'orderBy.size' } })
    expect(world.registry.size).toBe(0)
  })

  it('sees changes of metadata at once', async () => {
    const { world, rooms } = duels()
    const id = await made(world, { level: 1 })
    const [room] = rooms
    const given = { mode: 'ranked', level: 30 }
    if (room) room.metadata = given
    expect(idOf(await world.join(Duel, asked({ level: { from: 25 } })))).toBe(id)
    // It is the room's own copy.
    given.level = 1
    expect(room?.metadata).toEqual({ mode: 'ranked', level: 30 })
    expect(Object.isFrozen(room?.metadata)).toBe(true)
    expect(() => Object.assign(room ?? {}, { metadata: { mode: 'ranked', level: 300 } })).toThrow('metadata.level')
  })

  it('does not find private and locked rooms, nor those that are closing', async () => {
    const { world, rooms } = duels({ maxMembers: 9 })
    const id = await made(world, {})
    const [room] = rooms
    if (!room) throw new Error('no room')
    const finds = async (): Promise<boolean> => {
      const client = await world.join(Duel, asked({ level: 10 }))
      const found = idOf(client) === id
      client.leave()
      // What was made instead goes again.
      if (!found) rooms[rooms.length - 1]?.close()
      await world.clock.settle()
      return found
    }
    expect(await finds()).toBe(true)
    room.visibility = 'private'
    expect(await finds()).toBe(false)
    room.visibility = 'public'
    expect(await finds()).toBe(true)
    room.lock()
    expect(await finds()).toBe(false)
    room.unlock()
    expect(await finds()).toBe(true)
    room.maxMembers = 1
    expect(await finds()).toBe(false)
    room.maxMembers = 2
    expect(await finds()).toBe(true)
    room.close()
    expect(await finds()).toBe(false)
  })
})

describe('many at once', () => {
  it('a hundred joins never overfill, and make no needless second room', async () => {
    for (const maxMembers of [1, 2, 7, 100]) {
      const { world, rooms } = duels({ maxMembers, ready: () => Promise.resolve() })
      const where = { mode: 'ranked', level: { from: 5, to: 15 }, map: { in: ['ice', 'sand'] } }
      const clients = Array.from({ length: 100 }, () => world.client(Duel))
      for (const client of clients) client.join(asked(where))
      await world.clock.settle()
      expect(clients.filter(({ isJoined }) => isJoined)).toHaveLength(100)
      expect(rooms).toHaveLength(Math.ceil(100 / maxMembers))
      for (const room of rooms) expect(room.members.size).toBeLessThanOrEqual(maxMembers)
    }
  })

  it('whoever wishes the same in other words waits for the same room', async () => {
    const { world, rooms } = duels({ maxMembers: 4, ready: () => Promise.resolve() })
    const clients = Array.from({ length: 4 }, () => world.client(Duel))
    clients[0]?.join(asked({ mode: 'ranked', level: { from: 5, to: 15 } }))
    clients[1]?.join(asked({ level: { to: 15, from: 5 }, mode: { in: ['ranked'] } }))
    clients[2]?.join(asked({ mode: 'ranked', level: { from: 5, to: 15 } }, { order: { level: 'asc' } }))
    clients[3]?.join(asked({ mode: 'ranked', level: { from: 5, to: 16 } }))
    await world.clock.settle()
    expect(rooms.map((room) => room.members.size)).toEqual([3, 1])
    const others = Array.from({ length: 2 }, () => world.client(Duel))
    const options = { ...usual, map: 'wood' }
    others[0]?.join(asked({ map: { in: ['sand', 'wood'] } }, { options }))
    others[1]?.join(asked({ map: { in: ['wood', 'sand', 'wood'] } }, { options }))
    await world.clock.settle()
    expect(rooms.map((room) => room.members.size)).toEqual([3, 1, 2])
  })

  it('those who waited for a room that became something else go on to another one', async () => {
    const { world, rooms } = duels({ maxMembers: 4, ready: () => Promise.resolve() })
    const clients = Array.from({ length: 4 }, () => world.client(Duel))
    // Whoever makes the first one says another level than the one that all of them look for.
    for (const [index, client] of clients.entries()) {
      client.join(asked({ level: 50 }, { options: { ...usual, level: index === 0 ? 1 : 50 } }))
    }
    await world.clock.settle()
    expect(clients.every(({ isJoined }) => isJoined)).toBe(true)
    expect(rooms.map((room) => [room.metadata?.level, room.members.size])).toEqual([
      [1, 1],
      [50, 3],
    ])
  })
})

describe('join codes', () => {
  it('[P6] lead to a room, also a private one, and not to one of another type', async () => {
    const { world, rooms } = duels({ maxMembers: 9 })
    const id = await made(world, {})
    const [room] = rooms
    if (!room) throw new Error('no room')
    room.visibility = 'private'
    const { code } = room
    const by = (written: string) => world.join(Duel, { by: 'code', id: written, join: { name: 'Ada' } })
    expect(idOf(await by(code))).toBe(id)
    expect(idOf(await by(`${code.slice(0, 3)}-${code.slice(3)}`.toLowerCase()))).toBe(id)
    await expect(by('wrong1')).rejects.toMatchObject({
      code: 'room_not_found',
      message: 'there is no room of this join code',
    })
    room.lock()
    await expect(by(code)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'the room is locked: nobody new comes in',
    })
    room.unlock()
    room.close()
    await world.clock.settle()
    await expect(by(code)).rejects.toMatchObject({ code: 'room_not_found' })
  })

  it('cannot be guessed as fast as one can ask', async () => {
    const { world, rooms } = duels({ limits: { codeGuessBurst: 3 } })
    await made(world, {})
    const by = (id: string, remoteAddress = '10.0.0.7') =>
      world.join(Duel, { by: 'code', id, join: { name: 'Ada' } }, { remoteAddress })
    for (let guess = 0; guess < 3; guess++) await expect(by('wrong1')).rejects.toMatchObject({ code: 'room_not_found' })
    // A right one is not told from a wrong one.
    const refused = { code: 'rate_limited', retryAfter: 1000 }
    await expect(by(rooms[0]?.code ?? '')).rejects.toMatchObject(refused)
    await expect(by('wrong1')).rejects.toMatchObject(refused)
    await by(rooms[0]?.code ?? '', '10.0.0.8')
    await world.clock.advance('1s')
    await expect(by('wrong1')).rejects.toMatchObject({ code: 'room_not_found' })
  })
})

describe('[P20] lists', () => {
  const list = (world: World, more: object = {}, connection?: object) =>
    world.join(listingOf(Duel), { by: 'list', ...more }, connection)
  interface Shown {
    readonly rooms: ReadonlyMap<string, object>
  }
  const shown = (client: TestClient) => Object.fromEntries((client.mirror.state as Shown).rooms)

  it('show rooms as they come, change and go, and leave out those that nobody is to find', async () => {
    const { world, rooms } = duels()
    const first = await made(world, {})
    const client = await list(world)
    const listed = { members: 1, maxMembers: 2, locked: false, metadata: usual }
    expect(shown(client)).toEqual({ [first]: { id: first, ...listed } })
    await world.join(Duel, { key: 'a', options: usual, join: { name: 'Ada' } })
    const hidden = await made(world, {})
    const second = await made(world, { level: 3 })
    if (rooms[2]) rooms[2].visibility = 'private'
    await world.clock.advance(250)
    expect(Object.keys(shown(client))).toEqual([first, second])
    expect(hidden).not.toBe(second)
    // Full, then locked: still there.
    await world.join(Duel, asked({ level: 10 }))
    rooms[3]?.lock()
    if (rooms[3]) rooms[3].metadata = { mode: 'casual', level: 4 }
    await world.clock.advance(250)
    expect(shown(client)).toEqual({
      [first]: { id: first, ...listed, members: 2 },
      [second]: { id: second, ...listed, locked: true, metadata: { mode: 'casual', level: 4 } },
    })
    rooms[0]?.close()
    await world.clock.advance(250)
    expect(Object.keys(shown(client))).toEqual([second])
  })

  it('send what has changed, and nothing of what has not', async () => {
    const { world } = duels({ maxMembers: 50 })
    await made(world, { map: 'x'.repeat(1000) })
    const client = await list(world)
    client.bytes.length = 0
    for (let n = 0; n < 20; n++) await world.join(Duel, asked({}))
    await world.clock.advance(250)
    expect(client.bytes.length).toBeLessThanOrEqual(4)
    expect(client.bytes.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(200)
  })

  it('are shared by all who ask for the same, in whatever words, and gone when nobody looks', async () => {
    const { world } = duels()
    const where = { level: { from: 1, to: 5 }, mode: 'ranked' }
    const clients = [
      await list(world, { where }),
      await list(world, { where: { mode: { in: ['ranked'] }, level: { to: 5, from: 1 } }, limit: 100 }),
    ]
    expect(idOf(clients[0] as TestClient)).toBe(idOf(clients[1] as TestClient))
    const other = await list(world, { where, order: { members: 'asc' } })
    expect(idOf(other)).not.toBe(idOf(clients[0] as TestClient))
    expect(world.registry.size).toBe(2)
    for (const client of [...clients, other]) client.leave('left')
    await world.clock.advance('10s')
    expect(world.registry.size).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
  })

  it('show the first ones in their order, up to the limit', async () => {
    const { world } = duels()
    const ids: string[] = []
    for (const level of [5, 9, 1, 7]) ids.push(await made(world, { level }))
    const client = await list(world, { order: { level: 'desc' }, limit: 2 })
    expect(Object.keys(shown(client))).toEqual([ids[1], ids[3]])
    await expect(list(world, { limit: 1001 })).rejects.toMatchObject({
      code: 'invalid',
      message: 'limit: a list has at most 1000 rooms (limit maxListed)',
    })
  })

  it('are bounded: for the server, an address and a user; what is asked for again costs nobody anything', async () => {
    const limits = { maxListings: 4, maxListingsPerAddress: 2 }
    const { world } = duels({ limits })
    const one = (level: number, remoteAddress: string) => list(world, { where: { level } }, { remoteAddress })
    const first = await one(1, 'a')
    await one(2, 'a')
    await expect(one(3, 'a')).rejects.toMatchObject({
      code: 'too_many_rooms',
      message: '2 lists of rooms exist because this address asked for them (limit maxListingsPerAddress)',
    })
    await one(1, 'a')
    await one(3, 'b')
    await one(4, 'b')
    await expect(one(5, 'c')).rejects.toMatchObject({
      code: 'too_many_rooms',
      message: 'the server has as many lists of rooms as it allows (maxListings: 4)',
    })
    await one(4, 'c')
    first.leave('left')
    await world.clock.advance('10s')
    // Somebody else still looks at it.
    await expect(one(5, 'c')).rejects.toMatchObject({ code: 'too_many_rooms' })
  })

  it('count as more joins where many rooms are looked at, as wishes for which rooms stand in no order do', async () => {
    const { world } = duels({ limits: { joinRatePerAddress: 1, joinBurstPerAddress: 3 } })
    // One of them will be full.
    for (let n = 0; n <= 1_000; n++) {
      const join = { by: 'create', options: usual, join: { name: 'Ada' } } as const
      await world.join(Duel, join, { remoteAddress: `10.0.${n >> 8}.${n & 255}` })
    }
    const rateLimited = { code: 'rate_limited', retryAfter: 2_000 }
    const match = (remoteAddress: string) => world.join(Duel, asked({ level: 10 }), { remoteAddress })
    await match('a')
    await match('a')
    await expect(match('a')).rejects.toMatchObject(rateLimited)
    const one = (level: number, remoteAddress: string) => list(world, { where: { level } }, { remoteAddress })
    await one(1, 'b')
    // Nobody looks for the rooms of a list that is there.
    await one(1, 'b')
    await one(2, 'c')
    await one(3, 'c')
    await expect(one(1, 'c')).rejects.toMatchObject(rateLimited)
    await expect(one(1, 'b')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 1_000 })
    await world.clock.advance(2_000)
    await match('a')
    await one(1, 'c')
  })

  it('are bounded by the rooms that they may show, for an address', async () => {
    const { world } = duels({ limits: { maxListedPerAddress: 250 } })
    const one = (level: number, remoteAddress: string, limit?: number) =>
      list(world, { where: { level }, ...(limit !== undefined && { limit }) }, { remoteAddress })
    const first = await one(1, 'a')
    await one(2, 'a', 150)
    await expect(one(3, 'a', 1)).rejects.toMatchObject({
      code: 'too_many_rooms',
      message: 'the lists that this address asked for show 250 rooms already (limit maxListedPerAddress)',
    })
    await one(3, 'b', 250)
    first.leave('left')
    await world.clock.advance('10s')
    await one(3, 'a', 100)
  })

  it('ask who comes, as the rooms do', async () => {
    const { world } = duels()
    const Secret = defineRoom('secret', {
      version: 1,
      user: t.Object({ id: t.String() }),
      metadata: t.Object({ a: t.String() }),
      state: t.Object({}),
      clientToServer: {},
      serverToClient: {},
    })
    class SecretRoom extends Room(Secret) {
      onCreate() {
        return {}
      }
      readonly handlers = this.handle({})
    }
    world.registry.define(Secret, SecretRoom, {
      authenticate: ({ token }) => (token === 'good' ? { id: 'ada' } : undefined),
    })
    const look = (auth: string) => world.join(listingOf(Secret), { by: 'list' }, { auth })
    await expect(look('bad')).rejects.toMatchObject({ code: 'unauthorized' })
    await look('good')
    await expect(world.join(listingOf(Secret), { by: 'list', version: 2 }, { auth: 'good' })).rejects.toMatchObject({
      code: 'incompatible',
    })
  })

  it('are no rooms to join by id', async () => {
    const { world } = duels()
    const client = await list(world)
    const by = { by: 'join', id: idOf(client), join: { name: 'Ada' } } as const
    await expect(world.join(Duel, by)).rejects.toMatchObject({ code: 'room_not_found' })
  })
})
