import { replayCommand, SeededRandom, seeds, VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { DeclaredError, JuntoError } from '../errors.ts'
import * as FrameType from '../frame-type.ts'
import { wait } from './exchange-pair.fixture.ts'
import { linkedPair } from './linked-pair.fixture.ts'

/** What became of a promise: its value, or the code of its error and what it says. */
function watch(promise: Promise<unknown>): { outcome: unknown; message: string } {
  const seen = { outcome: 'pending' as unknown, message: '' }
  promise.then(
    (value) => (seen.outcome = value),
    (error: Error) => {
      seen.outcome = error instanceof JuntoError ? error.code : error
      seen.message = error.message
    },
  )
  return seen
}

describe('a call over a line that is cut', () => {
  it('settles after the resume, whichever way its frame or its reply was lost, and runs once', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    let ran = 0
    pair.serverAnswers.calls[0] = () => ++ran
    pair.serverAnswers.calls[1] = async () => {
      await wait(clock, 5)
      return ++ran
    }
    const lostCall = watch(pair.client.call(0, null))
    pair.cut()
    const offlineCall = watch(pair.client.call(0, null))
    await clock.advance(10)
    expect([lostCall.outcome, offlineCall.outcome, ran]).toEqual(['pending', 'pending', 0])
    pair.resume()
    await clock.advance(2)
    expect([lostCall.outcome, offlineCall.outcome, ran]).toEqual([1, 2, 2])

    const lostReply = watch(pair.client.call(1, null))
    await clock.advance(2)
    pair.cut()
    await clock.advance(10)
    expect([lostReply.outcome, ran]).toEqual(['pending', 3])
    pair.resume()
    await clock.advance(2)
    expect([lostReply.outcome, ran]).toEqual([3, 3])
  })

  it('[R6] is taken back at its deadline when it has not left: it never runs', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    pair.cut()
    const call = watch(pair.client.call(0, null, { timeout: 100 }))
    await clock.advance(100)
    expect(call).toEqual({ outcome: 'disconnected', message: 'not sent within 100 ms, for want of a connection' })
    expect([pair.clientLink.unsent, pair.client.underWay, clock.pendingTimers]).toEqual([0, 0, 0])
    pair.resume()
    await clock.advance(2)
    expect(pair.arrived).toEqual([])
  })

  it('[R7] is taken back when it is cancelled before it has left, as a stream is', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    const controller = new AbortController()
    pair.cut()
    const call = watch(pair.client.call(0, null, { signal: controller.signal }))
    const stream = pair.client.stream(0, null, { signal: controller.signal })
    const left = pair.client.stream(0, null)
    expect(pair.clientLink.unsent).toBe(3)
    controller.abort()
    await left.return?.()
    await clock.advance(0)
    expect([call.outcome, pair.clientLink.unsent]).toEqual(['cancelled', 0])
    await expect(stream.next()).rejects.toMatchObject({ code: 'cancelled' })
    pair.resume()
    await clock.advance(2)
    expect(pair.arrived).toEqual([])
  })

  it('[R6] [R7] is cancelled after the resume when it had left', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    const told: unknown[] = []
    pair.serverAnswers.calls[0] = (_params, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => told.push(signal.reason)))
    const call = watch(pair.client.call(0, null, { timeout: 100 }))
    await clock.advance(1)
    pair.cut()
    // The other side ends it as well, at the same deadline, and its failure is on the way to nobody.
    await clock.advance(100)
    expect([call.outcome, call.message]).toEqual(['timeout', 'no answer within 100 ms'])
    pair.resume()
    await clock.advance(2)
    expect(pair.arrived).toEqual([FrameType.call, FrameType.cancel])
    expect(told).toEqual([expect.objectContaining({ code: 'timeout' })])
  })
})

describe('an exchange that ends while the line is cut', () => {
  it('knows the outcome of what has not left', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    const left = watch(pair.client.call(0, null))
    pair.cut()
    const unsent = [watch(pair.client.call(0, null)), watch(pair.client.stream(0, null).next())]
    pair.client.close('outcome_unknown')
    await clock.advance(0)
    expect([left, ...unsent].map(({ outcome }) => outcome)).toEqual(['outcome_unknown', 'disconnected', 'disconnected'])
    expect(pair.clientLink.unsent).toBe(0)
  })

  it('takes back what nobody wants any more when its room is left', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    pair.cut()
    const call = watch(pair.client.call(0, null))
    pair.client.close('cancelled')
    await clock.advance(0)
    expect([call.outcome, pair.clientLink.unsent]).toEqual(['cancelled', 0])
  })

  it('goes on with what the next one will get, where the other side has begun anew', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock)
    const aborted: unknown[] = []
    pair.clientAnswers.calls[0] = (_params, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => aborted.push(signal.reason)))
    pair.server.call(0, null).catch(() => {})
    const left = watch(pair.client.call(0, null))
    await clock.advance(1)
    pair.cut()
    const unsent = watch(pair.client.call(1, null))
    const stream = watch(pair.client.stream(0, null).next())
    const frames = pair.clientLink.takeUnsent()
    pair.clientLink.reset()
    pair.client.restart(new Set(frames.map(({ frame }) => frame)))
    await clock.advance(0)
    expect([left.outcome, unsent.outcome, stream.outcome]).toEqual(['outcome_unknown', 'pending', 'pending'])
    expect(aborted).toEqual([expect.objectContaining({ code: 'outcome_unknown' })])
    expect(pair.client.underWay).toBe(2)

    const anew = linkedPair(clock)
    anew.serverAnswers.calls[1] = () => 'new'
    for (const { frame } of frames) anew.clientLink.send(1, frame)
    // A new call has the number behind those.
    expect(pair.client.underWay).toBe(2)
    await clock.advance(2)
    expect(anew.arrived).toEqual([FrameType.call, FrameType.stream])
    pair.client.restart(new Set())
    await clock.advance(0)
    expect([unsent.outcome, stream.outcome, pair.client.underWay]).toEqual(['outcome_unknown', 'outcome_unknown', 0])
  })
})

describe('[R16] what the link of a server gave up', () => {
  it('[R5] ends as outcome_unknown: a call whose reply is gone', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock, 600)
    pair.serverAnswers.calls[0] = async () => {
      await wait(clock, 5)
      return 'x'.repeat(300)
    }
    const calls = [watch(pair.client.call(0, null)), watch(pair.client.call(0, null))]
    await clock.advance(1)
    pair.cut()
    await clock.advance(10)
    expect(pair.resume()).toBe(2)
    await clock.advance(2)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['outcome_unknown', 'outcome_unknown'])
    expect(calls[0]?.message).toContain('too much to be kept')
    expect([pair.client.underWay, pair.server.underWay]).toEqual([0, 0])
  })

  it('stops a stream that lost an item: both sides know', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock, 600)
    const events: string[] = []
    pair.serverAnswers.streams[0] = async function* () {
      try {
        for (let i = 0; ; i++) {
          yield `${i}${'x'.repeat(100)}`
          await wait(clock, 5)
        }
      } finally {
        events.push('finally')
      }
    }
    const stream = pair.client.stream(0, null)
    await clock.advance(3)
    await expect(stream.next()).resolves.toMatchObject({ value: expect.stringMatching(/^0/) })
    pair.cut()
    await clock.advance(100)
    expect(events).toEqual(['finally'])
    const missed = pair.resume()
    expect(missed).toBeGreaterThan(0)
    await clock.advance(2)
    await expect(stream.next()).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect([pair.client.underWay, pair.server.underWay]).toEqual([0, 0])
  })

  it('ends calls of the server that may never arrive, whatever their number', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock, 600)
    pair.clientAnswers.calls[0] = () => 'answered'
    const answered = Array.from({ length: 200 }, async () => pair.server.call(0, null))
    await clock.advance(2)
    await Promise.allSettled(answered)
    pair.acknowledge()
    pair.cut()
    const calls = [0, 1, 2].map(() => watch(pair.server.call(0, 'x'.repeat(200))))
    const kept = watch(pair.server.call(0, null))
    await clock.advance(0)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['outcome_unknown', 'outcome_unknown', 'outcome_unknown'])
    expect(pair.resume()).toBe(3)
    await clock.advance(2)
    expect([kept.outcome, pair.server.underWay]).toEqual(['answered', 0])
  })

  it('says nothing of what had ended at the client after all', async () => {
    const clock = new VirtualClock()
    const pair = linkedPair(clock, 600)
    pair.serverAnswers.calls[0] = () => 'x'.repeat(700)
    const calls = [0, 1].map(() => watch(pair.client.call(0, null)))
    // Both replies have come, and nothing was acknowledged: what is kept at the cut is given up.
    await clock.advance(2)
    pair.cut()
    expect(pair.resume()).toBe(0)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['x'.repeat(700), 'x'.repeat(700)])
    pair.server.tellLost()
    await clock.advance(2)
    expect(pair.client.underWay).toBe(0)
  })
})

/** Runs of `npm run test:long` take longer. */
const patience = 300_000

describe('calls and streams over lines that are cut at any moment', () => {
  it(
    '[R16] [R4] run at most once, end once, and what their ends say is true',
    async () => {
      const ends = new Map<unknown, number>()
      for (const seed of seeds(300)) {
        try {
          for (const end of await play(new SeededRandom(seed))) ends.set(end, (ends.get(end) ?? 0) + 1)
        } catch (error) {
          throw new Error(`seed ${seed}: ${replayCommand(seed)}`, { cause: error })
        }
      }
      if (seeds(300).length > 1) {
        const seen = ['answered', 'timeout', 'cancelled', 'disconnected', 'outcome_unknown', 'rejected']
        for (const end of seen) expect(ends.get(end), String(end)).toBeGreaterThan(20)
      }
    },
    patience,
  )

  /** One history. Returns how its calls ended. */
  async function play(random: SeededRandom): Promise<readonly unknown[]> {
    const clock = new VirtualClock()
    const pair = linkedPair(clock, random.pick([300, 1000, 100_000]))
    const ran: number[] = []
    const handle = async (no: number): Promise<unknown> => {
      ran[no] = (ran[no] ?? 0) + 1
      await wait(clock, random.integer(0, 40))
      if (random.chance(0.1)) throw new DeclaredError(0, 'rejected', null)
      return 'x'.repeat(random.integer(0, 200))
    }
    for (const answers of [pair.clientAnswers, pair.serverAnswers]) answers.calls[0] = (no) => handle(Number(no))
    let streamed = 0
    pair.serverAnswers.streams[0] = async function* () {
      for (let i = 0; i < 20; i++) {
        await wait(clock, random.integer(0, 5))
        yield i
      }
      streamed++
    }

    const made: { readonly no: number; readonly isOfClient: boolean; readonly seen: { outcome: unknown } }[] = []
    const streams: { items: number[]; end: unknown }[] = []
    const read = async (): Promise<void> => {
      const stream: (typeof streams)[number] = { items: [], end: 'pending' }
      streams.push(stream)
      try {
        for await (const item of pair.client.stream(0, null)) stream.items.push(Number(item))
        stream.end = 'done'
      } catch (error) {
        stream.end = error instanceof JuntoError ? error.code : error
      }
    }
    let isCut = false
    for (let step = random.integer(5, 60); step > 0; step--) {
      switch (random.integer(0, 5)) {
        case 0:
          if (isCut) pair.resume()
          else pair.cut()
          isCut = !isCut
          break
        case 1:
          pair.acknowledge()
          break
        case 2:
          if (random.chance(0.3)) void read()
          break
        default: {
          const no = made.length
          const isOfClient = random.chance(0.6)
          const controller = new AbortController()
          if (random.chance(0.2)) clock.after(random.integer(0, 60), () => controller.abort())
          const timeout = random.pick([20, 200, Infinity])
          const exchange = isOfClient ? pair.client : pair.server
          made.push({ no, isOfClient, seen: watch(exchange.call(0, no, { timeout, signal: controller.signal })) })
        }
      }
      await clock.advance(random.integer(0, 15))
    }
    if (isCut) pair.resume()
    await clock.advance(1000)
    // What was lost on the last line of all comes with one more.
    pair.cut()
    pair.resume()
    await clock.advance(1000)

    for (const { no, seen } of made) {
      const times = ran[no] ?? 0
      expect(seen.outcome, `call ${no}`).not.toBe('pending')
      expect(times, `call ${no} ended with ${String(seen.outcome)}`).toBeLessThanOrEqual(1)
      if (typeof seen.outcome === 'string' && /^x*$/.test(seen.outcome)) expect(times).toBe(1)
      if (seen.outcome === 'disconnected') expect(times).toBe(0)
    }
    for (const { items, end } of streams) {
      expect(items).toEqual(items.map((_, index) => index))
      expect(end).toBeOneOf(['done', 'outcome_unknown'])
      if (end === 'done') expect(items).toHaveLength(20)
    }
    expect(streams.filter(({ end }) => end === 'done').length).toBeLessThanOrEqual(streamed)
    expect([pair.client.underWay, pair.server.underWay, pair.clientLink.unsent, clock.pendingTimers]).toEqual([
      0, 0, 0, 0,
    ])
    return made.map(({ seen: { outcome } }) =>
      typeof outcome !== 'string' ? 'rejected' : /^x*$/.test(outcome) ? 'answered' : outcome,
    )
  }
})
