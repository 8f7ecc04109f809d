import { describe, expect, test } from 'vitest'
import { Track, TrackWorld } from './track.fixture.ts'

const car = { x: 0, aim: 0, lights: false }

describe('in a tick', () => {
  test('inputs come first, then onTick; the patch of both leaves at once, and behind it what was said', async () => {
    const happened: string[] = []
    const world = new TrackWorld({
      car,
      onInput: (room, { dx, honk }, { by, seq }) => {
        happened.push(`input ${seq}: ${dx}`)
        if (honk) room.broadcast.honked({ by })
      },
      onTick: (room) => {
        happened.push(`tick at ${room.state.cars.get(ada.id)?.x}`)
        room.state.laps++
      },
    })
    const ada = await world.enter()
    await world.clock.advance(10)
    ada.client.log.length = 0
    ada.drive([{ dx: 5, honk: true }])
    ada.client.onEvent = () => happened.push(`event, after the patch: ${ada.x}, ${ada.state.laps}`)
    await world.clock.advance(10)
    expect(happened).toEqual(['tick at 0', 'input 1: 5', 'tick at 5', 'event, after the patch: 5, 2'])
    expect(ada.client.log).toEqual(['stamp', 'patch', 'event honked'])
    expect(ada.client.stamps.at(-1)).toMatchObject({ tick: 2, input: 1, waiting: 0, alone: undefined })
  })

  test('what messages change between ticks leaves with the next, and their replies behind it', async () => {
    const world = new TrackWorld({ patchRate: 50, onTick: (room) => void room.state.laps++ })
    const ada = await world.enter()
    await world.clock.advance(35)
    ada.client.log.length = 0
    const lap = ada.client.call('lap')
    const answered: number[] = []
    void lap.then(() => answered.push(world.clock.now()))
    // A tick comes at 40, patches leave at 50.
    await world.clock.advance(14)
    expect([ada.client.log, answered]).toEqual([[], []])
    await world.clock.advance(1)
    expect(ada.client.log.slice(-2)).toEqual(['patch', 'reply'])
    expect(answered).toEqual([50])
  })

  test('dt is always the same, and a patch leaves at each n-th tick, evenly', async () => {
    const dts = new Set<number>()
    const world = new TrackWorld({
      tickRate: 60,
      patchRate: 20,
      onTick: (room, dt) => {
        dts.add(dt)
        room.state.laps++
      },
    })
    const ada = await world.enter()
    await world.clock.advance('2s')
    expect([...dts]).toEqual([1000 / 60])
    const ticks = ada.stamps.map(([tick]) => tick)
    expect(ticks.slice(0, 4)).toEqual([0, 1, 4, 7])
    expect(new Set(ticks.slice(2).map((tick, index) => tick - (ticks[index + 1] ?? 0)))).toEqual(new Set([3]))
  })

  test('stamps say when it was, one interval from tick to tick', async () => {
    const world = new TrackWorld({ tickRate: 60, patchRate: 60, onTick: (room) => void room.state.laps++ })
    const ada = await world.enter()
    await world.clock.advance('1s')
    const times = ada.client.stamps.map(({ time }) => time)
    for (const [index, time] of times.entries())
      if (index > 0) expect(time - (times[index - 1] ?? 0)).toBeCloseTo(1000 / 60, 3)
    expect(times.at(-1)).toBeCloseTo(world.clock.time(), -1)
  })

  test('a patch that cannot wait for its end tells of the inputs that it has', async () => {
    let kicks = ''
    const world = new TrackWorld({
      car,
      patchRate: 20,
      onInput: (room, _input, { seq }) => {
        if (kicks === `input ${seq}`) room.members.get(bob.id)?.kick()
      },
      onTick: (room) => {
        if (kicks === 'tick') room.members.get(eve.id)?.kick()
      },
    })
    const ada = await world.enter()
    const bob = await world.enter()
    const eve = await world.enter()
    await world.clock.advance(110)
    for (const when of ['tick', 'input 3']) {
      kicks = when
      ada.drive([{ dx: 1 }, { dx: 1 }])
      await world.clock.advance(10)
      // The next patch is due later.
      expect([when, ada.x]).toEqual([when, ada.client.stamps.at(-1)?.input])
    }
    expect(ada.x).toBe(3)
    expect(world.room.members.size).toBe(1)
  })

  test('a step that fails is a fault of the room, and the next ones come', async () => {
    let ticks = 0
    const world = new TrackWorld({
      onTick: () => {
        if (++ticks === 2) throw new Error('flat tyre')
      },
    })
    await world.enter()
    await world.clock.advance(50)
    expect(ticks).toBe(5)
    expect(world.faults).toEqual(['onTick of the room track/a failed: flat tyre'])
  })
})

describe('the time of a room', () => {
  test('stands still while nobody is there, without a timer', async () => {
    let ticks = 0
    const world = new TrackWorld({ disposeAfter: Infinity, onTick: () => ticks++ })
    const ada = await world.enter()
    await world.clock.advance(100)
    ada.client.leave()
    await world.clock.settle()
    expect([ticks, world.clock.pendingTimers]).toEqual([10, 0])
    await world.clock.advance('1h')
    const bob = await world.enter()
    await world.clock.advance(100)
    expect(ticks).toBe(20)
    expect(bob.stamps.at(-1)?.[0]).toBeGreaterThan(10)
    // What it finds is how it is now, and not an hour ago.
    expect(bob.client.stamps[0]?.time).toBe(world.clock.time() - 100)
    expect(world.metrics.read('ticks_dropped', { room: 'track' })).toBe(0)
  })

  test('goes on where the room is told so', async () => {
    let ticks = 0
    const world = new TrackWorld({ disposeAfter: Infinity, tickWhenEmpty: true, onTick: () => ticks++ })
    const ada = await world.enter()
    ada.client.leave()
    await world.clock.advance('1s')
    expect(ticks).toBe(100)
  })

  test('goes on while its members are away, and ends with the room, also in the middle of a tick', async () => {
    let ticks = 0
    const world = new TrackWorld({
      onTick: (room) => {
        if (++ticks === 30) room.close()
      },
    })
    const ada = await world.enter()
    ada.client.drop()
    await world.clock.advance(200)
    expect(ticks).toBe(20)
    await world.clock.advance('1m')
    expect(ticks).toBe(30)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('of an empty room does not keep what it changes from being saved', async () => {
    const world = new TrackWorld({ persist: true, disposeAfter: Infinity })
    const ada = await world.enter()
    ada.client.leave()
    await world.clock.advance('1m')
    const { room } = world
    const saved = world.metrics.read('rooms_saved', { room: 'track' })
    room.state.laps = 7
    await world.clock.advance('5s')
    expect(world.metrics.read('rooms_saved', { room: 'track' })).toBe(saved + 1)
    expect(world.clock.pendingTimers).toBe(0)
  })
})

describe('when nothing changes', () => {
  test('nobody is told anything', async () => {
    const world = new TrackWorld()
    const ada = await world.enter()
    await world.clock.advance(100)
    ada.client.log.length = 0
    await world.clock.advance('10s')
    expect(ada.client.log).toEqual([])
  })

  test('after something did, that is told once, and when something does again, until when nothing had', async () => {
    let moves = false
    const world = new TrackWorld({
      patchRate: 50,
      onTick: (room) => {
        if (moves) room.state.laps++
      },
    })
    const ada = await world.enter()
    await world.clock.advance(100)
    moves = true
    await world.clock.advance(40)
    moves = false
    await world.clock.advance(100)
    moves = true
    await world.clock.advance(10)
    const told = ada.client.stamps.map(({ tick, alone }) => (alone === true ? `${tick} alone` : tick))
    expect(told).toEqual([0, '1 alone', '10 alone', 11, 13, 15, '17 alone', '24 alone', 25])
  })

  test('who did something is told that it was done, and nobody else', async () => {
    const world = new TrackWorld()
    const ada = await world.enter()
    const bob = await world.enter()
    await world.clock.advance(100)
    for (const { client } of [ada, bob]) client.log.length = client.stamps.length = 0
    // It has no car.
    ada.drive([{ dx: 1 }, { dx: 1 }, { dx: 1 }])
    await world.clock.advance(50)
    expect(ada.stamps.map(([, ...rest]) => rest)).toEqual([
      [2, 1],
      [3, 0],
    ])
    expect(ada.client.stamps.every(({ alone }) => alone === true)).toBe(true)
    expect(bob.client.log).toEqual([])
  })

  test('a stamp that says so has only what the member was told already', async () => {
    const world = new TrackWorld({ car })
    const ada = await world.enter()
    await world.clock.advance(200)
    ada.client.stamps.length = 0
    ada.drive([{ dx: 1 }])
    await world.clock.advance(10)
    expect(ada.client.stamps.map(({ input, alone }) => [input, alone])).toEqual([
      [0, true],
      [1, undefined],
    ])
  })
})

describe('a member with a patch rate of its own', () => {
  test('gets fewer patches, each over all that it missed, and what is said to it behind them', async () => {
    const world = new TrackWorld({
      onTick: (room) => {
        room.state.laps++
        if (room.state.laps === 33) room.broadcast.honked({ by: 'x' })
      },
    })
    const ada = await world.enter()
    const bob = await world.enter()
    bob.member.patchRate = 10
    expect(bob.member.patchRate).toBe(10)
    await world.clock.advance(100)
    bob.client.onEvent = () => expect(bob.state.laps).toBeGreaterThanOrEqual(33)
    for (const { client } of [ada, bob]) client.log.length = client.stamps.length = 0
    await world.clock.advance('1s')
    expect(ada.client.log.filter((frame) => frame === 'patch')).toHaveLength(100)
    expect(bob.client.log.filter((frame) => frame === 'patch')).toHaveLength(10)
    const ticks = bob.stamps.map(([tick]) => tick)
    expect(new Set(ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0)))).toEqual(new Set([10]))
    expect(bob.client.events).toHaveLength(1)
    expect(bob.state.laps).toBeGreaterThan(world.room.state.laps - 10)
    bob.member.patchRate = undefined
    expect(bob.member.patchRate).toBeUndefined()
    await world.clock.advance(10)
    expect(bob.state.laps).toBe(world.room.state.laps)
  })

  test('has everything when nothing changes any more, and leaves no timer in a room that does not tick', async () => {
    const world = new TrackWorld({ onTick: (room) => room.state.laps < 25 && void room.state.laps++ })
    const ada = await world.enter()
    ada.member.patchRate = 7
    await world.clock.advance('1s')
    expect(ada.state.laps).toBe(25)
    expect(() => (ada.member.patchRate = 0)).toThrow(/patchRate of a member must be above 0/)
  })
})

describe('define', () => {
  const define = (options: object) => () => new TrackWorld(options)

  test.each([
    [{ maxCatchUp: 0 }, /maxCatchUp must be a whole number from 1 to 1000, not 0/],
    [{ inputs: { buffer: 0.5 } }, /inputs.buffer must be a whole number/],
    [{ inputs: { perTick: 2000 } }, /inputs.perTick/],
    [{ inputs: { missing: 'guess' } }, /inputs.missing must be 'skip' or 'repeat', not guess/],
    [{ inputs: { bufer: 5 } }, /inputs of define\(track, …\) has no option 'bufer': did you mean buffer\?/],
    [{ inputs: 5 }, /the options of inputs of define\(track, …\) must be an object, not 5/],
    [{ inputs: { apply: 'later' } }, /inputs.apply must be 'mutator' or 'manual'/],
    [{ tickRate: undefined }, /declares an input, which is applied at ticks: give it a tickRate/],
  ])('refuses %j', (options, message) => {
    expect(define(options)).toThrow(message)
  })

  test('tells clients how often the room ticks', async () => {
    const ada = await new TrackWorld({ tickRate: 50, patchRate: 25 }).enter()
    expect(ada.client.seat.joined).toMatchObject({ tick: 20, patch: 40 })
    expect(ada.client.seat.joined.room).toBe(Track.name)
  })
})
