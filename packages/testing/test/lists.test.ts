import { select } from '@junto/client'
import { defineRoom, t } from '@junto/schema'
import { Room, type Creation, type RoomBase } from '@junto/server'
import { createWorld } from '@junto/testing'
import { describe, expect, it } from 'vitest'

const Duel = defineRoom('duel', {
  version: 1,
  options: t.Object({ level: t.Uint8() }),
  metadata: t.Object({ level: t.Uint8(), mode: t.Enum(['casual', 'ranked']) }),
  state: t.Object({ round: t.Uint8() }),
  clientToServer: {},
  serverToClient: {},
})

const made: RoomBase<typeof Duel>[] = []

class DuelRoom extends Room(Duel) {
  onCreate({ options: { level } }: Creation<typeof Duel>) {
    made.push(this)
    this.metadata = { level, mode: level > 50 ? 'ranked' : 'casual' }
    return { round: 1 }
  }
  readonly handlers = this.handle({})
}

const duels = () => {
  made.length = 0
  return createWorld({ seed: 1, rooms: [[Duel, DuelRoom, { maxMembers: 2 }]] })
}
const levels = (rooms: ReadonlyMap<string, { readonly metadata: { readonly level: number } | undefined }>) =>
  [...rooms.values()].map(({ metadata }) => metadata?.level)

describe('a list of rooms', () => {
  it('is live: rooms come, change and go', async () => {
    await using world = duels()
    const [ada, bob] = [world.client(), world.client()]
    const game = await world.until(ada.create(Duel, { options: { level: 7 } }))
    const lobby = await world.until(bob.list(Duel))
    const told: string[] = []
    lobby.watch({
      added: ({ metadata, members }) => told.push(`added ${metadata?.level}: ${members}`),
      changed: ({ metadata, members, locked }) =>
        told.push(`changed ${metadata?.level}: ${members}${locked ? ', locked' : ''}`),
      removed: ({ metadata }) => told.push(`removed ${metadata?.level}`),
    })
    expect(lobby.rooms.get(game.id)).toEqual({
      id: game.id,
      members: 1,
      maxMembers: 2,
      locked: false,
      metadata: { level: 7, mode: 'casual' },
    })
    await world.advance('1s')
    await world.until(ada.create(Duel, { options: { level: 60 } }))
    await world.advance('1s')
    await world.until(bob.joinById(Duel, game.id, {}))
    await world.advance('1s')
    made[0]?.lock()
    await world.advance('1s')
    await world.until(game.leave())
    made[1]?.close()
    await world.advance('1s')
    expect(told).toEqual([
      'added 7: 1',
      'added 60: 1',
      'changed 7: 2',
      'changed 7: 2, locked',
      'changed 7: 1, locked',
      'removed 60',
    ])
    expect(lobby.status.value).toEqual({ state: 'joined' })
    await world.until(lobby.leave())
    expect(lobby.status.value).toMatchObject({ state: 'left', reason: 'left' })
  })

  it('is filtered, put in order and cut off by the server', async () => {
    await using world = duels()
    const client = world.client()
    for (const level of [70, 20, 90, 80]) await world.until(client.create(Duel, { options: { level } }))
    const ranked = await world.until(
      client.list(Duel, { where: { mode: 'ranked', level: { from: 75 } }, orderBy: { level: 'asc' } }),
    )
    expect(levels(ranked.rooms)).toEqual([80, 90])
    const best = await world.until(client.list(Duel, { orderBy: { level: 'desc' }, limit: 2 }))
    expect(levels(best.rooms)).toEqual([90, 80])
    const count = select(best, (rooms) => rooms.size)
    expect(count.value).toBe(2)
    // What moves up is shown when the one before it goes.
    made[2]?.close()
    await world.advance('1s')
    expect(levels(best.rooms)).toEqual([80, 70])
    await expect(world.until(client.list(Duel, { limit: 5000 }))).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.until(client.list(Duel, { limit: 0 }))).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.until(client.list(Duel, { limit: 2, orderBy: { level: 'desc' } }))).rejects.toMatchObject({
      code: 'already_joined',
    })
  })

  it('is right after a short drop, a long one, and a restart of the server', async () => {
    await using world = duels()
    const [host, watcher] = [world.client(), world.client()]
    await world.until(host.create(Duel, { options: { level: 1 } }))
    const lobby = await world.until(watcher.list(Duel, { where: { level: { to: 50 } } }))
    const told: string[] = []
    lobby.watch({
      added: ({ metadata }) => told.push(`added ${metadata?.level}`),
      removed: ({ metadata }) => told.push(`removed ${metadata?.level}`),
    })
    world.cut(watcher)
    await world.until(host.create(Duel, { options: { level: 2 } }))
    await world.advance('20s')
    expect(levels(lobby.rooms)).toEqual([1, 2])
    world.offline(watcher)
    await world.until(host.create(Duel, { options: { level: 3 } }))
    made[0]?.close()
    await world.advance('3m')
    expect(lobby.status.value.state).toBe('reconnecting')
    world.online(watcher)
    await world.advance('1m')
    expect(levels(lobby.rooms)).toEqual([2, 3])
    await world.restart()
    await world.advance('1m')
    expect(lobby.status.value.state).toBe('joined')
    // Rooms without a key end with their server; those that come later are shown.
    expect(levels(lobby.rooms)).toEqual([])
    await world.until(world.client().create(Duel, { options: { level: 4 } }))
    await world.advance('1s')
    expect(levels(lobby.rooms)).toEqual([4])
    expect(told).toEqual(['added 1', 'added 2', 'removed 1', 'added 3', 'removed 2', 'removed 3', 'added 4'])
  })

  it('needs no contract but its type', async () => {
    await using world = duels()
    const client = world.client()
    await world.until(client.create(Duel, { options: { level: 9 } }))
    const lobby = await world.until(client.list<typeof Duel>('duel', { version: 1, where: { mode: 'casual' } }))
    expect(levels(lobby.rooms)).toEqual([9])
    const other = defineRoom('duel', { ...Duel.shape, version: 2 })
    await expect(world.until(world.client().list<typeof other>('duel', { version: 2 }))).rejects.toMatchObject({
      code: 'incompatible',
    })
  })

  it('is refused to a client whose contract has other metadata, by the name of the field', async () => {
    await using world = duels()
    const older = defineRoom('duel', { ...Duel.shape, metadata: t.Object({ rank: t.String() }) })
    await expect(world.until(world.client().list(older))).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('metadata.rank'),
    })
  })

  it('goes on for a page that was loaded again', async () => {
    await using world = duels()
    const page = world.client({ page: true, keepSession: true })
    await world.until(page.list(Duel))
    const again = world.reload(page)
    await world.until(again.create(Duel, { options: { level: 5 } }))
    const lobby = await world.until(again.list(Duel))
    await world.advance('1s')
    expect(levels(lobby.rooms)).toEqual([5])
  })
})

describe('a hundred players at once', () => {
  it('fill rooms of two, and no more rooms than that takes, over lines that break', async () => {
    await using world = duels()
    const clients = Array.from({ length: 100 }, () => world.client())
    const joins = clients.map((client, n) => {
      const level = n % 2 === 0 ? 10 : 90
      const where = { mode: level > 50 ? 'ranked' : 'casual', level: { from: level - 5, to: level + 5 } } as const
      return client.joinOrCreate(Duel, { where, options: { level }, patience: 60_000 })
    })
    // Some lose their line while the join is under way: they ask again, and sit on the same seat.
    await world.advance(5)
    for (const client of clients.slice(0, 30)) world.cut(client)
    const rooms = await Promise.all(joins.map((join) => world.until(join)))
    await world.advance('1s')
    expect(rooms.map((room) => room.status.value.state)).toEqual(rooms.map(() => 'joined'))
    expect(made.map((room) => room.members.size)).toEqual(Array.from({ length: 50 }, () => 2))
    for (const [n, { id }] of rooms.entries()) {
      expect(made.find((room) => room.id === id)?.metadata?.level).toBe(n % 2 === 0 ? 10 : 90)
    }
  })
})

describe('a join code', () => {
  it('leads friends to a private room, and back to it', async () => {
    await using world = duels()
    const [ada, bob] = [world.client(), world.client()]
    const game = await world.until(ada.create(Duel, { options: { level: 7 } }))
    const [room] = made
    if (!room) throw new Error('no room')
    room.visibility = 'private'
    const joined = await world.until(bob.joinByCode(Duel, ` ${room.code.toLowerCase()} `, {}))
    expect(joined.id).toBe(game.id)
    world.offline(bob)
    await world.advance('2m')
    world.online(bob)
    await world.advance('1m')
    expect(joined.status.value.state).toBe('joined')
    expect(joined.id).toBe(game.id)
    await expect(world.until(bob.joinByCode(Duel, '', {}))).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.until(bob.joinByCode<typeof Duel>('duel', 'ABCDEF', { version: 1 }))).rejects.toMatchObject({
      code: 'room_not_found',
    })
  })
})
