import type { Limits } from '@junto/protocol'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, test } from 'vitest'
import { SessionSecret } from '../session/secret.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Desk, deskRooms, type DeskScript } from './desk.fixture.ts'
import type { Member } from './member.ts'
import { Room, type RoomBase } from './room.ts'
import { World, type TestClient } from './rooms.fixture.ts'
import type { SessionInfo } from './seat.ts'

/** A session as its client has it, over any number of processes. */
function sessionOf(name: string, secret = `secret of ${name}`, user = name): SessionInfo {
  return {
    session: name,
    connection: { auth: user, remoteAddress: '10.0.0.1' },
    abandoned: { count: 0 },
    proof: new SessionSecret(secret),
  }
}

/** Processes that come one after the other. */
class Processes {
  readonly store = new MemoryStore()
  readonly #script: DeskScript
  readonly #limits: Partial<Limits>
  readonly #maxMembers: number
  #began = 0

  constructor(script: DeskScript = {}, limits: Partial<Limits> = {}, maxMembers = 10) {
    this.#script = script
    this.#limits = limits
    this.#maxMembers = maxMembers
  }

  /** The next one, so many milliseconds after the first began. */
  async next(at = 0) {
    const world = new World({ store: this.store, seed: ++this.#began, limits: this.#limits })
    await world.clock.advance(at)
    const { rooms, ScriptedRoom } = deskRooms(this.#script)
    world.registry.define(Desk, ScriptedRoom, { persist: true, maxMembers: this.#maxMembers })
    const join = async (session: SessionInfo): Promise<TestClient> => {
      const client = world.client(Desk, session)
      client.join({ key: 'a' })
      await world.clock.settle()
      if (client.refused) throw client.refused
      return client
    }
    const close = () => world.settled(world.registry.close())
    return { world, rooms, join, close, happened: () => rooms.flatMap((room) => room.happened) }
  }
}

describe('the seats of a room that is saved', () => {
  test('wait in the next process for those who had them: same id, no onJoin, no onLeave', async () => {
    const processes = new Processes()
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    const bob = await first.join(sessionOf('bob'))
    await first.world.clock.advance('10s')
    await first.close()
    expect(first.happened()).toEqual(['onCreate', 'onJoin', 'onJoin', 'onDispose'])
    // They are told by the end of the connection.
    expect([...ada.endings, ...bob.endings]).toEqual([])

    const second = await processes.next(13_000)
    const again = await second.join(sessionOf('bob'))
    expect(again.seat.joined).toMatchObject({ member: bob.seat.joined.member, kept: true })
    expect(second.happened()).toEqual([
      'onRestore',
      'onDrop',
      'onDrop',
      // Since the end of the process before.
      'onResume resynced, 0 missed, after 3000 ms',
    ])
    const members = [...(second.rooms[0]?.members.values() ?? [])]
    expect(members.map(({ id, connected }) => [id, connected])).toEqual([
      [ada.seat.joined.member, false],
      [bob.seat.joined.member, true],
    ])
    expect(again.log.slice(0, 2)).toEqual(['joined', 'snapshot'])
    expect(await second.world.settled(again.outcome('add', { by: 1 }))).toBe(1)
    const too = await second.join(sessionOf('ada'))
    expect(too.seat.joined.member).toBe(ada.seat.joined.member)
    await second.world.clock.advance('1h')
    expect(second.happened().filter((each) => each.startsWith('onLeave'))).toEqual([])
  })

  test('are there in onRestore already, with what the members said when they joined', async () => {
    const seen: unknown[] = []
    const processes = new Processes({
      onRestore: (room) => {
        for (const { id, connected } of room.members.values()) seen.push([id, connected])
      },
    })
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    await first.close()
    await (await processes.next()).join(sessionOf('somebody else'))
    expect(seen).toEqual([[ada.seat.joined.member, false]])
  })

  test('go to nobody who has another secret, or another session', async () => {
    const processes = new Processes()
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    await first.close()
    const second = await processes.next()
    for (const thief of [sessionOf('ada', 'guessed'), sessionOf('mallory', 'secret of ada')]) {
      const { seat } = await second.join(thief)
      expect(seat.joined.member).not.toBe(ada.seat.joined.member)
      expect(seat.joined.kept).toBeUndefined()
    }
    const { proof: _, ...unproven } = sessionOf('ada')
    expect((await second.join(unproven)).seat.joined.kept).toBeUndefined()
    expect((await second.join(sessionOf('ada'))).seat.joined.kept).toBe(true)
  })

  test('are found by the secret that comes next, when the process died amid a change of it', async () => {
    const processes = new Processes()
    const first = await processes.next()
    const session = sessionOf('ada')
    const ada = await first.join(session)
    await first.world.clock.advance('2s')
    ada.drop()
    if (session.proof instanceof SessionSecret) session.proof.offer('the next secret')
    ada.resume()
    await first.world.clock.advance('2s')
    const second = await processes.next()
    const again = await second.join(sessionOf('ada', 'the next secret'))
    expect(again.seat.joined.member).toBe(ada.seat.joined.member)
  })

  test('are left when the window is over, once, and free again', async () => {
    const processes = new Processes({}, { seatWindow: 30_000 })
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.join(sessionOf('bob'))
    await first.close()
    const second = await processes.next(10_000)
    await second.join(sessionOf('ada'))
    await second.world.clock.advance(19_999)
    expect(second.rooms[0]?.members.size).toBe(2)
    await second.world.clock.advance(1)
    expect(second.happened().slice(-1)).toEqual(['onLeave disconnected'])
    expect(second.rooms[0]?.members.size).toBe(1)
    const bob = await second.join(sessionOf('bob'))
    expect(bob.seat.joined.kept).toBeUndefined()
    await second.world.clock.advance('1h')
    expect(second.happened().filter((each) => each.startsWith('onLeave'))).toHaveLength(1)
  })

  test('of whom the window has passed are left as soon as the room is back, and never again', async () => {
    const processes = new Processes({}, { seatWindow: 30_000 })
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.close()
    const second = await processes.next(30_000)
    const { seat } = await second.join(sessionOf('ada'))
    expect(seat.joined.kept).toBeUndefined()
    expect(second.happened()).toEqual(['onRestore', 'onLeave disconnected', 'onJoin'])
    // What is saved knows that, also where the state has not changed.
    await second.world.clock.advance('2s')
    const third = await processes.next(40_000)
    await third.join(sessionOf('bob'))
    expect(third.happened()).toEqual(['onRestore', 'onDrop', 'onJoin'])
  })

  test('wait no longer because the server stops, or dies, once more', async () => {
    const processes = new Processes({}, { seatWindow: 30_000 })
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.close()
    const second = await processes.next(20_000)
    await second.join(sessionOf('bob'))
    await second.world.clock.advance('2s')
    await second.close()
    const third = await processes.next(29_000)
    await third.join(sessionOf('bob'))
    await third.world.clock.advance(1_000)
    expect(third.happened()).toEqual([
      'onRestore',
      'onDrop',
      'onResume resynced, 0 missed, after 7000 ms',
      'onLeave disconnected',
    ])
  })

  test('that were away already are back; being away the next time has nothing to do with that', async () => {
    const processes = new Processes()
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    ada.drop()
    await first.world.clock.advance('2s')
    await first.close()
    const second = await processes.next(10_000)
    const again = await second.join(sessionOf('ada'))
    again.drop()
    await second.world.clock.advance('1s')
    again.resume()
    expect(second.happened()).toEqual([
      'onRestore',
      // Since the end of the process before.
      'onResume resynced, 0 missed, after 8000 ms',
      'onDrop',
      'onResume resumed, 0 missed, after 1000 ms',
    ])
  })

  test('are those of the last save, where the process was killed', async () => {
    const processes = new Processes({ onJoin: (room) => void room.state.n++ })
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    await first.world.clock.advance('2s')
    const late = await first.join(sessionOf('late'))
    // It is killed here. What the room's code did of the one who came late is as unknown as that one.
    const second = await processes.next(5_000)
    const again = await second.join(sessionOf('ada'))
    expect(again.seat.joined).toMatchObject({ member: ada.seat.joined.member, kept: true })
    const other = await second.join(sessionOf('late'))
    expect(other.seat.joined.member).not.toBe(late.seat.joined.member)
    expect(second.happened()).toEqual(['onRestore', 'onDrop', 'onResume resynced, 0 missed, after 0 ms', 'onJoin'])
    expect(second.rooms[0]?.state.n).toBe(2)
  })

  test('of clients who cannot come back are not kept: they leave with the process, or when the room is back', async () => {
    const processes = new Processes()
    const first = await processes.next()
    const { proof: _, ...session } = sessionOf('ada')
    await first.join(session)
    await first.close()
    expect(first.happened()).toEqual(['onCreate', 'onJoin', 'onLeave shutdown', 'onDispose'])
    const second = await processes.next()
    await second.join({ ...session, session: 'ada 2' })
    const room = second.rooms[0]
    if (room) room.state.n++
    await second.world.clock.advance('2s')
    const third = await processes.next()
    await third.join(sessionOf('bob'))
    expect(third.happened()).toEqual(['onRestore', 'onLeave disconnected', 'onJoin'])
  })

  test('are taken: whoever comes first after a restart finds the room full', async () => {
    const processes = new Processes({}, {}, 2)
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.join(sessionOf('bob'))
    await first.close()
    const second = await processes.next()
    // These ask before the room is restored: it is restored for them.
    const strangers = [sessionOf('eve'), sessionOf('mallory')].map((session) => second.world.client(Desk, session))
    for (const client of strangers) client.join({ key: 'a' })
    await second.world.clock.settle()
    expect(strangers.map(({ refused }) => refused?.code)).toEqual(['room_full', 'room_full'])
    expect((await second.join(sessionOf('bob'))).seat.joined.kept).toBe(true)
    await expect(second.join(sessionOf('eve'))).rejects.toMatchObject({ code: 'room_full' })
    expect((await second.join(sessionOf('ada'))).seat.joined.kept).toBe(true)
    expect(second.rooms[0]?.members.size).toBe(2)
  })

  test('are open to those who had them in a room that is locked', async () => {
    const processes = new Processes({ onRestore: (room) => room.lock() })
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.join(sessionOf('bob'))
    await first.close()
    const second = await processes.next()
    await second.join(sessionOf('ada'))
    await expect(second.join(sessionOf('eve'))).rejects.toMatchObject({ code: 'forbidden' })
    expect((await second.join(sessionOf('bob'))).seat.joined.kept).toBe(true)
  })

  test('stay theirs when coming back fails the first time', async () => {
    const processes = new Processes({}, { seatWindow: 30_000 })
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.join(sessionOf('bob'))
    await first.close()
    const second = await processes.next()
    await second.join(sessionOf('bob'))
    for (let n = 0; n < 2; n++) {
      const broken = second.world.client(Desk, sessionOf('ada'))
      broken.join({ key: 'a' })
      broken.abort.abort()
      await second.world.clock.settle()
    }
    expect((await second.join(sessionOf('ada'))).seat.joined.kept).toBe(true)
    expect(second.happened().filter((each) => each.startsWith('onLeave') || each === 'onJoin')).toEqual([])
  })

  test('keep a room alive that nobody is in, until they have expired', async () => {
    const processes = new Processes({}, { seatWindow: 30_000, disposeAfter: 1_000 })
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.close()
    const second = await processes.next()
    const bob = await second.join(sessionOf('bob'))
    bob.leave('left')
    await second.world.clock.advance(29_000)
    expect(second.world.registry.size).toBe(1)
    await second.world.clock.advance(3_000)
    expect(second.world.registry.size).toBe(0)
    expect(second.happened().slice(-2)).toEqual(['onLeave disconnected', 'onDispose'])
    expect(second.world.clock.pendingTimers).toBe(0)
  })

  test('end with onLeave when the room is closed meanwhile, and are saved no more', async () => {
    const processes = new Processes()
    const first = await processes.next()
    await first.join(sessionOf('ada'))
    await first.close()
    const second = await processes.next()
    await second.join(sessionOf('bob'))
    second.rooms[0]?.close()
    await second.world.clock.settle()
    expect(second.happened().slice(-3)).toEqual(['onLeave closed', 'onLeave closed', 'onDispose'])
    const third = await processes.next()
    await third.join(sessionOf('ada'))
    expect(third.happened()).toEqual(['onRestore', 'onJoin'])
  })

  test('that cannot be read are left out, which the log says', async () => {
    const store = new MemoryStore()
    const Plain = defineRoom('plain', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {} })
    class PlainRoom extends Room(Plain) {
      onCreate() {
        return {}
      }
      readonly handlers = this.handle({})
    }
    const first = new World({ store })
    first.registry.define(Plain, PlainRoom, { persist: true })
    const ada = first.client(Plain, sessionOf('ada'))
    ada.join({ key: 'a' })
    await first.clock.settle()
    await first.settled(first.registry.close())
    const Named = defineRoom('plain', {
      version: 1,
      join: t.Object({ name: t.String() }),
      state: t.Object({}),
      clientToServer: {},
      serverToClient: {},
    })
    const left: string[] = []
    class NamedRoom extends Room(Named) {
      onCreate() {
        return {}
      }
      override onLeave({ join }: Member<typeof Named>) {
        left.push(join.name)
      }
      readonly handlers = this.handle({})
    }
    const second = new World({ store })
    second.registry.define(Named, NamedRoom, { persist: true })
    const bob = second.client(Named, sessionOf('bob'))
    bob.join({ key: 'a', join: { name: 'Bob' } })
    await second.clock.advance('1h')
    expect(bob.isJoined).toBe(true)
    expect(left).toEqual([])
    const warnings = second.logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
    expect(warnings).toEqual([expect.stringContaining('A saved seat of the room plain/a cannot be read any more')])
  })
})

const Hand = defineRoom('hand', {
  version: 1,
  user: t.Object({ id: t.String(), role: t.String() }),
  join: t.Object({ name: t.String() }),
  state: t.Object({ hands: t.Map(t.Object({ of: t.Owner(), cards: t.Visible('owner', t.Array(t.Integer())) })) }),
  clientToServer: {},
  serverToClient: {},
})

describe('whoever takes a seat again', () => {
  /** Rooms with hidden hands, of users. */
  function hands(store: MemoryStore, seed: number) {
    const world = new World({ store, seed })
    const rooms: RoomBase<typeof Hand>[] = []
    const left: string[] = []
    class HandRoom extends Room(Hand) {
      onCreate() {
        rooms.push(this)
        return { hands: {} }
      }
      override onRestore() {
        rooms.push(this)
      }
      override onJoin(member: Member<typeof Hand>) {
        this.state.hands.set(member.id, { of: member.id, cards: [7, 9] })
      }
      override onLeave({ join, user }: Member<typeof Hand>, reason: string) {
        left.push(`${join.name} (${user.id}, ${user.role}): ${reason}`)
      }
      readonly handlers = this.handle({})
    }
    world.registry.define(Hand, HandRoom, {
      persist: true,
      authenticate: ({ token = '' }) => ({ id: token, role: 'player' }),
    })
    const join = async (session: SessionInfo, name: string) => {
      const client = world.client(Hand, session)
      client.join({ key: 'a', join: { name } })
      await world.clock.settle()
      if (client.refused) throw client.refused
      return client
    }
    return { world, rooms, left, join }
  }

  test('sees what only the owner sees, and is to the room who it was', async () => {
    const store = new MemoryStore()
    const first = hands(store, 1)
    const ada = await first.join(sessionOf('ada'), 'Ada')
    await first.world.settled(first.world.registry.close())
    const second = hands(store, 2)
    const again = await second.join(sessionOf('ada'), 'Another name')
    const { member } = ada.seat.joined
    expect(again.seat.joined.member).toBe(member)
    expect(again.mirror.state).toMatchObject({ hands: new Map([[member, { of: member, cards: [7, 9] }]]) })
    expect(second.rooms[0]?.members.get(member)?.join).toEqual({ name: 'Ada' })
    again.leave('left')
    expect(second.left).toEqual(['Ada (ada, player): left'])
  })

  test('as another user gets a seat of its own; the former one ends as refused', async () => {
    const store = new MemoryStore()
    const first = hands(store, 1)
    const ada = await first.join(sessionOf('ada'), 'Ada')
    await first.world.settled(first.world.registry.close())
    const second = hands(store, 2)
    const again = await second.join(sessionOf('ada', undefined, 'eve'), 'Eve')
    expect(again.seat.joined.member).not.toBe(ada.seat.joined.member)
    expect(second.left).toEqual(['Ada (ada, player): refused'])
  })
})

describe('a server that stops', () => {
  test('waits for handlers that run, and saves what they do', async () => {
    let finish = () => {}
    const done = new Promise<void>((resolve) => (finish = resolve))
    const processes = new Processes({
      handlers: (room) => ({
        add: async ({ by }) => {
          await done
          room.state.n += by
          return room.state.n
        },
      }),
    })
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    const reply = ada.outcome('add', { by: 5 })
    const closed = first.world.registry.close({ patience: 1_000 })
    await first.world.clock.advance(999)
    finish()
    await first.world.settled(closed)
    expect(await reply).toBe(5)
    const second = await processes.next()
    await second.join(sessionOf('ada'))
    expect(second.rooms[0]?.state.n).toBe(5)
  })

  test('waits for them no longer than it may', async () => {
    const processes = new Processes({ handlers: () => ({ act: () => new Promise(() => {}) }) })
    const first = await processes.next()
    const ada = await first.join(sessionOf('ada'))
    void ada.outcome('act')
    let over = false
    void first.world.registry.close({ patience: 1_000 }).then(() => (over = true))
    await first.world.clock.advance(999)
    expect(over).toBe(false)
    await first.world.clock.advance(1)
    expect(over).toBe(true)
  })
})
