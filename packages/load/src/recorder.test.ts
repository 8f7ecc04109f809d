import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { kindOf } from './error-kinds.ts'
import { Recorder } from './recorder.ts'

describe('what is still waited for when the run ends', () => {
  function recorderAt(): { recorder: Recorder; wait: (ms: number) => void } {
    let now = 0
    return { recorder: new Recorder(() => now), wait: (ms) => void (now += ms) }
  }

  it('counts with the time until then, so that a server that stands still is not hidden', () => {
    const { recorder, wait } = recorderAt()
    void recorder.time('call.vote', () => new Promise(() => {}))
    void recorder.time('join', () => new Promise(() => {}))
    wait(4_000)
    void recorder.time('call.vote', () => new Promise(() => {}))
    wait(200)
    recorder.close()
    const { times, counts, errors } = recorder.take()
    // The last one has not been waited for long: it says nothing.
    expect(times.get('call.vote')).toEqual(Float64Array.of(4_200))
    expect(times.get('join')).toEqual(Float64Array.of(4_200))
    expect(counts.get('unanswered')).toBe(2)
    expect(errors).toEqual([])
  })

  it('is not what was answered, nor what a scenario measures by itself', async () => {
    const { recorder, wait } = recorderAt()
    await recorder.time('call.vote', () => 1)
    await recorder.time('call.vote', () => Promise.reject(new Error('no'))).catch(() => {})
    void recorder.time('whole visit', () => new Promise(() => {}))
    wait(4_000)
    recorder.close()
    expect(recorder.take().counts.get('unanswered')).toBeUndefined()
  })
})

describe('numbers of a scenario', () => {
  it.each([NaN, Infinity, -1])('%s is no time', (ms) => {
    expect(() => new Recorder(() => 0).record('seen', ms)).toThrow(/'seen'.*milliseconds of 0 or more/)
  })

  it('are counted only when they are numbers', () => {
    expect(() => new Recorder(() => 0).count('coins', NaN)).toThrow(/'coins'.*finite number/)
  })
})

describe('the kind of an error', () => {
  const here = fileURLToPath(import.meta.url)

  it('has the place in the code outside of libraries, which is none of Node itself', () => {
    const error = new Error('lost')
    error.stack = `Error: lost\n    at process.processTicksAndRejections (node:internal/process/task_queues:60:5)`
    expect(kindOf('bot', error).at).toBeUndefined()
    error.stack += `\n    at async Object.bot (file:///home/me/bots.ts:3:7)`
    expect(kindOf('bot', error).at).toMatch(/home\/me\/bots\.ts:3:7$/)
    error.stack = `Error: lost\n    at file:///home/me/bots.ts:4:8\n    at ${here}:1:1`
    expect(kindOf('bot', error).at).toMatch(/home\/me\/bots\.ts:4:8$/)
  })

  it('says what was thrown, whatever it is', () => {
    expect(kindOf('bot', { a: 1 }).text).toBe('bot: threw { a: 1 }, which is no Error')
    expect(kindOf('bot', Object.create(null)).text).toMatch(/which is no Error/)
  })
})
