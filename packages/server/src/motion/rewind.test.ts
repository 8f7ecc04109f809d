import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Past, Rewind } from './rewind.ts'
import { Track, TrackWorld, type TrackMember, type TrackRoom, type TrackScript } from './track.fixture.ts'

type Seen = Past<{ readonly x: number; readonly aim: number; readonly lights: boolean }>

/** A track on which the car `target` drives one unit a millisecond, and that looks back. */
function ranged(script: TrackScript = {}, options?: { window?: number }) {
  const rewinds = new WeakMap<TrackRoom, (member: TrackMember, at?: number) => Seen>()
  const shots: { seq: number; x: number | undefined; past: Seen }[] = []
  const world = new TrackWorld({
    fields: (room) =>
      rewinds.set(
        room,
        room.rewindable((state) => state.cars, ['x', 'aim', 'lights'], options),
      ),
    onTick: (room, dt) => {
      const target = room.state.cars.get('target') ?? room.state.cars.set('target', { x: 0, aim: 3, lights: false })
      target.x += dt
      target.aim += 0.1
    },
    onInput: (_, { honk }, { member, seq }) => {
      const past = rewind(member)
      if (honk) shots.push({ seq, x: past.get('target')?.x, past })
    },
    ...script,
  })
  const rewind = (member: TrackMember, at?: number): Seen => {
    const look = rewinds.get(world.room)
    if (look === undefined) throw new Error('it does not look back')
    return look(member, at)
  }
  return { world, rewind, shots }
}

describe('what a member shoots at', () => {
  test('is judged as it was shown to it: between the two patches around that moment', async () => {
    const { world, shots } = ranged({ patchRate: 20 })
    const ada = await world.enter()
    await world.clock.advance(500)
    // Patches hold what was after the ticks at 10, 60, 110, …
    const at = world.clock.time()
    ada.drive([{ honk: true }], { at, behind: 213 })
    await world.clock.advance(10)
    expect(shots[0]?.past.time).toBe(at - 213)
    expect(shots[0]?.x).toBeCloseTo(287, 6)
  })

  test('by the input that is being applied, not by what has come besides', async () => {
    const { world, shots, rewind } = ranged()
    const ada = await world.enter()
    await world.clock.advance(500)
    const now = world.clock.time()
    for (const behind of [100, 200, 300]) ada.drive([{ honk: true }], { at: now, behind })
    await world.clock.advance(10)
    expect(shots.map(({ seq, x }) => [seq, x])).toEqual([
      [1, 400],
      [2, 300],
    ])
    // Between ticks it is the last that was applied.
    expect(rewind(ada.member).get('target')?.x).toBe(300)
    expect(rewind(ada.member, now - 50).get('target')?.x).toBe(450)
  })

  test('is not further back than the window, whatever its client says, nor later than what it was told', async () => {
    const { world, rewind } = ranged({ patchRate: 20 }, { window: 200 })
    const ada = await world.enter()
    await world.clock.advance(1000)
    const now = world.clock.time()
    const x = (at?: number) => rewind(ada.member, at)?.get('target')?.x
    expect([x(now - 5000), x(-Infinity), x(0)]).toEqual([800, 800, 800])
    expect([x(now + 5000), x(Infinity), x()]).toEqual([960, 960, 960])
    expect(x(NaN)).toBe(960)
  })

  test('is what came to a member with patches of its own rate', async () => {
    const { world, rewind } = ranged({
      onTick: (room) => {
        const target = room.state.cars.get('target') ?? room.state.cars.set('target', { x: 0, aim: 0, lights: false })
        // By leaps: whoever gets each patch sees them.
        target.x = Math.floor(world.clock.now() / 100) * 100
      },
    })
    const ada = await world.enter()
    const bob = await world.enter()
    bob.member.patchRate = 5
    await world.clock.advance(995)
    const seen = [955, 905, 895, 805].map((time) => {
      const at = world.clock.time() - world.clock.now() + time
      return [ada, bob].map(({ member }) => Math.round(rewind(member, at).get('target')?.x ?? NaN))
    })
    // One sees each leap, from the tick before to its own; the other has seen nothing since 810, and nothing between 610 and that.
    expect(seen).toEqual([
      [900, 800],
      [900, 800],
      [850, 800],
      [800, 795],
    ])
  })

  test('turns the shorter way', async () => {
    const { world, rewind } = ranged({ patchRate: 10 }, { window: 1000 })
    const ada = await world.enter()
    await world.clock.advance(600)
    const began = world.clock.time() - 600
    // From 3.1 at the first tick by 0.1 each: beyond π it goes on at -π.
    const aims = [15, 55, 95, 155].map((time) => rewind(ada.member, began + time).get('target')?.aim ?? NaN)
    for (const [index, time] of [15, 55, 95, 155].entries()) {
      const off = (aims[index] ?? NaN) - (3 + time / 100)
      expect(Math.cos(off)).toBeCloseTo(1, 6)
      expect(Math.abs(aims[index] ?? NaN)).toBeLessThanOrEqual(Math.PI)
    }
  })
})

describe('looking back', () => {
  test('is good until the next tick, and says so', async () => {
    const { world, rewind } = ranged()
    const ada = await world.enter()
    expect(rewind(ada.member).get('target')).toBeUndefined()
    expect([...rewind(ada.member).entries()]).toEqual([])
    await world.clock.advance(20)
    const past = rewind(ada.member)
    expect([...past.entries()].map(([key]) => key)).toEqual(['target'])
    await world.clock.advance(10)
    expect(() => past.get('target')).toThrow(/good until the next tick/)
    expect(() => past.entries()).toThrow(/good until the next tick/)
  })

  test('at somebody who has left yields what is now', async () => {
    const { world, rewind } = ranged()
    const ada = await world.enter()
    const bob = await world.enter()
    await world.clock.advance(100)
    const gone = bob.member
    bob.client.leave()
    await world.clock.settle()
    expect(rewind(gone, 0).get('target')?.x).toBe(100)
    expect(rewind(ada.member, 0).get('target')?.x).toBe(10)
  })

  test('at what is no map of the state is a fault of the room', async () => {
    const world = new TrackWorld({
      fields: (room) => {
        room.rewindable(() => ({ forEach() {} }) as unknown as typeof room.state.cars, ['x'])
      },
    })
    await world.enter()
    await world.clock.advance(10)
    expect(world.faults).toEqual([expect.stringContaining('select must yield a map of the state')])
  })

  test.each<[string, (room: TrackRoom) => unknown, RegExp]>([
    ['no fields', (room) => room.rewindable((state) => state.cars, []), /name the fields/],
    [
      'no window',
      (room) => room.rewindable((state) => state.cars, ['x'], { window: 0 }),
      /window of rewindable\(\) must/,
    ],
    [
      'too much',
      (room) => room.rewindable((state) => state.cars, ['x'], { window: 1e6 }),
      /up to 10000 ms, not 1000000/,
    ],
    ['no selector', (room) => room.rewindable('cars' as never, ['x'] as never), /select must be a function/],
  ])('%s is refused when the room is made', async (_, fields, message) => {
    const world = new TrackWorld({ fields: (room) => void fields(room) })
    await expect(world.enter()).rejects.toMatchObject({ code: 'room_failed' })
    expect(world.faults[0]).toMatch(message)
  })

  test('cannot begin when the room has begun', async () => {
    const world = new TrackWorld()
    await world.enter()
    expect(() => world.room.rewindable((state) => state.cars, ['x'])).toThrow(/as a field of the room class/)
  })

  test('has the types of the fields', () => {
    const typed = (room: TrackRoom) => {
      const rewind = room.rewindable((state) => state.cars, ['x', 'lights'])
      // @ts-expect-error there is no such field
      room.rewindable((state) => state.cars, ['z'])
      // @ts-expect-error it is none of these
      room.rewindable((state) => state.cars, ['x'], { angles: ['aim'] })
      // @ts-expect-error not a map
      room.rewindable((state) => state.laps, ['x'])
      return rewind
    }
    expectTypeOf(typed).returns.toEqualTypeOf<Rewind<typeof Track, Readonly<{ x: number; lights: boolean }>>>()
  })
})
