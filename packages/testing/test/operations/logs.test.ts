import { Writable } from 'node:stream'
import { JuntoClient } from '@junto/client'
import { defineRoom, event, call, t } from '@junto/schema'
import { JuntoError, JuntoServer, MemoryStore, Room, Logger } from '@junto/server'
import { PinoLogger } from '@junto/server/pino'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../../src/index.ts'

// What a whole server writes when everything goes wrong: with room and session in fields of their own, and no secret anywhere.

const Vault = defineRoom('vault', {
  version: 1,
  join: t.Object({ pin: t.String() }),
  user: t.Object({ id: t.String() }),
  state: t.Object({ doors: t.Map(t.Object({ open: t.Boolean() })) }),
  clientToServer: { crash: call(), poke: event(), note: event(t.Object({ token: t.String() })) },
  serverToClient: {},
})

class VaultRoom extends Room(Vault) {
  readonly logger = this.inject(Logger)

  onCreate() {
    return { doors: {} }
  }

  override onJoin(member: { readonly join: { readonly pin: string } }) {
    if (member.join.pin === 'wrong-pin') throw new Error('no such pin')
  }

  readonly handlers = this.handle({
    crash: () => {
      throw new Error('a crash')
    },
    poke: () => {
      throw new Error('a poke')
    },
    note: ({ token }, { member }) => {
      this.logger.info('A note', { room: 'vault', member: member.id, token, request: { headers: { cookie: token } } })
    },
  })
}

const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

test('lines about rooms and sessions name them, and no secret is written', async () => {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const server = new JuntoServer({
    transports: [network.transport()],
    clock,
    random: new SeededRandom(6),
    store: new MemoryStore(),
    logger: new PinoLogger(pino({ level: 'debug', base: null, timestamp: false }, stream)),
    limits: { messageRate: 5, messageBurst: 5, roomFaults: 1000 },
  })
  server.define(Vault, VaultRoom, {
    authenticate: ({ token }) => {
      if (token === 'stolen-credential') throw new JuntoError('forbidden', 'this one was reported stolen')
      if (token === 'broken-credential') throw new TypeError('the directory is away')
      return token === 'good-credential' ? { id: 'ada' } : undefined
    },
  })
  await server.listen()
  stops.push(async () => {
    const closed = server.close()
    await clock.advance('1m')
    await closed
  })
  const connect = (token: string): JuntoClient => {
    const client = new JuntoClient({
      url: network.url,
      socket: network.socket,
      clock,
      random: new SeededRandom(7 + stops.length),
      auth: async () => token,
      onWarning: () => {},
    })
    stops.push(() => settled(client.close()))
    return client
  }
  /** Lets time pass until it settles. */
  const settled = async (promise: Promise<unknown>): Promise<void> => {
    let done = false
    const end = promise.then(
      () => (done = true),
      () => (done = true),
    )
    while (!done) await clock.advance(50)
    await end
  }
  const join = { pin: 'secret-pin' }

  await settled(connect('stolen-credential').open(Vault, { key: 'a', join }))
  await settled(connect('broken-credential').open(Vault, { key: 'a', join }))
  await settled(connect('good-credential').open(Vault, { key: 'a', join: { pin: 'wrong-pin' } }))
  const good = connect('good-credential')
  const opened = good.open(Vault, { key: 'a', join })
  await settled(opened)
  const room = await opened
  await settled(room.call.crash())
  room.send.poke()
  room.send.note({ token: 'noted-token' })
  await clock.advance('1s')
  for (let i = 0; i < 200; i++) room.send.poke()
  await clock.advance('20s')

  const text = JSON.stringify(lines)
  for (const secret of ['-credential', 'secret-pin', 'wrong-pin', 'noted-token']) expect(text).not.toContain(secret)

  const said = lines.map(({ msg, room: about, session }) => ({ msg, room: about, session }))
  const tag: unknown = expect.stringMatching(/^[\da-f]{12}$/)
  const expected = [
    ['A connection was not let into rooms vault', 'vault'],
    ['authenticate of the room type vault failed', 'vault'],
    [/^onJoin of the room vault\/a failed$/, 'vault/a'],
    [/^call crash of the room vault\/a failed$/, 'vault/a'],
    [/^event poke of the room vault\/a failed$/, 'vault/a'],
    [/^Refused a join: /, 'vault'],
  ] as const
  for (const [msg, about] of expected) {
    const message: unknown = typeof msg === 'string' ? msg : expect.stringMatching(msg)
    expect(said).toContainEqual({ msg: message, room: about, session: tag })
  }
  expect(lines.find(({ msg }) => msg === 'A note')).toMatchObject({
    token: '[redacted]',
    request: { headers: { cookie: '[redacted]' } },
  })
  // Whatever else was said of a client names its session, once it has one.
  const about = lines.filter((line) => 'address' in line || 'member' in line)
  expect(about.length).toBeGreaterThan(3)
  for (const line of about) if (line['msg'] !== 'A note') expect(line).toMatchObject({ session: tag })
  // One session has one name on all lines.
  const crash = lines.find(({ msg }) => String(msg).startsWith('call crash'))
  const poke = lines.find(({ msg }) => String(msg).startsWith('event poke'))
  expect(crash?.['session']).toBe(poke?.['session'])
})
