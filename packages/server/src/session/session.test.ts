import { JuntoError } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { build, event, hello, join, message, sessionId } from './session-world.fixture.ts'
import type { Sendable } from './session-world.fixture.ts'

function large(size: number): Uint8Array {
  return encodeFrame({ type: FrameType.event, id: 3, payload: new Uint8Array(size) })
}

describe('hello', () => {
  test('[P2] is answered, and counts as being known', async () => {
    const { send, received, told } = build()
    send(hello)
    expect(await received()).toEqual(['welcome'])
    expect(told).toEqual(['known'])
  })

  test('[P1] must come within a deadline', async () => {
    const { clock, connection, metrics, told } = build()
    await clock.advance(9_999)
    expect(connection.log).toEqual([])
    await clock.advance(1)
    expect(connection.log).toEqual(['close 4001 hello_timeout'])
    expect(metrics.read('connections_closed', { reason: 'hello_timeout' })).toBe(1)
    expect(told).toEqual([])
  })

  test('[P1] the deadline is absolute: parts of a hello do not extend it', async () => {
    const { clock, connection, line } = build()
    for (let second = 0; second < 9; second++) {
      await clock.advance('1s')
      line.message(message({ type: FrameType.part, more: true, bytes: Uint8Array.of(1) }))
      line.pong()
    }
    await clock.advance('1s')
    expect(connection.log).toEqual(['close 4001 hello_timeout'])
  })

  test('leaves no timer of the deadline behind', async () => {
    const { clock, line, send } = build()
    send(hello)
    line.closed({ code: 1000, reason: '' })
    expect(clock.pendingTimers).toBe(0)
  })

  test.each([
    ['another frame first', [join(1)]],
    ['a frame for a room first', [1, event]],
    ['a second hello', [hello, hello]],
  ])('[P1] %s is a bad message', async (_name, frames) => {
    const { send, received, connection, metrics } = build()
    send(...frames)
    expect((await received()).at(-1)).toBe('notice bad_message')
    expect(connection.log.at(-1)).toBe('close 4500 bad_message')
    expect(metrics.read('connections_closed', { reason: 'bad_message' })).toBe(1)
  })

  test('[F1] [P15] text and rubbish are bad messages', async () => {
    for (const rubbish of ['hello', Uint8Array.of(0xc1), new Uint8Array(0)]) {
      const { line, connection } = build()
      line.message(rubbish)
      expect(connection.log.at(-1)).toBe('close 4500 bad_message')
    }
  })

  test('[F9] nothing of a message is done when a later part of it is bad', async () => {
    const { line, rooms, told } = build()
    line.message(Uint8Array.of(...message(hello, join(1)), 0xc1))
    expect(rooms.joins).toEqual([])
    expect(told).toEqual([])
  })
})

describe('join', () => {
  test('[P4] [P5] may come with the hello, and is answered with the snapshot in one message', async () => {
    const { send, received, rooms, connection } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    expect(await received()).toEqual(['welcome', 'joined 1', '1: snapshot'])
    expect(connection.log).toHaveLength(1)
    expect(rooms.joins[0]?.request).toMatchObject({
      room: 'board',
      by: 'open',
      key: 'a',
      session: { session: sessionId, connection: { auth: { token: 'x' }, remoteAddress: '10.0.0.1' } },
    })
  })

  test('[P4] several run at once, each answered when it is done', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1), join(2), join(3))
    expect(rooms.joins).toHaveLength(3)
    rooms.joins[2]?.grant()
    expect(await received()).toEqual(['welcome', 'joined 3', '3: snapshot'])
    rooms.joins[0]?.refuse(new JuntoError('room_full', 'full'))
    rooms.joins[1]?.grant()
    expect(await received()).toEqual(['refused 1 room_full', 'joined 2', '2: snapshot'])
  })

  test('a join behind much that leaves in the same turn is answered all the same', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1), join(2))
    rooms.joins[0]?.grant()
    await received()
    for (let n = 0; n < 3; n++) rooms.joins[0]?.link.send(large(100_000))
    rooms.joins[1]?.grant()
    expect(await received()).toEqual(['1: event 3', '1: event 3', '1: event 3', 'joined 2', '2: snapshot'])
  })

  test('one object stands for the session in all of them', () => {
    const { send, rooms } = build()
    send(hello, join(1), join(2))
    expect(rooms.joins[0]?.request.session).toBe(rooms.joins[1]?.request.session)
  })

  test('an error that is not meant for the client stays here', async () => {
    const { send, received, rooms, lines } = build()
    send(hello, join(1))
    rooms.joins[0]?.refuse(new Error('the password is 1234'))
    expect(await received()).toEqual(['welcome', 'refused 1 internal'])
    expect(lines.join('')).toContain('the password is 1234')
  })

  test('[P4] a ref in use is a bad message', async () => {
    const { send, connection } = build()
    send(hello, join(1), join(1))
    expect(connection.log.at(-1)).toBe('close 4500 bad_message')
  })

  test('[F12] one that is not what it must be is refused, and costs nothing else', async () => {
    const { connection, metrics, received, rooms, send } = build()
    send(hello, join(1), { type: FrameType.join, ref: 2, by: 'open', room: 'board', key: 'x'.repeat(300) }, join(3))
    rooms.joins[0]?.grant()
    expect(await received()).toEqual(['welcome', 'refused 2 invalid', 'joined 1', '1: snapshot'])
    expect(rooms.joins).toHaveLength(2)
    expect(metrics.read('joins_refused', { code: 'invalid' })).toBe(1)
    expect(connection.log).toHaveLength(1)
    send({ type: FrameType.join, ref: 1, by: 'open', room: 'board', key: '' })
    expect((await received())[0]).toContain('bad_message')
  })

  test('[P4] a refused ref is free again', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.refuse(new JuntoError('room_full', 'full'))
    await received()
    send(join(1))
    rooms.joins[1]?.grant()
    expect(await received()).toEqual(['joined 1', '1: snapshot'])
  })

  test('there is a limit, and a place is free again after leaving', async () => {
    const { send, received, metrics } = build({ limits: { maxRoomsPerConnection: 2 } })
    send(hello, join(1), join(2), join(3))
    expect(await received()).toEqual(['welcome', 'refused 3 too_many_rooms'])
    expect(metrics.read('joins_refused', { code: 'too_many_rooms' })).toBe(1)
    send({ type: FrameType.leave, ref: 1 }, join(3))
    expect(await received()).toEqual(['left 1 left'])
  })

  test('[P3] a program without credentials is refused where a room asks for some, and no room hears of it', async () => {
    const { send, received, rooms } = build()
    rooms.authenticated = true
    send({ type: FrameType.hello, session: sessionId }, join(1))
    expect(await received()).toEqual(['welcome', 'refused 1 unauthorized'])
    expect(rooms.joins).toEqual([])
  })

  test('a page of a good origin may try without credentials', () => {
    const { send, rooms } = build({ origin: 'http://localhost' })
    rooms.authenticated = true
    send({ type: FrameType.hello, session: sessionId }, join(1))
    expect(rooms.joins).toHaveLength(1)
  })

  test('waits with the snapshot while too much waits for the peer', async () => {
    const { send, received, rooms, connection, clock, line } = build()
    send(hello, join(1), join(2))
    rooms.joins[0]?.grant()
    await received()
    connection.takes = 0
    for (let n = 0; n < 30; n++) rooms.joins[0]?.link.send(large(10_000))
    await clock.settle()
    rooms.joins[1]?.grant()
    await clock.settle()
    expect(rooms.joins[1]?.log).toEqual([])
    connection.takes = Infinity
    connection.take()
    line.drain()
    await clock.settle()
    expect(rooms.joins[1]?.log).toEqual(['start'])
  })
})

describe('leave', () => {
  test('[P9] ends the seat and is answered', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    send({ type: FrameType.leave, ref: 1 })
    expect(await received()).toEqual(['left 1 left'])
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave left'])
  })

  test('[P9] gives back a seat that is being taken', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1))
    send({ type: FrameType.leave, ref: 1 })
    expect(await received()).toEqual(['welcome', 'left 1 left'])
    expect(rooms.joins[0]?.signal.aborted).toBe(true)
    expect(rooms.joins[0]?.signal.reason).toBe('left')
    // The registry had taken it before it saw the signal.
    rooms.joins[0]?.grant()
    expect(await received()).toEqual([])
    expect(rooms.joins[0]?.log).toEqual(['leave left'])
  })

  test('[P9] a refusal that comes after it is not told', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1), { type: FrameType.leave, ref: 1 })
    rooms.joins[0]?.refuse(new JuntoError('cancelled', 'left'))
    expect(await received()).toEqual(['welcome', 'left 1 left'])
  })

  test('[P9] the ref is free at once, and the old seat does not speak for the new one', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    send({ type: FrameType.leave, ref: 1 }, join(1))
    rooms.joins[0]?.link.send(encodeFrame(event))
    rooms.joins[1]?.grant()
    expect(await received()).toEqual(['left 1 left', 'joined 1', '1: snapshot'])
  })

  test('[P16] the end of the connection leaves all rooms, and gives back seats that are being taken', async () => {
    const { send, received, rooms, line, told, metrics } = build()
    send(hello, join(1), join(2))
    rooms.joins[0]?.grant()
    await received()
    line.closed({ code: 1006, reason: '' })
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave disconnected'])
    expect(rooms.joins[1]?.signal.reason).toBe('disconnected')
    rooms.joins[1]?.grant()
    await received()
    expect(rooms.joins[1]?.log).toEqual(['leave disconnected'])
    expect(told).toEqual(['known', 'gone'])
    expect(metrics.read('connections_closed', { reason: 'lost' })).toBe(1)
  })
})

describe('frames of rooms', () => {
  test('go to the seat, and from it with its ref', async () => {
    const { send, received, rooms } = build()
    send(hello, join(7))
    rooms.joins[0]?.grant()
    await received()
    send(7, event, event)
    expect(rooms.joins[0]?.log).toEqual(['start', 'receive 16', 'receive 16'])
    rooms.joins[0]?.link.send(encodeFrame(event))
    expect(await received()).toEqual(['7: event 3'])
  })

  test.each([
    ['before joining', (send: (...parts: (number | Sendable)[]) => void) => send(hello, 5, event)],
    ['before the answer to the join', (send) => send(hello, join(5), 5, event)],
    ['after leaving', (send) => send(hello, join(5), { type: FrameType.leave, ref: 5 }, 5, event)],
    ['to leave what was never joined', (send) => send(hello, { type: FrameType.leave, ref: 5 })],
  ] as [string, (send: (...parts: (number | Sendable)[]) => void) => void][])(
    '[P11] %s get a notice, and have no effect',
    async (_name, act) => {
      const { send, received, rooms, metrics } = build()
      act(send)
      expect(await received()).toContain('notice not_joined')
      expect(rooms.joins[0]?.log ?? []).not.toContain('receive 16')
      expect(metrics.read('frames_refused', { reason: 'not_joined' })).toBe(1)
    },
  )

  test('[P10] that crossed with the end of the membership are nobody’s fault', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    rooms.joins[0]?.link.ended('kicked', 'bye')
    expect(await received()).toEqual(['left 1 kicked'])
    send(1, event)
    send({ type: FrameType.leave, ref: 1 })
    expect(await received()).toEqual([])
    expect(rooms.joins[0]?.log).toEqual(['start'])
  })

  test('that were sent before the end of the membership arrive before it', async () => {
    const { send, received, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    rooms.joins[0]?.link.send(encodeFrame(event))
    rooms.joins[0]?.link.ended('closed')
    rooms.joins[0]?.link.send(encodeFrame(event))
    expect(await received()).toEqual(['1: event 3', 'left 1 closed'])
  })

  test('too large for the client end the membership, saying so', async () => {
    const { send, received, rooms } = build()
    send({ type: FrameType.hello, session: sessionId, maxFrame: 2000, maxMessage: 1024 }, join(1))
    rooms.joins[0]?.grant()
    await received()
    expect(rooms.joins[0]?.link).toMatchObject({ maxFrame: 2000 })
    rooms.joins[0]?.link.send(large(3000))
    expect(await received()).toEqual(['left 1 failed'])
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave failed'])
  })
})

describe('faults of the peer', () => {
  test('[F5] [P14] unknown frames get a notice; after many the connection is closed', async () => {
    const { line, send, received, connection, metrics, limits } = build()
    send(hello)
    await received()
    line.message(Uint8Array.of(0x91, 0x63))
    expect(await received()).toEqual(['notice unknown_frame'])
    for (let n = 2; n < limits.strikes; n++) line.message(Uint8Array.of(0x91, 0x63))
    expect(connection.log.some((entry) => entry.startsWith('close'))).toBe(false)
    line.message(Uint8Array.of(0x91, 0x63))
    expect(connection.log.at(-1)).toBe('close 4502 abuse')
    expect(metrics.read('connections_closed', { reason: 'abuse' })).toBe(1)
    expect(metrics.read('frames_refused', { reason: 'unknown_frame' })).toBe(20)
  })

  test('[F5] frames that only a server sends are unknown here', async () => {
    const { send, received } = build()
    send(hello, { type: FrameType.beat, time: 1 })
    expect(await received()).toEqual(['welcome', 'notice unknown_frame'])
  })

  test('[P14] a notice that a room asks for counts as well', async () => {
    const { send, received, rooms, metrics } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    rooms.joins[0]?.link.notice('invalid', 'x must be a number')
    expect(await received()).toEqual(['notice invalid'])
    expect(metrics.read('frames_refused', { reason: 'invalid' })).toBe(1)
  })

  test('[P15] a bad message that only the room could notice closes as well', async () => {
    const { send, received, rooms, connection } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    rooms.joins[0]?.link.notice('bad_message', '[R2] call 1 is under way already')
    expect(await received()).toEqual(['notice bad_message'])
    expect(connection.log.at(-1)).toBe('close 4500 bad_message')
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave disconnected'])
  })

  test('a fault of the transport is counted by its name, and rooms are left at once', async () => {
    const { line, send, received, rooms, metrics, told } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    line.failed({ reason: 'too_large', code: 1009, message: 'x' })
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave disconnected'])
    expect(told).toEqual(['known'])
    line.closed({ code: 1006, reason: '' })
    expect(metrics.read('connections_closed', { reason: 'too_large' })).toBe(1)
    expect(metrics.read('connections_closed', { reason: 'lost' })).toBe(0)
    expect(told).toEqual(['known', 'gone'])
  })

  test('[P15] a bad message closes after what was sent before', async () => {
    const { line, send, received, connection } = build()
    send(hello)
    line.message(Uint8Array.of(0xc1))
    expect(await received()).toEqual(['welcome', 'notice bad_message'])
    expect(connection.log).toEqual([expect.stringMatching(/^send/), 'close 4500 bad_message'])
    line.message(message(join(1)))
    line.pong()
    line.drain()
  })
})

describe('liveness', () => {
  test('[P12] beats, and terminates a peer from which nothing comes', async () => {
    const { clock, send, received, connection, metrics, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    await clock.advance('15s')
    expect(await received()).toEqual(['beat'])
    await clock.advance('10s')
    expect(connection.log.at(-1)).toBe('terminate')
    expect(metrics.read('connections_closed', { reason: 'silent' })).toBe(1)
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave disconnected'])
    expect(clock.pendingTimers).toBe(0)
  })

  test('[P12] pongs, messages and drained bytes are signs of life', async () => {
    const { clock, send, line, connection } = build()
    send(hello)
    const rubbish = Uint8Array.of(0x91, 0x63)
    const signs = [() => line.pong(), () => line.drain(), () => line.message(rubbish)]
    for (let n = 0; n < 10; n++) {
      for (const sign of signs) {
        await clock.advance('4s')
        sign()
      }
    }
    await clock.advance('4s')
    expect(connection.log).not.toContain('terminate')
  })

  test('terminates a peer that does not read', async () => {
    const { clock, send, received, connection, metrics, rooms } = build()
    send(hello, join(1))
    rooms.joins[0]?.grant()
    await received()
    connection.takes = 0
    for (let n = 0; n < 200; n++) {
      rooms.joins[0]?.link.send(large(10_000))
      await clock.settle()
    }
    expect(connection.log.at(-1)).toBe('terminate')
    expect(metrics.read('connections_closed', { reason: 'too_slow' })).toBe(1)
    expect(rooms.joins[0]?.log).toEqual(['start', 'leave disconnected'])
  })
})

test('shutting down tells the peer to come back', async () => {
  const { send, received, sessions, connection, rooms } = build()
  send(hello, join(1))
  rooms.joins[0]?.grant()
  await received()
  void sessions.sendAway(0)
  expect(connection.log.at(-1)).toBe('close 4000 shutting_down')
  expect(rooms.joins[0]?.log).toEqual(['start', 'leave shutdown'])
})
