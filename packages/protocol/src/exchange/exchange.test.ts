import { VirtualClock } from '@junto/testing'
import { describe, expect, it, vi } from 'vitest'
import { DeclaredError, JuntoError } from '../errors.ts'
import * as FrameType from '../frame-type.ts'
import { exchangePair, wait, type PairOptions } from './exchange-pair.fixture.ts'

function setUp(options: Partial<PairOptions> = {}) {
  const clock = options.clock ?? new VirtualClock()
  return { clock, ...exchangePair({ clock, ...options }) }
}

/** What became of a promise, without waiting for it. */
function watch(promise: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'pending' }
  promise.then(
    (value) => (seen.outcome = value),
    (error: unknown) => (seen.outcome = error instanceof JuntoError ? error.code : error),
  )
  return seen
}

const never = new Promise<never>(() => {})

describe('a call', () => {
  it('[R1] is numbered from 1 up, together with streams, and answered once', async () => {
    const { clock, left, right } = setUp()
    right.answers.calls[4] = (params) => ({ got: params })
    const first = watch(left.exchange.call(4, [1]))
    left.exchange.stream(0, null)
    const second = watch(left.exchange.call(4, [2]))
    await clock.advance(2)
    expect(left.sent.map(({ frame }) => [frame.type, frame.no])).toEqual([
      [FrameType.call, 1],
      [FrameType.stream, 2],
      [FrameType.call, 3],
    ])
    expect([first.outcome, second.outcome]).toEqual([{ got: [1] }, { got: [2] }])
    expect(left.exchange.underWay + right.exchange.underWay).toBe(0)
  })

  it('goes both ways at once, with the same numbers', async () => {
    const { clock, left, right } = setUp()
    left.answers.calls[0] = () => 'from the left'
    right.answers.calls[0] = async () => `${String(await right.exchange.call(0, null))}, passed on`
    const seen = watch(left.exchange.call(0, null))
    await clock.advance(10)
    expect(seen.outcome).toBe('from the left, passed on')
  })

  it('[R4] ends with the result of a promise, or with its error', async () => {
    const { clock, left, right } = setUp()
    right.answers.calls[0] = async () => {
      await wait(clock, 50)
      return 'late'
    }
    right.answers.calls[1] = async () => {
      await wait(clock, 50)
      throw new JuntoError('forbidden', 'not you', { retryAfter: 5 })
    }
    const [good, bad] = [left.exchange.call(0, null), left.exchange.call(1, null)]
    bad.catch(() => {})
    await clock.advance(60)
    await expect(good).resolves.toBe('late')
    await expect(bad).rejects.toMatchObject({ code: 'forbidden', message: 'not you', retryAfter: 5 })
  })

  it('[R5] fails with the index of a declared error and its data, with a code of the framework, or as internal', async () => {
    const { clock, left, right } = setUp()
    right.answers.calls[0] = () => {
      throw new DeclaredError(2, 'full', [5000])
    }
    right.answers.calls[1] = () => {
      throw new Error('a secret')
    }
    const [declared, broken, unknown] = [0, 1, 9].map((id) => left.exchange.call(id, null))
    for (const call of [declared, broken, unknown]) call?.catch(() => {})
    await clock.advance(2)
    await expect(declared).rejects.toMatchObject({ index: 2, message: 'full', data: [5000] })
    await expect(declared).rejects.toBeInstanceOf(DeclaredError)
    await expect(broken).rejects.toMatchObject({ code: 'internal', message: 'it failed' })
    await expect(unknown).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('[R5] fails as internal with a code that this side does not know', async () => {
    const { left } = setUp()
    const call = left.exchange.call(0, null)
    left.exchange.receive({ type: FrameType.failed, no: 1, code: 'from_the_future', message: 'x', data: null })
    await expect(call).rejects.toMatchObject({ code: 'internal', message: 'from_the_future: x' })
  })

  it('[R6] gives up at its deadline, tells the other side, and ignores what comes later', async () => {
    const { clock, left, right } = setUp({ delay: () => 30 })
    const signals: AbortSignal[] = []
    right.answers.calls[0] = async (_params, { signal }) => {
      signals.push(signal)
      await wait(clock, 90)
      return 'too late'
    }
    const seen = watch(left.exchange.call(0, null, { timeout: 99.5 }))
    await clock.advance(99)
    expect(seen.outcome).toBe('pending')
    await clock.advance(1)
    expect(seen.outcome).toBe('timeout')
    await clock.advance(200)
    expect(left.sent.map(({ frame }) => frame.type)).toEqual([FrameType.call, FrameType.cancel])
    expect(left.sent[0]?.frame).toMatchObject({ timeout: 100 })
    // It had answered already when the cancelling came.
    expect(right.sent.map(({ frame }) => frame.type)).toEqual([FrameType.reply])
    expect(signals[0]?.aborted).toBe(false)
    expect([clock.pendingTimers, left.exchange.underWay, right.exchange.underWay]).toEqual([0, 0, 0])
  })

  it('[R6] is ended at its deadline where it runs, also when its caller is silent', async () => {
    const { clock, right } = setUp()
    let signal: AbortSignal | undefined
    right.answers.calls[0] = async (_params, context) => {
      signal = context.signal
      await wait(clock, 600)
    }
    right.exchange.receive({ type: FrameType.call, no: 1, id: 0, params: null, timeout: 500, settle: 'visible' })
    await clock.advance(499)
    expect([signal?.aborted, right.exchange.underWay]).toEqual([false, 1])
    await clock.advance(1)
    expect(signal?.reason).toMatchObject({ code: 'timeout' })
    expect(right.sent).toMatchObject([{ frame: { type: FrameType.failed, no: 1, code: 'timeout' } }])
    await clock.advance(200)
    expect(right.sent).toHaveLength(1)
    expect([clock.pendingTimers, right.exchange.underWay]).toEqual([0, 0])
  })

  it('[R7] is cancelled by its signal, here and there', async () => {
    const { clock, left, right } = setUp()
    let reason: unknown
    right.answers.calls[0] = async (_params, { signal }) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
      await wait(clock, 1000, signal)
    }
    const controller = new AbortController()
    const seen = watch(left.exchange.call(0, null, { signal: controller.signal, timeout: 5000 }))
    await clock.advance(10)
    controller.abort('changed my mind')
    await clock.advance(10)
    expect(seen.outcome).toBe('cancelled')
    expect(reason).toMatchObject({ code: 'cancelled' })
    expect(right.sent).toEqual([])
    expect(right.answers.unheard).toEqual([])
    expect([clock.pendingTimers, left.exchange.underWay, right.exchange.underWay]).toEqual([0, 0, 0])
  })

  it('[R7] is not sent when its signal is aborted already, and keeps the reason', async () => {
    const { left } = setUp()
    await expect(left.exchange.call(0, null, { signal: AbortSignal.abort('no') })).rejects.toMatchObject({
      code: 'cancelled',
      cause: 'no',
    })
    expect(left.sent).toEqual([])
  })

  it('[R7] shares one listener with all that wait for the same signal, and leaves none behind', async () => {
    const { clock, left, right } = setUp()
    right.answers.calls[0] = () => never
    right.answers.calls[1] = () => 'here'
    right.answers.streams[0] = async function* () {
      await never
      yield 1
    }
    const controller = new AbortController()
    const { signal } = controller
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const waiting = Array.from({ length: 20 }, () => watch(left.exchange.call(0, null, { signal })))
    const item = watch(left.exchange.stream(0, null, { signal }).next())
    const answered = watch(left.exchange.call(1, null, { signal }))
    await clock.advance(5)
    expect(answered.outcome).toBe('here')
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 0])
    controller.abort()
    await clock.advance(5)
    expect(new Set([item, ...waiting].map(({ outcome }) => outcome))).toEqual(new Set(['cancelled']))
    expect(removed).toHaveBeenCalledTimes(1)
    expect(left.exchange.underWay + right.exchange.underWay).toBe(0)
  })

  it.each([
    ['a signal that is none', { signal: {} as AbortSignal }, 'signal must be an AbortSignal'],
    ['a word that settles nothing', { settle: 'later' as 'reply' }, "settle must be 'visible' or 'reply', not later"],
  ])('with %s is refused before anything is sent', async (_name, options, message) => {
    const { left } = setUp()
    await expect(left.exchange.call(0, null, options)).rejects.toMatchObject({
      code: 'misuse',
      message: expect.stringContaining(message) as string,
    })
    expect([left.sent.length, left.exchange.underWay]).toEqual([0, 0])
  })

  it('leaves its signal alone when it has settled', async () => {
    const { clock, left, right } = setUp()
    right.answers.calls[0] = () => 1
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const call = left.exchange.call(0, null, { signal })
    await clock.advance(2)
    await expect(call).resolves.toBe(1)
    expect(removed).toHaveBeenCalledTimes(1)
  })

  it('tells of a handler that fails when nobody waits for it any more', async () => {
    const { clock, left, right } = setUp()
    const error = new Error('much later')
    right.answers.calls[0] = async () => {
      await wait(clock, 100)
      throw error
    }
    const seen = watch(left.exchange.call(0, null, { timeout: 10 }))
    await clock.advance(200)
    expect(seen.outcome).toBe('timeout')
    expect(right.answers.unheard).toEqual([error])
  })

  it('[R2] breaks the rules with a number that is under way', async () => {
    const { right } = setUp()
    right.answers.calls[0] = () => never
    const open = { type: FrameType.call, no: 7, id: 0, params: null, timeout: 0, settle: 'visible' } as const
    right.exchange.receive(open)
    expect(() => right.exchange.receive(open)).toThrow('[R2]')
    expect(() => right.exchange.receive({ type: FrameType.stream, no: 7, id: 0, params: null, credit: 1 })).toThrow(
      '[R2]',
    )
    right.exchange.receive({ type: FrameType.cancel, no: 7 })
    right.exchange.receive(open)
  })

  it('[R3] ignores what concerns a number that is not known: it has come late', () => {
    const { left } = setUp()
    left.exchange.receive({ type: FrameType.reply, no: 9, result: 1 })
    left.exchange.receive({ type: FrameType.failed, no: 9, code: 'timeout', message: '', data: null })
    left.exchange.receive({ type: FrameType.cancel, no: 9 })
    left.exchange.receive({ type: FrameType.item, no: 9, item: 1 })
    left.exchange.receive({ type: FrameType.end, no: 9 })
    left.exchange.receive({ type: FrameType.credit, no: 9, credit: 1 })
    expect(left.sent).toEqual([])
  })

  it('[R3] breaks the rules with a frame of the other kind, and what it is about still ends', async () => {
    const { left, right } = setUp()
    const call = left.exchange.call(0, null)
    const item = left.exchange.stream(0, null).next()
    expect(() => left.exchange.receive({ type: FrameType.item, no: 1, item: 1 })).toThrow('[R3]')
    expect(() => left.exchange.receive({ type: FrameType.end, no: 1 })).toThrow('[R3]')
    expect(() => left.exchange.receive({ type: FrameType.reply, no: 2, result: 1 })).toThrow('[R3]')
    right.answers.calls[0] = () => never
    right.exchange.receive({ type: FrameType.call, no: 1, id: 0, params: null, timeout: 0, settle: 'visible' })
    expect(() => right.exchange.receive({ type: FrameType.credit, no: 1, credit: 1 })).toThrow('[R3]')
    left.exchange.close('cancelled')
    await expect(call).rejects.toMatchObject({ code: 'cancelled' })
    await expect(item).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('[R8] is refused when too many are under way, and those go on', async () => {
    const { clock, left, right } = setUp({ options: { maxCallsInFlight: 3 } })
    right.answers.calls[0] = async (params) => {
      await wait(clock, 100)
      return params
    }
    const calls = [1, 2, 3, 4].map((n) => watch(left.exchange.call(0, n)))
    await clock.advance(50)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['pending', 'pending', 'pending', 'rate_limited'])
    await clock.advance(100)
    expect(calls.map(({ outcome }) => outcome)).toEqual([1, 2, 3, 'rate_limited'])
    const again = watch(left.exchange.call(0, 5))
    await clock.advance(200)
    expect(again.outcome).toBe(5)
  })

  it('[R8] does not wedge the others when its handler never answers, but cannot be abandoned without end', async () => {
    const { clock, left, right } = setUp({ options: { maxCallsInFlight: 3 } })
    right.answers.calls[0] = () => never
    right.answers.calls[1] = () => 'fine'
    for (let i = 0; i < 11; i++) {
      const stuck = watch(left.exchange.call(0, null, { timeout: 10 }))
      const other = watch(left.exchange.call(1, null))
      await clock.advance(20)
      expect([stuck.outcome, other.outcome]).toEqual(['timeout', 'fine'])
    }
    left.exchange.call(0, null, { timeout: 10 }).catch(() => {})
    const beyond = left.exchange.call(1, null).catch((error: unknown) => error)
    await clock.advance(20)
    // What is in the way are handlers that do not come to an end, and the error says so.
    expect(await beyond).toMatchObject({
      code: 'rate_limited',
      message: '1 calls and streams under way, 11 given up and running (limit maxCallsInFlight: 3)',
    })
  })

  it('[R13] is sent so that it does not overtake the state, and answered as its caller asked', async () => {
    const { clock, left, right } = setUp()
    right.answers.calls[0] = () => 1
    right.answers.calls[1] = async () => {
      throw new Error('no')
    }
    right.answers.calls[2] = (_params, { settle }) => settle
    await Promise.all([clock.advance(5), left.exchange.call(0, null), left.exchange.call(0, null, { settle: 'reply' })])
    await Promise.all([
      clock.advance(5),
      left.exchange.call(1, null, { settle: 'reply' }).catch(() => {}),
      left.exchange.call(2, null, { settle: 'reply' }),
    ])
    expect(left.sent.map(({ settle }) => settle)).toEqual(['visible', 'visible', 'visible', 'visible'])
    expect(right.sent.map(({ frame, settle }) => [frame.type, settle])).toEqual([
      [FrameType.reply, 'visible'],
      [FrameType.reply, 'reply'],
      [FrameType.failed, 'reply'],
      [FrameType.reply, 'reply'],
    ])
    expect(right.sent[3]?.frame).toMatchObject({ result: 'reply' })
  })

  it('costs no timer and no signal when its handler answers at once', () => {
    const { clock, right } = setUp()
    const controllers = vi.spyOn(globalThis, 'AbortController')
    const timers = vi.spyOn(clock, 'after')
    try {
      right.answers.calls[0] = () => 1
      right.exchange.receive({ type: FrameType.call, no: 1, id: 0, params: null, timeout: 1000, settle: 'visible' })
      expect(right.sent).toHaveLength(1)
      expect(controllers).not.toHaveBeenCalled()
      // The one timer is the pipe's.
      expect(timers).toHaveBeenCalledTimes(1)
    } finally {
      controllers.mockRestore()
      timers.mockRestore()
    }
  })

  it('fails where it is made when it cannot be sent, and leaves nothing behind', async () => {
    const tooLarge = new JuntoError('too_large', 'no')
    const { clock, left } = setUp({
      onSend: () => {
        throw tooLarge
      },
    })
    await expect(left.exchange.call(0, null, { timeout: 10 })).rejects.toBe(tooLarge)
    await expect(left.exchange.call(0, Symbol('x'))).rejects.toMatchObject({ code: 'invalid' })
    await expect(left.exchange.call(0, null, { timeout: 0 })).rejects.toMatchObject({ code: 'misuse' })
    await expect(left.exchange.call(0, null, { timeout: NaN })).rejects.toMatchObject({ code: 'misuse' })
    await expect(left.exchange.stream(0, null).next()).rejects.toBe(tooLarge)
    expect([left.exchange.underWay, clock.pendingTimers]).toEqual([0, 0])
  })

  it('fails as too large when its answer is, and without its data when that is', async () => {
    const { clock, left, right } = setUp({
      onSend: (_from, frame) => {
        const large =
          (frame.type === FrameType.reply || frame.type === FrameType.failed) && JSON.stringify(frame).length > 200
        if (large) throw new JuntoError('too_large', 'no')
      },
    })
    right.answers.calls[0] = () => 'x'.repeat(300)
    right.answers.calls[1] = () => {
      throw new DeclaredError(0, 'large', 'x'.repeat(300))
    }
    right.answers.calls[2] = () => Symbol('x')
    const calls = [0, 1, 2].map((id) => watch(left.exchange.call(id, null)))
    await clock.advance(5)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['too_large', 'internal', 'invalid'])
  })

  it('waits for ever without a deadline, or with one beyond what a timer can wait', async () => {
    const { clock, left } = setUp()
    const calls = [undefined, Infinity, 2 ** 40].map((timeout) => watch(left.exchange.call(0, null, { timeout })))
    left.sent.splice(0)
    expect(clock.pendingTimers).toBe(3)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['pending', 'pending', 'pending'])
    left.exchange.close('cancelled')
    await clock.advance(2)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })
})

describe('a stream', () => {
  async function* count(from: number, to: number) {
    for (let i = from; i <= to; i++) yield i
  }

  it('[R9] brings its items in order, a credit at a time, and then its end', async () => {
    const { clock, left, right } = setUp({ options: { streamCredit: 4 } })
    right.answers.streams[0] = () => count(1, 10)
    const read: unknown[] = []
    const done = (async () => {
      for await (const item of left.exchange.stream(0, null)) read.push(item)
      return 'done'
    })()
    await clock.advance(100)
    await expect(done).resolves.toBe('done')
    expect(read).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(left.sent.map(({ frame }) => [frame.type, 'credit' in frame ? frame.credit : undefined])).toEqual([
      [FrameType.stream, 4],
      ...[2, 2, 2, 2, 2].map((credit) => [FrameType.credit, credit]),
    ])
    expect([left.exchange.underWay, right.exchange.underWay]).toEqual([0, 0])
  })

  it('[R10] stops at the other side when nobody reads, and goes on when somebody does', async () => {
    const { clock, left, right } = setUp({ options: { streamCredit: 4 } })
    let made = 0
    right.answers.streams[0] = async function* () {
      for (;;) yield ++made
    }
    const stream = left.exchange.stream(0, null)
    await clock.advance(100)
    expect(made).toBe(4)
    await stream.next()
    await clock.advance(100)
    expect(made).toBe(4)
    await stream.next()
    await clock.advance(100)
    expect(made).toBe(6)
    await stream.return?.()
    await clock.advance(100)
    expect(right.exchange.underWay).toBe(0)
  })

  it('[R9] breaks the rules with a credit that nobody can want', async () => {
    const { clock, right } = setUp()
    right.answers.streams[0] = async function* () {
      await never
      yield 0
    }
    right.exchange.receive({ type: FrameType.stream, no: 1, id: 0, params: null, credit: 65_535 })
    await clock.settle()
    // One is being waited for.
    right.exchange.receive({ type: FrameType.credit, no: 1, credit: 1 })
    const more = { type: FrameType.credit, no: 1, credit: 1 } as const
    expect(() => right.exchange.receive(more)).toThrow('[R9]')
  })

  it('[R9] is made in turns, however much credit there is: all streams of a membership share them fairly', async () => {
    // The test ends each turn itself.
    const ends: (() => void)[] = []
    const clock = new VirtualClock()
    clock.atEndOfTurn = (fn) => void ends.push(fn)
    const { right } = setUp({ clock, options: { streamCredit: 4 } })
    const made: number[] = []
    right.answers.streams[0] = async function* (name) {
      for (;;) {
        made.push(name as number)
        yield name
      }
    }
    for (const no of [1, 2, 3]) {
      right.exchange.receive({ type: FrameType.stream, no, id: 0, params: no, credit: 60_000 })
    }
    const turns: string[] = []
    for (let turn = 0; turn < 4; turn++) {
      await clock.settle()
      turns.push(made.splice(0).join(' '))
      for (const end of ends.splice(0)) end()
    }
    expect(turns).toEqual(['1 2 3 1', '2 3 1 2', '3 1 2 3', '1 2 3 1'])

    right.exchange.close('disconnected')
    for (let turn = 0; turn < 2; turn++) {
      await clock.settle()
      for (const end of ends.splice(0)) end()
    }
    expect(made.length, 'what the turn before had begun').toBeLessThanOrEqual(4)
    expect([right.exchange.underWay, ends.length]).toEqual([0, 0])
  })

  it('[R9] breaks the rules with an item beyond its credit', () => {
    const { left } = setUp({ options: { streamCredit: 2 } })
    left.exchange.stream(0, null)
    left.exchange.receive({ type: FrameType.item, no: 1, item: 1 })
    left.exchange.receive({ type: FrameType.item, no: 1, item: 2 })
    expect(() => left.exchange.receive({ type: FrameType.item, no: 1, item: 3 })).toThrow('[R9]')
  })

  it('[R8] counts no more once it has ended', async () => {
    const { clock, left, right } = setUp({ options: { maxCallsInFlight: 1 } })
    right.answers.streams[0] = () => count(1, 1)
    right.answers.calls[0] = async () => 'fine'
    for (let i = 0; i < 10; i++) {
      const stream = left.exchange.stream(0, null)
      await clock.advance(5)
      await expect(stream.next()).resolves.toMatchObject({ value: 1 })
      const call = watch(left.exchange.call(0, null))
      await clock.advance(5)
      expect(call.outcome).toBe('fine')
    }
  })

  it('[R11] fails after its items, once', async () => {
    const { clock, left, right } = setUp()
    right.answers.streams[0] = async function* () {
      yield 1
      yield 2
      throw new DeclaredError(1, 'enough', null)
    }
    const stream = left.exchange.stream(0, null)
    await clock.advance(10)
    await expect(stream.next()).resolves.toEqual({ value: 1, done: false })
    await expect(stream.next()).resolves.toEqual({ value: 2, done: false })
    await expect(stream.next()).rejects.toMatchObject({ index: 1 })
    await expect(stream.next()).resolves.toEqual({ value: undefined, done: true })
  })

  it('[R12] is cancelled by leaving its loop: the handler cleans up, and nothing more comes', async () => {
    const { clock, left, right } = setUp({ options: { streamCredit: 4 } })
    const events: string[] = []
    right.answers.streams[0] = async function* (_params, { signal }) {
      signal.addEventListener('abort', () => events.push('signal'))
      try {
        for (;;) {
          await wait(clock, 10)
          yield 'item'
        }
      } finally {
        events.push('finally')
      }
    }
    const loop = (async () => {
      for await (const item of left.exchange.stream(0, null)) if (item === 'item') break
    })()
    await clock.advance(100)
    await loop
    expect(events).toEqual(['signal', 'finally'])
    expect(right.sent.filter(({ frame }) => frame.type !== FrameType.item)).toEqual([])
    expect([left.exchange.underWay, right.exchange.underWay, clock.pendingTimers]).toEqual([0, 0, 0])
  })

  it('[R12] is cancelled by its signal: what is there is dropped, and reading fails', async () => {
    const { clock, left, right } = setUp()
    right.answers.streams[0] = () => count(1, 3)
    const controller = new AbortController()
    const stream = left.exchange.stream(0, null, { signal: controller.signal })
    await clock.advance(10)
    controller.abort()
    await expect(stream.next()).rejects.toMatchObject({ code: 'cancelled' })
    await expect(stream.next()).resolves.toMatchObject({ done: true })

    const waiting = left.exchange.stream(1, null, { signal: AbortSignal.abort() })
    await expect(waiting.next()).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('is disposed of at the end of its block', async () => {
    const { clock, left, right } = setUp()
    const events: string[] = []
    right.answers.streams[0] = async function* () {
      try {
        for (;;) yield 1
      } finally {
        events.push('finally')
      }
    }
    await (async () => {
      await using stream = left.exchange.stream(0, null)
      const first = stream.next()
      await clock.advance(10)
      expect(await first).toEqual({ value: 1, done: false })
    })()
    await clock.advance(10)
    expect(events).toEqual(['finally'])
  })

  it('serves several that read at once, in order', async () => {
    const { clock, left, right } = setUp()
    right.answers.streams[0] = () => count(1, 2)
    const stream = left.exchange.stream(0, null)
    const reads = [stream.next(), stream.next(), stream.next(), stream.next()]
    await clock.advance(10)
    expect((await Promise.all(reads)).map(({ value }: { value?: unknown }) => value)).toEqual([
      1,
      2,
      undefined,
      undefined,
    ])
  })

  it('works with iterators that are no generators, and ends their wait when it is cancelled', async () => {
    const { clock, left, right } = setUp()
    const events: string[] = []
    right.answers.streams[0] = () => ({
      [Symbol.asyncIterator]: () => {
        let end: (result: IteratorResult<unknown>) => void = () => {}
        return {
          next: () => new Promise<IteratorResult<unknown>>((resolve) => (end = resolve)),
          return: () => {
            events.push('return')
            end({ value: undefined, done: true })
            return Promise.reject(new Error('from return'))
          },
        }
      },
    })
    const stream = left.exchange.stream(0, null)
    await clock.advance(10)
    await stream.return?.()
    await clock.advance(10)
    expect(events).toEqual(['return'])
    expect(right.answers.unheard).toMatchObject([{ message: 'from return' }])
    expect(right.exchange.underWay).toBe(0)
  })

  it('fails when it cannot begin, or when an item cannot be sent, and the handler knows', async () => {
    const { clock, left, right } = setUp()
    const events: string[] = []
    right.answers.streams[0] = () => {
      throw new JuntoError('forbidden', 'no')
    }
    right.answers.streams[1] = async function* () {
      try {
        yield 1
        yield Symbol('x')
      } finally {
        events.push('finally')
      }
    }
    const [first, second] = [left.exchange.stream(0, null), left.exchange.stream(1, null)]
    await clock.advance(10)
    await expect(first.next()).rejects.toMatchObject({ code: 'forbidden' })
    await expect(second.next()).resolves.toMatchObject({ value: 1 })
    await expect(second.next()).rejects.toMatchObject({ code: 'invalid' })
    expect(events).toEqual(['finally'])
    expect(right.exchange.underWay).toBe(0)
  })
})

describe('[R15] the end of an exchange', () => {
  it('ends everything once, on both sides, and sends nothing', async () => {
    const { clock, left, right } = setUp({ options: { streamCredit: 2 } })
    const events: string[] = []
    right.answers.calls[0] = async (_params, { signal }) => {
      signal.addEventListener('abort', () => events.push(`call ${(signal.reason as JuntoError).code}`))
      await wait(clock, 1000, signal)
    }
    right.answers.streams[0] = async function* () {
      try {
        for (;;) yield 1
      } finally {
        events.push('finally')
      }
    }
    const call = watch(left.exchange.call(0, null, { timeout: 5000, signal: new AbortController().signal }))
    const stream = left.exchange.stream(0, null)
    await clock.advance(10)
    left.sent.splice(0)
    right.sent.splice(0)

    left.exchange.close('outcome_unknown')
    left.exchange.close('cancelled')
    right.exchange.close('disconnected')
    await clock.advance(0)
    expect(call.outcome).toBe('outcome_unknown')
    expect([await stream.next(), await stream.next()].map(({ value }) => value as unknown)).toEqual([1, 1])
    await expect(stream.next()).rejects.toMatchObject({ code: 'outcome_unknown' })
    await expect(stream.next()).resolves.toMatchObject({ done: true })
    expect(events).toEqual(['call disconnected', 'finally'])
    expect([...left.sent, ...right.sent]).toEqual([])
    expect([clock.pendingTimers, left.exchange.underWay, right.exchange.underWay]).toEqual([0, 0, 0])

    // What was never sent has a known outcome.
    await expect(left.exchange.call(0, null)).rejects.toMatchObject({ code: 'disconnected' })
    await expect(left.exchange.stream(0, null).next()).rejects.toMatchObject({ code: 'disconnected' })
    left.exchange.receive({ type: FrameType.call, no: 1, id: 0, params: null, timeout: 0, settle: 'visible' })
    expect(left.sent).toEqual([])
  })

  it('may come from a handler', async () => {
    const { clock, left, right } = setUp()
    const signals: AbortSignal[] = []
    right.answers.calls[0] = () => right.exchange.close('cancelled')
    right.answers.calls[1] = async (_params, { signal }) => {
      left.exchange.close('cancelled')
      signals.push(signal)
      await never
    }
    left.exchange.call(0, null).catch(() => {})
    await clock.advance(5)
    expect(right.sent).toEqual([])
    left.answers.calls[1] = right.answers.calls[1]
    left.exchange.receive({ type: FrameType.call, no: 1, id: 1, params: null, timeout: 100, settle: 'visible' })
    await clock.advance(5)
    expect(signals[0]?.aborted).toBe(true)
    expect([clock.pendingTimers, left.exchange.underWay]).toEqual([0, 0])
  })

  it('may come from sending', async () => {
    const pair: ReturnType<typeof setUp> = setUp({ onSend: () => pair.left.exchange.close('disconnected') })
    const call = watch(pair.left.exchange.call(0, null, { timeout: 10 }))
    await pair.clock.advance(0)
    expect(call.outcome).toBe('disconnected')
    await pair.clock.advance(20)
    expect(pair.clock.pendingTimers).toBe(0)
  })
})
