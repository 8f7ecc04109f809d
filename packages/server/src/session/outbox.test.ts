import { serverLimits } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, parseFrame } from '@junto/protocol/internal'
import type { Frame } from '@junto/protocol/internal'
import { VirtualClock } from '@junto/testing'
import { expect, test } from 'vitest'
import { MemoryMetrics } from '../observe/metrics.ts'
import { Traffic } from '../observe/traffic.ts'
import { TurnEnd } from '../sync/turn-end.ts'
import { FakeConnection } from './fake-connection.fixture.ts'
import { OutboxTotal } from './outbox-total.ts'
import { Outbox } from './outbox.ts'

const KiB = 1024
const limits = serverLimits()

function build(given: Partial<typeof limits> = {}) {
  const clock = new VirtualClock()
  const connection = new FakeConnection()
  const told: string[] = []
  const sent = { count: 0 }
  const metrics = new MemoryMetrics()
  const traffic = new Traffic(metrics)
  metrics.beforeReading(() => traffic.report())
  const environment = {
    clock,
    outboxes: new OutboxTotal(limits.maxOutboxTotal, metrics.gauge('outbox_bytes')),
    turnEnd: new TurnEnd(clock),
    traffic,
    limits: { ...limits, ...given },
  }
  const outbox = new Outbox(environment, connection, {
    tooSlow: () => told.push('too slow'),
    drained: () => told.push('drained'),
  })
  outbox.pulse = { sent: () => void sent.count++ }
  outbox.setPeerLimits({ maxMessage: 64 * KiB, maxFrame: 64 * KiB * KiB })
  return { clock, connection, outbox, told, sent, metrics }
}

function event(size: number, seed = 0): Uint8Array {
  return encodeFrame({ type: FrameType.event, id: 0, payload: new Uint8Array(size).fill(seed) })
}

/** The frames of messages, as `room/type/size`. */
function read(messages: readonly Uint8Array[]): string[] {
  const frames: string[] = []
  const reader = new MessageReader(
    { maxMessage: 64 * KiB, maxFrame: 64 * KiB * KiB, maxDepth: 32, maxElements: 1000 },
    parseFrame,
  )
  const deliver = (room: number, frame: Frame) => {
    const size = frame.type === FrameType.event ? `/${(frame.payload as Uint8Array).length}` : ''
    frames.push(`${room}/${frame.type}${size}`)
  }
  for (const message of messages) reader.read(message, deliver)
  return frames
}

/** The payloads of a room's events. */
function payloads(messages: readonly Uint8Array[], ref: number): Uint8Array[] {
  const found: Uint8Array[] = []
  const reader = new MessageReader(
    { maxMessage: 64 * KiB, maxFrame: 64 * KiB * KiB, maxDepth: 32, maxElements: 1000 },
    parseFrame,
  )
  for (const message of messages) {
    reader.read(message, (room, frame) => {
      if (room === ref && frame.type === FrameType.event) found.push(frame.payload as Uint8Array)
    })
  }
  return found
}

test('what a turn has sent is one message', async () => {
  const { clock, connection, outbox } = build()
  outbox.add(1, event(1))
  outbox.add(2, event(2))
  outbox.add(1, event(3))
  expect(connection.log).toEqual([])
  await clock.settle()
  expect(connection.log).toHaveLength(1)
  expect(read(connection.sent)).toEqual(['1/16/1', '2/16/2', '1/16/3'])
  outbox.add(1, event(4))
  await clock.settle()
  expect(connection.log).toHaveLength(2)
})

test('what the peer does not take waits here, and goes on when it has taken', async () => {
  const { clock, connection, outbox, told } = build()
  connection.takes = 10 * KiB
  for (let n = 0; n < 20; n++) outbox.add(1, event(10 * KiB, n))
  await clock.settle()
  // A message of its own and one ahead.
  expect(connection.bufferedAmount).toBeLessThanOrEqual(128 * KiB)
  const before = connection.sent.length
  outbox.add(1, event(5))
  await clock.settle()
  expect(connection.sent).toHaveLength(before)
  for (let n = 0; n < 10; n++) {
    connection.take()
    outbox.drain()
  }
  expect(read(connection.sent)).toEqual([...Array.from({ length: 20 }, () => '1/16/10240'), '1/16/5'])
  expect(told).toEqual(['drained'])
  expect(outbox.waiting).toBe(0)
})

test('is congested above the soft mark', async () => {
  const { clock, connection, outbox } = build()
  connection.takes = 0
  outbox.add(1, event(limits.softOutbox - 100))
  await clock.settle()
  expect(outbox.congested).toBe(false)
  outbox.add(1, event(200))
  expect(outbox.congested).toBe(true)
})

test('tells when it is no longer congested, also where the socket took all at once', async () => {
  const { clock, connection, outbox, told } = build()
  for (let n = 0; n < 30; n++) outbox.add(1, event(10 * KiB))
  expect(outbox.congested).toBe(true)
  expect(told).toEqual([])
  await clock.settle()
  expect(connection.bufferedAmount).toBe(0)
  expect(outbox.congested).toBe(false)
  expect(told).toEqual(['drained'])
  outbox.add(1, event(10 * KiB))
  await clock.settle()
  expect(told).toEqual(['drained'])
})

test('tells it also when what goes around a message is what lifts it above the mark', async () => {
  const { clock, connection, outbox, told } = build({ softOutbox: 4 * KiB })
  connection.takes = 0
  connection.overhead = 10
  outbox.add(1, event(4 * KiB - 10))
  expect(outbox.congested).toBe(false)
  await clock.settle()
  expect(outbox.congested).toBe(true)
  connection.take()
  outbox.drain()
  expect(told).toEqual(['drained'])
})

test('a peer for which more than the hard mark waits is too slow, told once', async () => {
  const { clock, connection, outbox, told } = build()
  connection.takes = 0
  let added = 0
  while (told.length === 0 && added < 1000) {
    outbox.add(1, event(10 * KiB))
    added++
    await clock.settle()
  }
  expect(told).toEqual(['too slow'])
  expect(added * 10 * KiB).toBeGreaterThan(limits.hardOutbox - 20 * KiB)
  expect(added * 10 * KiB).toBeLessThan(limits.hardOutbox + 20 * KiB)
  outbox.add(1, event(10 * KiB))
  await clock.settle()
  expect(told).toEqual(['too slow'])
})

test('one large frame does not make a peer slow; what comes on top does', async () => {
  const { clock, connection, outbox, told } = build()
  connection.takes = 100 * KiB
  outbox.add(1, event(5 * KiB * KiB))
  await clock.settle()
  expect(told).toEqual([])
  for (let n = 0; n < 100; n++) outbox.add(1, event(10 * KiB))
  expect(told).toEqual([])
  for (let n = 0; n < 10; n++) outbox.add(1, event(10 * KiB))
  expect(told).toEqual(['too slow'])
})

test('as a slow peer reads, its allowance shrinks back to the mark', async () => {
  const { clock, connection, outbox, told } = build()
  connection.takes = 0
  outbox.add(1, event(3 * KiB * KiB))
  await clock.settle()
  while (outbox.waiting > 100 * KiB) {
    connection.take()
    outbox.drain()
  }
  expect(told).toEqual([])
  for (let n = 0; n < 110 && told.length === 0; n++) outbox.add(1, event(10 * KiB))
  expect(told).toEqual(['too slow'])
})

test('a burst within one turn is measured by what the socket takes of it', async () => {
  const { clock, connection, outbox, told } = build()
  for (let n = 0; n < 500; n++) outbox.add(1, event(10 * KiB))
  expect(outbox.congested).toBe(true)
  await clock.settle()
  expect(told).toEqual(['drained'])
  expect(outbox.waiting).toBe(0)
  expect(connection.sent.every((message) => message.length <= 64 * KiB)).toBe(true)
})

test('a beat goes with its ping, ahead of what waits', async () => {
  const { clock, connection, outbox } = build()
  const beat = encodeFrame({ type: FrameType.beat, time: 5 })
  outbox.add(1, event(1))
  outbox.beat(beat)
  expect(connection.log).toEqual([expect.stringMatching(/^ping\+/)])
  expect(read(connection.sent)).toEqual(['0/8', '1/16/1'])
  await clock.settle()
  expect(connection.log).toHaveLength(1)
})

test('while the socket is full, the ping goes and the beat waits at the front', async () => {
  const { clock, connection, outbox } = build()
  connection.takes = 0
  for (let n = 0; n < 20; n++) outbox.add(1, event(10 * KiB))
  await clock.settle()
  const before = connection.sent.length
  outbox.beat(encodeFrame({ type: FrameType.beat, time: 5 }))
  expect(connection.log.at(-1)).toBe('ping')
  connection.takes = Infinity
  connection.take()
  outbox.drain()
  expect(read(connection.sent.slice(before))[0]).toBe('0/8')
})

test('shared bytes stay as they are', async () => {
  const { clock, outbox } = build()
  const shared = event(100, 7)
  const copy = shared.slice()
  outbox.add(1, shared)
  await clock.settle()
  expect(shared).toEqual(copy)
})

test('a closed outbox sends nothing and holds nothing', async () => {
  const { clock, connection, outbox } = build()
  outbox.add(1, event(10))
  outbox.close()
  outbox.add(1, event(10))
  outbox.beat(event(1))
  await clock.settle()
  expect(connection.log).toEqual([])
  expect(outbox.waiting).toBe(0)
})

test('what is substantial is told, beats and acks are not', async () => {
  const { clock, outbox, sent } = build()
  outbox.urgent(encodeFrame({ type: FrameType.ack, received: 3 }))
  outbox.beat(encodeFrame({ type: FrameType.beat, time: 5 }))
  await clock.settle()
  expect(sent.count).toBe(0)
  outbox.add(1, event(1))
  outbox.add(1, event(1))
  await clock.settle()
  expect(sent.count).toBe(1)
  outbox.add(1, event(1))
  outbox.beat(encodeFrame({ type: FrameType.beat, time: 5 }))
  expect(sent.count).toBe(2)
})

test('of echoes, beats and acks the newest wait, however many are asked for', async () => {
  const { clock, connection, outbox } = build()
  connection.takes = 0
  for (let n = 0; n < 5; n++) outbox.add(1, event(20 * KiB))
  await clock.settle()
  const before = outbox.waiting
  const sent = connection.sent.length
  for (let time = 0; time < 10_000; time++) {
    outbox.urgent(encodeFrame({ type: FrameType.echo, time, serverTime: 1000 + time }))
    outbox.urgent(encodeFrame({ type: FrameType.ack, received: time }))
    outbox.beat(encodeFrame({ type: FrameType.beat, time }))
  }
  await clock.settle()
  expect(outbox.waiting).toBeLessThan(before + 50)
  connection.take()
  outbox.drain()
  await clock.settle()
  const arrived: Frame[] = []
  const reader = new MessageReader(limits, parseFrame)
  for (const message of connection.sent.slice(sent)) reader.read(message, (_room, frame) => arrived.push(frame))
  expect(arrived.slice(0, 3)).toEqual([
    { type: FrameType.echo, time: 9999, serverTime: 10_999 },
    { type: FrameType.ack, received: 9999 },
    { type: FrameType.beat, time: 9999 },
  ])
})

test('volatile frames leave in this turn or never, those of higher priority first', async () => {
  const { clock, connection, outbox, metrics } = build()
  for (let n = 0; n < 6; n++) outbox.add(1, event(10 * KiB))
  connection.takes = 62 * KiB
  for (let n = 0; n < 30; n++) outbox.addVolatile(2, event(10 * KiB, n), n % 3)
  await clock.settle()
  const left = payloads(connection.sent, 2).map(([seed = 0]) => seed)
  // What fits beside the others, and what the socket holds ahead of its peer: all of the highest priority, oldest first.
  expect(left.length).toBeGreaterThan(4)
  expect(left).toEqual([2, 5, 8, 11, 14, 17, 20, 23, 26, 29].slice(0, left.length))
  expect(metrics.read('messages_dropped', { reason: 'volatile' })).toBe(30 - left.length)
  const before = connection.sent.length
  connection.takes = Infinity
  connection.take()
  outbox.drain()
  outbox.addVolatile(2, event(1), 0)
  await clock.settle()
  expect(read(connection.sent.slice(before)).filter((frame) => frame.startsWith('2/'))).toEqual(['2/16/1'])
})

test('while the socket takes nothing, a volatile frame is dropped', async () => {
  const { clock, connection, outbox, metrics } = build()
  connection.takes = 0
  for (let n = 0; n < 20; n++) outbox.add(1, event(10 * KiB))
  await clock.settle()
  const { waiting } = outbox
  outbox.addVolatile(1, event(1), 9)
  expect(outbox.waiting).toBe(waiting)
  expect(metrics.read('messages_dropped', { reason: 'volatile' })).toBe(1)
})

test('what waits in class latest leaves when there is room for it, and takes acks along', async () => {
  const { clock, connection, outbox } = build()
  const waiting = [event(10, 1), event(20, 2), event(30, 3)]
  let acks = 0
  outbox.source = {
    takeLatest: () => {
      const frame = waiting.shift()
      return frame && { room: 4, frame }
    },
    ride: () => {
      acks++
      return encodeFrame({ type: FrameType.ack, received: acks })
    },
  }
  connection.takes = 0
  for (let n = 0; n < 20; n++) outbox.add(1, event(10 * KiB))
  await clock.settle()
  expect(waiting).toHaveLength(3)
  connection.takes = Infinity
  for (let n = 0; n < 5; n++) {
    connection.take()
    outbox.drain()
  }
  expect(read(connection.sent).slice(-3)).toEqual(['4/16/10', '4/16/20', '4/16/30'])
  const before = acks
  waiting.push(event(40))
  outbox.wake()
  await clock.settle()
  expect(read(connection.sent.slice(-1))).toEqual(['0/11', '4/16/40'])
  expect(acks).toBe(before + 1)
  outbox.wake()
  await clock.settle()
  expect(acks).toBe(before + 1)
})

test('the bytes that wait are counted together with those of others, and nothing is left of them', async () => {
  const { clock, connection, outbox, metrics } = build()
  connection.takes = 0
  for (let n = 0; n < 20; n++) outbox.add(1, event(10 * KiB))
  await clock.settle()
  expect(metrics.read('outbox_bytes')).toBe(outbox.waiting)
  outbox.add(1, event(KiB))
  expect(metrics.read('outbox_bytes')).toBe(outbox.waiting)
  outbox.close()
  expect(metrics.read('outbox_bytes')).toBe(0)
})
