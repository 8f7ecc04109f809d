import { describe, expect, test } from 'vitest'
import { Desk, deskRooms, type DeskRoom } from './desk.fixture.ts'
import { World, type TestClient } from './rooms.fixture.ts'
import type { JoinRequest, LeaveReason } from './seat.ts'

interface Scene {
  readonly world: World
  readonly room: DeskRoom
  readonly ada: TestClient
  /** The member that ada is. */
  readonly member: () => NonNullable<ReturnType<DeskRoom['members']['get']>>
}

/** What brings each reason about, and what the client hears of it; `undefined`: it knows that itself, or is not there. */
const ways: {
  readonly [R in LeaveReason]: {
    readonly act: (scene: Scene) => unknown
    readonly hears: string | undefined
    readonly isLast?: true
  }
} = {
  left: { act: ({ ada }) => ada.leave('left'), hears: undefined },
  disconnected: {
    act: ({ ada }) => {
      ada.drop()
      ada.leave('disconnected')
    },
    hears: undefined,
  },
  refused: {
    act: ({ ada }) => {
      ada.drop()
      ada.leave('refused')
    },
    hears: undefined,
  },
  kicked: { act: ({ member }) => member().kick('rude'), hears: 'rude' },
  closed: { act: ({ room }) => room.close('the game is over'), hears: 'the game is over', isLast: true },
  idle: {
    act: ({ world }) => world.clock.advance(10_000),
    hears: 'Nothing was said in this room for too long.',
    isLast: true,
  },
  expired: {
    act: async ({ world, ada }) => {
      for (let second = 0; second < 12; second++) {
        ada.event('point', { x: second })
        await world.clock.advance('1s')
      }
    },
    hears: 'The time of this room is over.',
    isLast: true,
  },
  failed: {
    act: ({ world, room }) => {
      room.every(1, () => {
        throw new Error('broken')
      })
      return world.clock.advance(1000)
    },
    hears: 'The room failed too often.',
    isLast: true,
  },
  shutdown: {
    act: ({ world }) => void world.registry.close(),
    hears: 'The server is shutting down.',
    isLast: true,
  },
}

async function scene(): Promise<Scene & { readonly left: string[] }> {
  const world = new World()
  const left: string[] = []
  const { rooms, ScriptedRoom } = deskRooms({
    onLeave: (room, member, reason) => {
      expect(room.members.has(member.id)).toBe(false)
      left.push(`${member.id} ${reason}`)
    },
  })
  world.registry.define(Desk, ScriptedRoom, { idleAfter: 10_000, maxAge: 12_000 })
  const ada = await world.join(Desk, { key: 'a' })
  const [room] = rooms
  if (room === undefined) throw new Error('no room')
  const member = () => {
    const found = room.members.get(ada.seat.joined.member)
    if (found === undefined) throw new Error('no member')
    return found
  }
  return { world, room, ada, member, left }
}

const reasons = Object.keys(ways) as LeaveReason[]

describe.each(reasons)('leaving: %s', (reason) => {
  const { act, hears, isLast } = ways[reason]

  test('onLeave runs once, with that reason, and the client hears what it has to', async () => {
    const stage = await scene()
    const { world, ada, left, room } = stage
    const id = ada.seat.joined.member
    await act(stage)
    await world.clock.settle()
    expect(left).toEqual([`${id} ${reason}`])
    expect(ada.endings).toEqual(hears === undefined ? [] : [{ reason, message: hears }])
    if (isLast) expect(room.happened.at(-1)).toBe('onDispose')
    // Whatever else happens to it afterwards.
    ada.leave('left')
    room.close()
    await world.clock.advance('1m')
    expect(left).toHaveLength(1)
    expect([world.registry.size, world.clock.pendingTimers]).toEqual([0, 0])
  })

  test('while its line is gone: the same, and the client hears it when it is back', async () => {
    const stage = await scene()
    const { world, ada, left, room } = stage
    // To be idle, a room needs no line; to talk, one does.
    if (reason === 'expired')
      for (let n = 0; n < 10; n++) await world.clock.advance('1s').then(() => ada.event('point', { x: n }))
    ada.drop()
    if (reason === 'expired') await world.clock.advance('2s')
    else await act(stage)
    await world.clock.settle()
    expect(left).toEqual([`${ada.seat.joined.member} ${reason}`])
    expect(ada.endings.map((ending) => ending.reason)).toEqual(hears === undefined ? [] : [reason])
    expect(room.happened.filter((line) => line === 'onDrop')).toHaveLength(1)
  })

  test('while onJoin runs: onLeave comes when that has completed, and the join is refused', async () => {
    const stage = await scene()
    const { world, left, room } = stage
    let goOn: () => void = () => {}
    const bob = world.client(Desk)
    room.onJoin = () => new Promise<void>((resolve) => (goOn = resolve))
    bob.join({ key: 'a' })
    await world.clock.settle()
    const [id] = [...room.members.keys()].filter((each) => each !== stage.ada.seat.joined.member)
    const member = room.members.get(id ?? '')
    if (member === undefined) throw new Error('bob is not there')
    // `act` is about bob, who has no seat to drop yet.
    if (hears === undefined) bob.leave(reason)
    else await act({ ...stage, member: () => member })
    await world.clock.settle()
    expect(left.filter((line) => line.startsWith(member.id))).toEqual([])
    goOn()
    await world.clock.settle()
    expect(left.filter((line) => line.startsWith(member.id))).toEqual([`${member.id} ${reason}`])
    expect(bob.isJoined).toBe(false)
    const codes: { readonly [reason: string]: string } = { kicked: 'forbidden', shutdown: 'shutting_down' }
    expect(bob.refused?.code).toBe(hears === undefined ? 'cancelled' : (codes[reason] ?? 'room_closed'))
    if (hears !== undefined && reason !== 'shutdown') expect(bob.refused?.message).toBe(hears)
    expect(bob.endings).toEqual([])
  })
})

describe('a kick', () => {
  test('ends one membership; others hear nothing but what the room says, and the seat is free', async () => {
    const { world, room, ada, member } = await scene()
    room.maxMembers = 2
    const bob = await world.join(Desk, { key: 'a' })
    const told = bob.log.length
    member().kick()
    await world.clock.settle()
    expect(ada.endings).toEqual([{ reason: 'kicked', message: undefined }])
    expect(bob.log).toHaveLength(told)
    expect((await world.join(Desk, { key: 'a' })).isJoined).toBe(true)
    // A kick is no ban: to keep somebody out, onJoin or authenticate refuse.
    expect(room.members.size).toBe(2)
  })

  test('of somebody who is gone, or is kicked already, changes nothing', async () => {
    const { world, ada, member, left } = await scene()
    const kicked = member()
    kicked.kick('first')
    kicked.kick('second')
    ada.leave()
    await world.clock.settle()
    expect(ada.endings).toEqual([{ reason: 'kicked', message: 'first' }])
    expect(left).toHaveLength(1)
  })

  test('from within onLeave of another, while all leave, runs no onLeave twice', async () => {
    const world = new World()
    const left: string[] = []
    const { rooms, ScriptedRoom } = deskRooms({
      onLeave: (room, member, reason) => {
        left.push(reason)
        for (const each of room.members.values()) each.kick()
      },
    })
    world.registry.define(Desk, ScriptedRoom)
    const clients = [
      await world.join(Desk, { key: 'a' }),
      await world.join(Desk, { key: 'a' }),
      await world.join(Desk, { key: 'a' }),
    ]
    clients[0]?.leave('left')
    await world.clock.settle()
    expect(left).toEqual(['left', 'kicked', 'kicked'])
    expect(rooms[0]?.members.size).toBe(0)
  })
})

describe('who may come in', () => {
  test('nobody new into a locked room, on whatever way; who has a seat comes back, and unlocking lets in again', async () => {
    const { world, room, ada } = await scene()
    room.lock()
    expect(room.locked).toBe(true)
    const refused = { code: 'forbidden', message: 'the room is locked: nobody new comes in' }
    for (const how of [{ key: 'a' }, { by: 'join', id: room.id }, { by: 'code', id: room.code }] as const) {
      await expect(world.join(Desk, how)).rejects.toMatchObject(refused)
    }
    ada.drop()
    ada.resume()
    expect(ada.seat.joined.id).toBe(room.id)
    // A page that was loaded anew asks for its seat like somebody new.
    ada.drop()
    ada.seat.unseat()
    const page = world.client(Desk, ada.session)
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.seat.joined).toMatchObject({ member: ada.seat.joined.member, kept: true })
    room.unlock()
    expect((await world.join(Desk, { key: 'a' })).isJoined).toBe(true)
  })

  test('as many as maxMembers says at the moment; with fewer than there are, nobody has to go', async () => {
    const { world, room } = await scene()
    await world.join(Desk, { key: 'a' })
    room.maxMembers = 1
    expect(room.members.size).toBe(2)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_full' })
    room.maxMembers = 3
    expect((await world.join(Desk, { key: 'a' })).isJoined).toBe(true)
    await expect(world.join(Desk, { key: 'a' })).rejects.toMatchObject({ code: 'room_full' })
    room.maxMembers = Infinity
    for (let n = 0; n < 200; n++) await world.join(Desk, { key: 'a' })
    expect(room.members.size).toBe(203)
  })

  test('what lock, visibility and maxMembers cannot be is refused', async () => {
    const { room } = await scene()
    for (const most of [0, -1, 2.5, NaN]) {
      expect(() => (room.maxMembers = most)).toThrow(`a whole number from 1, or Infinity, not ${most}`)
    }
    // @ts-expect-error there are two
    expect(() => (room.visibility = 'hidden')).toThrow("is 'public' or 'private', not hidden")
    expect([room.maxMembers, room.visibility]).toEqual([100, 'public'])
    for (const maxMembers of [0, 2.5, NaN]) {
      const define = () => new World().registry.define(Desk, deskRooms().ScriptedRoom, { maxMembers })
      expect(define).toThrow('the option maxMembers of define must be a number from 1, whole or Infinity')
    }
  })

  describe('a room that says in onCreate how many there may be, while many wait for it', () => {
    async function waiting(how: Partial<JoinRequest>, onCreate: (room: DeskRoom) => void, count = 5) {
      const world = new World()
      const { rooms, ScriptedRoom } = deskRooms({
        onCreate: async (room) => {
          await new Promise<void>((resolve) => world.clock.after(10, resolve))
          onCreate(room)
        },
      })
      world.registry.define(Desk, ScriptedRoom)
      const clients = Array.from({ length: count }, () => world.client(Desk))
      for (const client of clients) client.join(how)
      await world.clock.advance(100)
      return { world, rooms, clients }
    }

    test('by key: the first ones come in, and the others hear that it is full', async () => {
      const { rooms, clients } = await waiting({ key: 'a' }, (room) => (room.maxMembers = 2))
      expect(clients.map((client) => client.refused?.code)).toEqual([
        undefined,
        undefined,
        ...Array(3).fill('room_full'),
      ])
      expect(rooms[0]?.members.size).toBe(2)
    })

    test('by matchmaking: the others go on to the next room', async () => {
      const { rooms, clients } = await waiting({}, (room) => (room.maxMembers = 2))
      expect(clients.every((client) => client.isJoined)).toBe(true)
      expect(rooms.map(({ members }) => members.size)).toEqual([2, 2, 1])
    })

    test('or that it is private: only who caused it comes in', async () => {
      const { rooms, clients } = await waiting({}, (room) => (room.visibility = 'private'), 3)
      expect(clients.every((client) => client.isJoined)).toBe(true)
      expect(rooms.map(({ members }) => members.size)).toEqual([1, 1, 1])
    })

    test('or closes itself: the others go on, too', async () => {
      let made = 0
      const { rooms, clients } = await waiting(
        {},
        (room) => {
          if (++made === 1) room.close('not this one')
        },
        3,
      )
      expect(clients.map((client) => client.refused?.code)).toEqual(['room_closed', undefined, undefined])
      expect(rooms.map(({ members }) => members.size)).toEqual([0, 2])
    })
  })
})
