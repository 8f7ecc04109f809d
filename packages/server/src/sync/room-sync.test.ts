import { FrameType } from '@junto/protocol/internal'
import { describe, expect, test, vi } from 'vitest'
import { MemberSeat } from '../room/member-seat.ts'
import type { TestClient } from '../room/rooms.fixture.ts'
import { busy, mirrored, plaza, Plaza, type PlazaWorld } from './plaza.fixture.ts'

const count = ({ world }: PlazaWorld, name: string) => world.metrics.read(name, { room: 'plaza' })

describe('a member that is behind', () => {
  test('takes no patches while too much waits for it, and costs none; then one over all, and behind it what waited', async () => {
    const all = await plaza()
    const { world, room, ada, bob } = all
    if (!(ada.seat instanceof MemberSeat)) throw new Error('no seat of a room')
    const taken = vi.spyOn(ada.seat.viewer, 'take')
    ada.congested = true
    await busy(all, 100)
    room.broadcast.said({ text: 'one' })
    room.broadcast.said({ text: 'two' })
    await busy(all, 100)
    expect(ada.log).toEqual([])
    expect(taken).not.toHaveBeenCalled()
    expect(bob.log.filter((frame) => frame === 'patch')).toHaveLength(200)
    expect(count(all, 'members_behind')).toBe(1)

    ada.drain()
    await world.clock.settle()
    expect(ada.log).toEqual(['patch', 'event said', 'event said'])
    expect(ada.events.map(([, payload]) => payload)).toEqual([{ text: 'one' }, { text: 'two' }])
    expect(taken).toHaveBeenCalledTimes(1)
    expect(mirrored(ada).n).toBe(200)
    expect(mirrored(ada)).toEqual(mirrored(bob))
    expect([count(all, 'members_behind'), count(all, 'catch_ups'), count(all, 'snapshots_sent')]).toEqual([0, 1, 2])

    await busy(all, 1)
    expect(ada.log.slice(3)).toEqual(['patch'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
  })

  test("gets a reply with settle: 'reply' at once, the others behind its patch", async () => {
    const all = await plaza()
    const { world, ada } = all
    ada.congested = true
    const visible = ada.call('add', { by: 1 })
    await world.clock.settle()
    const fast = ada.call('look', undefined, { settle: 'reply' })
    await world.clock.settle()
    expect(await fast).toBe(1)
    expect(ada.log).toEqual(['reply'])
    ada.drain()
    await world.clock.settle()
    expect(await visible).toBe(1)
    expect(ada.log).toEqual(['reply', 'patch', 'reply'])
  })

  test('gets items of streams, calls and answers in the order in which they were sent', async () => {
    const all = await plaza()
    const { world, room, ada } = all
    ada.congested = true
    await busy(all, 1)
    const items: unknown[] = []
    const reading = (async () => {
      for await (const item of ada.stream('count', { to: 3 })) items.push(item)
    })()
    await world.clock.settle()
    const [member] = room.members.values()
    member?.call.confirm({ question: '?' }).catch(() => {})
    const called = ada.call('look')
    await world.clock.settle()
    expect(ada.log).toEqual([])
    ada.drain()
    await world.clock.settle()
    await Promise.all([reading, called])
    expect(items).toEqual([1, 2, 3])
    expect(ada.log).toEqual(['patch', 'item', 'item', 'item', 'end', 'call', 'reply'])
  })

  test('gets nothing that may be dropped', async () => {
    const all = await plaza()
    const { world, room, ada } = all
    ada.congested = true
    await busy(all, 1)
    // What waits is leaving, and is below the mark already.
    ada.congested = false
    room.broadcast.moved({ x: 1 })
    ada.drain()
    await world.clock.settle()
    expect(ada.log).toEqual(['patch'])
    room.broadcast.moved({ x: 2 })
    await world.clock.settle()
    expect(ada.log).toEqual(['patch', 'event moved'])
  })

  test('stays behind when it is congested again before it could catch up', async () => {
    const all = await plaza()
    const { world, ada, bob } = all
    ada.congested = true
    await busy(all, 1)
    ada.drain()
    ada.congested = true
    await busy(all, 1)
    expect(ada.log).toEqual([])
    expect(count(all, 'members_behind')).toBe(1)
    ada.drain()
    await world.clock.settle()
    expect(ada.log).toEqual(['patch'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
  })

  test('is caught up without a patch where nothing changed for it after all', async () => {
    const all = await plaza()
    const { world, room, ada } = all
    ada.congested = true
    room.broadcast.said({ text: 'hi' })
    await world.clock.settle()
    expect(ada.log).toEqual(['event said'])
    ada.drain()
    await world.clock.settle()
    expect(ada.log).toEqual(['event said'])
    expect(count(all, 'members_behind')).toBe(0)
  })

  test('in a room with a patch rate catches up with the next patch', async () => {
    const all = await plaza({ patchRate: 10 })
    const { world, room, ada, bob } = all
    ada.congested = true
    room.state.n = 1
    await world.clock.advance(100)
    room.state.n = 2
    await world.clock.settle()
    room.state.n = 3
    ada.drain()
    await world.clock.advance(99)
    expect(ada.log).toEqual([])
    await world.clock.advance(1)
    expect(ada.log).toEqual(['patch'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
  })

  test('in a room with a patch rate catches up at once while nothing changes', async () => {
    const all = await plaza({ patchRate: 0.1 })
    const { world, room, ada, bob } = all
    ada.congested = true
    room.state.n = 1
    await world.clock.settle()
    expect(ada.log).toEqual([])
    ada.drain()
    await world.clock.settle()
    expect(ada.log).toEqual(['patch'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('is given all when more waits for it than may: whether that is too much, its session says', async () => {
    const all = await plaza({}, { limits: { softOutbox: 5000, hardOutbox: 10_000 } })
    const { room, ada, bob } = all
    ada.congested = true
    await busy(all, 1)
    for (let n = 0; n < 9; n++) room.broadcast.said({ text: 'x'.repeat(1000) })
    await busy(all, 1)
    expect(ada.log).toEqual([])
    room.broadcast.said({ text: 'x'.repeat(1000) })
    expect(ada.log).toEqual(['patch', ...Array.from({ length: 10 }, () => 'event said')])
    expect(mirrored(ada)).toEqual(mirrored(bob))
    // It still is: the next patch waits again.
    await busy(all, 1)
    expect(ada.log).toHaveLength(11)
  })

  test('gets what it missed before it is told that it was removed', async () => {
    const all = await plaza()
    const { world, room, ada, bob } = all
    ada.congested = true
    await busy(all, 3)
    room.broadcast.said({ text: 'bye' })
    const [member] = room.members.values()
    member?.kick()
    await world.clock.settle()
    expect(ada.log).toEqual(['patch', 'event said', 'ended kicked'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
    expect(count(all, 'members_behind')).toBe(0)
  })

  test('is counted no more when it has gone, and when the room is closed', async () => {
    const all = await plaza()
    const { world, room, ada, bob } = all
    ada.congested = bob.congested = true
    await busy(all, 3)
    expect(count(all, 'members_behind')).toBe(2)
    ada.leave()
    expect(count(all, 'members_behind')).toBe(1)
    room.close()
    await world.clock.settle()
    expect(count(all, 'members_behind')).toBe(0)
    expect(world.faults).toEqual([])
  })

  test('gets a new object where an id was used again meanwhile', async () => {
    const all = await plaza()
    const { world, ada, room } = all
    room.state.things.set('a', { name: 'old' })
    await world.clock.settle()
    const seen = mirrored(ada).things.get('a')
    const happened: string[] = []
    ada.mirror.watch(() => mirrored(ada).things, {
      added: ({ name }, key) => happened.push(`+${key} ${name}`),
      changed: ({ name }, key) => happened.push(`~${key} ${name}`),
      removed: ({ name }, key) => happened.push(`-${key} ${name}`),
    })
    happened.length = 0
    ada.congested = true
    await busy(all, 1)
    room.state.things.delete('a')
    await world.clock.settle()
    room.state.things.set('a', { name: 'new' })
    await world.clock.settle()
    expect(happened).toEqual([])
    ada.drain()
    await world.clock.settle()
    expect(mirrored(ada).things.get('a')).toEqual({ name: 'new' })
    expect(mirrored(ada).things.get('a')).not.toBe(seen)
    expect(happened).toEqual(['-a old', '+a new'])
  })
})

describe('a crowd that comes in one turn', () => {
  test('gets a snapshot each, and costs those who are there one patch', async () => {
    const all = await plaza()
    const { world, room, ada } = all
    const crowd: TestClient[] = []
    for (let n = 0; n < 10; n++) {
      const client = world.client(Plaza)
      crowd.push(client)
      client.join({ key: 'a' })
      // Each has come before the next one asks, and all within the turn.
      while (!client.isJoined) await Promise.resolve()
      room.state.notes.set(`guest ${n}`, 'came')
      room.broadcast.said({ text: `guest ${n} came` })
    }
    expect(ada.log).toEqual([])
    await world.clock.settle()
    expect(ada.log.filter((frame) => frame !== 'event said')).toEqual(['patch'])
    for (const [n, { log, events, mirror }] of crowd.entries()) {
      expect(log.slice(0, 2)).toEqual(['joined', 'snapshot'])
      expect(log.slice(2)).toEqual(events.map(() => 'event said'))
      expect(events).toHaveLength(10 - n)
      expect(mirror.state).toEqual(mirrored(ada))
    }
  })
})

describe('members of a room that closes', () => {
  test('get what was written before, and are not told how the others go', async () => {
    let left = 0
    const all = await plaza({
      onLeave: (room) => {
        room.state.n = ++left
        room.broadcast.said({ text: 'somebody left' })
      },
    })
    const { world, room, ada, bob } = all
    room.state.notes.set('last', 'bye')
    room.close()
    await world.clock.settle()
    expect(left).toBe(2)
    for (const client of [ada, bob]) {
      expect(client.log).toEqual(['patch', 'ended closed'])
      expect(mirrored(client)).toMatchObject({ n: 0, notes: new Map([['last', 'bye']]) })
    }
  })
})

describe('a member whose mirror came apart', () => {
  const resync = { type: FrameType.resync } as const

  test('[M5] [F32] gets a snapshot at the end of the turn, and behind it what the turn said', async () => {
    const all = await plaza()
    const { world, room, ada, bob } = all
    await busy(all, 3)
    ada.log.length = bob.log.length = 0
    room.broadcast.said({ text: 'before' })
    ada.raw(resync)
    room.state.n = 99
    expect(ada.log).toEqual([])
    await world.clock.settle()
    expect(ada.log).toEqual(['snapshot', 'event said'])
    expect(bob.log).toEqual(['patch', 'event said'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
    await busy(all, 1)
    expect(ada.log.slice(2)).toEqual(['patch'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
  })

  test('is counted, and told to the log with room, member, version and cause', async () => {
    const all = await plaza()
    const { world, room, ada } = all
    await world.clock.advance('5s')
    room.state.n = 1
    await world.clock.settle()
    ada.raw(resync)
    room.state.n = 2
    await world.clock.settle()
    ada.raw(resync)
    await world.clock.settle()
    expect(count(all, 'desyncs')).toBe(2)
    expect(count(all, 'snapshots_sent')).toBe(4)
    const told = world.logger.lines.filter(({ level }) => level === 'warn')
    expect(told.map(({ message }) => message)).toEqual(
      Array.from({ length: 2 }, () => 'The mirror of a member of the room plaza/a came apart; it gets a snapshot'),
    )
    const about = { room: 'plaza/a', contract: 'plaza', member: ada.seat.joined.member }
    expect(told.map(({ fields }) => fields)).toEqual([
      { ...about, version: 2, after: 'a check of the nodes 0 to 63' },
      { ...about, version: 3, after: 'a patch that it refused, or an earlier check' },
    ])
  })

  test('does not wait for the patch rate', async () => {
    const all = await plaza({ patchRate: 0.01 })
    const { world, room, ada, bob } = all
    room.state.n = 1
    await world.clock.settle()
    room.state.n = 2
    await world.clock.settle()
    ada.raw(resync)
    await world.clock.settle()
    expect(ada.log).toEqual(['patch', 'snapshot'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
    expect(mirrored(bob).n).toBe(2)
  })

  test('gets one snapshot for what it asks in one turn, and when it is behind, once it is not', async () => {
    const all = await plaza()
    const { world, ada, bob } = all
    ada.raw(resync)
    ada.raw(resync)
    await world.clock.settle()
    expect(ada.log).toEqual(['snapshot'])
    ada.congested = true
    await busy(all, 2)
    ada.raw(resync)
    await busy(all, 2)
    expect(ada.log).toEqual(['snapshot'])
    ada.drain()
    await world.clock.settle()
    expect(ada.log).toEqual(['snapshot', 'snapshot'])
    expect(mirrored(ada)).toEqual(mirrored(bob))
  })

  test('[M5] and asks too often is told so, which counts against it, and gets no more of them', async () => {
    const all = await plaza({}, { limits: { maxResyncs: 3 } })
    const { world, ada } = all
    for (let n = 0; n < 5; n++) {
      ada.raw(resync)
      await world.clock.advance('10s')
    }
    expect(ada.log).toEqual(['snapshot', 'snapshot', 'snapshot'])
    expect(ada.notices).toEqual([
      'rate_limited: [M5] more than 3 snapshots were asked for within a minute',
      'rate_limited: [M5] more than 3 snapshots were asked for within a minute',
    ])
    await world.clock.advance('10s')
    ada.raw(resync)
    await world.clock.settle()
    expect(ada.log).toHaveLength(4)
    expect(count(all, 'desyncs')).toBe(4)
  })
})

describe('a member that is put out while it is sent its patch', () => {
  /** Its session finds that too much waits for it. */
  function tooSlow(client: TestClient): void {
    vi.spyOn(client, 'sendState').mockImplementationOnce(() => client.leave())
  }

  test('disturbs nobody, also where the room writes to the state then', async () => {
    const all = await plaza({ onLeave: ({ state }) => void state.things.set('gone', { name: 'somebody' }) })
    const { world, room, ada, bob } = all
    const eve = await world.join(Plaza, { key: 'a' })
    tooSlow(bob)
    room.state.n = 1
    await world.clock.settle()
    expect(world.faults).toEqual([])
    expect(room.members.size).toBe(2)
    expect(mirrored(ada)).toMatchObject({ n: 1, things: new Map([['gone', { name: 'somebody' }]]) })
    expect(mirrored(eve)).toEqual(mirrored(ada))
  })

  test('disturbs nobody, also where the room puts out another one then: patches keep their order', async () => {
    const all = await plaza({
      onLeave: ({ state, members }) => {
        state.n += 10
        const [first] = members.values()
        if (members.size > 2) first?.kick()
      },
    })
    const { world, room, ada, bob } = all
    const others = [await world.join(Plaza, { key: 'a' }), await world.join(Plaza, { key: 'a' })]
    tooSlow(bob)
    room.state.n = 1
    await world.clock.settle()
    expect(world.faults).toEqual([])
    expect(ada.endings).toMatchObject([{ reason: 'kicked' }])
    for (const { mirror } of [ada, ...others]) expect(mirror.broken).toBe(false)
    expect(others.map((other) => mirrored(other).n)).toEqual([21, 21])
  })

  test('is spoken of behind the patch that shows it, not behind the one that was leaving', async () => {
    const all = await plaza({
      onLeave: (room) => {
        room.state.n += 10
        room.broadcast.said({ text: 'somebody left' })
      },
    })
    const { world, room, ada, bob } = all
    tooSlow(ada)
    room.state.n = 1
    room.broadcast.said({ text: 'one' })
    await world.clock.settle()
    expect(bob.log).toEqual(['patch', 'event said', 'patch', 'event said'])
    expect(mirrored(bob).n).toBe(11)
  })

  test('disturbs nobody who catches up at the same time', async () => {
    const all = await plaza({ onLeave: ({ state }) => void state.n++ })
    const { world, ada, bob } = all
    ada.congested = bob.congested = true
    await busy(all, 3)
    tooSlow(ada)
    ada.drain()
    bob.drain()
    await world.clock.settle()
    expect(world.faults).toEqual([])
    expect(mirrored(bob).n).toBe(4)
    expect(bob.mirror.broken).toBe(false)
  })

  test('leaves the checks of the others right', async () => {
    const all = await plaza({ onLeave: ({ state }) => void (state.n += 10) }, { limits: { checkInterval: 0 } })
    const { world, room, ada, bob } = all
    tooSlow(ada)
    room.state.n = 1
    await world.clock.settle()
    expect(bob.checks).toEqual([true, true])
  })
})

describe('the bytes of a frame', () => {
  test('are never written again, whatever comes after they were handed over', async () => {
    const all = await plaza()
    const { world, room, ada, bob } = all
    const kept = new Map<Uint8Array, Uint8Array>()
    const keep = (): void => {
      for (const bytes of [...ada.bytes, ...bob.bytes]) if (!kept.has(bytes)) kept.set(bytes, bytes.slice())
    }
    for (let n = 0; n < 300; n++) {
      await busy(all, 1)
      room.state.things.set(`t${n % 20}`, { name: `thing ${n}` })
      if (n % 10 === 0) room.broadcast.said({ text: `${n}` })
      if (n % 25 === 5) ada.congested = true
      if (n % 25 === 20) ada.drain()
      if (n % 60 === 30) await world.join(Plaza, { key: 'a' })
      keep()
    }
    expect(kept.size).toBeGreaterThan(300)
    for (const [bytes, copy] of kept) expect(bytes).toEqual(copy)
  })
})

test('a state that cannot be encoded ends the room, which is reported once, and its members are told', async () => {
  const all = await plaza()
  const { world, ada, bob } = all
  if (!(ada.seat instanceof MemberSeat)) throw new Error('no seat of a room')
  vi.spyOn(ada.seat.viewer, 'take').mockImplementation(() => {
    throw new Error('this cannot be encoded')
  })
  await busy(all, 1)
  await world.clock.advance('1s')
  expect(world.faults).toEqual(['state of the room plaza/a failed: this cannot be encoded'])
  expect([ada, bob].map(({ endings }) => endings)).toEqual([
    [{ reason: 'failed', message: 'The state of the room could not be sent.' }],
    [{ reason: 'failed', message: 'The state of the room could not be sent.' }],
  ])
})

test('what is said to a seat that was taken again in the turn in which it was lost waits for its beginning', async () => {
  const { world, room, ada } = await plaza()
  const { seat } = ada
  if (!(seat instanceof MemberSeat)) throw new Error('no seat of a room')
  room.broadcast.said({ text: 'before' })
  seat.unseat()
  expect(seat.claim()).toBe(true)
  const { session, member, joined } = seat
  seat.retake({ session, identity: { user: member.user, key: undefined }, join: {}, link: ada, layouts: [] }, joined)
  room.broadcast.said({ text: 'behind' })
  await world.clock.settle()
  expect(ada.events.map(([, payload]) => payload)).toEqual([{ text: 'before' }])
  seat.start()
  await world.clock.settle()
  expect(ada.events.map(([, payload]) => payload)).toEqual([{ text: 'before' }, { text: 'behind' }])
  expect(ada.log).toEqual(['event said', 'snapshot', 'event said'])
})
