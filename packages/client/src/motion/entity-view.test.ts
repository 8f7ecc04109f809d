import { beforeEach, describe, expect, it } from 'vitest'
import type { JoinedRoom, View, ViewEntry, ViewOptions } from '../index.ts'
import { sampleInputs, type Inputs } from './inputs.ts'
import { patchInterval, Race, RaceServer, RunnerPrediction, tick } from './race.fixture.ts'
import { viewOf } from './view.ts'

interface Runner {
  readonly x: number
  readonly y: number
  readonly aim: number
}
type Runners = View<string, ViewEntry<Runner, 'x' | 'aim'>>

let server: RaceServer
let room: JoinedRoom<typeof Race>

beforeEach(async () => {
  server = new RaceServer()
  room = await server.enter()
})

function draw(options: Partial<ViewOptions<Runner, string, 'x', 'aim'>> = {}): Runners {
  return viewOf(room, (state) => state.runners, { fields: ['x'], angles: ['aim'], delay: 100, ...options })
}

/** What is drawn of each runner, in the next frame. */
async function frame(runners: Runners, ms: number): Promise<Record<string, number>> {
  await server.clock.advance(ms)
  runners.frame()
  return Object.fromEntries([...runners].map(([key, { x }]) => [key, Math.round(x * 1_000) / 1_000]))
}

describe('a view of others', () => {
  it('draws what is there at once, between patches, so much in the past', async () => {
    const runners = draw()
    expect(await frame(runners, 0)).toEqual({ a: 0, b: 100 })
    await server.clock.advance(patchInterval)
    server.runs('b', 160)
    expect(await frame(runners, 100 - patchInterval)).toEqual({ a: 0, b: 100 })
    expect(await frame(runners, 20)).toEqual({ a: 0, b: 120 })
    expect(await frame(runners, 40)).toEqual({ a: 0, b: 160 })
    expect(runners.get('b')?.entity).toBe(room.state.runners.get('b'))
    expect(runners.size).toBe(2)
    expect(runners.time).toBe(server.time - 100)
    expect(runners.delay).toBe(100)
  })

  it('gives the same object for the same entity in each frame', async () => {
    const runners = draw()
    await frame(runners, 0)
    const b = runners.get('b')
    await server.clock.advance(patchInterval)
    server.runs('b', 160)
    await frame(runners, 120)
    expect(runners.get('b')).toBe(b)
    expect([...runners].map(([key]) => key)).toEqual(['a', 'b'])
  })

  it('goes on when nothing comes, for so long, and bends to what comes then', async () => {
    const runners = draw({ extrapolate: 50 })
    await server.clock.advance(patchInterval)
    server.runs('b', 160)
    expect(await frame(runners, 150)).toEqual({ a: 0, b: 210 })
    expect(await frame(runners, 150)).toEqual({ a: 0, b: 210 })
    // What is drawn is no later than that.
    expect(runners.time).toBe(server.time - 300 + 50)
    server.runs('b', 400)
    const shown = await frame(runners, 10)
    expect(shown['b']).toBeGreaterThan(210)
    expect(shown['b']).toBeLessThan(250)
    // It goes on as it went, again.
    expect(await frame(runners, 2_000)).toEqual({ a: 0, b: 440 })
  })

  it('knows from a stamp without a patch that all stand still', async () => {
    const runners = draw()
    await server.clock.advance(patchInterval)
    server.runs('b', 160)
    await server.clock.advance(patchInterval)
    server.socket.say(server.stamp({ alone: true }))
    expect(await frame(runners, 100 - 40)).toEqual({ a: 0, b: 160 })
    expect(await frame(runners, 1_000)).toEqual({ a: 0, b: 160 })
  })

  it('lets one that comes and one that goes be there when that is drawn, and not before', async () => {
    const runners = draw()
    await frame(runners, 0)
    await server.clock.advance(patchInterval)
    server.race.runners.set('c', { x: 7, y: 0, aim: 0 })
    server.race.runners.delete('a')
    server.runs('b', 160)
    expect(await frame(runners, 50)).toEqual({ a: 0, b: 110 })
    expect(await frame(runners, 49)).toEqual({ a: 0, b: 159 })
    expect(await frame(runners, 1)).toEqual({ b: 160, c: 7 })
  })

  it('takes another one under the same key for another one: nothing is drawn from the one to the other', async () => {
    const runners = draw()
    await frame(runners, 0)
    const before = runners.get('b')
    await server.clock.advance(patchInterval)
    server.race.runners.set('b', { x: 900, y: 0, aim: 0 })
    server.socket.say(server.stamp(), server.patch(1))
    expect(await frame(runners, 99)).toEqual({ a: 0, b: 100 })
    expect(runners.get('b')).toBe(before)
    expect(await frame(runners, 1)).toEqual({ a: 0, b: 900 })
    expect(runners.get('b')).not.toBe(before)
  })

  it('draws nothing along a way that is too long to be walked', async () => {
    const runners = draw({ snap: 50 })
    await server.clock.advance(patchInterval)
    server.runs('b', 160)
    expect(await frame(runners, 80)).toEqual({ a: 0, b: 100 })
    expect(await frame(runners, 20)).toEqual({ a: 0, b: 160 })
  })

  it('turns angles the shorter way', async () => {
    const runners = draw()
    await server.clock.advance(patchInterval)
    const b = server.race.runners.get('b')
    if (b !== undefined) b.aim = -3
    server.socket.say(server.stamp(), server.patch(1))
    await frame(runners, 60)
    expect(Math.abs(runners.get('b')?.aim ?? 0)).toBeGreaterThan(3)
  })

  it('is as far behind as patches need to come in time, when nobody says how far', async () => {
    const runners = draw({ delay: 'auto' })
    for (let patch = 0; patch < 30; patch++) {
      const { time } = server
      await server.clock.advance(30)
      server.runs('b', 101 + patch, { time })
      await server.clock.advance(30)
      runners.frame()
    }
    expect(runners.delay).toBeCloseTo(patchInterval + 30)
  })

  it('shows what the newest stamp says, without a delay and without going on', async () => {
    const runners = draw({ delay: 0, extrapolate: 0 })
    await server.clock.advance(patchInterval)
    server.runs('b', 160)
    const { time } = server
    expect(await frame(runners, 30)).toEqual({ a: 0, b: 160 })
    expect(runners.time).toBe(time)
  })

  it('ends', async () => {
    const runners = draw()
    await frame(runners, 0)
    runners[Symbol.dispose]()
    server.runs('b', 160)
    expect(await frame(runners, 1_000)).toEqual({ a: 0, b: 100 })
  })

  it('holds no more of what comes and goes when nobody draws', async () => {
    const runners = draw()
    for (let second = 0; second < 60; second++) {
      await server.clock.advance(1_000)
      server.race.runners.set(`c${second}`, { x: second, y: 0, aim: 0 })
      server.race.runners.delete(`c${second - 1}`)
      server.socket.say(server.stamp(), server.patch(1))
    }
    expect(await frame(runners, 500)).toEqual({ a: 0, b: 100, c59: 59 })
  })
})

describe('a view of a single record', () => {
  it('has no key', async () => {
    const ball = viewOf(room, (state) => state.ball, { fields: ['x'], delay: 100 })
    ball.frame()
    expect(ball.get()).toBeUndefined()
    await server.clock.advance(patchInterval)
    server.race.ball = { x: 3, y: 0, aim: 0 }
    server.socket.say(server.stamp(), server.patch(1))
    await server.clock.advance(100)
    ball.frame()
    expect(ball.get()?.x).toBe(3)
    expect([...ball]).toEqual([[undefined, ball.get()]])
  })
})

describe('a view in a room that does not tick', () => {
  it('takes what comes for what is so now', async () => {
    server = new RaceServer({}, Race, false)
    room = await server.enter()
    const runners = draw()
    await frame(runners, 0)
    await server.clock.advance(50)
    const runner = server.race.runners.get('b')
    if (runner !== undefined) runner.x = 150
    server.socket.say(server.patch(1))
    expect(await frame(runners, 75)).toEqual({ a: 0, b: 125 })
  })
})

describe('a view of one’s own', () => {
  let inputs: Inputs
  let runners: Runners
  let held: number

  beforeEach(() => {
    void new RunnerPrediction(room, 'a')
    held = 0
    inputs = sampleInputs(room, () => ({ dx: held }), { peek: true })
    runners = draw({ own: (_runner, key) => key === 'a' })
  })

  /** What is drawn of the own runner in the next frame. */
  async function own(ms = 5): Promise<number> {
    await server.clock.advance(ms)
    inputs.frame()
    runners.frame()
    return runners.get('a')?.x ?? NaN
  }

  it('shows in the very frame what is pressed, also between two steps', async () => {
    await own(0)
    expect(await own()).toBe(0)
    held = 8
    // A quarter of the step passes in each frame; what would have been drawn of the first is bent away.
    const first = await own()
    expect(first).toBeGreaterThan(1.5)
    expect(await own()).toBeGreaterThan(first + 1.5)
  })

  it('stands where it is predicted, between the last step and the next one', async () => {
    held = 8
    await own(0)
    expect(await own()).toBe(10)
    expect(await own()).toBe(12)
    expect(await own(10)).toBe(16)
    expect(room.state.runners.get('a')?.x).toBe(16)
  })

  it('does not notice that the server agrees', async () => {
    held = 8
    await own(0)
    await own(tick)
    await own(tick)
    server.runs('a', 16, { input: 2 })
    expect(await own(0)).toBe(24)
    expect(runners).toMatchObject({ corrections: 0, lastCorrection: 0, error: 0 })
  })

  it('does not take for a correction what rounding does, which is never seen', async () => {
    held = 0.13
    let x = 0
    let before = await own(0)
    for (let step = 0; step < 200; step++) {
      const drawn = await own(tick)
      expect(Math.abs(drawn - before - 0.13)).toBeLessThan(0.06)
      before = drawn
      // As the server counts, which keeps its numbers as they were written.
      x += Math.fround(0.13)
      if (step % 3 === 2) server.runs('a', x, { input: step + 1 })
    }
    expect(runners.corrections).toBe(0)
  })

  it('bends to where the server says it is', async () => {
    held = 8
    await own(0)
    const before = await own(tick)
    server.runs('a', -40, { input: 2 })
    expect(runners).toMatchObject({ corrections: 1, lastCorrection: 56, error: 56 })
    // It was drawn at 16, where it is -40 now.
    expect(await own(0)).toBeCloseTo(before)
    held = 0
    const next = await own(10)
    expect(next).toBeLessThan(before)
    expect(next).toBeGreaterThan(before - 10)
    expect(await own(60)).toBeCloseTo(-40 + (next + 40) / 2, 0)
    expect(await own(2_000)).toBeCloseTo(-40)
  })

  it('is drawn like another’s where inputs are not predicted, and bends over', async () => {
    held = 8
    await own(0)
    for (let step = 0; step < 5; step++) await own(tick)
    const predicted = await own(0)
    inputs.predicts = false
    expect(await own(0)).toBeCloseTo(predicted)
    await own(1_000)
    expect(await own(1_000)).toBeCloseTo(0)
  })

  it('is there at once when it comes, and gone at once when it goes', async () => {
    await own(0)
    server.race.runners.delete('a')
    server.socket.say(server.stamp(), server.patch(1))
    expect(await own(0)).toBeNaN()
    server.race.runners.set('a', { x: 5, y: 0, aim: 0 })
    await server.clock.advance(patchInterval)
    server.socket.say(server.stamp(), server.patch(1))
    expect(await own(0)).toBe(5)
  })

  it('is the same one as long as it is shown ahead of the server, which has removed it', async () => {
    await own(0)
    const entry = runners.get('a')
    const runner = room.state.runners.get('a')
    server.race.runners.delete('a')
    server.socket.say(server.stamp(), server.patch(1))
    // An edit puts it back.
    Map.prototype.set.call(room.state.runners, 'a', runner)
    for (let n = 0; n < 20; n++) {
      await own(tick)
      expect(runners.get('a')).toBe(entry)
    }
    Map.prototype.delete.call(room.state.runners, 'a')
    expect(await own(0)).toBeNaN()
  })
})

describe('no view is made', () => {
  it.each<[string, () => void, string]>([
    [
      'of no room',
      () => viewOf({} as { state: { runners: Map<string, Runner> } }, (state) => state.runners, { fields: ['x'] }),
      'what is drawn must be a room, not object',
    ],
    ['by no selector', () => viewOf(room, 5 as never, { fields: [] }), 'selector must be a function, not 5'],
    [
      'without fields',
      () => void draw({ fields: 'x' as never }),
      "fields must be a list of names, such as ['x', 'y'], not a text of 1",
    ],
    [
      'with an entity among them',
      () => void draw({ fields: ['entity' as never] }),
      "a field must be called otherwise than 'entity'",
    ],
    [
      'with a field that there is not',
      () => void draw({ fields: ['z' as never] }),
      "a view draws numbers, and an entity has no number 'z', only x, y, aim",
    ],
    [
      'with an option that there is not',
      () => void draw({ angle: ['aim'] } as object),
      "viewOf has no option 'angle', only fields, angles, own, delay, extrapolate, snap, halfLife",
    ],
    ['with a delay that is none', () => void draw({ delay: -1 }), 'delay must be a number from 0 on, not -1'],
    ['with no number', () => void draw({ snap: NaN }), 'snap must be a number from 0 on, not NaN'],
    [
      'of a list',
      () => viewOf(room, () => [1], { fields: [] }),
      'a view is of a map of records, or of one record, not of a list',
    ],
  ])('%s', (_what, run, message) => {
    expect(run).toThrow(
      expect.objectContaining({ code: 'misuse', message: expect.stringContaining(message) as string }),
    )
  })
})

it('of own entities in a room that shows nothing ahead of the server is warned of', () => {
  draw({ own: () => true })
  expect(server.warnings).toEqual([
    {
      code: 'unused',
      message:
        "a view of room 'race' has the option own, which does nothing: open the room with mutators, and own entities are drawn ahead of the server",
    },
  ])
})
