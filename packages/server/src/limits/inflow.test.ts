import { serverLimits, type Limits } from '@junto/protocol'
import { FrameType, type Frame, type SentFrame } from '@junto/protocol/internal'
import { MemoryMetrics, type Labels } from '../observe/metrics.ts'
import { VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Inflow } from './inflow.ts'
import { TokenBucket } from './token-bucket.ts'

const limits = {
  messageRate: 100,
  messageBurst: 10,
  frameRate: 1000,
  frameBurst: 1000,
  byteRate: 16_384,
  byteBurst: 163_840,
  maxLatest: 3,
} satisfies Partial<Limits>

function build(overrides: Partial<Limits> = {}, user?: TokenBucket) {
  const clock = new VirtualClock()
  const metrics = new MemoryMetrics()
  /** What became of the frames: `50` delivered, `-51` refused. */
  const log: (number | string)[] = []
  const answers: SentFrame[] = []
  const reading: string[] = []
  let flooded = 0
  const host = {
    deliver: (_ref: number, frame: Frame) => log.push(numberOf(frame)),
    refused: (_ref: number, frame: Frame, answer: SentFrame | undefined) => {
      log.push(-numberOf(frame))
      if (answer) answers.push(answer)
    },
    flooding: () => {
      flooded++
      inflow.detach()
    },
    run: (work: () => void) => work(),
  }
  const party = { messages: user }
  const inflow = new Inflow(host, { clock, metrics, limits: serverLimits({ ...limits, ...overrides }), party })
  const connection = { pause: () => reading.push('pause'), resume: () => reading.push('resume') }
  inflow.attach(connection, false)
  return {
    clock,
    inflow,
    connection,
    log,
    answers,
    reading,
    party,
    count: (name: string, labels?: Labels) => metrics.read(name, labels),
    get flooded() {
      return flooded
    },
    /** Sends frames to room 1, each in a message of its own. */
    send: (...frames: Frame[]) => {
      for (const frame of frames) {
        inflow.message(20)
        inflow.frame(1, frame)
      }
    },
  }
}

function numberOf(frame: Frame): number {
  return 'no' in frame ? frame.no : 'id' in frame && typeof frame.id === 'number' ? frame.id : NaN
}

const event = (id: number, payload: unknown = null): Frame => ({ type: FrameType.event, id, payload })
const loose = (id: number, payload: unknown = null): Frame => ({ type: FrameType.loose, id, payload })
const cancel = (no: number): Frame => ({ type: FrameType.cancel, no })
const call = (no: number): Frame => ({ type: FrameType.call, no, id: 0, params: null, timeout: 0, settle: 'visible' })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

describe('messages over the limit', () => {
  it('are refused, each with what its sender understands, and when to try again', () => {
    const { send, log, answers, inflow } = build()
    send(...range(0, 10).map((id) => event(id)), call(10), {
      type: FrameType.stream,
      no: 11,
      id: 0,
      params: null,
      credit: 1,
    })
    inflow.frame(0, { type: FrameType.join, ref: 7, by: 'open', room: 'x', key: 'a' })
    send(event(12))
    expect(log).toEqual([...range(0, 10), -10, -11, NaN, -12])
    const data = { retryAfter: 10 }
    const message = 'more messages than 100 a second: try again in 10 ms'
    expect(answers).toEqual([
      { type: FrameType.failed, no: 10, code: 'rate_limited', message, data },
      { type: FrameType.failed, no: 11, code: 'rate_limited', message, data },
      { type: FrameType.refused, ref: 7, code: 'rate_limited', message, data },
      { type: FrameType.notice, code: 'rate_limited', message: `${message}; events dropped: 1` },
    ])
  })

  it('may come again as time goes by', async () => {
    const { send, log, clock } = build()
    send(...range(0, 11).map(call))
    await clock.advance(10)
    send(call(11), call(12))
    expect(log).toEqual([...range(0, 10), -10, 11, -12])
  })

  it('of events are told of once a second', async () => {
    const { send, answers, clock } = build()
    send(...range(0, 15).map((id) => event(id)))
    await clock.advance('1s')
    send(...range(15, 27).map((id) => event(id)))
    const told = answers.map((answer) => 'message' in answer && /dropped: \d+/.exec(answer.message ?? '')?.[0])
    expect(told).toEqual(['dropped: 1', 'dropped: 5'])
  })

  it('are counted, by whose limit it was', () => {
    const user = new TokenBucket({ rate: 1, burst: 5 })
    const { send, log, count } = build({}, user)
    send(...range(1, 8).map((id) => event(id)))
    expect(log).toEqual([1, 2, 3, 4, 5, -6, -7])
    expect(count('messages_refused', { limit: 'user' })).toBe(2)
    expect(count('messages_refused', { limit: 'session' })).toBe(0)
  })

  it('cost others of the same user nothing while the session is the one that stops it', () => {
    const user = new TokenBucket({ rate: 1, burst: 12 })
    const { send } = build({}, user)
    send(...range(0, 20).map((id) => event(id)))
    expect(user.wait(0, 2)).toBe(0)
  })

  it('do not keep what is no message from coming: answers, cancellations', () => {
    const { send, log } = build()
    send(...range(0, 11).map(call), cancel(11), { type: FrameType.reply, no: 12, result: null })
    expect(log.slice(11)).toEqual([11, 12])
  })
})

describe('a flood', () => {
  it('is what goes on over the limit, not what was over it once', () => {
    const world = build()
    // Twice the burst, refused half of it.
    world.send(...range(0, 20).map((id) => event(id)))
    expect(world.flooded).toBe(0)
    world.send(event(20))
    expect(world.flooded).toBe(1)
    expect(world.count('floods', { of: 'messages' })).toBe(1)
  })

  it('is not what is a little over the limit for ever', async () => {
    const world = build()
    // 140 a second.
    for (let n = 0; n < 14_000; n++) {
      world.send(event(n))
      await world.clock.advance(1000 / 140)
    }
    expect(world.flooded).toBe(0)
    const handled = world.log.filter((id) => typeof id === 'number' && id >= 0).length
    expect(handled).toBeGreaterThan(9_990)
    expect(handled).toBeLessThan(10_020)
  })

  it('ten times over the limit ends soon, and no more was handled than allowed', async () => {
    const world = build({ messageRate: 100, messageBurst: 200 })
    let n = 0
    while (world.flooded === 0 && n < 10_000) {
      world.send(event(n++))
      await world.clock.advance(1)
    }
    // 1,000 a second: the burst is gone after 222 ms, patience after another 235.
    expect(world.clock.now()).toBeLessThan(500)
    const handled = world.log.filter((id) => typeof id === 'number' && id >= 0).length
    expect(handled).toBeLessThanOrEqual(200 + (world.clock.now() * 100) / 1000 + 1)
    world.send(event(n))
    expect(world.log.at(-1)).not.toBe(n)
  })

  it('may be of frames that are nothing else', () => {
    const world = build()
    world.send(...range(0, 499).map(cancel))
    expect(world.flooded).toBe(0)
    world.send(cancel(499), cancel(500))
    expect(world.flooded).toBe(1)
    expect(world.count('floods', { of: 'frames' })).toBe(1)
  })

  it('may be of empty messages', () => {
    const world = build()
    for (let n = 0; n < 1001; n++) world.inflow.message(0)
    expect(world.flooded).toBe(1)
  })
})

describe('unnumbered events over the limit', () => {
  it('wait, the newest of them, so that the last one counts', async () => {
    const { send, log, clock, count } = build()
    send(...range(0, 20).map((id) => loose(id)))
    expect(log).toEqual([...range(0, 10), ...range(10, 17).map((id) => -id)])
    await clock.advance('1s')
    expect(log.slice(17)).toEqual([17, 18, 19])
    expect(count('messages_refused', { limit: 'session' })).toBe(7)
    expect(clock.pendingTimers).toBe(0)
  })

  it('wait up to so many bytes of memory, of which the newest stay', () => {
    const { send, log, inflow } = build({ softOutbox: 50_000, maxLatest: 100 })
    send(...range(0, 10).map((id) => loose(id)))
    const payload = Array.from({ length: 300 }, () => ({}))
    send(...range(10, 14).map((id) => loose(id, payload)))
    expect(log.slice(10)).toEqual([-10, -11])
    expect(inflow.waiting).toBe(2)
  })

  it('of a room that is left go nowhere', async () => {
    const { inflow, send, log, clock } = build()
    send(...range(0, 12).map((id) => loose(id)))
    inflow.frame(2, loose(50))
    inflow.forget(1)
    await clock.advance('1s')
    expect(log).toEqual([...range(0, 10), 50])
    expect(clock.pendingTimers).toBe(0)
  })

  it('do not hold up what is in order', async () => {
    const { send, log, clock } = build()
    send(...range(0, 12).map((id) => loose(id)))
    await clock.advance(10)
    send(event(50))
    expect(log).toEqual([...range(0, 10), 50])
    await clock.advance('1s')
    expect(log.slice(11)).toEqual([10, 11])
  })
})

describe('a replay', () => {
  it('waits for its tokens, in order, and what is newer waits behind it', async () => {
    const { inflow, connection, send, log, clock, flooded, count } = build()
    inflow.attach(connection, true)
    send(...range(0, 300).map((id) => event(id)))
    await clock.advance(500)
    const before = log.length
    expect(before).toBeGreaterThan(50)
    expect(before).toBeLessThanOrEqual(60)
    send(cancel(300), loose(301), call(302))
    await clock.advance('10s')
    expect(log).toEqual(range(0, 303))
    expect(flooded).toBe(0)
    expect(count('messages_refused', { limit: 'session' })).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('lets what has no place in the order pass', async () => {
    const { inflow, connection, send, log, clock } = build()
    inflow.attach(connection, true)
    send(...range(0, 11).map((id) => event(id)))
    inflow.frame(0, { type: FrameType.ack, received: 5 })
    expect(log).toEqual([...range(0, 10), NaN])
    await clock.advance('1s')
    expect(log).toEqual([...range(0, 10), NaN, 10])
  })

  it('is over when it has come: what is then too much is refused', async () => {
    const { inflow, connection, send, log, clock } = build()
    inflow.attach(connection, true)
    send(...range(0, 100).map((id) => event(id)))
    await clock.advance('11s')
    send(...range(100, 111).map(call))
    expect(log.at(-1)).toBe(-110)
  })

  it('too large to wait is read as it is handled', async () => {
    const { inflow, connection, send, log, reading, clock } = build({ resumeFrames: 16 })
    inflow.attach(connection, true)
    send(...range(0, 27).map((id) => event(id)))
    expect(reading).toEqual(['pause'])
    expect(inflow.waiting).toBe(17)
    await clock.advance(100)
    expect(reading).toEqual(['pause'])
    await clock.advance(100)
    expect(reading).toEqual(['pause', 'resume'])
    expect(log).toEqual(range(0, 27))
  })

  it('that takes much memory is read as it is handled', async () => {
    const { inflow, connection, send, log, reading, clock } = build({ resumeBuffer: 65_536, maxFrame: 65_536 })
    inflow.attach(connection, true)
    const payload = Array.from({ length: 500 }, () => ({}))
    send(...range(0, 14).map((id) => event(id, payload)))
    expect(reading).toEqual([])
    send(event(14, payload))
    expect(reading).toEqual(['pause'])
    await clock.advance('1s')
    expect(reading).toEqual(['pause', 'resume'])
    expect(log).toEqual(range(0, 15))
  })

  it('that is cut off is forgotten: it comes again', async () => {
    const { inflow, connection, send, log, clock } = build()
    inflow.attach(connection, true)
    send(...range(0, 30).map((id) => event(id)))
    inflow.detach()
    await clock.advance('1s')
    expect(log).toEqual(range(0, 10))
    expect(clock.pendingTimers).toBe(0)
    inflow.attach(connection, true)
    send(...range(10, 30).map((id) => event(id)))
    await clock.advance('1s')
    expect(log).toEqual(range(0, 30))
  })

  it('gains nothing by coming back over and over: the tokens are those of the session', async () => {
    const { inflow, connection, send, log, clock } = build()
    for (let n = 0; n < 20; n++) {
      inflow.attach(connection, true)
      send(...range(0, 50).map((id) => event(id)))
      await clock.advance(50)
    }
    // A second, and the burst.
    expect(log.length).toBeLessThanOrEqual(110)
  })

  it('that ends the connection is not delivered any further', async () => {
    const world = build()
    world.inflow.attach(world.connection, true)
    const delivered: number[] = []
    const host = {
      deliver: (_ref: number, frame: Frame) => {
        delivered.push(numberOf(frame))
        if (numberOf(frame) === 12) inflow.detach()
      },
      refused: () => {},
      flooding: () => {},
      run: (work: () => void) => work(),
    }
    const inflow: Inflow = new Inflow(host, {
      clock: world.clock,
      metrics: new MemoryMetrics(),
      limits: serverLimits(limits),
      party: { messages: undefined },
    })
    inflow.attach(world.connection, true)
    for (const frame of range(0, 30).map((id) => event(id))) inflow.frame(1, frame)
    await world.clock.advance('1s')
    expect(delivered).toEqual(range(0, 13))
    expect(world.clock.pendingTimers).toBe(0)
  })
})

describe('bytes over their rate', () => {
  it('are read later', async () => {
    const { inflow, reading, clock, count } = build()
    inflow.message(163_840)
    expect(reading).toEqual([])
    inflow.message(16_384)
    expect(reading).toEqual(['pause'])
    await clock.advance(999)
    expect(reading).toEqual(['pause'])
    await clock.advance(1)
    expect(reading).toEqual(['pause', 'resume'])
    expect(count('reading_paused')).toBe(1)
  })

  it('that were under way when reading stopped count as well', async () => {
    const { inflow, reading, clock } = build()
    inflow.message(180_224)
    inflow.message(16_384)
    await clock.advance(1999)
    expect(reading).toEqual(['pause'])
    await clock.advance(1)
    expect(reading).toEqual(['pause', 'resume'])
  })

  it('of a connection that is gone leave no timer behind', () => {
    const { inflow, clock } = build()
    inflow.message(300_000)
    inflow.detach()
    expect(clock.pendingTimers).toBe(0)
  })
})
