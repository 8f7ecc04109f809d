import { FrameType, pack } from '@junto/protocol/internal'
import { expect, test } from 'vitest'
import { build, hello, nothing } from './session-world.fixture.ts'

/** An address may send 1 MiB a second, and as much at once. */
const limits = { byteRatePerAddress: 2 ** 20, byteBurstPerAddress: 2 ** 20 }

const reading = (log: readonly string[]): readonly string[] => log.filter((entry) => /pause|resume/.test(entry))

/** A part of a frame that never comes to an end. */
const part = (bytes: number): Uint8Array => pack([FrameType.part, true, new Uint8Array(bytes).fill(1)])

test('what strangers send counts before they have said who they are, and who comes behind them waits', async () => {
  const { connect, clock, metrics } = build({ limits })
  const strangers = Array.from({ length: 7 }, () => connect('10.0.0.9'))
  for (const stranger of strangers) for (let n = 0; n < 3; n++) stranger.line.message(part(60_000))
  expect(reading(strangers.at(-1)?.connection.log ?? [])).toEqual(['pause'])
  const newcomer = connect('10.0.0.9')
  const elsewhere = connect('10.0.0.8')
  expect(reading(newcomer.connection.log)).toEqual(['pause'])
  expect(reading(elsewhere.connection.log)).toEqual([])
  expect(metrics.read('reading_paused', { limit: 'address' })).toBeGreaterThan(1)
  await clock.advance('1s')
  expect(reading(newcomer.connection.log)).toEqual(['pause', 'resume'])
})

test('nobody counts as dead while nobody listens to it', async () => {
  const { connect, clock, first, connection, send, received, leftovers } = build({ limits })
  send(hello)
  expect(await received()).toEqual(['welcome'])
  // Another one from there has sent what takes a minute and a half.
  const glutton = connect()
  glutton.line.message(new Uint8Array(90 * 2 ** 20))
  send({ type: FrameType.probe, time: 0 })
  expect(reading(connection.log)).toEqual(['pause'])
  await clock.advance('85s')
  expect(connection.log).not.toContain('terminate')
  // Its pongs would be read now, and there are none.
  await clock.advance('60s')
  expect(reading(connection.log)).toEqual(['pause', 'resume'])
  expect(connection.log).toContain('terminate')
  first.cut()
  glutton.cut()
  expect(leftovers()).toEqual(nothing)
})

test('a session too many is refused by name, before anything is kept of it; others of other addresses are not', async () => {
  const { connect, send, received, first, sessions } = build({
    limits: { sessionRatePerAddress: 1, sessionBurstPerAddress: 1 },
  })
  const secret = 'a'.repeat(32)
  send({ ...hello, secret })
  expect(await received()).toEqual(['welcome'])
  const other = connect()
  other.send({ ...hello, session: 'b'.repeat(32), secret })
  expect(await other.received()).toEqual(['notice rate_limited'])
  expect(other.frames[0]?.[1]).toMatchObject({ message: expect.stringContaining('limit sessionRatePerAddress') })
  expect(other.last).toBe('close 4008 flooding')
  expect(sessions.resumable).toBe(1)
  const elsewhere = connect('10.0.0.8')
  elsewhere.send({ ...hello, session: 'c'.repeat(32), secret })
  expect(await elsewhere.received()).toEqual(['welcome'])
  expect(first.last).not.toContain('close')
})
