import { defineRoom } from '@junto/schema'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { JoinedRoom } from '../index.ts'
import { sampleInputs, type InputOptions, type Inputs } from './inputs.ts'
import { maxCatchUp } from './pacer.ts'
import { Race, RaceServer, RunnerPrediction, tick, type RaceInput } from './race.fixture.ts'
import { viewOf } from './view.ts'

let server: RaceServer
let room: JoinedRoom<typeof Race>
let prediction: RunnerPrediction
/** What the player holds down. */
let held: RaceInput

beforeEach(async () => {
  server = new RaceServer()
  room = await server.enter()
  prediction = new RunnerPrediction(room, 'a')
  held = { dx: 1 }
})

function sample(options?: InputOptions<RaceInput>): Inputs {
  return sampleInputs(room, () => held, options)
}

/** Time passes until the next frame, which is drawn. */
async function frame(inputs: Inputs, ms: number): Promise<void> {
  await server.clock.advance(ms)
  inputs.frame()
}

describe('inputs', () => {
  it('are sent in the turn in which they are taken, one for each tick that has passed', async () => {
    const inputs = sample()
    inputs.frame()
    await server.clock.settle()
    expect(server.inputs).toMatchObject([{ first: 1, payloads: [[1]] }])
    held = { dx: 2 }
    await frame(inputs, 10)
    expect(inputs.seq).toBe(1)
    expect(inputs.alpha).toBeCloseTo(0.5)
    await frame(inputs, 10)
    await server.clock.settle()
    expect(server.inputs[1]).toMatchObject({ first: 2, payloads: [[2]] })
    await frame(inputs, 3.5 * tick)
    await server.clock.settle()
    expect(server.inputs[2]).toMatchObject({ first: 3, payloads: [[2], [2], [2]] })
    expect(inputs).toMatchObject({ seq: 5, pending: 5 })
    expect(inputs.alpha).toBeCloseTo(0.5)
  })

  it('say when they were due, and how far what the player saw lay behind', async () => {
    const inputs = sample()
    const runners = viewOf(room, (state) => state.runners, { fields: ['x'], delay: 100 })
    runners.frame()
    inputs.frame()
    await frame(inputs, 2.5 * tick)
    runners.frame()
    await frame(inputs, 1.5 * tick)
    await server.clock.settle()
    const [, , second] = server.inputs
    // Of two the second was due now.
    expect(second?.at).toBeCloseTo(server.time - tick, 0)
    expect(second?.behind).toBe(Math.round((second?.at ?? 0) - (runners.time ?? 0)))
  })

  it('are behind by what the newest stamp says, where nothing is drawn by a view', async () => {
    const inputs = sample()
    inputs.frame()
    await frame(inputs, 55)
    await server.clock.settle()
    expect(server.inputs[1]?.behind).toBe(20)
  })

  it('show at once, as the server will read them', async () => {
    const inputs = sample()
    held = { dx: 0.1 }
    inputs.frame()
    expect(prediction.calls[0]).toBe(`predict 1 ${Math.fround(0.1)} at ${server.time}`)
    await frame(inputs, 2 * tick)
    expect(prediction.calls.filter((call) => call.startsWith('predict')).slice(1)).toEqual([
      `predict 2 ${Math.fround(0.1)} at ${server.time - tick}`,
      `predict 3 ${Math.fround(0.1)} at ${server.time}`,
    ])
  })

  it('wait until the server has applied them', async () => {
    const inputs = sample()
    inputs.frame()
    await frame(inputs, 3 * tick)
    expect(inputs.pending).toBe(4)
    server.socket.say(server.stamp({ input: 3, alone: true }))
    expect(inputs).toMatchObject({ seq: 4, pending: 1 })
  })

  it('go on for a while without a word from the server, then wait, and go on evenly', async () => {
    const inputs = sample()
    for (let step = 0; step < 100; step++) await frame(inputs, tick)
    expect(inputs.pending).toBe(24)
    server.socket.say(server.stamp({ input: 24, alone: true }))
    await frame(inputs, tick)
    expect(inputs.pending).toBe(1)
  })

  it('are never made up for beyond a few: the page was hidden', async () => {
    const inputs = sample()
    inputs.frame()
    await frame(inputs, 60_000)
    expect(inputs.seq).toBe(1 + maxCatchUp)
    await frame(inputs, tick)
    expect(inputs.seq).toBe(2 + maxCatchUp)
  })

  it('come a little slower when many wait at the server', async () => {
    const inputs = sample()
    let seq = 0
    for (let step = 0; step < 300; step++) {
      await frame(inputs, tick)
      if (step === 99) ({ seq } = inputs)
      server.socket.say(server.stamp({ input: inputs.seq, waiting: 6, alone: true }))
    }
    expect(inputs.seq - seq).toBe(190)
  })

  it('that do not fit the contract are left out, and reported by path, once a second', async () => {
    const inputs = sample({ peek: true })
    inputs.frame()
    held = { dx: 'left' } as unknown as RaceInput
    for (let n = 0; n < 60; n++) {
      await frame(inputs, tick)
      server.socket.say(server.stamp({ input: inputs.seq, alone: true }))
    }
    expect(inputs.seq).toBe(1)
    expect(server.inputs).toHaveLength(1)
    const warning = {
      code: 'fault',
      message: expect.stringMatching(/^an input of room 'race' was left out: input\.dx: /) as string,
      error: expect.objectContaining({ code: 'invalid', data: { path: 'input.dx' } }) as object,
    }
    expect(server.warnings).toEqual([warning, warning])
    held = { dx: 1 }
    await frame(inputs, tick)
    expect(inputs.seq).toBe(2)
  })

  it.each([true, false])(
    'whose sample throws leave the others of the frame where they are (auto: %s)',
    async (auto) => {
      let calls = 0
      const error = new Error('no gamepad')
      const inputs = sampleInputs(
        room,
        () => {
          if (++calls % 2 === 0) throw error
          return held
        },
        { auto },
      )
      for (let n = 0; n < 10; n++) {
        await server.clock.advance(2 * tick)
        if (!auto) inputs.frame()
        server.socket.say(server.stamp({ input: inputs.seq, alone: true }))
      }
      await server.clock.settle()
      expect(server.warnings).toEqual([
        { code: 'fault', message: "an input of room 'race' was left out: no gamepad", error },
      ])
      expect(inputs.seq).toBeGreaterThan(8)
      expect(server.inputs.flatMap(({ payloads }) => payloads)).toHaveLength(inputs.seq)
      const last = server.inputs.at(-1)
      expect(server.time - (last?.at ?? 0)).toBeLessThan(2 * tick)
      inputs.close()
    },
  )

  it('end', async () => {
    const inputs = sample()
    inputs.frame()
    inputs.close()
    await frame(inputs, tick)
    expect(inputs.seq).toBe(1)
    // Others may be sampled then, which go on counting.
    const others = sample()
    others.frame()
    expect(others.seq).toBe(2)
  })

  it('that have ended leave nobody behind who listens', async () => {
    // What all of a room's have in common stays with the room.
    sample().close()
    const subscribe = room.status.subscribe.bind(room.status)
    let listening = 0
    vi.spyOn(room.status, 'subscribe').mockImplementation((listener) => {
      const end = subscribe(listener)
      listening++
      return () => {
        listening--
        end()
      }
    })
    for (let n = 0; n < 3; n++) {
      const inputs = sample()
      await frame(inputs, tick)
      inputs.close()
    }
    expect(listening).toBe(0)
  })

  it('take their steps by themselves, where nobody draws', async () => {
    const inputs = sample({ auto: true })
    await server.clock.advance(10.5 * tick)
    expect(inputs.seq).toBe(11)
    inputs.close()
    await server.clock.advance(10 * tick)
    expect(inputs.seq).toBe(11)
  })

  it('end with the room', async () => {
    const timers = server.clock.pendingTimers
    const inputs = sample({ auto: true })
    await server.clock.advance(2.5 * tick)
    expect(inputs.seq).toBe(3)
    void room.leave()
    await server.clock.advance('1s')
    expect(inputs.seq).toBe(3)
    expect(server.clock.pendingTimers).toBeLessThanOrEqual(timers)
    expect(() => sample()).toThrow('not joined any more')
  })

  it('begin behind those of the page before, whose seat was kept', async () => {
    server = new RaceServer()
    room = await server.enter({ input: 41 })
    const inputs = sample()
    inputs.frame()
    expect(inputs).toMatchObject({ seq: 42, pending: 1 })
  })
})

describe('between two steps', () => {
  it('what the next step would bring is previewed with what the last one had', async () => {
    const inputs = sample()
    inputs.frame()
    held = { dx: 5 }
    await frame(inputs, 5)
    expect(prediction.calls.slice(1)).toEqual(['preview 2 1', 'preview 2 1'])
  })

  it('or with what is held right now', async () => {
    const inputs = sample({ peek: () => ({ dx: 0.5 }) })
    inputs.frame()
    expect(prediction.calls.slice(1)).toEqual(['preview 2 0.5'])
  })

  it('which may be the same function', async () => {
    const inputs = sample({ peek: true })
    inputs.frame()
    held = { dx: 5 }
    await frame(inputs, 5)
    expect(prediction.calls.slice(1)).toEqual(['preview 2 1', 'preview 2 5'])
  })
})

describe('inputs that are not predicted', () => {
  it('are sent, and shown when the server has applied them', async () => {
    const inputs = sample()
    inputs.frame()
    expect(room.state.runners.get('a')?.x).toBe(1)
    inputs.predicts = false
    inputs.predicts = false
    expect(room.state.runners.get('a')?.x).toBe(0)
    await frame(inputs, tick)
    await server.clock.settle()
    expect(prediction.calls.slice(2)).toEqual(['forget'])
    expect(server.inputs).toHaveLength(2)
    inputs.predicts = true
    await frame(inputs, tick)
    expect(prediction.calls.slice(3)).toEqual([expect.stringMatching('predict 3'), 'preview 4 1'])
  })
})

describe('over a drop of the connection', () => {
  it('what the server has not applied is sent again, as it was', async () => {
    const inputs = sample()
    inputs.frame()
    await frame(inputs, tick)
    await frame(inputs, 2 * tick)
    await server.clock.settle()
    server.socket.say(server.stamp({ input: 1, alone: true }))
    const lost = server.inputs.slice(1)
    server.socket.end()
    await frame(inputs, tick)
    server.client.connection.retry()
    await server.clock.settle()
    server.resume({ states: [server.stamp({ input: 2 }), server.snapshot(1)] })
    await server.clock.settle()
    expect(room.status.value.state).toBe('joined')
    expect(server.inputs.slice(0, 1)).toEqual(lost.slice(1))
    expect(server.inputs[1]).toMatchObject({ first: 5, payloads: [[1]] })
    expect(server.inputs).toHaveLength(2)
  })

  it('so is what was taken before its end: it shows, and would show for ever', async () => {
    const inputs = sample()
    inputs.frame()
    await frame(inputs, tick)
    await server.clock.settle()
    const lost = server.inputs.slice(1)
    inputs.close()
    const again = async (input: number): Promise<void> => {
      server.socket.end()
      server.client.connection.retry()
      await server.clock.settle()
      server.resume({ states: [server.stamp({ input }), server.snapshot(1)] })
      await server.clock.settle()
      expect(room.status.value.state).toBe('joined')
    }
    await again(1)
    expect(server.inputs).toEqual(lost)
    await again(2)
    expect(server.inputs).toEqual([])
  })

  it('nothing of it is sent to another seat, whose inputs are counted from 1', async () => {
    const inputs = sample()
    inputs.frame()
    await server.clock.settle()
    server.socket.end()
    server.client.connection.retry()
    await server.clock.settle()
    server.accept()
    await server.clock.settle()
    server.admitTicking()
    await server.clock.settle()
    expect(room.status.value.state).toBe('joined')
    expect(server.inputs).toEqual([])
    await frame(inputs, tick)
    await server.clock.settle()
    expect(server.inputs).toMatchObject([{ first: 1 }])
  })
})

describe('no inputs are sampled', () => {
  it.each([
    ['twice', () => void [sample(), sample()], "room 'race' has inputs already: close() them before"],
    [
      'of no room',
      () => void sampleInputs({} as typeof room, () => held),
      'what inputs are for must be a room, not object',
    ],
    [
      'by no function',
      () => void sampleInputs(room, 5 as unknown as () => RaceInput),
      'sample must be a function, not 5',
    ],
    [
      'with an option that there is not',
      () => void sample({ peak: true } as object),
      "sampleInputs has no option 'peak', only peek, auto, clock",
    ],
    ['with a peek that is none', () => void sample({ peek: 1 as unknown as true }), 'peek must be a function, not 1'],
  ])('%s', (_how, run, message) => {
    expect(run).toThrow(expect.objectContaining({ code: 'misuse', message }))
  })

  it('in a room that does not tick', async () => {
    server = new RaceServer({}, Race, false)
    room = await server.enter()
    expect(() => sample()).toThrow(
      expect.objectContaining({ code: 'misuse', message: expect.stringContaining('does not tick') as string }),
    )
  })

  it('of a contract that the server does not have yet', async () => {
    const Older = defineRoom('race', { version: 1, state: Race.shape.state, clientToServer: {}, serverToClient: {} })
    server = new RaceServer({}, Older)
    room = await server.enter()
    expect(() => sample()).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        message: "the server's contract of room 'race' (version 1) declares no input: deploy the server",
      }),
    )
  })

  it('of a room that was left', async () => {
    void room.leave()
    await server.clock.settle()
    expect(() => sample()).toThrow(
      expect.objectContaining({ code: 'cancelled', message: "room 'race' is not joined any more" }),
    )
  })
})
