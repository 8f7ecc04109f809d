import { JuntoError } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { build, hello, join } from './session-world.fixture.ts'
import type { Peer } from './session-world.fixture.ts'

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
  expect(connection.log).toEqual(['close 4005 overloaded'])
  first.cut()
  expect(told).toEqual(['gone'])
})

describe('who joins for the first time counts as a stranger while its credentials are judged', () => {
  const next = { ...hello, secret: 'a'.repeat(32) }
  const idOf = (n: number): string => n.toString(16).padStart(32, '0')

  /** A server with room for three strangers, and the first of them from one address. */
  function crowd(limits = { maxPendingConnections: 3 }) {
    const world = build({ limits })
    world.rooms.authenticated = true
    const come = (n: number, address = '10.0.0.1'): Peer => {
      const peer = world.connect(address)
      peer.send({ ...next, session: idOf(n) }, join(1))
      return peer
    }
    world.first.cut()
    const places = (address: string) =>
      world.sessions.admit({ origin: undefined, host: undefined, remoteAddress: address })?.reason
    return { ...world, come, places }
  }

  test('until the room type has said who it is, however long the room takes after that', async () => {
    const { come, places, rooms } = crowd()
    const peers = [come(1), come(2), come(3)]
    expect(places('10.0.0.1')).toBe('max_pending')
    expect(places('10.0.0.2')).toBeUndefined()
    rooms.joins[0]?.link.identified()
    expect(places('10.0.0.1')).toBeUndefined()
    // Where it is known, no further join makes a stranger of it.
    peers[0]?.send(join(2), join(3))
    expect(places('10.0.0.1')).toBeUndefined()
    rooms.joins[1]?.refuse(new JuntoError('unauthorized', 'no'))
    expect(await peers[1]?.received()).toEqual(['welcome', 'refused 1 unauthorized'])
    come(4)
    expect(places('10.0.0.1')).toBeUndefined()
    // It may try again, as a stranger.
    peers[1]?.send(join(2))
    expect(places('10.0.0.1')).toBe('max_pending')
  })

  test('also when its connection is lost, or its session came back meanwhile', async () => {
    const { come, connect, places, rooms, clock } = crowd()
    come(1).cut()
    connect('10.0.0.1')
    const again = connect('10.0.0.1')
    again.send({ ...next, session: idOf(1), resume: { next: 'b'.repeat(32), received: 0, from: 1 } })
    expect(places('10.0.0.1')).toBe('max_pending')
    expect((await again.received())[0]).toBe('welcome')
    expect(places('10.0.0.1')).toBeUndefined()
    connect('10.0.0.1')
    expect(places('10.0.0.1')).toBe('max_pending')
    rooms.joins[0]?.refuse(new JuntoError('unauthorized', 'no'))
    await clock.settle()
    expect(places('10.0.0.1')).toBeUndefined()
  })

  test('makes way for somebody of an address with fewer of them, and is told to come back', async () => {
    const { come, connect, rooms, sessions, metrics, clock } = crowd()
    const peers = [come(1), come(2), come(3)]
    peers[1]?.cut()
    const other = connect('10.0.0.2')
    expect(peers.map(({ last }) => last)).toEqual(['close 4005 overloaded', undefined, undefined])
    // Nobody is asked about it any more, also when it comes back.
    expect(rooms.joins.map(({ signal }) => signal.aborted)).toEqual([true, false, false])
    expect(metrics.read('connections_closed', { reason: 'overloaded' })).toBe(1)
    connect('10.0.0.3')
    await clock.settle()
    // The next in turn was away: it ends as well.
    expect(rooms.joins.map(({ signal }) => signal.aborted)).toEqual([true, true, false])
    expect(sessions.resumable).toBe(1)
    expect(other.last).toBeUndefined()
  })

  test('is refused by name where all places are taken by others like it', async () => {
    const { come, connect, rooms } = crowd({ maxPendingConnections: 2 })
    const peer = connect('10.0.0.3')
    peer.send({ ...next, session: idOf(7) })
    come(1, '10.0.0.1')
    come(2, '10.0.0.2')
    peer.send(join(1))
    expect(await peer.received()).toEqual(['welcome', 'refused 1 rate_limited'])
    expect(peer.frames.at(-1)?.[1]).toMatchObject({
      message: expect.stringContaining('limit maxPendingConnections'),
      data: { retryAfter: 1000 },
    })
    expect(rooms.joins).toHaveLength(2)
  })

  test('but not where rooms let everybody in', () => {
    const { come, places, rooms } = crowd()
    rooms.authenticated = false
    for (let n = 0; n < 10; n++) come(n)
    expect(places('10.0.0.1')).toBeUndefined()
  })
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
