import { VirtualClock, SeededRandom } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Crew } from './crew.ts'
import { Recorder } from './recorder.ts'
import { Poll } from './scenario.fixture.ts'
import type { Bot, Scenario } from './scenario.ts'

/** Bots in virtual time. */
function crewOf(bot: Scenario['bot'], settings: { bots?: number; ramp?: number } = {}) {
  const clock = new VirtualClock()
  const recorder = new Recorder(() => clock.now())
  const plan = { url: 'ws://nowhere', bots: 1, ramp: 0, processes: 1, seed: 5, ...settings }
  // To a server that never says anything.
  const openSocket = () => ({ bufferedAmount: 0, send() {}, close() {} })
  const client = { clock, random: new SeededRandom(1) }
  const crew = new Crew({ scenario: { bot }, plan, index: 0, clock, recorder, openSocket, client })
  return { clock, recorder, crew }
}

describe('bots', () => {
  it('start as the ramp says, and end with the run', async () => {
    const begun: number[] = []
    const { clock, crew } = crewOf(
      async ({ sleep }) => {
        begun.push(clock.now())
        await sleep(60_000)
      },
      { bots: 3, ramp: 1_000 },
    )
    const from = clock.now()
    crew.start()
    await clock.advance(2_000)
    expect(begun.map((at) => at - from)).toEqual([0, 500, 1_000])
    expect(crew.up).toBe(3)
    const stopping = crew.stop()
    await clock.advance(10_000)
    expect(await stopping).toBe(0)
    expect([crew.up, crew.ended]).toEqual([0, 0])
  })

  it('that throw are counted with what they say, and end nobody else', async () => {
    const { clock, crew, recorder } = crewOf(
      async ({ number, sleep }) => {
        if (number < 3) throw new Error(`bot ${number} gives up`)
        await sleep(60_000)
      },
      { bots: 5 },
    )
    crew.start()
    await clock.advance(100)
    const { counts, errors } = recorder.take()
    expect(counts.get('botsFailed')).toBe(3)
    expect(counts.get('errors')).toBe(3)
    expect(errors).toMatchObject([{ text: 'bot: bot 0 gives up', count: 3, declared: false }])
    expect([crew.up, crew.ended]).toEqual([2, 3])
  })

  it('that do not wait for their room are in it nevertheless', async () => {
    const { clock, crew, recorder } = crewOf(({ client }) => void client.open(Poll, { key: 'lunch' }).catch(() => {}))
    crew.start()
    await clock.advance(100)
    expect(crew.ended).toBe(0)
    expect(recorder.take().errors).toEqual([])
  })

  it('that record no number fail, and the run goes on', async () => {
    const { clock, crew, recorder } = crewOf(({ record }) => record('seen', NaN))
    crew.start()
    await clock.advance(10)
    expect(recorder.take().counts.get('botsFailed')).toBe(1)
  })

  it('that do not end are told of', async () => {
    const { clock, crew } = crewOf(() => new Promise(() => {}))
    crew.start()
    await clock.advance(10)
    const stopping = crew.stop()
    await clock.advance(10_000)
    expect(await stopping).toBe(1)
  })

  it('have the same random numbers for the same seed, each its own', async () => {
    const draw = async (): Promise<number[]> => {
      const drawn: number[] = []
      const { clock, crew } = crewOf(({ random }) => void drawn.push(random(), random()), { bots: 2 })
      crew.start()
      await clock.advance(10)
      return drawn
    }
    const [first, second] = [await draw(), await draw()]
    expect(first).toEqual(second)
    expect(new Set(first).size).toBe(4)
  })
})

describe('a bot', () => {
  it('keeps its beat, whatever the last one waits for', async () => {
    const beats: number[] = []
    const { clock, crew } = crewOf(({ every }) =>
      every(100, () => {
        beats.push(clock.now())
        return new Promise(() => {})
      }),
    )
    const from = clock.now()
    crew.start()
    await clock.advance(350)
    expect(beats.map((at) => at - from)).toEqual([0, 100, 200, 300])
    const stopping = crew.stop()
    await clock.advance(10_000)
    expect(await stopping).toBe(0)
    expect(beats).toHaveLength(4)
  })

  it('fails with what a beat throws', async () => {
    const { clock, crew, recorder } = crewOf(({ every }) => every(100, () => Promise.reject(new Error('out of step'))))
    crew.start()
    await clock.advance(50)
    expect(recorder.take().errors).toMatchObject([{ text: 'bot: out of step', count: 1 }])
  })

  it('measures under names of its own, and not under those of the tool', async () => {
    const names: string[] = []
    const { clock, crew, recorder } = crewOf(async ({ measure, record, count, sleep }: Bot) => {
      await measure('load level', () => sleep(40))
      record('seen', 12)
      count('coins', 3)
      for (const name of ['join', 'a.b', ''])
        await measure(name, () => {}).catch((error: Error) => names.push(error.message))
      await measure('door', () => Promise.reject(new Error('locked')))
    })
    crew.start()
    await clock.advance(100)
    const { times, counts, failed, errors } = recorder.take()
    expect(times.get('load level')).toEqual(Float64Array.of(40))
    expect(times.get('seen')).toEqual(Float64Array.of(12))
    expect(counts.get('coins')).toBe(3)
    expect(failed.get('door')).toBe(1)
    // Once, although it has ended the bot as well.
    expect(errors.map(({ text }) => text)).toEqual(['door: locked'])
    expect(counts.get('botsFailed')).toBe(1)
    expect(names).toEqual([
      expect.stringContaining('measured by junto-load itself'),
      ...Array<unknown>(2).fill(expect.stringContaining('is no name')),
    ])
  })
})
