import { FrameType, encodeFrame } from '@junto/protocol/internal'
import { expect, test } from 'vitest'
import { build, hello, join, message } from '../session/session-world.fixture.ts'
import { MemoryMetrics } from './metrics.ts'
import { Traffic } from './traffic.ts'

test('counts what comes and what leaves, by messages and by the type of their frames', () => {
  const metrics = new MemoryMetrics()
  const traffic = new Traffic(metrics)
  metrics.beforeReading(() => traffic.report())
  const event = encodeFrame({ type: FrameType.event, id: 1, payload: 'x'.repeat(40) })
  const both = message(1, { type: FrameType.event, id: 1, payload: 'x'.repeat(40) }, 0, {
    type: FrameType.ack,
    received: 7,
  })
  traffic.received(both.length)
  traffic.read(both)
  expect([...metrics.entries()]).toEqual([
    ['frame_bytes_received{type=ack}', 3],
    ['frame_bytes_received{type=event}', event.length],
    ['frames_received{type=ack}', 1],
    ['frames_received{type=event}', 1],
    ['message_bytes_received', both.length],
    ['message_bytes_sent', 0],
    ['messages_dropped{reason=forfeited}', 0],
    ['messages_dropped{reason=replaced}', 0],
    ['messages_dropped{reason=volatile}', 0],
    ['messages_received', 1],
    ['messages_sent', 0],
  ])
  traffic.frame(event)
  traffic.frame(event)
  traffic.sent(2 * event.length + 1)
  expect(metrics.read('frames_sent', { type: 'event' })).toBe(2)
  expect(metrics.read('frame_bytes_sent', { type: 'event' })).toBe(2 * event.length)
  expect(metrics.read('messages_sent')).toBe(1)
  expect(metrics.read('message_bytes_sent')).toBe(2 * event.length + 1)
})

test('what a peer invents counts under one label', () => {
  const metrics = new MemoryMetrics()
  const traffic = new Traffic(metrics)
  metrics.beforeReading(() => traffic.report())
  for (const type of [50, 63, 64, 127]) traffic.read(Uint8Array.of(0x91, type))
  traffic.read(Uint8Array.of(0x91, 0xcc, 0xff))
  expect(metrics.read('frames_received', { type: 'unknown' })).toBe(5)
  expect([...metrics.entries()].filter(([name]) => name.startsWith('frames_received'))).toHaveLength(1)
})

test('two readers see the same: what was handed over once is not handed over again', () => {
  const metrics = new MemoryMetrics()
  const traffic = new Traffic(metrics)
  metrics.beforeReading(() => traffic.report())
  traffic.dropped('replaced', 3)
  expect(metrics.read('messages_dropped', { reason: 'replaced' })).toBe(3)
  expect(metrics.read('messages_dropped', { reason: 'replaced' })).toBe(3)
  traffic.dropped('replaced')
  expect(metrics.read('messages_dropped', { reason: 'replaced' })).toBe(4)
})

test('a session: its messages both ways, and the time of a beat until its answer', async () => {
  const { clock, metrics, first } = build()
  first.send(hello)
  await clock.settle()
  expect(metrics.read('frames_received', { type: 'hello' })).toBe(1)
  expect(metrics.read('frames_sent', { type: 'welcome' })).toBe(1)
  const sent = first.connection.sent.reduce((sum, each) => sum + each.length, 0)
  expect(metrics.read('message_bytes_sent')).toBe(sent)
  while (metrics.read('frames_sent', { type: 'beat' }) === 0) await clock.advance(250)
  await clock.advance(70)
  first.line.pong()
  const trips = metrics.readHistogram('round_trip_seconds')
  expect(trips?.count).toBe(1)
  expect(trips?.sum).toBeGreaterThanOrEqual(0.07)
  expect(trips?.sum).toBeLessThan(0.33)
  // A pong that nobody asked for tells no time.
  first.line.pong()
  expect(metrics.readHistogram('round_trip_seconds')?.count).toBe(1)
})

test('nothing is looked up or made for a message', async () => {
  const { clock, metrics, rooms, first } = build()
  const asked: string[] = []
  for (const method of ['counter', 'gauge', 'histogram', 'count'] as const) {
    const own = metrics[method].bind(metrics) as (...args: unknown[]) => never
    metrics[method] = (...args: unknown[]) => {
      asked.push(String(args[0]))
      return own(...args)
    }
  }
  first.send({ ...hello, secret: 'a'.repeat(32) }, join(1))
  for (const pending of rooms.joins) pending.grant()
  await clock.advance('1s')
  expect(rooms.joins).toHaveLength(1)
  asked.length = 0
  for (let i = 0; i < 100; i++) {
    first.send(1, { type: FrameType.event, id: 0, payload: i })
    await clock.advance(100)
    // Beats and acks leave, too.
    first.line.pong()
  }
  expect(asked).toEqual([])
  expect(metrics.read('frames_received', { type: 'event' })).toBe(100)
  expect(metrics.read('frames_sent', { type: 'ack' })).toBeGreaterThan(0)
})
