import { FrameType } from '@junto/protocol/internal'
import { describe, expect, test, vi } from 'vitest'
import { Desk, deskRooms } from '../room/desk.fixture.ts'
import { World } from '../room/rooms.fixture.ts'
import { Driver, Track, TrackWorld, type TrackInput, type TrackRoom, type TrackScript } from './track.fixture.ts'

const car = { x: 0, aim: 0, lights: false }

/** What was applied of each member, in order. */
function recording(script: TrackScript = {}) {
  const applied: { by: string; seq: number; dx: number; now: number; dt: number; random: number }[] = []
  const world = new TrackWorld({
    car,
    onInput: (_, { dx }, context) => {
      const { by, seq, now, dt } = context
      applied.push({ by, seq, dx, now, dt, random: context.random() })
    },
    ...script,
  })
  return { world, applied }
}

function dropped(world: TrackWorld, reason: string): number {
  return world.metrics.read('inputs_dropped', { room: 'track', reason })
}

describe('inputs of a member', () => {
  test('are applied in ticks, one in each, and it is told how far they are', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    ada.drive([{ dx: 1 }, { dx: 2 }, { dx: 3 }])
    await world.clock.advance(30)
    expect(applied.map(({ by, seq, dx, dt }) => [by, seq, dx, dt])).toEqual([
      [ada.id, 1, 1, 10],
      [ada.id, 2, 2, 10],
      [ada.id, 3, 3, 10],
    ])
    expect(ada.x).toBe(6)
    expect(ada.stamps.slice(1)).toEqual([
      [1, 1, 2],
      [2, 2, 1],
      [3, 3, 0],
    ])
    expect(world.metrics.read('inputs_applied', { room: 'track' })).toBe(3)
  })

  test('carry the time at which they were made, a tick apart, and chances that depend on that and their number alone', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    await world.clock.advance(200)
    const at = world.clock.time() - 100
    ada.drive([{}, {}], { at })
    await world.clock.advance(10)
    expect(applied.map(({ now }) => now)).toEqual([at, at + 10])
    const again = recording()
    const bob = await again.world.enter()
    await again.world.clock.advance(200)
    bob.drive([{}], { first: 2, at: at + 10 })
    await again.world.clock.advance(10)
    expect(again.applied[0]?.random).toBe(applied[1]?.random)
    expect(applied[0]?.random).not.toBe(applied[1]?.random)
  })

  test('count as made not later than now, and not too long ago, whatever their client says', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    await world.clock.advance('2m')
    const now = world.clock.time()
    ada.drive([{}], { at: now + 5000 })
    ada.drive([{}], { at: 7 })
    await world.clock.advance(10)
    // A buffer, what is on its way at most, and a second: 32 and 64 ticks of 10 ms.
    expect(applied.map((each) => each.now - now)).toEqual([10, 10 - 1960])
  })

  test('that were made while the server stood still are caught up with: they do not wait from then on', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    const play = async (ticks: number): Promise<void> => {
      for (let n = 0; n < ticks; n++) {
        ada.drive([{ dx: 1 }])
        await world.clock.advance(10)
      }
    }
    await play(10)
    let stood = 0
    const now = world.clock.now.bind(world.clock)
    vi.spyOn(world.clock, 'now').mockImplementation(() => now() + stood)
    // A quarter of a second: its player goes on, and what came is read behind the ticks that are made up for.
    stood = 250
    await world.clock.advance(10)
    ada.drive(Array.from({ length: 25 }, () => ({ dx: 1 })))
    expect(world.metrics.read('ticks_dropped', { room: 'track' })).toBe(21)
    await play(30)
    expect(applied.at(-1)?.seq).toBe(65)
    expect(ada.stamps.at(-1)?.[2]).toBe(0)
    expect(dropped(world, 'surplus')).toBe(0)
  })

  test('let nobody make up for a minute of silence in the time of their rules', async () => {
    let shots = 0
    let ready = -Infinity
    const world = new TrackWorld({
      onInput: (_room, _input, { now }) => {
        if (now < ready) return
        ready = now + 500
        shots++
      },
    })
    const ada = await world.enter()
    await world.clock.advance('1m')
    const since = world.clock.time() - 60_000
    for (let n = 0; n < 120; n++) {
      ada.drive([{}], { at: since + n * 500 })
      await world.clock.advance(10)
    }
    // What is claimed to have been waited for stays within what a line can hold up: 2 s, and the second that this took.
    expect(shots).toBeLessThanOrEqual(8)
  })

  test('count as made at a whole millisecond, whatever the length of a tick, and a little ahead of the clock too', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    await world.clock.advance(50)
    const at = world.clock.time() + 20
    ada.drive([{}, {}], { at: at + 0.6 })
    await world.clock.advance(20)
    expect(applied.map(({ now }) => now)).toEqual([at + 1, at + 11])
  })

  test('that are not what the contract says are dropped and told of, and the others count', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    await world.clock.advance(100)
    ada.client.raw({
      type: FrameType.inputs,
      first: 1,
      at: 0,
      behind: undefined,
      payloads: [[1, false], [1000, false], 'x', [2, true]],
    })
    await world.clock.advance(10)
    expect(applied.map(({ seq, dx }) => [seq, dx])).toEqual([
      [1, 1],
      [4, 2],
    ])
    expect(ada.client.notices).toEqual([expect.stringMatching(/^invalid: input\.dx: /)])
    expect(dropped(world, 'invalid')).toBe(2)
  })

  test('that are not what the contract says are looked at so often, then nothing of their sender is for a while', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    const bob = await world.enter()
    const payloads = Array.from({ length: 32 }, () => 'x')
    for (let first = 1; first <= 3200; first += 32) {
      ada.client.raw({ type: FrameType.inputs, first, at: 0, behind: undefined, payloads })
    }
    ada.drive([{ dx: 1 }], { first: 3201 })
    bob.drive([{ dx: 2 }])
    await world.clock.advance(50)
    // Refusing one costs a hundred times what taking one does.
    expect(ada.client.notices).toHaveLength(1)
    expect(dropped(world, 'invalid')).toBe(3201)
    expect(applied.map(({ by, dx }) => [by, dx])).toEqual([[bob.id, 2]])
    await world.clock.advance(1000)
    ada.drive([{ dx: 3 }])
    await world.clock.advance(50)
    expect(applied.at(-1)).toMatchObject({ by: ada.id, dx: 3 })
  })

  test('of somebody who goes in the middle of them are not applied any more', async () => {
    const world = new TrackWorld({ onInput: (_room, _input, { member }) => member.kick('too fast') })
    const ada = await world.enter()
    const bob = await world.enter()
    await world.clock.advance(50)
    ada.drive([{ dx: 1 }, { dx: 2 }])
    await world.clock.advance(50)
    expect([...world.room.members.keys()]).toEqual([bob.id])
    expect(world.metrics.read('inputs_applied', { room: 'track' })).toBe(1)
  })

  test('may end the room: then it does no step any more', async () => {
    const steps: number[] = []
    const world = new TrackWorld({
      onInput: (room) => room.close(),
      onTick: (room) => steps.push(room.members.size),
    })
    const ada = await world.enter()
    await world.clock.advance(50)
    steps.length = 0
    ada.drive([{ dx: 1 }, { dx: 1 }])
    await world.clock.advance(50)
    expect(steps).toEqual([])
  })

  test('go through a fault of the room one by one: what failed is put back, and told of once a second', async () => {
    const { world, applied } = recording({
      onInput: (room, { dx }, { by }) => {
        const mine = room.state.cars.get(by)
        if (mine) mine.lights = true
        if (dx < 0) throw new Error('reverse gear')
      },
    })
    const ada = await world.enter()
    const bob = await world.enter()
    for (let n = 0; n < 250; n++) {
      ada.drive([{ dx: -1 }])
      bob.drive([{ dx: 1 }])
      await world.clock.advance(10)
    }
    expect(applied).toEqual([])
    expect([ada.x, bob.x]).toEqual([0, 250])
    expect(ada.state.cars.get(ada.id)?.lights).toBe(false)
    expect(world.faults).toHaveLength(3)
    expect(world.faults[0]).toBe('input of the room track/a failed: reverse gear')
    // It is told that they were taken: they are not to be sent again.
    expect(ada.stamps.at(-1)?.[1]).toBe(250)
  })

  test('whose mutator returns a promise are a fault that says so', async () => {
    const { world } = recording({ onInput: () => Promise.reject(new Error('later')) })
    const ada = await world.enter()
    ada.drive([{ dx: 1 }])
    await world.clock.advance(10)
    expect(world.faults).toEqual([expect.stringContaining('input returned a promise')])
    expect(ada.x).toBe(0)
  })

  test('of somebody who is away go on as far as they have come; who is back goes on where it was', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    ada.drive([{ dx: 1 }, { dx: 1 }, { dx: 1 }])
    ada.client.drop()
    await world.clock.advance(50)
    expect(applied).toHaveLength(3)
    ada.client.resume()
    await world.clock.settle()
    expect(ada.client.stamps.at(-1)).toMatchObject({ input: 3, waiting: 0 })
    ada.drive([{ dx: 1 }], { first: 3 })
    ada.drive([{ dx: 1 }])
    await world.clock.advance(50)
    expect(applied.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(dropped(world, 'late')).toBe(1)
  })

  test('of a page that was reloaded begin behind what was applied', async () => {
    const { world, applied } = recording()
    const ada = await world.enter()
    ada.drive([{ dx: 1 }, { dx: 1 }, { dx: 1 }])
    await world.clock.advance(10)
    ada.client.seat.unseat()
    await world.clock.advance(50)
    expect(applied).toHaveLength(1)
    const page = world.client(Track, ada.client.session)
    page.join({ key: 'a' })
    await world.clock.settle()
    expect(page.stamps[0]).toMatchObject({ input: 1, waiting: 0 })
    const again = new Driver(world, page)
    again.drive([{ dx: 1 }], { first: 2 })
    await world.clock.advance(10)
    expect(applied.map(({ seq }) => seq)).toEqual([1, 2])
  })

  test('are told off where the contract declares none', async () => {
    for (const tickRate of [undefined, 10]) {
      const world = new World()
      world.registry.define(Desk, deskRooms().ScriptedRoom, tickRate === undefined ? {} : { tickRate })
      const ada = await world.join(Desk, { key: 'a' })
      ada.raw({ type: FrameType.inputs, first: 1, at: 0, behind: undefined, payloads: [null] })
      expect(ada.notices).toEqual(['unsupported: [U10] the contract of this room declares no input'])
    }
  })

  test('keep a room from being idle', async () => {
    const { world } = recording({ idleAfter: 1000 })
    const ada = await world.enter()
    for (let n = 0; n < 30; n++) {
      ada.drive([{}])
      await world.clock.advance(100)
    }
    expect(ada.client.endings).toEqual([])
    await world.clock.advance('2s')
    expect(ada.client.endings).toMatchObject([{ reason: 'idle' }])
  })
})

describe('inputs that are missing', () => {
  test('are repeated where the room wants that, as long as the member is there', async () => {
    const { world, applied } = recording({ inputs: { missing: 'repeat', buffer: 4 } })
    const ada = await world.enter()
    ada.drive([{ dx: 3 }])
    await world.clock.advance(100)
    expect(applied.map(({ seq, dx }) => [seq, dx])).toEqual([1, 2, 3, 4, 5].map((seq) => [seq, 3]))
    expect(applied.map(({ now }) => now - (applied[0]?.now ?? 0))).toEqual([0, 10, 20, 30, 40])
    ada.drive([{ dx: 1 }], { first: 6 })
    await world.clock.advance(10)
    ada.client.drop()
    await world.clock.advance(100)
    expect(applied).toHaveLength(6)
  })
})

describe('a room that takes inputs by itself', () => {
  function manual(
    drained: (inputs: readonly { input: TrackInput; seq: number; now: number }[], room: TrackRoom) => void,
  ) {
    return new TrackWorld({
      inputs: { apply: 'manual' },
      onTick: (room) => {
        for (const member of room.members.values()) drained(room.inputs.drain(member), room)
      },
    })
  }

  test('gets those that are due in the tick, once', async () => {
    const seen: number[][] = []
    const world = manual((inputs, room) => {
      seen.push(inputs.map(({ seq }) => seq))
      for (const { input } of inputs) room.state.laps += input.dx
      for (const member of room.members.values()) expect(room.inputs.drain(member)).toEqual([])
    })
    const ada = await world.enter()
    await world.clock.advance(20)
    ada.drive([{ dx: 1 }, { dx: 1 }, { dx: 1 }, { dx: 1 }])
    await world.clock.advance(30)
    expect(seen).toEqual([[], [], [1, 2], [3, 4], []])
    expect(ada.state.laps).toBe(4)
    expect(ada.stamps.at(-1)).toEqual([5, 4, 0])
  })

  test('gets with each what the mutator would be told', async () => {
    const seen: object[] = []
    const world = manual((inputs) => seen.push(...inputs))
    const ada = await world.enter()
    await world.clock.advance(100)
    const at = world.clock.time()
    ada.drive([{ dx: 7 }], { at, behind: 30 })
    await world.clock.advance(10)
    expect(seen).toEqual([
      expect.objectContaining({
        input: { dx: 7, honk: false },
        seq: 1,
        by: ada.id,
        member: ada.member,
        now: at,
        dt: 10,
        seen: at - 30,
      }),
    ])
  })

  test('is told where it may not', async () => {
    const { world } = recording()
    const ada = await world.enter()
    expect(() => world.room.inputs.drain(ada.member)).toThrow(/apply: 'manual'/)
  })
})

describe('whoever sends too much', () => {
  test('moves no faster than time does, and the buffer besides', async () => {
    const { world, applied } = recording()
    const cheat = await world.enter()
    const ada = await world.enter()
    for (let n = 0; n < 200; n++) {
      cheat.drive(Array.from({ length: 32 }, () => ({ dx: 1 })))
      ada.drive([{ dx: 1 }])
      await world.clock.advance(10)
      expect(cheat.x).toBeLessThanOrEqual(n + 1)
    }
    // Nor does it count faster: what it is ahead of its ticks has to wait for them.
    expect(cheat.x).toBeGreaterThan(0)
    expect(ada.x).toBe(200)
    expect(Math.max(...applied.map(({ seq }) => seq))).toBeLessThanOrEqual(200 + 32 + 64)
    const [, , waiting = 0] = cheat.stamps.at(-1) ?? []
    expect(dropped(world, 'surplus')).toBe(200 * 32 - (cheat.x ?? 0) - waiting)
    // A rest of an hour is worth no more than the buffer.
    await world.clock.advance('1h')
    for (let n = 0; n < 100; n++) {
      cheat.drive(Array.from({ length: 32 }, () => ({ dx: 1 })))
      await world.clock.advance(10)
    }
    expect(cheat.x).toBeLessThanOrEqual(200 + 32 + 100 + 32)
    expect(cheat.client.notices).toEqual([])
  })
})
