import { FrameType } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { Desk, deskRooms } from './desk.fixture.ts'
import { World } from './rooms.fixture.ts'

async function deskWith(
  script: Parameters<typeof deskRooms>[0] = {},
  options: { tickRate?: number; patchRate?: number } = {},
) {
  const world = new World()
  const { rooms, ScriptedRoom } = deskRooms(script)
  world.registry.define(Desk, ScriptedRoom, options)
  const ada = await world.join(Desk, { key: 'a' })
  const room = rooms[0]
  if (!room) throw new Error('no room')
  ada.log.length = 0
  return { world, room, ada }
}

describe('in a room without a tick', () => {
  test('the patch comes first, then what was said in the turn, whether before or after the change', async () => {
    const { world, ada } = await deskWith({
      handlers: (room) => ({
        act: (_, { member }) => {
          member.send.said({ text: 'before' })
          room.state.n = 5
          room.broadcast.said({ text: 'after' })
        },
      }),
    })
    const done = ada.call('act')
    expect(ada.log).toEqual([])
    await world.clock.settle()
    await done
    expect(ada.log).toEqual(['patch', 'event said', 'event said', 'reply'])
    expect(ada.events.map(([, payload]) => payload)).toEqual([{ text: 'before' }, { text: 'after' }])
  })

  test('several calls of a turn share one patch, and their replies keep their order', async () => {
    const { world, ada } = await deskWith()
    const calls = [ada.call('add', { by: 1 }), ada.call('add', { by: 2 }), ada.call('look')]
    await world.clock.settle()
    expect(await Promise.all(calls)).toEqual([1, 3, 3])
    expect(ada.log).toEqual(['patch', 'reply', 'reply', 'reply'])
  })

  test('a reply without changes leaves with its turn', async () => {
    const { world, ada } = await deskWith()
    const looked = ada.call('look')
    await world.clock.settle()
    expect(await looked).toBe(0)
    expect(ada.log).toEqual(['reply'])
  })

  test("settle: 'reply' does not wait for the patch", async () => {
    const { world, ada } = await deskWith()
    const fast = ada.call('add', { by: 1 }, { settle: 'reply' })
    expect(ada.log).toEqual(['reply'])
    await world.clock.settle()
    expect(ada.log).toEqual(['reply', 'patch'])
    await fast
  })

  test('a change after a wait reaches everybody with its reply behind it', async () => {
    const { world, ada } = await deskWith({
      handlers: (room) => ({
        act: async () => {
          await new Promise<void>((resolve) => room.after(20, resolve))
          room.state.n++
        },
      }),
    })
    const bob = await world.join(Desk, { key: 'a' })
    const done = ada.call('act')
    await world.clock.advance(19)
    expect(ada.log).toEqual([])
    await world.clock.advance(1)
    await done
    expect(ada.log).toEqual(['patch', 'reply'])
    expect(bob.log).toEqual(['joined', 'snapshot', 'patch'])
  })
})

describe('in a room that ticks', () => {
  const ticking = { tickRate: 50, patchRate: 10 } as const

  test('patches come at the patch rate, whatever the tick, and replies wait for them', async () => {
    const { world, ada } = await deskWith(
      {
        onTick: (room) => {
          room.state.n++
        },
      },
      ticking,
    )
    await world.clock.advance(1000)
    expect(ada.log.filter((frame) => frame === 'patch')).toHaveLength(10)
    ada.log.length = 0
    const slow = ada.call('look')
    const fast = ada.call('look', undefined, { settle: 'reply' })
    await world.clock.settle()
    await fast
    expect(ada.log).toEqual(['reply'])
    await world.clock.advance(100)
    await slow
    expect(ada.log).toEqual(['reply', 'stamp', 'patch', 'reply'])
  })

  test('20 patches a second unless said otherwise', async () => {
    const { world, ada } = await deskWith({ onTick: (room) => void room.state.n++ }, { tickRate: 60 })
    await world.clock.advance(2000)
    expect(ada.log.filter((frame) => frame === 'patch').length).toBeGreaterThanOrEqual(39)
    expect(ada.log.filter((frame) => frame === 'patch').length).toBeLessThanOrEqual(41)
  })

  test('what waits for a patch is bounded: more of it brings the patch forward', async () => {
    const world = new World({ limits: { softOutbox: 5000, hardOutbox: 10_000 } })
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom, { patchRate: 0.1 })
    const ada = await world.join(Desk, { key: 'a' })
    await world.clock.settle()
    const [room] = rooms
    if (room) room.state.n = 1
    await world.clock.settle()
    ada.log.length = 0
    if (room) room.state.n = 2
    for (let i = 0; i < 12; i++) room?.broadcast.said({ text: 'x'.repeat(1000) })
    await world.clock.settle()
    expect(ada.log).toEqual(['patch', ...Array.from({ length: 12 }, () => 'event said')])
  })

  test('the first change after a pause leaves at once; nothing happens while nothing changes', async () => {
    const { world, ada } = await deskWith({}, { patchRate: 10 })
    expect(world.clock.pendingTimers).toBe(0)
    await world.clock.advance('1h')
    const first = ada.call('add', { by: 1 })
    await world.clock.settle()
    expect(ada.log).toEqual(['patch', 'check', 'reply'])
    void ada.call('add', { by: 1 })
    await world.clock.advance(99)
    expect(ada.log).toEqual(['patch', 'check', 'reply'])
    await world.clock.advance(1)
    expect(ada.log).toEqual(['patch', 'check', 'reply', 'patch', 'reply'])
    await first
    await world.clock.settle()
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('dt is the time since the last tick; ticks end with the room', async () => {
    const steps: number[] = []
    const { world, room } = await deskWith({ onTick: (_, dt) => void steps.push(dt) }, { tickRate: 20 })
    await world.clock.advance(200)
    expect(steps).toEqual([50, 50, 50, 50])
    room.close()
    await world.clock.advance(1000)
    expect(steps).toHaveLength(4)
  })
})

describe('joining', () => {
  test('a newcomer gets nothing before its snapshot; what was sent to it meanwhile comes behind', async () => {
    const { world, ada } = await deskWith({
      onJoin: async (room, member) => {
        member.send.said({ text: 'welcome' })
        room.state.n++
        room.broadcast.said({ text: 'somebody came' })
        await Promise.resolve()
        member.send.said({ text: 'again' })
      },
    })
    ada.events.length = 0
    const bob = await world.join(Desk, { key: 'a' })
    expect(bob.log).toEqual(['joined', 'snapshot', 'event said', 'event said', 'event said'])
    expect(bob.events.map(([, payload]) => (payload as { text: string }).text)).toEqual([
      'welcome',
      'somebody came',
      'again',
    ])
    expect(ada.log).toEqual(['patch', 'event said'])
  })

  test('pending changes become a patch for the others before the newcomer gets its snapshot', async () => {
    const { world, room, ada } = await deskWith({}, { patchRate: 1 })
    room.state.n = 1
    await world.clock.settle()
    ada.log.length = 0
    room.state.n = 2
    const bob = await world.join(Desk, { key: 'a' })
    expect(ada.log).toEqual(['patch'])
    expect(bob.log).toEqual(['joined', 'snapshot'])
    await world.clock.advance('5s')
    expect(ada.log).toEqual(['patch'])
    expect(bob.log).toEqual(['joined', 'snapshot'])
  })

  test('a room that calls the newcomer while it joins hears its answer later', async () => {
    let answer: Promise<boolean> | undefined
    const { world } = await deskWith({
      onJoin: (_, member) => void (answer = member.call.confirm({ question: 'really?' })),
    })
    const bob = world.client(Desk)
    bob.answers = { confirm: () => true }
    bob.join({ key: 'a' })
    await world.clock.settle()
    expect(bob.log).toEqual(['joined', 'snapshot', 'call'])
    expect(await answer).toBe(true)
  })

  test('a seat that does not start, because its peer does not read, is given up before it holds too much', async () => {
    const world = new World({ limits: { softOutbox: 5000, hardOutbox: 10_000 } })
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const client = world.client(Desk)
    const seat = await world.registry.join(
      { by: 'open', room: 'desk', key: 'a', session: client.session },
      client,
      client.abort.signal,
    )
    const [room] = rooms
    for (let i = 0; i < 20; i++) room?.broadcast.moved({ x: i })
    for (let i = 0; i < 9; i++) room?.broadcast.said({ text: 'x'.repeat(1000) })
    expect(room?.members.size).toBe(1)
    room?.broadcast.said({ text: 'x'.repeat(1000) })
    expect(room?.happened.at(-1)).toBe('onLeave failed')
    seat.start()
    expect(client.log).toEqual(['ended failed'])
  })

  test('ended between the end of onJoin and the session hearing of it: joined, then ended', async () => {
    const world = new World()
    const { rooms, ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const client = world.client(Desk)
    const seat = await world.registry.join(
      { by: 'open', room: 'desk', key: 'a', session: client.session },
      client,
      client.abort.signal,
    )
    for (const member of rooms[0]?.members.values() ?? []) member.kick('sorry')
    expect(client.log).toEqual([])
    seat.start()
    expect(client.log).toEqual(['ended kicked'])
  })
})

describe('what many get', () => {
  test('a broadcast and a patch are the same bytes for everybody', async () => {
    const { world, ada } = await deskWith()
    const bob = await world.join(Desk, { key: 'a' })
    const eve = await world.join(Desk, { key: 'a' })
    for (const client of [ada, bob, eve]) client.bytes.length = 0
    ada.event('say', { text: 'hello' })
    void ada.call('add', { by: 1 })
    await world.clock.settle()
    expect(bob.bytes).toHaveLength(2)
    for (const [index, bytes] of bob.bytes.entries()) {
      expect(eve.bytes[index]).toBe(bytes)
      expect(ada.bytes[index]).toBe(bytes)
    }
  })

  test('snapshots of one version are the same bytes; a new version is another', async () => {
    const world = new World()
    const { ScriptedRoom } = deskRooms()
    world.registry.define(Desk, ScriptedRoom)
    const [ada, bob] = [await world.join(Desk, { key: 'a' }), await world.join(Desk, { key: 'a' })]
    expect(bob.bytes[0]).toBe(ada.bytes[0])
    void ada.call('add', { by: 1 })
    await world.clock.settle()
    const eve = await world.join(Desk, { key: 'a' })
    expect(eve.frames[0]?.type).toBe(FrameType.snapshot)
    expect(eve.bytes[0]).not.toEqual(ada.bytes[0])
  })

  test('except leaves out one or several members', async () => {
    const { world, room, ada } = await deskWith()
    const bob = await world.join(Desk, { key: 'a' })
    const eve = await world.join(Desk, { key: 'a' })
    const [first, second] = [...room.members.values()]
    if (!first || !second) throw new Error('no members')
    room.broadcast.said({ text: '1' }, { except: first })
    room.broadcast.said({ text: '2' }, { except: [first, second] })
    await world.clock.settle()
    expect([ada, bob, eve].map((client) => client.events.length)).toEqual([0, 1, 2])
  })

  test('a volatile event is dropped for a congested member alone', async () => {
    const { world, room, ada } = await deskWith()
    const bob = await world.join(Desk, { key: 'a' })
    bob.congested = true
    room.broadcast.moved({ x: 1 })
    room.broadcast.said({ text: 'reliable' })
    await world.clock.settle()
    expect(ada.events.map(([name]) => name)).toEqual(['moved', 'said'])
    expect(bob.events.map(([name]) => name)).toEqual(['said'])
  })

  test('a member that left gets nothing, and calling it fails', async () => {
    const { world, room, ada } = await deskWith()
    const [member] = [...room.members.values()]
    if (!member) throw new Error('no member')
    const pending = member.call.confirm.try({ question: '?' })
    await world.clock.settle()
    ada.leave()
    await world.clock.settle()
    expect(await pending).toMatchObject({ ok: false, code: 'outcome_unknown' })
    ada.log.length = 0
    member.send.said({ text: 'anybody there?' })
    room.state.n++
    await world.clock.settle()
    expect(ada.log).toEqual([])
    expect(await member.call.confirm.try({ question: '?' })).toMatchObject({ ok: false, code: 'disconnected' })
  })
})
