import { serverLimits, type Limits } from '@junto/protocol'
import { FrameType, type Frame, type SentFrame } from '@junto/protocol/internal'
import { MemoryMetrics, type Labels } from '../observe/metrics.ts'
import { VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Inflow } from './inflow.ts'
import { MessageLimits, type MessageLimit } from './message-limits.ts'
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

function build(
  overrides: Partial<Limits> = {},
  user?: TokenBucket,
  ownLimits: readonly (MessageLimit | undefined)[] = [],
) {
  const own = new MessageLimits(ownLimits)
  const holder = { spentUntil: -Infinity }
  const clock = new VirtualClock()
  const metrics = new MemoryMetrics()
  /** What became of the frames: `50` delivered, `-51` refused. */
  const log: (number | string)[] = []
  const answers: SentFrame[] = []
  const reading: string[] = []
  let flooded = 0
  const host = {
    deliver: (_ref: number, frame: Frame) => log.push(numberOf(frame)),
    allowance: (ref: number, frame: Frame) => {
      const id = ref > 0 && 'id' in frame && typeof frame.id === 'number' ? frame.id : 0
      return own.of(holder, id)
    },
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
  const connection = { took: () => {}, pause: () => reading.push('pause'), resume: () => reading.push('resume') }
  inflow.attach(connection, false)
  return {
    clock,
    inflow,
    host,
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
      allowance: () => undefined,
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
    expect(count('reading_paused', { limit: 'session' })).toBe(1)
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

describe('a message with a limit of its own', () => {
  /** Messages of id 1 and 2, once a second each; those of id 3 hold the newest of each place. */
  const own: readonly (MessageLimit | undefined)[] = [
    undefined,
    { what: 'event shout', rate: 1, burst: 2 },
    { what: 'call render', rate: 1, burst: 1 },
    {
      what: 'event aim',
      rate: 2,
      burst: 2,
      place: (payload) => (Array.isArray(payload) ? String(payload[0]) : undefined),
    },
  ]
  const shout = event(1)
  const render = (no: number): Frame => ({
    type: FrameType.call,
    no,
    id: 2,
    params: null,
    timeout: 0,
    settle: 'visible',
  })
  /** What was delivered of events `aim`, in order: each payload is [key, n]. */
  const aims = (overrides: Partial<Limits> = {}) => {
    const world = build({ messageBurst: 100, maxLatest: 3, ...overrides }, undefined, own)
    const aimed: unknown[] = []
    const { deliver } = world.host
    world.host.deliver = (ref, frame) => {
      if ('payload' in frame && Array.isArray(frame.payload)) aimed.push(frame.payload.join(''))
      return deliver(ref, frame)
    }
    return { ...world, aimed, aim: (key: string, n: number) => world.send(loose(3, [key, n])) }
  }

  it('is refused beyond that, alone, with the time to come back', async () => {
    const { send, log, answers, clock, count, flooded } = build({}, undefined, own)
    send(shout, shout, shout, render(2), render(3), event(50))
    expect(log).toEqual([1, 1, -1, 2, -3, 50])
    const data = { retryAfter: 1000 }
    const message = 'call render may be sent 1 times a second: try again in 1000 ms'
    expect(answers).toEqual([
      {
        type: FrameType.notice,
        code: 'rate_limited',
        message: 'event shout may be sent 1 times a second: try again in 1000 ms; events dropped: 1',
      },
      { type: FrameType.failed, no: 3, code: 'rate_limited', message, data },
    ])
    await clock.advance('1s')
    send(render(4))
    expect(log.at(-1)).toBe(4)
    expect(count('messages_refused', { limit: 'message' })).toBe(2)
    expect(flooded).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('that is refused has cost the session a token: a flood of it is a flood', () => {
    const world = build({}, undefined, own)
    world.send(...range(0, 21).map(() => shout))
    expect(world.log.filter((id) => id === 1)).toHaveLength(2)
    expect(world.flooded).toBe(1)
  })

  it('waits in a replay, in order, and is neither refused nor counted', async () => {
    const { inflow, connection, send, log, answers, clock, count } = build({}, undefined, own)
    inflow.attach(connection, true)
    send(...range(0, 12).flatMap((n) => [shout, event(50 + n), render(100 + n)]))
    await clock.advance('30s')
    const expected = range(0, 12).flatMap((n) => [1, 50 + n, 100 + n])
    expect(log).toEqual(expected)
    expect(answers).toEqual([])
    expect(count('messages_refused', { limit: 'message' })).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('goes at its own pace there, and takes what has come behind it along', async () => {
    const { inflow, connection, send, log, clock } = build({}, undefined, own)
    inflow.attach(connection, true)
    send(shout, shout, shout, shout)
    await clock.advance('500ms')
    send(event(50), cancel(51))
    expect(log).toEqual([1, 1])
    await clock.advance('499ms')
    expect(log).toEqual([1, 1])
    await clock.advance('1ms')
    expect(log).toEqual([1, 1, 1])
    await clock.advance('1s')
    expect(log).toEqual([1, 1, 1, 1, 50, 51])
  })

  it('holds up others no longer than replayWait: then it is refused, and they go on', async () => {
    const { inflow, connection, send, log, answers, clock } = build(
      { messageBurst: 100, replayWait: 5_000 },
      undefined,
      own,
    )
    inflow.attach(connection, true)
    send(...range(0, 20).map(() => shout), event(50), render(51))
    await clock.advance(4_990)
    expect(log).toEqual(range(0, 6).map(() => 1))
    await clock.advance(10)
    expect(log).toEqual([...range(0, 7).map(() => 1), ...range(0, 13).map(() => -1), 50, 51])
    expect(answers).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('that comes in peace behind a replay is refused again', async () => {
    const { inflow, connection, send, log, clock } = build({}, undefined, own)
    inflow.attach(connection, true)
    await clock.advance('11s')
    send(shout, shout, shout)
    expect(log).toEqual([1, 1, -1])
  })

  it('gains nothing by coming back over and over', async () => {
    const { inflow, connection, send, log, clock } = build({}, undefined, own)
    for (let n = 0; n < 20; n++) {
      inflow.attach(connection, true)
      send(...range(0, 10).map(() => render(7)))
      await clock.advance(500)
    }
    expect(log.filter((no) => no === 7).length).toBeLessThanOrEqual(11)
    expect(log).not.toContain(-7)
  })

  it('and is a latest event, waits for its turn: the newest of each key', async () => {
    const { aim, aimed, log, clock } = aims()
    aim('a', 1)
    aim('a', 2)
    for (const n of range(3, 10)) {
      aim('a', n)
      aim('b', n)
    }
    expect(aimed).toEqual(['a1', 'a2'])
    await clock.advance('10s')
    expect(aimed).toEqual(['a1', 'a2', 'a9', 'b9'])
    expect(log).not.toContain(-3)
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives each key its turn, where one comes all the time', async () => {
    const { aim, aimed, clock } = aims()
    aim('b', 0)
    aim('a', 0)
    aim('b', 1)
    for (const n of range(1, 120)) {
      aim('a', n)
      await clock.advance(1000 / 60)
    }
    await clock.advance('1s')
    expect(aimed).toContain('b1')
    expect(aimed.at(-1)).toBe('a119')
    const ns = aimed.filter((each) => String(each).startsWith('a')).map((each) => Number(String(each).slice(1)))
    expect(ns).toEqual(ns.toSorted((x, y) => x - y))
    expect(aimed.length).toBeLessThanOrEqual(2 + 2 * 3 + 1)
  })

  it('lets the newest of so many keys wait, and tells of the others', async () => {
    const { aim, aimed, answers, clock } = aims()
    for (const key of ['x', 'y', 'a', 'b', 'c', 'd', 'e']) aim(key, 1)
    await clock.advance('10s')
    expect(aimed).toEqual(['x1', 'y1', 'c1', 'd1', 'e1'])
    expect(answers.map((answer) => 'message' in answer && answer.message)).toEqual([
      'event aim may be sent 2 times a second: try again in 500 ms; events dropped: 1',
    ])
  })

  it('holds up no other loose event, nor a replay', async () => {
    const { inflow, connection, aim, aimed, send, log } = aims()
    inflow.attach(connection, true)
    for (const n of range(0, 5)) aim('a', n)
    send(loose(50), event(51))
    expect(aimed).toEqual(['a0', 'a1'])
    expect(log.slice(-2)).toEqual([50, 51])
  })

  it('waits for its session first, then for itself', async () => {
    const { aim, aimed, send, clock, log } = aims({ messageBurst: 10 })
    send(...range(60, 70).map((id) => event(id)))
    for (const n of range(0, 5)) aim('a', n)
    expect(aimed).toEqual([])
    await clock.advance('5s')
    // Of those that waited for the session three were left.
    expect(aimed).toEqual(['a2', 'a3', 'a4'])
    expect(log.filter((id) => id === -3)).toHaveLength(2)
  })

  it('goes nowhere once its room is left, or its connection', async () => {
    const { aim, aimed, inflow, connection, clock } = aims()
    for (const n of range(0, 5)) aim('a', n)
    inflow.forget(1)
    expect(inflow.waiting).toBe(0)
    for (const n of range(5, 8)) aim('a', n)
    expect(inflow.waiting).toBe(1)
    inflow.detach()
    inflow.attach(connection, true)
    await clock.advance('10s')
    expect(aimed).toEqual(['a0', 'a1'])
    expect(clock.pendingTimers).toBe(0)
  })
})
