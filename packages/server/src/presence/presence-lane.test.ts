import { FrameType } from '@junto/protocol/internal'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { Desk, deskRooms } from '../room/desk.fixture.ts'
import { Room } from '../room/room.ts'
import { World, type TestClient } from '../room/rooms.fixture.ts'
import { forget, idOf, show, stage, Stage, stageRooms, told, type Actor } from './stage.fixture.ts'

function three(clients: readonly TestClient[]): [TestClient, TestClient, TestClient] {
  const [ada, bob, cyd] = clients
  if (ada === undefined || bob === undefined || cyd === undefined) throw new Error('three are needed')
  return [ada, bob, cyd]
}

describe('what a member shows', () => {
  test('[F37] [F38] [N1] reaches all at the end of the turn, in one frame of the same bytes, and is no part of the state', async () => {
    const { world, clients, room } = await stage(3)
    const [ada, bob, cyd] = three(clients)
    const version = bob.mirror.version
    show(ada, 5)
    show(bob, 7)
    expect(told(cyd)).toEqual([])
    await world.clock.settle()
    for (const client of clients) {
      expect(told(client)).toEqual([`${idOf(ada)} 5, ${idOf(bob)} 7`])
      expect(client.log).toEqual(['presences'])
      expect(client.bytes[0]).toBe(ada.bytes[0])
    }
    expect(bob.mirror.version).toBe(version)
    expect(room.memberOf(ada).presence).toEqual({ x: 5 })
    expect(room.memberOf(cyd).presence).toBeUndefined()
  })

  test('[N2] is the newest: not told more often than presenceRate, however much comes', async () => {
    const { world, clients } = await stage(3, { presenceRate: 10 })
    const [ada, bob] = three(clients)
    for (let n = 0; n < 1000; n++) {
      for (let i = 0; i < 20; i++) show(ada, n * 20 + i)
      await world.clock.advance(1)
    }
    await world.clock.advance('1s')
    const frames = told(bob)
    expect(frames[0]).toBe(`${idOf(ada)} 19`)
    expect(frames.at(-1)).toBe(`${idOf(ada)} 19999`)
    expect(frames.length).toBeLessThanOrEqual(11)
    expect(world.metrics.read('presences_replaced', { room: 'stage' })).toBe(20_000 - frames.length)
  })

  test('goes at once when nothing was told for a while', async () => {
    const { world, clients } = await stage(3, { presenceRate: 10 })
    const [ada, bob, cyd] = three(clients)
    show(ada, 1)
    await world.clock.settle()
    await world.clock.advance(40)
    show(bob, 2)
    await world.clock.advance(59)
    expect(told(cyd)).toEqual([`${idOf(ada)} 1`])
    await world.clock.advance(1)
    expect(told(cyd)).toEqual([`${idOf(ada)} 1`, `${idOf(bob)} 2`])
    await world.clock.advance(100)
    show(ada, 3)
    await world.clock.settle()
    expect(told(cyd)).toHaveLength(3)
  })

  test('is told once while it is the same', async () => {
    const { world, clients, room } = await stage(3)
    const [ada, bob] = three(clients)
    for (let n = 0; n < 5; n++) {
      show(ada, 5)
      await world.clock.advance('1s')
    }
    expect(told(bob)).toEqual([`${idOf(ada)} 5`])
    expect(room.seen).toEqual([`${idOf(ada)} 5`])
  })

  test('[N2] ends when it is taken back, or expires, or its member leaves', async () => {
    const { world, clients, room } = await stage(3)
    const [ada, bob, cyd] = three(clients)
    show(ada, 1)
    show(bob, 2, 3000)
    await world.clock.advance('1s')
    show(ada, null)
    await world.clock.advance(1999)
    expect(told(cyd)).toEqual([`${idOf(ada)} 1, ${idOf(bob)} 2`, `${idOf(ada)} gone`])
    await world.clock.advance(1)
    expect(told(cyd).at(-1)).toBe(`${idOf(bob)} gone`)
    expect(room.memberOf(bob).presence).toBeUndefined()
    show(ada, 3)
    await world.clock.advance('1s')
    const member = room.memberOf(ada)
    ada.leave('left')
    await world.clock.advance('1s')
    expect(told(cyd).at(-1)).toBe(`${idOf(ada)} gone`)
    expect([told(cyd).length, room.seen.at(-1), room.members.has(member.id)]).toEqual([5, `${member.id} 3`, false])
  })

  test('[N2] is renewed by being shown again, also unchanged', async () => {
    const { world, clients } = await stage(3)
    const [ada, bob] = three(clients)
    for (let n = 0; n < 10; n++) {
      show(ada, 1, 3000)
      await world.clock.advance('2s')
    }
    expect(told(bob)).toEqual([`${idOf(ada)} 1`])
    await world.clock.advance('2s')
    expect(told(bob)).toEqual([`${idOf(ada)} 1`, `${idOf(ada)} gone`])
    // Shown for good after that, it does not expire.
    show(ada, 2, 100)
    show(ada, 2)
    await world.clock.advance('1h')
    expect(told(bob)).toHaveLength(3)
  })

  test('is renewed in time also where nobody has looked at that by then', async () => {
    const { world, clients } = await stage(3, { presenceRate: 1 })
    const [ada, bob, cyd] = three(clients)
    show(ada, 1, 1500)
    await world.clock.advance(1100)
    show(bob, 2)
    await world.clock.advance(300)
    show(ada, 1, 5000)
    await world.clock.advance('3s')
    expect(told(cyd)).toEqual([`${idOf(ada)} 1`, `${idOf(bob)} 2`])
    await world.clock.advance('3s')
    expect(told(cyd).at(-1)).toBe(`${idOf(ada)} gone`)
  })

  test.each<[string, unknown, string]>([
    ['of another type', [1, 2, 3], 'invalid: [N3] presence'],
    ['that the contract forbids', [60_001], 'invalid: [N3] presence.x'],
    ['that is no record', 5, 'invalid: [N3] presence'],
    ['that is too large', [1, 'x'.repeat(4092)], 'too_large: [N3] a presence of 4097 bytes, where 4096'],
  ])('[N3] %s is refused, and what was shown stays', async (_name, value, notice) => {
    const { world, clients, room } = await stage(3)
    const [ada, bob] = three(clients)
    show(ada, 5)
    await world.clock.advance('1s')
    ada.raw({ type: FrameType.presence, value })
    await world.clock.advance('1s')
    expect(ada.notices).toEqual([expect.stringContaining(notice)])
    expect(told(bob)).toEqual([`${idOf(ada)} 5`])
    expect(room.memberOf(ada).presence).toEqual({ x: 5 })
  })

  test('[N3] is refused where the contract declares none', async () => {
    const world = new World()
    const { ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const ada = await world.join(Desk, { key: 'a' })
    ada.raw({ type: FrameType.presence, value: [1] })
    expect(ada.notices).toEqual(['unsupported: [N3] the contract of this room declares no presence'])
  })
})

describe('who comes', () => {
  test('[N4] gets all that is shown behind the snapshot, also where that is nothing', async () => {
    const { world, clients } = await stage(3)
    const [ada, bob] = three(clients)
    const dan = await world.join(Stage, { key: 'a' })
    expect([dan.log, told(dan)]).toEqual([
      ['identified', 'joined', 'snapshot', 'presences'].slice(-dan.log.length),
      ['all: '],
    ])
    show(ada, 1)
    show(bob, 2)
    await world.clock.advance('1s')
    const eve = world.client(Stage)
    eve.join({ key: 'a' })
    // In the very turn in which somebody is seated the lane may have been first to have something to tell.
    eve.onSeat = (seat) => {
      show(ada, 3)
      seat.start()
    }
    await world.clock.settle()
    expect(eve.log.slice(-2)).toEqual(['snapshot', 'presences'])
    expect(told(eve)).toEqual([`all: ${idOf(ada)} 3, ${idOf(bob)} 2`])
  })

  test('[N4] is told at once, whatever was told just before', async () => {
    const { world, clients } = await stage(3, { presenceRate: 1 })
    const [ada] = three(clients)
    show(ada, 1)
    await world.clock.settle()
    show(ada, 2)
    const dan = await world.join(Stage, { key: 'a' })
    expect(told(dan)).toEqual([`all: ${idOf(ada)} 1`])
    await world.clock.advance('1s')
    expect(told(dan)).toEqual([`all: ${idOf(ada)} 1`, `${idOf(ada)} 2`])
  })

  test('[N4] [N7] is told nothing while it takes nothing, and all when it does again', async () => {
    const { world, clients, room } = await stage(3)
    const [ada, bob, cyd] = three(clients)
    cyd.congested = true
    for (let n = 0; n < 10; n++) {
      show(ada, n)
      show(bob, n)
      room.state.n++
      await world.clock.advance('1s')
    }
    show(bob, null)
    await world.clock.advance('1s')
    expect(cyd.log).toEqual([])
    cyd.drain()
    await world.clock.settle()
    expect(cyd.log).toEqual(['patch', 'presences'])
    expect(told(cyd)).toEqual([`all: ${idOf(ada)} 9`])
    show(bob, 5)
    await world.clock.settle()
    expect(told(cyd).at(-1)).toBe(`${idOf(bob)} 5`)
  })

  test('[N4] waits for its patch where it was behind', async () => {
    const { world, clients, room } = await stage(3, { patchRate: 1 })
    const [ada, , cyd] = three(clients)
    room.state.n = 1
    await world.clock.advance('1s')
    cyd.congested = true
    room.state.n = 2
    show(ada, 1)
    await world.clock.settle()
    room.state.n = 3
    await world.clock.advance(10)
    forget(cyd)
    cyd.drain()
    await world.clock.advance('2s')
    expect(cyd.log).toEqual(['patch', 'presences'])
  })
})

describe('who has lost the connection', () => {
  test('[N5] goes on to show what it showed, for the grace', async () => {
    const { world, clients, room } = await stage(3)
    const [ada, bob] = three(clients)
    show(ada, 1)
    await world.clock.advance('1s')
    ada.drop()
    await world.clock.advance(4999)
    expect(told(bob)).toEqual([`${idOf(ada)} 1`])
    expect(room.memberOf(ada).presence).toEqual({ x: 1 })
    await world.clock.advance(1)
    expect(told(bob)).toEqual([`${idOf(ada)} 1`, `${idOf(ada)} gone`])
    expect([room.memberOf(ada).presence, room.seen.at(-1)]).toEqual([undefined, `${idOf(ada)} nothing`])
  })

  test('[N5] and is back by then was never gone, and is brought what the others show now', async () => {
    const { world, clients } = await stage(3)
    const [ada, bob, cyd] = three(clients)
    show(ada, 1)
    show(bob, 2)
    show(cyd, 3)
    await world.clock.advance('1s')
    for (const client of clients) forget(client)
    for (let n = 0; n < 5; n++) {
      ada.drop()
      await world.clock.advance('4s')
      show(bob, 10 + n)
      cyd.leave('left')
      ada.resume()
      await world.clock.advance('4s')
    }
    expect(told(bob).filter((frame) => frame.includes(idOf(ada)))).toEqual([])
    expect(told(ada).filter((frame) => frame.startsWith('all'))).toEqual(
      [10, 11, 12, 13, 14].map((x) => `all: ${idOf(ada)} 1, ${idOf(bob)} ${x}`),
    )
    await world.clock.advance('1h')
    expect(told(bob).filter((frame) => frame.includes(idOf(ada)))).toEqual([])
  })

  test('[N5] and its memory, keeps it for the grace unless it shows something', async () => {
    for (const shows of [true, false]) {
      const { world, clients } = await stage(3)
      const [ada, bob] = three(clients)
      show(ada, 1)
      await world.clock.advance('1s')
      ada.drop()
      ada.seat.unseat()
      await world.clock.advance('4s')
      const page = world.client(Stage, ada.session)
      page.join({ key: 'a' })
      await world.clock.advance('4s')
      expect([page.seat, told(bob)]).toEqual([ada.seat, [`${idOf(ada)} 1`]])
      expect(told(page)).toEqual([`all: ${idOf(ada)} 1`])
      if (shows) show(page, 1)
      await world.clock.advance('1h')
      expect(told(bob)).toEqual(shows ? [`${idOf(ada)} 1`] : [`${idOf(ada)} 1`, `${idOf(ada)} gone`])
    }
  })

  test('[N5] a room may have no grace, and an endless one', async () => {
    for (const [presenceGrace, gone] of [
      [0, 1],
      [Infinity, 0],
    ] as const) {
      const { world, clients } = await stage(3, { presenceGrace })
      const [ada, bob] = three(clients)
      show(ada, 1)
      await world.clock.advance('1s')
      ada.drop()
      await world.clock.advance(50)
      expect(told(bob)).toHaveLength(1 + gone)
      await world.clock.advance('1h')
      expect(told(bob)).toHaveLength(1 + gone)
    }
  })

  test('shows what came last before that, though nobody had looked at it', async () => {
    const { world, clients } = await stage(3, { presenceRate: 1 })
    const [ada, bob] = three(clients)
    show(ada, 1)
    await world.clock.settle()
    show(ada, 2)
    ada.drop()
    await world.clock.advance('1s')
    expect(told(bob)).toEqual([`${idOf(ada)} 1`, `${idOf(ada)} 2`])
    await world.clock.advance('10s')
    expect(told(bob).at(-1)).toBe(`${idOf(ada)} gone`)
  })

  test('expires meanwhile', async () => {
    const { world, clients } = await stage(3)
    const [ada, bob] = three(clients)
    show(ada, 1, 2000)
    await world.clock.advance('1s')
    ada.drop()
    await world.clock.advance('1s')
    expect(told(bob)).toEqual([`${idOf(ada)} 1`, `${idOf(ada)} gone`])
    ada.resume()
    await world.clock.advance('10s')
    expect(told(ada).at(-1)).toBe('all: ')
    expect(told(bob)).toHaveLength(2)
  })
})

describe('[N6] with presenceViews', () => {
  const views = { presenceViews: true }

  test('a member sees whom it has in view', async () => {
    const { world, clients, room } = await stage(3, views)
    const [ada, bob, cyd] = three(clients)
    const [a, b, c] = [room.memberOf(ada), room.memberOf(bob), room.memberOf(cyd)]
    for (const client of clients) show(client, 1)
    await world.clock.advance('1s')
    expect(clients.map(told)).toEqual([[], [], []])
    expect([a.view.add(b), a.view.add(b), c.view.add(b), a.view.has(b), b.view.has(a)]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ])
    await world.clock.advance('1s')
    expect(clients.map(told)).toEqual([[`${b.id} 1`], [], [`${b.id} 1`]])
    // Who sees the same gets the same bytes.
    expect(ada.bytes[0]).toBe(cyd.bytes[0])
    for (const client of clients) show(client, 2)
    await world.clock.advance('1s')
    expect([a.view.remove(b), a.view.remove(b)]).toEqual([true, false])
    await world.clock.advance('1s')
    show(bob, 3)
    await world.clock.advance('1s')
    expect(told(ada)).toEqual([`${b.id} 1`, `${b.id} 2`, `${b.id} gone`])
    expect(told(cyd)).toEqual([`${b.id} 1`, `${b.id} 2`, `${b.id} 3`])
    a.view.add(b)
    a.view.add(c)
    await world.clock.advance('1s')
    expect(told(ada).at(-1)).toBe(`${b.id} 3, ${c.id} 2`)
    bob.leave('left')
    await world.clock.advance('1s')
    expect([told(ada).at(-1), told(cyd).at(-1)]).toEqual([`${b.id} gone`, `${b.id} gone`])
    expect([a.view.has(b), a.view.remove(b)]).toEqual([false, false])
  })

  test('what enters and leaves between two tellings is not told', async () => {
    const { world, clients, room } = await stage(3, views)
    const [ada, bob] = three(clients)
    const [a, b] = [room.memberOf(ada), room.memberOf(bob)]
    show(bob, 1)
    await world.clock.advance('1s')
    a.view.add(b)
    a.view.remove(b)
    await world.clock.advance('1s')
    expect(told(ada)).toEqual([])
    a.view.add(b)
    await world.clock.advance('1s')
    a.view.remove(b)
    a.view.add(b)
    await world.clock.advance('1s')
    expect(told(ada).filter((frame) => frame.includes('gone'))).toEqual([])
    expect(room.seen).toEqual([`${b.id} 1`])
  })

  test('views can be set from onJoin on, and hold what comes back', async () => {
    const seen: Actor[] = []
    const { world, clients } = await stage(3, views, {
      onJoin: (member) => {
        for (const other of seen) member.view.add(other)
        seen.push(member)
      },
    })
    const [ada, bob, cyd] = three(clients)
    for (const client of clients) show(client, 1)
    await world.clock.advance('1s')
    cyd.drop()
    show(ada, 2)
    await world.clock.advance('1s')
    forget(cyd)
    cyd.resume()
    await world.clock.settle()
    expect(told(cyd)).toEqual([`all: ${idOf(ada)} 2, ${idOf(bob)} 1`])
    expect([told(ada), told(bob)]).toEqual([[], [`${idOf(ada)} 1`, `${idOf(ada)} 2`]])
  })

  test('what cannot be in view is refused, and what to write instead is said', async () => {
    const { room, clients } = await stage(3, views)
    const [ada, bob] = three(clients)
    const other = await stage(3, views)
    const stranger = other.room.memberOf(three(other.clients)[0])
    const member = room.memberOf(ada)
    expect(() => member.view.add(stranger)).toThrow('view.add(member): that is no member of this room, or has left it')
    expect(member.view.has(stranger)).toBe(false)
    const plain = await stage(3)
    const [one, two] = three(plain.clients).map((client) => plain.room.memberOf(client))
    expect(() => two && one?.view.add(two)).toThrow('give define the option presenceViews: true')
    expect(two && one?.view.has(two)).toBe(true)
    const gone = room.memberOf(bob)
    bob.leave('left')
    expect(() => member.view.add(gone)).toThrow('has left it')
    expect(gone.view.add(member)).toBe(false)
  })
})

describe('the room', () => {
  test('hears of changes by onPresence, not more often than presenceRate', async () => {
    const { world, clients, room } = await stage(3, { presenceRate: 10 })
    const [ada, bob] = three(clients)
    for (let n = 0; n < 100; n++) {
      show(ada, n)
      await world.clock.advance(10)
    }
    await world.clock.advance('1s')
    expect(room.seen.length).toBeLessThanOrEqual(11)
    expect(room.seen.at(-1)).toBe(`${idOf(ada)} 99`)
    show(bob, null)
    await world.clock.advance('1s')
    expect(room.seen.at(-1)).toBe(`${idOf(ada)} 99`)
  })

  test('finds in a handler what was shown before the call, though the others do not know it yet', async () => {
    const { world, clients } = await stage(3, { presenceRate: 1 })
    const [ada, bob] = three(clients)
    show(ada, 1)
    await world.clock.settle()
    show(ada, 2)
    expect(await world.settled(ada.call('where'))).toBe(2)
    expect(told(bob)).toEqual([`${idOf(ada)} 1`])
  })

  test('may fail in onPresence: the others are told all the same, and one member alone cannot have the room closed', async () => {
    const { world, clients, room } = await stage(
      3,
      {},
      {
        onPresence: (member) => {
          if (member.presence?.x === 0) return Promise.reject(new Error('later'))
          throw new Error('at once')
        },
      },
    )
    const [ada, bob] = three(clients)
    for (let n = 0; n < 50; n++) {
      show(ada, n)
      await world.clock.advance(60)
    }
    expect(told(bob)).toHaveLength(50)
    expect(room.failed).toEqual(Array.from({ length: 50 }, () => 'onPresence'))
    expect(world.faults[0]).toContain('later')
  })

  test('may kick the member that onPresence tells of, and close', async () => {
    const { world, clients, room } = await stage(
      3,
      {},
      {
        onPresence: (member) => {
          if (member.presence?.x === 13) member.kick('no')
          if (member.presence?.x === 14) room.close()
        },
      },
    )
    const [ada, bob, cyd] = three(clients)
    const id = idOf(ada)
    show(ada, 13)
    await world.clock.advance('1s')
    expect(ada.endings).toEqual([{ reason: 'kicked', message: 'no' }])
    expect(told(cyd).at(-1)).toBe(`${id} gone`)
    show(bob, 14)
    await world.clock.advance('1s')
    expect(cyd.endings).toEqual([{ reason: 'closed', message: undefined }])
    expect(world.faults).toEqual([])
  })

  test('with nothing to tell has no timers', async () => {
    const { world, clients } = await stage(3)
    const before = world.clock.pendingTimers
    const [ada] = three(clients)
    show(ada, 1)
    await world.clock.advance('1s')
    expect(world.clock.pendingTimers).toBe(before)
    show(ada, 2, 100)
    await world.clock.advance('1s')
    expect(world.clock.pendingTimers).toBe(before)
  })

  test('does not keep what they show: it is in nothing that is saved', async () => {
    const { world, clients } = await stage(3, { persist: true })
    const [ada] = three(clients)
    show(ada, 4711)
    await world.clock.advance('1m')
    for (const client of clients) client.leave('left')
    await world.clock.advance('1m')
    const again = await world.join(Stage, { key: 'a' })
    expect(told(again)).toEqual(['all: '])
  })
})

describe('define', () => {
  test.each<[object, string]>([
    [{ presenceRate: 0 }, 'the option presenceRate of define must be a number above 0 and up to 1000 a second'],
    [{ presenceRate: 1001 }, 'the option presenceRate of define'],
    [{ presenceGrace: -1 }, 'the option presenceGrace of define must be a number of milliseconds from 0, or Infinity'],
    [{ presenceGrace: NaN }, 'the option presenceGrace of define'],
  ])('refuses %o', (options, message) => {
    expect(() => new World().registry.define(Stage, stageRooms().Scripted, options)).toThrow(message)
  })

  test('refuses options of presence where the contract declares none', () => {
    const { ScriptedRoom } = deskRooms()
    for (const options of [{ presenceRate: 5 }, { presenceGrace: 5 }, { presenceViews: false }]) {
      expect(() => new World().registry.define(Desk, ScriptedRoom, options)).toThrow(
        'the contract declares none: add presence: t.Object({ … }) to defineRoom',
      )
    }
  })

  test('types say where there is presence', () => {
    const Plain = defineRoom('plain', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })
    class PlainRoom extends Room(Plain) {
      readonly handlers = this.handle({})
      onCreate() {
        return {}
      }
      try(a: Parameters<NonNullable<this['onJoin']>>[0]) {
        // @ts-expect-error -- members show nothing here: none can be in view
        a.view.add(a)
        return a.presence satisfies undefined
      }
    }
    expect(PlainRoom).toBeDefined()
    const read = (member: Actor): number | undefined => member.presence?.x
    const write = (member: Actor): void => {
      // @ts-expect-error -- it is the member's own
      if (member.presence) member.presence.x = 5
    }
    expect([read, write]).toHaveLength(2)
  })
})
