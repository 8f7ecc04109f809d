import { SeededRandom, VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { DeclaredError, JuntoError } from '../errors.ts'
import * as FrameType from '../frame-type.ts'
import { exchangePair, wait, type Side } from './exchange-pair.fixture.ts'
import type { ExchangeEnd } from './exchange.ts'

// Two exchanges with random latency, random handlers and random callers, which time out, abort, read slowly, leave loops and
// close in the middle. Each seed is one history; a failing one is repeated by `-t 'seed 123'`.

const seeds = Number(process.env['SEEDS'] ?? 400)

/** How a handler behaves, told by its caller so that the caller knows what to expect. */
const behaviours = ['at once', 'later', 'never', 'throws', 'declared', 'rejects later', 'heeds its signal'] as const

interface CallRecord {
  readonly side: 'left' | 'right'
  readonly behaviour: (typeof behaviours)[number]
  readonly value: number
  readonly begun: number
  readonly timeout: number | undefined
  aborted: number | undefined
  settled: { readonly at: number; readonly outcome: unknown }[]
  handled: number
  /** Why its handler was told that nobody waits any more. */
  told: unknown
}

interface StreamRecord {
  readonly side: 'left' | 'right'
  readonly length: number
  readonly fails: boolean
  aborted: boolean
  /** Items sent, and items that the reader was given. */
  sent: number
  read: unknown[]
  ends: unknown[]
  left: boolean
  started: number
  cleaned: number
}

class History {
  readonly random: SeededRandom
  readonly clock = new VirtualClock()
  readonly calls: CallRecord[] = []
  readonly streams: StreamRecord[] = []
  readonly sides: { left: Side; right: Side }
  readonly credit: number
  readonly maxCallsInFlight: number
  readonly closed: { left?: ExchangeEnd; right?: ExchangeEnd } = {}
  readonly #answered = { left: new Set<number>(), right: new Set<number>() }
  #tasks = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.credit = this.random.pick([1, 2, 3, 16])
    this.maxCallsInFlight = this.random.pick([4, 128])
    this.sides = exchangePair({
      clock: this.clock,
      delay: () => this.random.integer(0, 20),
      options: { streamCredit: this.credit, maxCallsInFlight: this.maxCallsInFlight },
      onSend: (from, frame) => {
        expect(this.closed[from], 'nothing is sent after the end').toBeUndefined()
        if (frame.type === FrameType.item) this.#itemSent(frame.item)
        if (frame.type === FrameType.reply || frame.type === FrameType.failed || frame.type === FrameType.end) {
          expect(this.#answered[from].has(frame.no), 'answered once').toBe(false)
          this.#answered[from].add(frame.no)
        }
      },
    })
    this.#answer('left')
    this.#answer('right')
  }

  async run(): Promise<void> {
    const steps = this.random.integer(5, 60)
    for (let step = 0; step < steps; step++) {
      const side = this.random.pick(['left', 'right'])
      if (this.random.chance(0.65)) this.#call(side)
      else this.#stream(side)
      if (this.random.chance(0.02)) this.#close(side)
      await this.clock.advance(this.random.pick([0, 1, 5, 30]))
    }
    if (this.random.chance(0.5)) {
      await this.clock.advance('1h')
      this.#checkQuiet()
    }
    this.#close('left')
    this.#close('right')
    await this.clock.advance('1h')
  }

  check(): void {
    for (const call of this.calls) this.#checkCall(call)
    for (const stream of this.streams) this.#checkStream(stream)
    for (const side of [this.sides.left, this.sides.right]) expect(side.exchange.underWay, 'under way').toBe(0)
    expect(this.clock.pendingTimers, 'timers').toBe(0)
    expect(this.#tasks, 'readers that still wait').toBe(0)
  }

  /** Nothing goes on but calls that are never answered, and both sides know of those. */
  #checkQuiet(): void {
    if (this.closed.left !== undefined || this.closed.right !== undefined) return
    const waiting = this.calls.filter((call) => call.settled.length === 0)
    expect(waiting.filter((call) => call.behaviour !== 'never')).toEqual([])
    expect(this.#tasks, 'readers that still wait').toBe(0)
    const underWay = this.sides.left.exchange.underWay + this.sides.right.exchange.underWay
    expect(underWay, 'known to one side only').toBe(2 * waiting.length)
  }

  #close(side: 'left' | 'right'): void {
    if (this.closed[side] !== undefined) return
    const end = this.random.pick(['disconnected', 'outcome_unknown', 'cancelled'])
    // First: nothing may be sent by the closing itself either.
    this.closed[side] = end
    this.sides[side].exchange.close(end)
  }

  #call(side: 'left' | 'right'): void {
    const { random, clock } = this
    const controller = random.chance(0.4) ? new AbortController() : undefined
    const record: CallRecord = {
      side,
      behaviour: random.pick(behaviours),
      value: this.calls.length,
      begun: clock.now(),
      timeout: random.chance(0.5) ? random.integer(1, 80) : undefined,
      aborted: undefined,
      settled: [],
      handled: 0,
      told: undefined,
    }
    this.calls.push(record)
    const settle = (outcome: unknown): void => void record.settled.push({ at: clock.now(), outcome })
    this.sides[side].exchange
      .call(0, record.value, { timeout: record.timeout, signal: controller?.signal })
      .then(settle, settle)
    if (controller === undefined) return
    const abort = (): void => {
      if (record.settled.length === 0) record.aborted = clock.now()
      controller.abort()
    }
    if (random.chance(0.2)) abort()
    else clock.after(random.integer(0, 60), abort)
  }

  #stream(side: 'left' | 'right'): void {
    const { random, clock } = this
    const controller = random.chance(0.2) ? new AbortController() : undefined
    const record: StreamRecord = {
      side,
      length: random.pick([0, 1, 5, 40]),
      fails: random.chance(0.2),
      aborted: false,
      sent: 0,
      read: [],
      ends: [],
      left: false,
      started: 0,
      cleaned: 0,
    }
    this.streams.push(record)
    const leaveAfter = random.chance(0.4) ? random.integer(0, 6) : Infinity
    const stream = this.sides[side].exchange.stream(0, this.streams.length - 1, { signal: controller?.signal })
    if (controller !== undefined) {
      clock.after(random.integer(0, 100), () => {
        record.aborted = true
        controller.abort()
      })
    }
    this.#tasks++
    void (async () => {
      try {
        if (random.chance(0.3)) await wait(clock, random.integer(0, 50))
        while (record.read.length < leaveAfter) {
          const next = await stream.next()
          if (next.done === true) return void record.ends.push('done')
          record.read.push(next.value)
          if (random.chance(0.3)) await wait(clock, random.integer(0, 10))
        }
        record.left = true
        await stream.return?.()
      } catch (error) {
        record.ends.push(error)
      } finally {
        this.#tasks--
      }
      expect(await stream.next(), 'nothing comes after the end').toEqual({ value: undefined, done: true })
    })()
  }

  #answer(side: 'left' | 'right'): void {
    const { random, clock } = this
    const { answers } = this.sides[side]
    answers.calls[0] = (params, context) => {
      const record = this.calls[Number(params)]
      if (record === undefined) throw new Error('a call that nobody made')
      record.handled++
      switch (record.behaviour) {
        case 'at once':
          return record.value
        case 'later':
          return wait(clock, random.integer(0, 60)).then(() => record.value)
        case 'never':
          return new Promise(() => {
            const { signal } = context
            signal.addEventListener('abort', () => (record.told = signal.reason))
          })
        case 'throws':
          throw new JuntoError('forbidden', 'no')
        case 'declared':
          throw new DeclaredError(0, 'declared', record.value)
        case 'rejects later':
          return wait(clock, random.integer(0, 60)).then(() => {
            throw new JuntoError('forbidden', 'no')
          })
        case 'heeds its signal':
          return wait(clock, 40, context.signal).then(() => record.value)
      }
    }
    answers.streams[0] = (params, { signal }) => this.#produce(Number(params), signal)
  }

  async *#produce(index: number, signal: AbortSignal) {
    const { random, clock } = this
    const record = this.streams[index]
    if (record === undefined) throw new Error('a stream that nobody opened')
    record.started++
    try {
      for (let i = 0; i < record.length; i++) {
        if (random.chance(0.3)) await wait(clock, random.integer(0, 30), random.chance(0.5) ? signal : undefined)
        yield [index, i]
      }
      if (record.fails) throw new JuntoError('forbidden', 'no')
    } finally {
      record.cleaned++
    }
  }

  #itemSent(item: unknown): void {
    const [index] = item as [number, number]
    const record = this.streams[index]
    if (record === undefined) throw new Error('an item of no stream')
    record.sent++
    if (record.left || record.ends.length > 0) return
    expect(record.sent - record.read.length, 'items under way or unread').toBeLessThanOrEqual(this.credit)
  }

  #checkCall(call: CallRecord): void {
    const what = JSON.stringify({ ...call, settled: call.settled.map(({ at, outcome }) => [at, String(outcome)]) })
    expect(call.settled, what).toHaveLength(1)
    expect(call.handled, what).toBeLessThanOrEqual(1)
    if (call.behaviour === 'never' && call.handled > 0) expect(call.told, what).toBeInstanceOf(JuntoError)
    const [settled] = call.settled
    if (settled === undefined) return
    const { at, outcome } = settled
    const end = this.closed[call.side]
    const code = outcome instanceof JuntoError ? outcome.code : outcome instanceof DeclaredError ? 'declared' : 'value'
    switch (code) {
      case 'value':
        expect(outcome, what).toBe(call.value)
        expect(['at once', 'later', 'heeds its signal'], what).toContain(call.behaviour)
        expect(call.handled, what).toBe(1)
        break
      case 'declared':
        expect(outcome, what).toMatchObject({ index: 0, data: call.value })
        expect(call.behaviour, what).toBe('declared')
        break
      case 'forbidden':
        expect(['throws', 'rejects later'], what).toContain(call.behaviour)
        break
      case 'timeout':
        expect(at, what).toBe(call.begun + (call.timeout ?? NaN))
        break
      case 'rate_limited':
        expect(this.maxCallsInFlight, what).toBe(4)
        expect(call.handled, what).toBe(0)
        break
      case 'cancelled':
        if (end !== 'cancelled') expect(call.aborted, what).toBe(at)
        break
      default:
        expect(code === 'disconnected' ? ['disconnected', 'outcome_unknown'] : [code], what).toContain(end)
    }
    if (call.timeout !== undefined) expect(at, what).toBeLessThanOrEqual(call.begun + call.timeout)
    if (call.aborted !== undefined) expect(at, what).toBeLessThanOrEqual(call.aborted)
  }

  #checkStream(stream: StreamRecord): void {
    const index = this.streams.indexOf(stream)
    const what = JSON.stringify({ ...stream, read: stream.read.length, ends: stream.ends.map(String) })
    expect(stream.read, what).toEqual(Array.from({ length: stream.read.length }, (_, i) => [index, i]))
    expect(stream.ends.length + (stream.left ? 1 : 0), what).toBe(1)
    expect(stream.started, what).toBeLessThanOrEqual(1)
    expect(stream.cleaned, what).toBe(stream.started)
    const [end] = stream.ends
    if (end === 'done') {
      expect(stream.fails, what).toBe(false)
      expect(stream.read, what).toHaveLength(stream.length)
    } else if (end instanceof JuntoError && end.code === 'forbidden') {
      expect(stream.fails, what).toBe(true)
      expect(stream.read, what).toHaveLength(stream.length)
    } else if (end instanceof JuntoError && end.code === 'rate_limited') {
      expect(this.maxCallsInFlight, what).toBe(4)
      expect(stream.started, what).toBe(0)
    } else if (end !== undefined) {
      const closed = this.closed[stream.side]
      expect(end, what).toBeInstanceOf(JuntoError)
      const expected = stream.aborted ? ['cancelled', closed, 'disconnected'] : [closed, 'disconnected']
      expect(expected, what).toContain((end as JuntoError).code)
    }
  }
}

describe('[R1] [R4] [R6] [R7] [R9] [R11] [R12] [R15] two exchanges, whatever happens', () => {
  it.each(Array.from({ length: Math.ceil(seeds / 50) }, (_, batch) => batch * 50))('seeds from %d', async (first) => {
    for (let seed = first; seed < first + 50; seed++) {
      const history = new History(seed)
      try {
        await history.run()
        history.check()
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })
})
