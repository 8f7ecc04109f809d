import { JuntoError } from '@junto/protocol'
import { FrameType } from '@junto/protocol/internal'
import type { HelloFrame } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import { build, hello, ignore, join, nothing } from './session-world.fixture.ts'

const [first, second] = ['a'.repeat(32), 'b'.repeat(32)]
const secretHello: HelloFrame = { ...hello, secret: first }

/** A session with a join under way, which is asked for with `{ token: 'x' }`. */
function joining() {
  const world = build()
  const asked: unknown[] = []
  world.first.send(secretHello, join(1))
  world.rooms.readmit = async (_seat, _session, { auth }) => {
    asked.push(auth)
    return ignore
  }
  const [pending] = world.rooms.joins
  if (!pending) throw new Error('nothing is asked for')
  /** The client comes back with these credentials. */
  const comeBack = async (token: string) => {
    world.first.cut()
    const peer = world.connect()
    peer.send({ ...secretHello, auth: { token }, resume: { next: second, received: 0, from: 1 } })
    expect(await peer.received()).toEqual(['welcome', 'ack 1 complete'])
    return peer
  }
  return { ...world, asked, pending, comeBack }
}

test('[K12] nobody waits any more for what rooms say about a connection that came back, and has gone or was overtaken', async () => {
  const { rooms, first: peer, connect, received } = build()
  peer.send(secretHello, join(1))
  rooms.joins[0]?.grant()
  await received()
  peer.cut()
  const signals: (AbortSignal | undefined)[] = []
  rooms.readmit = (_seat, _session, _connection, signal) => {
    signals.push(signal)
    return new Promise(() => {})
  }
  const come = () => {
    const again = connect()
    again.send({ ...secretHello, resume: { next: second, received: 0, from: 1 } })
    return again
  }
  const gone = come()
  come()
  const shown = () => signals.map((signal) => signal?.aborted)
  expect(shown()).toEqual([false, false])
  gone.cut()
  expect(shown()).toEqual([true, false])
  // The page is loaded again, and let in.
  rooms.readmit = async () => ignore
  const page = connect()
  page.send({ ...secretHello, resume: { next: second } })
  expect(await page.received()).toEqual(['welcome'])
  expect(shown()).toEqual([true, true])
})

describe('a join that comes about when its session has come back', () => {
  test('[K12] is judged again by the new credentials, and only then announced', async () => {
    const { asked, pending, comeBack } = joining()
    const peer = await comeBack('fresh')
    pending.grant()
    expect(await peer.received()).toEqual(['joined 1', '1: snapshot'])
    expect(asked).toEqual([{ token: 'fresh' }])
  })

  test('[K12] is refused where these let nobody in, or somebody else; nothing was announced', async () => {
    const { rooms, pending, comeBack, leftovers } = joining()
    const peer = await comeBack('banned')
    rooms.readmit = async () => {
      throw new JuntoError('unauthorized', 'you are banned')
    }
    pending.grant()
    expect(await peer.received()).toEqual(['refused 1 unauthorized'])
    expect(peer.frames.at(-1)?.[1]).toMatchObject({ type: FrameType.refused, message: 'you are banned' })
    expect(pending.log).toEqual(['leave refused'])
    peer.line.closed({ code: 1000, reason: '' })
    expect(leftovers()).toMatchObject({ seats: 0, sessions: 0 })
  })

  test('[K12] that is left while it is judged again gives its seat back', async () => {
    const { rooms, pending, comeBack, asked, clock, leftovers } = joining()
    const peer = await comeBack('fresh')
    const answers: (() => void)[] = []
    rooms.readmit = (_seat, _session, { auth }) => {
      asked.push(auth)
      return new Promise((resolve) => answers.push(() => resolve(ignore)))
    }
    pending.grant()
    await clock.settle()
    peer.send({ type: FrameType.leave, ref: 1 })
    for (const answer of answers) answer()
    expect(await peer.received()).toEqual(['left 1 left'])
    expect(asked).toEqual([{ token: 'fresh' }])
    expect(pending.log).toEqual(['leave left'])
    peer.line.closed({ code: 1000, reason: '' })
    await clock.settle()
    expect(leftovers()).toEqual(nothing)
  })

  test('is not asked about again where it has not gone away', async () => {
    const { first: peer, asked, pending } = joining()
    pending.grant()
    expect(await peer.received()).toEqual(['welcome', 'joined 1', '1: snapshot'])
    expect(asked).toEqual([])
  })
})
