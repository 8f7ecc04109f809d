import { JuntoError } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import { defineRoom, t } from '@junto/schema'
import { describe, expect, test, vi } from 'vitest'
import { MemoryStore } from '../store/memory-store.ts'
import { ArenaWorld, mirrored, there, unit, visibleTo } from './arena.fixture.ts'
import { Desk, deskRooms, type DeskMember, type DeskRoom, type DeskScript } from './desk.fixture.ts'
import { MemberSeat } from './member-seat.ts'
import { Room } from './room.ts'
import { SeededRandom, seeds } from '@junto/testing'
import { World, type TestClient } from './rooms.fixture.ts'
import type { SessionInfo } from './seat.ts'

interface DeskWorld {
  readonly world: World
  readonly room: DeskRoom
  readonly ada: TestClient
  /** What the room sees of her. */
  readonly member: DeskMember
}

/** A desk with one member, whose first frames are forgotten. */
async function desk(script: DeskScript = {}, options: Record<string, unknown> = {}): Promise<DeskWorld> {
  const world = new World()
  const { rooms, ScriptedRoom } = deskRooms(script)
  world.registry.define(Desk, ScriptedRoom, options)
  const ada = await world.join(Desk, { key: 'a' })
  const room = there(rooms[0])
  ada.log.length = 0
  room.happened.length = 0
  return { world, room, ada, member: there(room.members.get(ada.seat.joined.member)) }
}

function seatOf({ seat }: TestClient): MemberSeat {
  if (!(seat instanceof MemberSeat)) throw new Error('no seat of a room')
  return seat
}

describe('a member whose line is gone', () => {
  test('stays a member; the room hears of onDrop, and of onResume when it is back', async () => {
    const { world, room, ada, member } = await desk()
    expect(member.connected).toBe(true)
    ada.drop()
    expect([member.connected, room.members.size]).toEqual([false, 1])
    await world.clock.advance('30s')
    ada.resume()
    expect(member.connected).toBe(true)
    await world.clock.settle()
    expect(room.happened).toEqual(['onDrop', 'onResume resumed, 0 missed, after 30000 ms'])
    expect(room.members.get(member.id)).toBe(member)
    const called = ada.call('add', { by: 2 })
    await world.clock.settle()
    expect(await called).toBe(2)
  })

  test('drops and resumes in turns, however lines come and go', async () => {
    const { world, room, ada } = await desk()
    for (let n = 0; n < 3; n++) {
      ada.drop()
      ada.seat.drop()
      await world.clock.advance(10)
      // A line that goes again before all was replayed has brought nothing.
      ada.seat.resume(ada.held)
      ada.drop()
      await world.clock.advance(10)
      ada.resume()
      ada.seat.resume(ada.held)
      ada.seat.resumed('resumed', 0)
    }
    const pair = ['onDrop', 'onResume resumed, 0 missed, after 20 ms']
    expect(room.happened).toEqual([...pair, ...pair, ...pair])
  })

  test('leaves once when it does not come back, or is refused; then nothing of it is heard any more', async () => {
    for (const reason of ['disconnected', 'refused', 'left'] as const) {
      const { world, room, ada } = await desk()
      ada.drop()
      ada.leave(reason)
      ada.leave()
      ada.seat.resume(ada.held)
      ada.seat.resumed('resumed', 0)
      ada.seat.drop()
      ada.seat.unseat()
      await world.clock.settle()
      expect(room.happened).toEqual(['onDrop', `onLeave ${reason}`])
      expect(room.members.size).toBe(0)
    }
  })

  test('can be kicked, and its session is told', async () => {
    const { world, room, ada, member } = await desk()
    ada.drop()
    member.send.said({ text: 'bye' })
    member.kick('too late')
    expect(ada.endings).toEqual([{ reason: 'kicked', message: 'too late' }])
    expect(ada.kept).toHaveLength(1)
    await world.clock.settle()
    expect(room.happened).toEqual(['onDrop', 'onLeave kicked'])
  })

  test('what the hooks throw stays there, and the others run all the same', async () => {
    const fail = (how: string) => () => {
      if (how === 'throws') throw new Error(how)
      return Promise.reject(new Error(how))
    }
    for (const how of ['throws', 'rejects']) {
      const { world, room, ada } = await desk({ onDrop: fail(how), onResume: fail(how) })
      ada.drop()
      ada.resume()
      await world.clock.settle()
      ada.leave()
      await world.clock.settle()
      expect(room.happened.toSorted()).toEqual([
        'onDrop',
        `onError onDrop: ${how}`,
        `onError onResume: ${how}`,
        'onLeave disconnected',
        'onResume resumed, 0 missed, after 0 ms',
      ])
      expect(world.metrics.read('room_faults', { room: 'desk' })).toBe(2)
    }
  })

  test('its room is not disposed while the seat is kept, and waits no longer than ever when it is not', async () => {
    const { world, room, ada } = await desk({}, { disposeAfter: 1000 })
    ada.drop()
    await world.clock.advance('10m')
    expect(room.happened).toEqual(['onDrop'])
    ada.leave()
    await world.clock.advance(1000)
    expect(room.happened).toEqual(['onDrop', 'onLeave disconnected', 'onDispose'])
    expect(world.registry.size).toBe(0)
  })

  test('costs no timer, and nothing when the state changes', async () => {
    const { world, room, ada } = await desk({}, { patchRate: 10 })
    const taken = vi.spyOn(seatOf(ada).viewer, 'take')
    ada.drop()
    await world.clock.settle()
    expect(world.clock.pendingTimers).toBe(0)
    for (let n = 0; n < 100; n++) {
      room.state.n++
      await world.clock.advance(100)
    }
    expect(taken).not.toHaveBeenCalled()
    expect(world.metrics.read('members_behind', { room: 'desk' })).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
    ada.resume()
    expect(ada.log).toEqual(['patch'])
    expect(ada.mirror.state).toMatchObject({ n: 100 })
  })

  test('that had joined but did not know it yet gets its first state behind that', async () => {
    const { world, room, ada } = await desk({ onJoin: (_, member) => member.send.said({ text: 'welcome' }) })
    const bob = world.client(Desk)
    // Its session is away when the join is done: the joined frame waits, and all that follows.
    const seats: string[] = []
    bob.onSeat = (seat) => {
      bob.die()
      seat.start()
      bob.drop()
      seats.push('started')
    }
    bob.join({ key: 'a' })
    await world.clock.settle()
    room.broadcast.said({ text: 'more' })
    await world.clock.settle()
    expect(seats).toEqual(['started'])
    expect(bob.log).toEqual(['joined'])
    bob.resume('nothing')
    expect(bob.log).toEqual(['joined', 'snapshot', 'event said', 'event said'])
    expect(bob.events.map(([, payload]) => payload)).toEqual([{ text: 'welcome' }, { text: 'more' }])
    expect(ada.log).toEqual(['event said'])
    expect(room.happened).toEqual(['onJoin', 'onDrop', 'onResume resumed, 0 missed, after 0 ms'])
  })
})

describe('the state of a member that is back', () => {
  test('is brought at once, from the version that it has: also where it was told of later ones, which did not arrive', async () => {
    const { world, room, ada } = await desk()
    room.state.n = 1
    await world.clock.settle()
    ada.die()
    room.state.n = 2
    await world.clock.settle()
    room.state.notes.set('a', 'b')
    await world.clock.settle()
    ada.drop()
    room.state.n = 3
    await world.clock.settle()
    // Not even in a version yet.
    room.state.n = 4
    ada.resume()
    expect(ada.log).toEqual(['patch', 'patch'])
    expect(ada.mirror.broken).toBe(false)
    expect(ada.mirror.state).toMatchObject({ n: 4, notes: new Map([['a', 'b']]) })
  })

  test('is not sent where it has it already', async () => {
    const { world, ada } = await desk()
    ada.drop()
    await world.clock.advance('1s')
    ada.resume()
    await world.clock.settle()
    expect(ada.log).toEqual([])
  })

  test('is a snapshot for who has nothing, one that never was, one of the future, or that of a room before it was restored', async () => {
    const { world, room, ada } = await desk()
    room.state.n = 1
    await world.clock.settle()
    const { epoch, version } = there(ada.held)
    ada.log.length = 0
    for (const has of [
      'nothing' as const,
      { epoch, version: version + 1 },
      { epoch, version: 0 },
      { epoch, version: -1 },
      { epoch, version: 1.5 },
      { epoch: 'f'.repeat(16), version },
    ]) {
      ada.drop()
      ada.resume(has)
    }
    expect(ada.log).toEqual(Array(6).fill('snapshot'))
    expect(ada.mirror.state).toMatchObject({ n: 1 })
  })

  test('is a snapshot where the room was restored from an older save, and has grown to the version that the client holds', async () => {
    const store = new MemoryStore()
    const open = async (seed: number) => {
      const world = new World({ store, seed })
      const { rooms, ScriptedRoom } = deskRooms()
      world.registry.define(Desk, ScriptedRoom, { persist: true })
      const client = await world.join(Desk, { key: 'a' })
      return { world, client, room: there(rooms[0]) }
    }
    const before = await open(1)
    before.room.state.n = 1
    await before.world.clock.advance('10s')
    // Never saved: the process dies.
    for (const n of [2, 3, 4]) {
      before.room.state.n = n
      await before.world.clock.settle()
    }
    const held = there(before.client.held)
    const after = await open(2)
    expect(after.room.state.n).toBe(1)
    while (there(after.client.held).version < held.version) {
      after.room.state.n += 10
      await after.world.clock.settle()
    }
    expect(after.client.held).toEqual({ epoch: expect.not.stringMatching(held.epoch), version: held.version })
    after.client.drop()
    after.room.state.n += 10
    after.client.resume(held)
    expect(after.client.log.at(-1)).toBe('snapshot')
    expect(after.client.mirror.state).toMatchObject({ n: after.room.state.n })
  })

  test('comes before what was said meanwhile, and others get no more than their patch', async () => {
    const { world, room, ada, member } = await desk({}, { patchRate: 1 })
    const bob = await world.join(Desk, { key: 'a' })
    bob.log.length = 0
    await world.clock.advance('1s')
    room.state.n = 1
    await world.clock.settle()
    // Waits for the patch, which in this room comes after a second.
    room.state.n = 2
    member.send.said({ text: 'two' })
    await world.clock.settle()
    expect(ada.log).toEqual(['patch'])
    ada.drop()
    room.state.n = 3
    member.send.said({ text: 'three' })
    let seen: unknown
    const read = vi.spyOn(ada, 'send')
    ada.seat.resume(ada.held)
    expect(read).not.toHaveBeenCalled()
    ada.seat.drop()
    ada.drop()
    ada.onEvent = () => (seen ??= { ...(ada.mirror.state as object) })
    ada.resume()
    expect(ada.log.slice(-3)).toEqual(['patch', 'event said', 'event said'])
    expect(seen).toMatchObject({ n: 3 })
    expect(ada.events.map(([, payload]) => payload)).toEqual([{ text: 'two' }, { text: 'three' }])
    await world.clock.advance('5s')
    expect(bob.mirror.state).toMatchObject({ n: 3 })
    expect(bob.log.filter((line) => line === 'patch').length).toBeLessThanOrEqual(3)
  })

  test('that cannot be encoded ends the room, and disturbs no session', async () => {
    const { world, room, ada } = await desk()
    ada.drop()
    room.state.n = 1
    vi.spyOn(seatOf(ada).viewer, 'take').mockImplementationOnce(() => {
      throw new Error('no words for that')
    })
    ada.resume()
    await world.clock.settle()
    expect(ada.endings).toMatchObject([{ reason: 'failed' }])
    expect(world.faults).toEqual(['state of the room desk/a failed: no words for that'])
    expect(room.happened).toContain('onLeave failed')
  })

  test('of which it sees a part: an entity leaves its view, and its id is used again, while it is away', async () => {
    const world = new ArenaWorld({ onJoin: (room, { view }) => view.filter(room.state.units, () => true) })
    const [client, member] = await world.enter()
    const { units } = world.room.state
    const ids = mirrored(client).units
    expect([...ids.keys()]).toEqual(['ann', 'ben'])
    const before = mirrored(client).units.get('ann')
    client.drop()
    units.delete('ann')
    await world.clock.settle()
    units.set('cat', unit('', 'Cat', 3))
    member.view.add(world.unit('cat'))
    member.view.remove(world.unit('ben'))
    await world.clock.settle()
    units.set('dan', unit('', 'Dan', 4))
    await world.clock.settle()
    client.resume()
    expect(client.log.at(-1)).toBe('patch')
    expect(client.mirror.broken).toBe(false)
    expect(mirrored(client)).toEqual(visibleTo(member, world.room))
    expect([...mirrored(client).units.keys()]).toEqual(['cat'])
    expect(mirrored(client).units.get('cat')).not.toBe(before)
  })
})

describe('what is said to a member that is away', () => {
  test('is kept when it is reliable, dropped when it is volatile, and of latest the newest of each key', async () => {
    const { world, room, ada, member } = await desk()
    ada.drop()
    for (const x of [1, 2, 3]) {
      room.broadcast.said({ text: `${x}` })
      member.send.moved({ x })
      room.broadcast.moved({ x })
      room.broadcast.placed({ who: 'ann', x })
      member.send.placed({ who: 'ben', x: 10 * x })
      room.broadcast.paused(x % 2 === 0)
    }
    await world.clock.settle()
    expect(ada.log).toEqual([])
    ada.resume()
    await world.clock.settle()
    expect(ada.events).toEqual([
      ['said', { text: '1' }],
      ['said', { text: '2' }],
      ['said', { text: '3' }],
      ['placed', { who: 'ann', x: 3 }],
      ['placed', { who: 'ben', x: 30 }],
      ['paused', false],
    ])
  })

  test('keeps its order with what was on its way when the line went, in the middle of the sending too', async () => {
    const { world, room, ada, member } = await desk()
    room.state.n = 1
    member.send.said({ text: 'one' })
    member.send.placed({ who: 'ann', x: 1 })
    member.send.said({ text: 'two' })
    // The patch is the first of three that leave: the socket finds that it is dead.
    vi.spyOn(ada, 'sendState').mockImplementationOnce(() => {
      ada.die()
      member.send.said({ text: 'three' })
      ada.drop()
      member.send.said({ text: 'four' })
    })
    await world.clock.settle()
    expect(ada.log).toEqual([])
    expect(room.happened).toEqual(['onDrop'])
    ada.resume()
    await world.clock.settle()
    expect(ada.log[0]).toBe('patch')
    expect(ada.events).toEqual([
      ...['one', 'two', 'three', 'four'].map((text) => ['said', { text }]),
      ['placed', { who: 'ann', x: 1 }],
    ])
  })

  test('calls wait for it, within their deadline', async () => {
    const { world, ada, member } = await desk()
    ada.answers = { confirm: () => true }
    ada.drop()
    const patient = member.call.confirm({ question: 'now?' })
    const hasty = member.call.confirm.try({ question: 'at once?' }, { timeout: 1000 })
    await world.clock.advance('2s')
    expect(await hasty).toMatchObject({ ok: false, code: 'timeout' })
    ada.resume()
    await world.clock.settle()
    expect(await patient).toBe(true)
  })

  test('calls that ran are answered once, when the reply could not leave', async () => {
    const { world, room, ada } = await desk()
    const called = ada.call('add', { by: 5 })
    ada.die()
    await world.clock.settle()
    ada.drop()
    ada.resume()
    await world.clock.settle()
    expect(await called).toBe(5)
    expect(room.state.n).toBe(5)
  })

  test('is said to be lost when it was given up: calls of both sides end, and the room is told how much', async () => {
    const { world, room, ada, member } = await desk()
    const mine = ada.outcome('look')
    ada.die()
    await world.clock.settle()
    ada.drop()
    const theirs = member.call.confirm.try({ question: '?' })
    room.broadcast.said({ text: 'lost' })
    await world.clock.settle()
    ada.resync()
    await world.clock.settle()
    expect(await mine).toBe('outcome_unknown')
    expect(await theirs).toMatchObject({ ok: false, code: 'outcome_unknown' })
    expect(room.happened).toEqual(['onDrop', 'onResume resynced, 3 missed, after 0 ms'])
  })

  test('ends streams when it was given up, also where it turns out to have arrived: nobody waits for the rest', async () => {
    const { world, room, ada } = await desk({
      handlers: () => ({
        count: async function* () {
          yield 1
          await new Promise(() => {})
        },
      }),
    })
    const items = ada.stream('count', { to: 2 })
    await world.clock.settle()
    expect(await items.next()).toEqual({ done: false, value: 1 })
    const item = there(ada.bytes.at(-1))
    ada.drop()
    ada.seat.forfeited([item])
    ada.resume()
    const rest = items.next().catch((error: unknown) => (error instanceof JuntoError ? error.code : error))
    await world.clock.settle()
    expect(await rest).toBe('outcome_unknown')
    expect(room.happened).toEqual(['onDrop', 'onResume resumed, 0 missed, after 0 ms'])
  })
})

describe('a stream that waits behind a patch when the line goes', () => {
  test('has no gap, where the link gives up what it is handed of it: it ends', async () => {
    const { world, ada } = await desk({}, { patchRate: 1 })
    for (let by = 1; by <= 2; by++) {
      void ada.call('add', { by }).catch(() => {})
      await world.clock.advance(10)
    }
    const items = ada.stream('count', { to: 10 })
    await world.clock.advance(100)
    ada.mostKept = 4
    ada.drop()
    ada.resume()
    const came: unknown[] = []
    const reading = (async () => {
      for await (const item of items) came.push(item)
    })().catch((error: unknown) => (error instanceof JuntoError ? error.code : error))
    await world.clock.advance('2s')
    expect(came).toEqual([])
    expect(await reading).toBe('outcome_unknown')
  })
})

describe('delivery classes', () => {
  test('events that are not reliable travel in loose frames, with what ranks them', async () => {
    const { world, room, ada } = await desk()
    const numbered = vi.spyOn(ada, 'send')
    const loose = vi.spyOn(ada, 'sendLoose')
    room.broadcast.moved({ x: 1 })
    room.broadcast.placed({ who: 'ann', x: 2 })
    room.broadcast.paused(true)
    await world.clock.settle()
    expect(numbered).not.toHaveBeenCalled()
    expect(loose.mock.calls.map(([, how]) => how)).toEqual([
      { priority: 0 },
      { key: expect.stringMatching(/:ann$/), priority: 2 },
      { key: expect.any(String), priority: 0 },
    ])
    expect(ada.frames.slice(-3).map(({ type }) => type)).toEqual([FrameType.loose, FrameType.loose, FrameType.loose])
  })

  test('while a member is behind, volatile is dropped, and of latest the newest comes behind the patch', async () => {
    const { world, room, ada } = await desk()
    ada.congested = true
    room.state.n = 1
    await world.clock.settle()
    for (const x of [1, 2, 3]) {
      room.broadcast.moved({ x })
      room.broadcast.placed({ who: 'ann', x })
      room.broadcast.said({ text: `${x}` })
    }
    await world.clock.settle()
    expect(ada.log).toEqual([])
    ada.drain()
    await world.clock.settle()
    expect(ada.log[0]).toBe('patch')
    expect(ada.events).toEqual([
      ['placed', { who: 'ann', x: 3 }],
      ['said', { text: '1' }],
      ['said', { text: '2' }],
      ['said', { text: '3' }],
    ])
    expect(world.metrics.read('messages_dropped', { reason: 'volatile' })).toBe(3)
    expect(world.metrics.read('messages_dropped', { reason: 'replaced' })).toBe(2)
  })

  test('of latest, so many replace each other in one turn that only the last is sent, and little is held', async () => {
    const { world, room, ada } = await desk({}, {})
    ada.congested = true
    room.state.n = 1
    await world.clock.settle()
    // More than may be held, if all were.
    const who = 'x'.repeat(1000)
    for (let x = 0; x < 5000; x++) room.broadcast.placed({ who, x })
    await world.clock.settle()
    expect(ada.log).toEqual([])
    ada.drain()
    await world.clock.settle()
    expect(ada.events).toEqual([['placed', { who, x: 4999 }]])
  })

  test('an event in a frame for another class is one that the room does not have', async () => {
    const { world, room, ada } = await desk()
    ada.event('point', { x: 1 })
    await world.clock.settle()
    expect(ada.events).toEqual([['moved', { x: 1 }]])
    const id = (name: string) => there(Object.keys(Desk.shape.clientToServer).indexOf(name))
    ada.raw({ type: FrameType.event, id: id('point'), payload: [1] })
    ada.raw({ type: FrameType.loose, id: id('say'), payload: ['hi'] })
    ada.raw({ type: FrameType.loose, id: 99, payload: null })
    await world.clock.settle()
    expect(ada.notices).toHaveLength(3)
    expect(ada.notices[0]).toContain('unsupported: the event point is volatile')
    expect(ada.notices[1]).toContain('unsupported: the event say is reliable')
    expect(ada.events).toHaveLength(1)
    expect(room.happened).toEqual([])
  })
})

describe('whatever happens to lines and pages', () => {
  test.for(seeds(12))(
    'what is said arrives once, in order, and never before the state that it speaks of, or is said to be lost; seed %i',
    async (seed) => {
      const random = new SeededRandom(seed)
      const { world, room, ada: first, member } = await desk({}, random.chance(0.5) ? { patchRate: 10 } : {})
      let page = first
      let said = 0
      let heard = 0
      /** What was said while nobody was there: the room was told of it. */
      const missed = () => {
        const counts = room.happened.map((line) => Number(/resynced, (\d+) missed/.exec(line)?.[1] ?? 0))
        return counts.reduce((sum, count) => sum + count, 0)
      }
      const listen = () => {
        page.onEvent = (name, payload) => {
          if (name !== 'said') return
          const { text } = payload as { text: string }
          const [no, n] = text.split(' ').map(Number)
          expect(no).toBe(++heard + missed())
          expect((page.mirror.state as { n: number }).n).toBeGreaterThanOrEqual(there(n))
        }
      }
      listen()
      const say = () => member.send.said({ text: `${++said} ${room.state.n}` })
      const steps = [
        () => (room.state.n += random.integer(1, 9)),
        () => (room.state.n += random.integer(1, 9)),
        () => void room.state.notes.set(`${random.integer(0, 20)}`, `${said}`),
        say,
        say,
        () => void page.call('add', { by: 1 }, { settle: random.pick(['visible', 'reply']) }).catch(() => {}),
        () => (page.congested = true),
        () => page.isJoined && page.drain(),
        () => page.die(),
        () => page.isJoined && page.drop(),
        () => page.isJoined && !page.hears && (page.drop(), page.resume()),
        () => {
          // What the link kept is gone with the page, as nobody counts in this test.
          if (!page.isJoined) return
          page.drop()
          if (page.kept.length > 0) return
          page.seat.unseat()
          page = world.client(Desk, page.session)
          listen()
          page.join({ key: 'a' })
        },
      ]
      for (let step = 0; step < 400; step++) {
        there(steps[random.integer(0, steps.length - 1)])()
        if (random.chance(0.5)) await world.clock.advance(random.pick([0, 0, 1, 50]))
      }
      await world.clock.settle()
      page.drop()
      page.resume()
      page.drain()
      await world.clock.advance('1s')
      expect(heard + missed()).toBe(said)
      expect(page.mirror.broken).toBe(false)
      expect(page.mirror.state).toMatchObject({ n: room.state.n, notes: new Map(room.state.notes) })
      page.leave()
      await world.clock.settle()
      const told = room.happened.filter((line) => !line.startsWith('onDispose'))
      expect(told.at(-1)).toBe('onLeave disconnected')
      for (const [index, line] of told.slice(0, -1).entries()) {
        expect(line).toMatch(index % 2 === 0 ? /^onDrop/ : /^onResume/)
      }
      expect(told.length % 2).toBe(1)
      expect(world.faults).toEqual([])
    },
  )
})

describe('a seat that is kept for a page that was reloaded', () => {
  /** The page is loaded again: it knows its session, and nothing else. */
  function reload({ world, ada }: DeskWorld): TestClient {
    ada.drop()
    ada.seat.unseat()
    return world.client(Desk, ada.session)
  }

  test('is taken again: the same member, the state, and onResume, which says how much of what was said is lost', async () => {
    const all = await desk()
    const { world, room, ada, member } = all
    room.state.n = 7
    await world.clock.settle()
    const page = reload(all)
    await world.clock.advance(500)
    // It was on its way to the page that is no more.
    ada.seat.forfeited([new Uint8Array(3)])
    room.broadcast.said({ text: 'meanwhile' })
    room.broadcast.placed({ who: 'ann', x: 1 })
    room.broadcast.moved({ x: 1 })
    expect(member.connected).toBe(false)
    page.join({ key: 'a', join: undefined })
    await world.clock.settle()
    expect(page.seat).toBe(ada.seat)
    expect(page.seat.joined).toMatchObject({ member: member.id, kept: true, definition: expect.anything() })
    expect(page.log).toEqual(['joined', 'snapshot'])
    expect(page.mirror.state).toMatchObject({ n: 7 })
    expect(member.connected).toBe(true)
    expect(room.happened).toEqual(['onDrop', 'onResume resynced, 2 missed, after 500 ms'])
    const called = page.call('add', { by: 1 })
    await world.clock.settle()
    expect(await called).toBe(8)
    expect(ada.log).toEqual(['patch'])
  })

  test('calls that were under way end as outcome_unknown; later ones fail at once, until the new page has joined', async () => {
    const all = await desk({ handlers: () => ({ act: () => new Promise<void>(() => {}) }) })
    const { world, ada, member } = all
    const asked = member.call.confirm.try({ question: 'old?' })
    void ada.call('act').catch(() => {})
    const page = reload(all)
    expect(await asked).toMatchObject({ ok: false, code: 'outcome_unknown' })
    // It has not run, and will not.
    expect(await member.call.confirm.try({ question: 'too early?' })).toMatchObject({ ok: false, code: 'disconnected' })
    const questions: unknown[] = []
    page.answers = { confirm: (params) => questions.push(params) === 1 }
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(await world.settled(member.call.confirm({ question: 'new?' }))).toBe(true)
    expect(questions).toEqual([{ question: 'new?' }])
  })

  test('is kept for it also when it went before it was told that it had joined', async () => {
    const { world, room } = await desk({ onJoin: (_, member) => member.send.said({ text: 'hello' }) })
    const bob = world.client(Desk)
    bob.onSeat = (seat) => seat.unseat()
    bob.join({ key: 'a' })
    await world.clock.settle()
    const page = world.client(Desk, bob.session)
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.seat).toBe(bob.seat)
    expect(page.log).toEqual(['joined', 'snapshot'])
    expect(room.happened).toEqual(['onJoin', 'onDrop', 'onResume resynced, 1 missed, after 0 ms'])
  })

  test('in a room that is full', async () => {
    const all = await desk({}, { maxMembers: 1 })
    const { world, room } = all
    const page = reload(all)
    const other = world.client(Desk)
    other.join({ key: 'a' })
    await world.clock.settle()
    expect(other.refused?.code).toBe('room_full')
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.isJoined).toBe(true)
    expect(room.members.size).toBe(1)
  })

  test('by one join only', async () => {
    const all = await desk()
    const { world, room } = all
    const page = reload(all)
    const twin = world.client(Desk, page.session)
    page.join({ key: 'a' })
    twin.join({ key: 'a' })
    await world.clock.settle()
    expect([page.isJoined, twin.refused?.code]).toEqual([true, 'already_joined'])
    expect(room.members.size).toBe(1)
  })

  test('a join that is given up leaves it as it was', async () => {
    const all = await desk()
    const { world, room } = all
    const page = reload(all)
    page.join({ key: 'a' })
    page.abort.abort('disconnected')
    await world.clock.settle()
    expect(page.isJoined).toBe(false)
    expect(room.happened).toEqual(['onDrop'])
    const again = world.client(Desk, page.session)
    again.join({ key: 'a' })
    await world.clock.settle()
    expect(again.seat.joined.kept).toBe(true)
    expect(room.members.size).toBe(1)
  })

  test('found by matchmaking, whatever the room has become; one of another session is not', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const where = { team: 'red' }
    const ada = await world.join(Desk, { by: 'joinOrCreate', where })
    const room = there(rooms[0])
    room.metadata = { team: 'red', size: 1 }
    ada.drop()
    ada.seat.unseat()
    room.metadata = { team: 'closed', size: 1 }
    await world.join(Desk, { by: 'joinOrCreate', where })
    expect(rooms).toHaveLength(2)
    const page = world.client(Desk, ada.session)
    page.join({ by: 'joinOrCreate', where })
    await world.clock.settle()
    expect(page.seat).toBe(ada.seat)
    // The seat is taken: who asks again gets another room.
    const second = world.client(Desk, ada.session)
    second.join({ by: 'joinOrCreate', where })
    await world.clock.settle()
    expect(second.seat.joined.id).not.toBe(page.seat.joined.id)
    expect(second.seat.joined.kept).toBeUndefined()
  })

  test('as long as its room is there: what ends it is told to the session that had it', async () => {
    const all = await desk()
    const { world, room, ada } = all
    const page = reload(all)
    room.close('over')
    await world.clock.settle()
    expect(ada.endings).toEqual([{ reason: 'closed', message: 'over' }])
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.seat.joined.kept).toBeUndefined()
    expect(room.happened).toEqual(['onDrop', 'onLeave closed', 'onDispose'])
  })

  test('keeps nothing of what is said to it, however much: it is counted', async () => {
    const all = await desk()
    const { world, room, member } = all
    const page = reload(all)
    const text = 'x'.repeat(100_000)
    for (let n = 0; n < 12; n++) member.send.said({ text })
    member.send.placed({ who: 'ann', x: 1 })
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.events).toEqual([])
    expect(page.endings).toEqual([])
    expect(room.happened[1]).toBe('onResume resynced, 12 missed, after 0 ms')
    member.send.said({ text: 'again' })
    await world.clock.settle()
    expect(page.events).toEqual([['said', { text: 'again' }]])
  })

  test('is not given to a second page of a client that only joins again', async () => {
    const { world, ada } = await desk()
    ada.drop()
    const twin = world.client(Desk, ada.session)
    twin.join({ key: 'a' })
    await world.clock.settle()
    expect(twin.refused?.code).toBe('already_joined')
  })
})

describe('who comes back is asked who it is', () => {
  const Club = defineRoom('club', {
    version: 1,
    user: t.Object({ id: t.String(), role: t.String() }),
    state: t.Object({ n: t.Integer() }),
    clientToServer: {},
    serverToClient: {},
  })
  class ClubRoom extends Room(Club) {
    onCreate() {
      return { n: 0 }
    }
    readonly handlers = this.handle({})
  }

  async function club() {
    const world = new World()
    const asked: (string | undefined)[] = []
    const rooms: InstanceType<typeof ClubRoom>[] = []
    class Seen extends ClubRoom {
      constructor() {
        super()
        rooms.push(this)
      }
    }
    world.registry.define(Club, Seen, {
      authenticate: ({ token }) => {
        asked.push(token)
        if (token === 'banned') throw new JuntoError('forbidden', 'you are banned')
        if (token === 'down') throw new Error('the database is away')
        if (token === undefined || token === 'expired') return undefined
        const [id = '', role = ''] = token.split(' ')
        return { id, role }
      },
    })
    const ada = await world.join(Club, { key: 'a' }, { auth: 'ada guest' })
    /** Is judged, and let in if that is fine. */
    const comeBack = async (auth: unknown, session: SessionInfo = ada.session) => {
      session.connection = { auth, remoteAddress: '10.0.0.2' }
      const letIn = await world.settled(world.registry.readmit(ada.seat, session, session.connection))
      letIn()
    }
    const room = there(rooms[0])
    return { world, ada, asked, room, comeBack, member: there(room.members.get(ada.seat.joined.member)) }
  }

  test('once for each connection, with its new credentials, and the member has what that says', async () => {
    const { ada, asked, comeBack, member, world } = await club()
    ada.drop()
    await comeBack('ada admin')
    expect(member.user).toEqual({ id: 'ada', role: 'admin' })
    await world.settled(world.registry.readmit(ada.seat, ada.session, ada.session.connection))
    expect(asked).toEqual(['ada guest', 'ada admin'])
  })

  test('nothing of it counts before the connection is let in', async () => {
    const { world, ada, member } = await club()
    const connection = { auth: 'ada admin', remoteAddress: '10.0.0.2' }
    const letIn = await world.settled(world.registry.readmit(ada.seat, ada.session, connection))
    expect(member.user).toEqual({ id: 'ada', role: 'guest' })
    letIn()
    expect(member.user).toEqual({ id: 'ada', role: 'admin' })
  })

  test('the error says whether it is refused, or cannot be told', async () => {
    const { ada, comeBack, member } = await club()
    ada.drop()
    await expect(comeBack('banned')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(comeBack('expired')).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(comeBack('down')).rejects.toMatchObject({ code: 'internal' })
    expect(member.user).toEqual({ id: 'ada', role: 'guest' })
  })

  test('a seat is never handed to another user: not at a resume, and not at a join', async () => {
    const { world, ada, room, comeBack, member } = await club()
    ada.drop()
    await expect(comeBack('eve guest')).rejects.toMatchObject({ code: 'forbidden' })
    expect(member.user).toEqual({ id: 'ada', role: 'guest' })
    ada.seat.unseat()
    const page = world.client(Club, ada.session)
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.seat).not.toBe(ada.seat)
    expect(page.seat.joined.kept).toBeUndefined()
    expect([...room.members.values()].map(({ user }) => user.id)).toEqual(['eve'])
    expect(ada.endings).toMatchObject([{ reason: 'refused' }])
  })
})
