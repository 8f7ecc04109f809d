import { request } from 'node:http'
import { JuntoClient, type OpenSocket, type Warning } from '@junto/client'
import { serverLimits } from '@junto/protocol'
import { encodeFrame, FrameType, MessageReader, pack, parseFrame, type HelloFrame } from '@junto/protocol/internal'
import { call, defineRoom, t } from '@junto/schema'
import { ConsoleLogger, JuntoServer, MemoryMetrics, MemoryStore, Room } from '@junto/server'
import { expect, it } from 'vitest'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../../src/index.ts'

const Safe = defineRoom('safe', {
  version: 1,
  user: t.Object({ id: t.String() }),
  join: t.Object({ pin: t.String() }),
  state: t.Object({}),
  clientToServer: { check: call({ params: t.Object({ password: t.String({ maxLength: 40 }) }), result: t.Boolean() }) },
  serverToClient: {},
})

class SafeRoom extends Room(Safe) {
  onCreate() {
    return {}
  }

  readonly handlers = this.handle({
    check: ({ password }) => {
      if (password === 'password-that-breaks') throw new Error('the safe is broken')
      return true
    },
  })
}

/** A server that logs all there is, and everything that must not be in its log. */
class Watched {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly metrics = new MemoryMetrics()
  readonly lines: string[] = []
  readonly warnings: Warning[] = []
  readonly secrets = new Set<string>()
  readonly server: JuntoServer
  #seed = 1

  constructor() {
    this.server = new JuntoServer({
      transports: [this.network.transport()],
      clock: this.clock,
      metrics: this.metrics,
      store: new MemoryStore(),
      random: new SeededRandom(99),
      logger: new ConsoleLogger('debug', (line) => this.lines.push(line)),
      limits: { resumeWindow: 20_000 },
    })
    this.server.define(Safe, SafeRoom, {
      authenticate: ({ token }) => {
        if (token === undefined || token.startsWith('token-refused')) return undefined
        if (token.startsWith('token-that-breaks')) throw new Error('the database of users is down')
        return { id: 'ada' }
      },
    })
  }

  /** A socket into the network that notes what a client sends of its secrets. */
  readonly socket: OpenSocket = (url, _subprotocol, events) => {
    const socket = this.network.connect(url, events, { remoteAddress: '10.0.0.1' })
    const reader = new MessageReader(serverLimits(), parseFrame)
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      send: (message) => {
        reader.read(message.slice(), (_ref, frame) => {
          if (frame.type === FrameType.hello) this.note(frame)
        })
        socket.send(message)
      },
      close: (code, reason) => socket.close(code, reason),
    }
  }

  note({ session, secret, resume }: HelloFrame): void {
    for (const each of [session, secret, resume?.next]) if (each !== undefined) this.secrets.add(each)
  }

  client(token: string): JuntoClient {
    this.secrets.add(token)
    return new JuntoClient({
      url: this.network.url,
      socket: this.socket,
      auth: () => token,
      clock: this.clock,
      random: new SeededRandom(this.#seed++),
      onWarning: (warning) => this.warnings.push(warning),
    })
  }

  /** Sends messages as they are, on a connection of their own. */
  async attack(...messages: readonly Uint8Array[]): Promise<void> {
    const socket = this.network.connect(this.network.url, { open() {}, message() {}, close() {} })
    await this.clock.settle()
    for (const message of messages) {
      socket.send(message)
      await this.clock.settle()
    }
    await this.clock.advance('1s')
    socket.abort()
    await this.clock.advance('1s')
  }

  /** Everything that an operator gets to see. */
  get seen(): string {
    const warnings = this.warnings.map((warning) => `${warning.message} ${JSON.stringify(warning)}`)
    return [...this.lines, ...warnings, ...[...this.metrics.entries()].map(([name]) => name)].join('\n')
  }

  expectNoSecret(): void {
    const found = [...this.secrets].filter((secret) => this.seen.includes(secret))
    expect(found).toEqual([])
  }

  async end(): Promise<void> {
    const closing = this.server.close()
    await this.clock.advance('2m')
    await closing
  }
}

const password = 'password-hunter2'

it('an honest run leaves no token, session id or secret in the log', async () => {
  const world = new Watched()
  await world.server.listen()
  world.secrets.add(password)
  const client = world.client('token-of-ada-eyJhbGciOiJIUzI1NiJ9')
  const opening = client.open(Safe, { key: 'main', join: { pin: 'pin-4711' } })
  world.secrets.add('pin-4711')
  await world.clock.advance('1s')
  const room = await opening
  const answer = room.call.check({ password })
  await world.clock.advance('1s')
  expect(await answer).toBe(true)
  const broken = room.call.check({ password: 'password-that-breaks' }).catch((error: unknown) => String(error))
  await world.clock.advance('1s')
  expect(await broken).toContain('handler failed')
  for (let drops = 0; drops < 3; drops++) {
    world.network.links.at(-1)?.cut()
    await world.clock.advance('5s')
    expect(room.status.value.state).toBe('joined')
  }
  // Away for too long: the session is lost.
  world.network.reach = 'refused'
  world.network.links.at(-1)?.cut()
  await world.clock.advance('1m')
  world.network.reach = 'open'
  await world.clock.advance('1m')
  await client.close()
  await world.end()
  // It has been there: hellos of six connections, each with a secret of its own.
  expect(world.secrets.size).toBeGreaterThanOrEqual(8)
  expect(world.lines.length).toBeGreaterThan(0)
  world.expectNoSecret()
})

it('a hostile run leaves none either', async () => {
  const world = new Watched()
  await world.server.listen()
  const session = 'a1'.repeat(16)
  const secret = 'b2'.repeat(16)
  const wrong = 'c3'.repeat(16)
  const next = 'd4'.repeat(16)
  const auth = { token: 'token-in-an-object', cookie: 'sid=cookie-monster' }
  for (const each of [session, secret, wrong, next, auth.token, auth.cookie, 'cookie-monster']) world.secrets.add(each)
  const hello = (more: object = {}) => pack([FrameType.hello, { session, secret, auth, ...more }])
  const join = pack([FrameType.join, 1, { by: 'open', room: 'safe', key: 'main', join: { pin: 'pin-4711' } }])
  world.secrets.add('pin-4711')

  // Credentials that are refused, and an authenticator that fails.
  for (const token of ['token-refused-0123', 'token-that-breaks-0123']) {
    const client = world.client(token)
    const refused = client.open(Safe, { key: 'main', join: { pin: 'x' } }).catch((error: unknown) => String(error))
    await world.clock.advance('1s')
    expect(await refused).not.toContain(token)
    await client.close()
  }
  // A session that is there, and somebody who guesses its secret; and one who uses one again.
  const victim = world.network.connect(world.network.url, { open() {}, message() {}, close() {} })
  await world.clock.settle()
  victim.send(hello({ auth: 'token-of-the-victim' }))
  victim.send(join)
  world.secrets.add('token-of-the-victim')
  await world.clock.advance('1s')
  await world.attack(hello({ secret: wrong }))
  await world.attack(hello({ secret: wrong, resume: { next, received: 0, from: 1 } }))
  victim.abort()
  await world.clock.advance('1s')
  await world.attack(hello({ resume: { next, received: 0, from: 1 } }), pack([FrameType.ack, 0]))
  await world.attack(hello({ resume: { next: wrong, received: 0, from: 1 } }))
  expect(world.seen).toMatch(/warn/)
  // Messages that are wrong around what is secret.
  await world.attack(hello({ session: `${session}x` }))
  await world.attack(hello({ secret: secret.toUpperCase() }))
  await world.attack(hello({ resume: { next: 5 } }))
  await world.attack(hello({ client: secret.repeat(200) }))
  await world.attack(hello(), hello())
  await world.attack(hello(), encodeFrame({ type: FrameType.join, ref: 1, by: 'open', room: secret, key: session }))
  await world.attack(pack([FrameType.hello, [session, secret]]))
  await world.attack(join, hello())
  await world.attack(new TextEncoder().encode(`${session}${secret}`))
  await world.end()
  expect(world.lines.length).toBeGreaterThan(5)
  // What a hostile peer says is a room's name is what it says: that is not secret.
  const told = world.lines.filter((line) => !line.includes('no rooms of type') && !line.includes('Refused a join'))
  world.lines.splice(0, world.lines.length, ...told)
  world.expectNoSecret()
})

it('a token in a URL is neither logged nor answered, whatever becomes of the request', async () => {
  const lines: string[] = []
  const server = new JuntoServer({
    port: 0,
    host: '127.0.0.1',
    path: '/play',
    store: new MemoryStore(),
    logger: new ConsoleLogger('debug', (line) => lines.push(line)),
  })
  await server.listen()
  const token = 'token-in-the-url-9876'
  const ask = (path: string, headers: Readonly<Record<string, string>>) =>
    new Promise<string>((resolve, reject) => {
      const asked = request({ port: server.address?.port, host: '127.0.0.1', path, headers })
      asked.on('response', (response) => {
        let text = `${response.statusCode} ${JSON.stringify(response.headers)}`
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => resolve(text))
      })
      asked.on('upgrade', (_response, socket) => {
        socket.destroy()
        resolve('101')
      })
      asked.on('error', reject)
      asked.end()
    })
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': 'junto.v1',
  }
  const answers = [
    await ask(`/play?token=${token}`, upgrade),
    await ask(`/play?token=${token}`, { ...upgrade, Origin: 'https://evil.example' }),
    await ask(`/elsewhere?token=${token}`, upgrade),
    await ask(`/play?token=${token}`, { ...upgrade, 'Sec-WebSocket-Version': '8' }),
    await ask(`/play?token=${token}`, { ...upgrade, Authorization: `Bearer ${token}`, Cookie: `sid=${token}` }),
    await ask(`/play?token=${token}`, {}),
  ]
  await server.close()
  expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['400', '400', '404', '400', '400', '426'])
  expect(answers.join('\n')).not.toContain(token)
  expect(lines.join('\n')).not.toContain(token)
})
