import { FrameType } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { build, hello, join } from './session-world.fixture.ts'

/** So many bytes on the wire, and some sixty times as much in memory. */
const emptyMaps = (count: number): readonly object[] => Array.from({ length: count }, () => ({}))

test('loose events over the rate that a room did not get before it was left are no mistakes', async () => {
  const { send, received, rooms, connection, clock } = build({ limits: { messageBurst: 10 } })
  send(hello, join(1))
  rooms.joins[0]?.grant()
  await received()
  for (let n = 0; n < 200; n++) send(1, { type: FrameType.loose, id: 0, payload: null })
  send({ type: FrameType.leave, ref: 1 })
  await clock.advance('2s')
  expect(await received()).not.toContain('notice not_joined')
  expect(connection.log.filter((entry) => entry.startsWith('close'))).toEqual([])
})

test('a stranger makes way for somebody of an address with fewer of them', async () => {
  const { connect, connection, first, sessions, told } = build({ limits: { maxPendingConnections: 2 } })
  connect()
  const arrival = { origin: undefined, host: undefined, remoteAddress: '10.0.0.2' }
  expect(sessions.admit({ ...arrival, remoteAddress: '10.0.0.1' })).toMatchObject({ reason: 'max_pending' })
  expect(sessions.admit(arrival)).toBeUndefined()
  expect(connection.log).toEqual([])
  connect()
  expect(connection.log).toEqual(['close 4001 hello_timeout'])
  first.cut()
  expect(told).toEqual(['gone'])
})

describe('what a stranger makes a server hold', () => {
  test('[L2] credentials that take much memory are no hello', async () => {
    const { send, received, first, connection, sessions } = build()
    send({ ...hello, auth: emptyMaps(128) })
    expect(await received()).toEqual(['notice bad_message'])
    expect(first.frames[0]?.[1]).toMatchObject({ message: expect.stringContaining('(limit maxAuth: 8192') })
    expect(connection.log.at(-1)).toBe('close 4500 bad_message')
    expect(sessions.resumable).toBe(0)
  })

  test('[L2] those of a client that resumes change nothing about its session', async () => {
    const { send, received, connect, rooms } = build()
    const secret = 'a'.repeat(32)
    send({ ...hello, secret }, join(1))
    rooms.joins[0]?.grant()
    await received()
    const other = connect()
    const resume = { next: 'b'.repeat(32), received: 1 }
    other.send({ ...hello, secret, auth: emptyMaps(200), resume })
    expect(await other.received()).toEqual(['notice bad_message'])
    expect(rooms.joins[0]?.log).toEqual(['start'])
  })

  test('[L2] a token of any usual length is welcome', async () => {
    const { send, received } = build()
    send({ ...hello, auth: { token: 'x'.repeat(7_000) } })
    expect(await received()).toEqual(['welcome'])
  })

  test('[L3] a join that takes much memory is refused, alone', async () => {
    const { send, received, first, rooms } = build()
    send(hello, { ...join(1), options: emptyMaps(1_100) }, join(2))
    rooms.joins[0]?.grant()
    expect(await received()).toEqual(['welcome', 'refused 1 too_large', 'joined 2', '2: snapshot'])
    expect(first.frames[1]?.[1]).toMatchObject({ message: expect.stringContaining('limit maxJoining') })
  })

  test('[L3] joins that wait take no more together, also those that were left', async () => {
    const { send, received, first, rooms, clock } = build()
    const large = (ref: number) => ({ ...join(ref), join: emptyMaps(500) })
    send(hello, large(1), large(2), large(3))
    expect(await received()).toEqual(['welcome', 'refused 3 rate_limited'])
    expect(first.frames[1]?.[1]).toMatchObject({ data: { retryAfter: 1000 } })
    send({ type: FrameType.leave, ref: 1 }, large(4))
    expect(await received()).toContain('refused 4 rate_limited')
    // Once they have been decided there is room again.
    for (const pending of rooms.joins) pending.grant()
    await clock.settle()
    send(large(5), large(6), large(7))
    expect((await received()).filter((shown) => shown.startsWith('refused'))).toEqual(['refused 7 rate_limited'])
  })
})
