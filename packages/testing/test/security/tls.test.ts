import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect as connectTcp } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { JuntoClient, type OpenSocket } from '@junto/client'
import { call, defineRoom, t } from '@junto/schema'
import {
  ConsoleLogger,
  JuntoServer,
  MemoryMetrics,
  MemoryStore,
  Room,
  SilentLogger,
  type Credentials,
  type JuntoServerOptions,
} from '@junto/server'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { selfSigned } from './certificate.fixture.ts'

const Vault = defineRoom('vault', {
  version: 1,
  user: t.Object({ id: t.String(), from: t.String() }),
  state: t.Object({ opened: t.Uint32() }),
  clientToServer: { whoami: call({ result: t.String() }) },
  serverToClient: {},
})

class VaultRoom extends Room(Vault) {
  onCreate() {
    return { opened: 0 }
  }

  readonly handlers = this.handle({ whoami: (_, { member }) => `${member.user.id} from ${member.user.from}` })
}

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function serve(options: JuntoServerOptions) {
  const metrics = new MemoryMetrics()
  const server = new JuntoServer({
    ...(options.server === undefined && { host: '127.0.0.1' }),
    metrics,
    store: new MemoryStore(),
    logger: new SilentLogger(),
    limits: { closeTimeout: 200, headerTimeout: 500 },
    ...options,
  })
  server.define(Vault, VaultRoom, {
    authenticate: ({ token, remoteAddress }: Credentials) =>
      token === undefined ? undefined : { id: token, from: remoteAddress },
  })
  await server.listen()
  closers.push(() => server.close())
  return { server, metrics, port: server.address?.port ?? 0 }
}

/** Sockets that trust this certificate. */
function trusting(ca: string, headers: Readonly<Record<string, string>> = {}): OpenSocket {
  return (url, subprotocol, events) => {
    const socket = new WebSocket(url, subprotocol, { ca, headers, perMessageDeflate: false })
    socket.on('open', () => events.open())
    socket.on('message', (data: Buffer) => events.message(data))
    socket.on('error', () => {})
    socket.on('close', (code, reason) => events.close(code, reason.toString()))
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
    }
  }
}

async function whoami(url: string, socket: OpenSocket): Promise<string> {
  const client = new JuntoClient({ url, socket, auth: () => 'ada' })
  try {
    const room = await client.open(Vault, { key: 'main' })
    return await room.call.whoami()
  } finally {
    await client.close()
  }
}

describe('wss:// on a port of its own', () => {
  it('serves clients that trust the certificate, and says where', async () => {
    const { cert, key } = selfSigned()
    const { server, port } = await serve({ port: 0, tls: { cert, key } })
    expect(server.url).toBe(`wss://127.0.0.1:${port}`)
    expect(await whoami(server.url ?? '', trusting(cert))).toBe('ada from 127.0.0.1')
  })

  it('is of no use to who does not trust it, or speaks plainly', async () => {
    const { cert, key } = selfSigned()
    const { metrics, port } = await serve({ port: 0, tls: { cert, key } })
    const other = new WebSocket(`wss://127.0.0.1:${port}`, 'junto.v1', { ca: selfSigned().cert })
    const failure = await new Promise<Error>((resolve) => other.on('error', resolve))
    expect(failure.message).toMatch(/self-signed|certificate/)
    const plain = connectTcp(port, '127.0.0.1')
    plain.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    plain.on('error', () => {})
    await new Promise((resolve) => plain.on('close', resolve))
    await expect.poll(() => metrics.read('connections_refused', { reason: 'tls' })).toBeGreaterThan(0)
  })

  it('waits for a handshake no longer than for a request', async () => {
    const { cert, key } = selfSigned()
    const { metrics, port } = await serve({ port: 0, tls: { cert, key } })
    const silent = connectTcp(port, '127.0.0.1')
    silent.on('error', () => {})
    await new Promise((resolve) => silent.on('close', resolve))
    expect(metrics.read('connections_refused', { reason: 'tls' })).toBe(1)
  })

  it('closes while somebody has not finished a handshake', async () => {
    const { cert, key } = selfSigned()
    const { server, port } = await serve({ port: 0, tls: { cert, key }, limits: { headerTimeout: 60_000 } })
    const silent = connectTcp(port, '127.0.0.1')
    silent.on('error', () => {})
    await new Promise<void>((resolve) => silent.on('connect', resolve))
    const gone = new Promise((resolve) => silent.on('close', resolve))
    await server.close()
    await gone
  })

  it('speaks no version of TLS that is broken', async () => {
    const { cert, key } = selfSigned()
    const { port } = await serve({ port: 0, tls: { cert, key } })
    const old = connectTls({ port, host: '127.0.0.1', ca: cert, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })
    const failure = await new Promise<Error>((resolve) => old.on('error', resolve))
    expect(failure.message).toMatch(/protocol|version|alert/i)
  })

  it('is refused when the server is made where it cannot be', () => {
    const { cert } = selfSigned()
    const { key } = selfSigned()
    expect(() => new JuntoServer({ port: 0, tls: { cert, key } })).toThrow("The server's tls cannot be used: ")
    expect(() => new JuntoServer({ port: 0, tls: { cert: 'x', key: 'y' } })).toThrow(
      "The server's tls cannot be used: ",
    )
    expect(() => new JuntoServer({ server: createHttpServer(), tls: { cert, key } })).toThrow('leave one of them out')
  })

  it('comes with an HTTPS server of somebody else as well', async () => {
    const { cert, key } = selfSigned()
    const https = createHttpsServer({ cert, key })
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => https.close(resolve)))
    const { server } = await serve({ server: https })
    expect(server.url).toMatch(/^wss:/)
    expect(await whoami(server.url ?? '', trusting(cert))).toBe('ada from 127.0.0.1')
  })
})

describe('behind a proxy that speaks TLS', () => {
  /** A proxy as there are many: it ends TLS, says where the connection came from, and passes bytes on. */
  async function proxy(port: number, { cert, key }: { cert: string; key: string }, says = '203.0.113.9') {
    const server = createHttpsServer({ cert, key })
    const open = new Set<Socket>()
    server.on('upgrade', (request, client: Socket, head) => {
      const forwarded = request.headers['x-forwarded-for']
      const headers = {
        ...request.headers,
        // Adds to what came, as proxies do.
        'x-forwarded-for': forwarded === undefined ? says : `${String(forwarded)}, ${says}`,
        'x-forwarded-proto': 'https',
      }
      const behind = httpRequest({ port, host: '127.0.0.1', path: request.url, headers })
      behind.on('upgrade', (response, upstream: Socket, first) => {
        for (const socket of [client, upstream]) {
          open.add(socket)
          socket.on('error', () => socket.destroy())
        }
        const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
        client.write(first)
        upstream.write(head)
        client.pipe(upstream).pipe(client)
      })
      behind.on('response', (response) => {
        client.end(`HTTP/1.1 ${response.statusCode} Refused\r\nConnection: close\r\n\r\n`)
      })
      behind.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      for (const socket of open) socket.destroy()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    return `wss://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it('clients are known by the address that a trusted proxy names', async () => {
    const certificate = selfSigned()
    const { port } = await serve({ port: 0, trustProxy: 1 })
    const url = await proxy(port, certificate)
    expect(await whoami(url, trusting(certificate.cert))).toBe('ada from 203.0.113.9')
  })

  it('what the client claims before the proxy is not believed', async () => {
    const certificate = selfSigned()
    const { port } = await serve({ port: 0, trustProxy: ['127.0.0.0/8'] })
    const url = await proxy(port, certificate)
    expect(await whoami(url, trusting(certificate.cert, { 'X-Forwarded-For': '10.9.9.9' }))).toBe(
      'ada from 203.0.113.9',
    )
  })

  it('nor is a proxy that nobody has named, which the log says once', async () => {
    const certificate = selfSigned()
    const lines: string[] = []
    const logger = new ConsoleLogger('warn', (line) => lines.push(line))
    const { port } = await serve({ port: 0, logger })
    const url = await proxy(port, certificate)
    for (let n = 0; n < 2; n++) expect(await whoami(url, trusting(certificate.cert))).toBe('ada from 127.0.0.1')
    expect(lines.filter((line) => line.includes('trustProxy: 1'))).toHaveLength(1)
  })

  it('limits by address are those of the client, not of the proxy', async () => {
    const certificate = selfSigned()
    const { port, metrics } = await serve({ port: 0, trustProxy: 1, limits: { maxConnectionsPerAddress: 1 } })
    const [one, two] = [await proxy(port, certificate), await proxy(port, certificate, '203.0.113.10')]
    const open = (url: string) => {
      const socket = new WebSocket(url, 'junto.v1', { ca: certificate.cert })
      closers.push(() => socket.terminate())
      return new Promise<string>((resolve) =>
        socket.on('open', () => resolve('open')).on('error', () => resolve('refused')),
      )
    }
    expect(await open(one)).toBe('open')
    expect(await open(one)).toBe('refused')
    expect(await open(two)).toBe('open')
    expect(metrics.read('connections_refused', { reason: 'max_connections_per_address' })).toBe(1)
  })
})

describe('at the door', () => {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': 'junto.v1',
  }

  function ask(port: number, path: string, more: Readonly<Record<string, string>> = {}) {
    return new Promise<{ status: number | undefined; retryAfter: string | undefined; text: string }>(
      (resolve, reject) => {
        const request = httpRequest({ port, host: '127.0.0.1', path, headers: { ...headers, ...more } })
        request.on('upgrade', (response, socket) => {
          socket.destroy()
          resolve({ status: response.statusCode, retryAfter: undefined, text: '' })
        })
        request.on('response', (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () =>
            resolve({ status: response.statusCode, retryAfter: response.headers['retry-after'], text }),
          )
        })
        request.on('error', reject)
        request.end()
      },
    )
  }

  it.each([
    'token',
    'access_token',
    'auth',
    'jwt',
    'apiKey',
    'api-key',
    'password',
    'sid',
    'X',
    'secret',
    'sessionToken',
  ])('a query with %s', async (name) => {
    const { port, metrics } = await serve({ port: 0 })
    const { status, text } = await ask(port, `/?room=1&${name}=c2VjcmV0`)
    expect(status).toBe(name === 'X' ? 101 : 400)
    if (name === 'X') return
    expect(text).toContain('Credentials do not belong into the URL')
    expect(text).not.toContain('c2VjcmV0')
    expect(metrics.read('connections_refused', { reason: 'token_in_url' })).toBe(1)
  })

  it('an empty one, or one that is wanted there, is let pass', async () => {
    const strict = await serve({ port: 0 })
    expect((await ask(strict.port, '/?token=')).status).toBe(101)
    const lenient = await serve({ port: 0, queryTokens: 'ignore' })
    expect((await ask(lenient.port, '/?token=c2VjcmV0')).status).toBe(101)
  })

  it('a server that takes too many at once says when to come back', async () => {
    const { port, metrics } = await serve({ port: 0, limits: { acceptRate: 1, acceptBurst: 2 } })
    const answers = [await ask(port, '/'), await ask(port, '/'), await ask(port, '/')]
    expect(answers.map(({ status, retryAfter }) => [status, retryAfter])).toEqual([
      [101, undefined],
      [101, undefined],
      [503, '1'],
    ])
    expect(metrics.read('connections_refused', { reason: 'accept_rate' })).toBe(1)
  })

  it('a host that a trusted proxy was asked for is the page’s own', async () => {
    const page = { Origin: 'https://game.example', 'X-Forwarded-Host': 'game.example', Host: 'backend:1727' }
    const trusting = await serve({ port: 0, trustProxy: 1 })
    expect((await ask(trusting.port, '/', page)).status).toBe(101)
    const wary = await serve({ port: 0 })
    expect((await ask(wary.port, '/', page)).status).toBe(403)
  })

  it('no compression is agreed upon', async () => {
    const { port } = await serve({ port: 0 })
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'junto.v1', { perMessageDeflate: true })
    await new Promise((resolve) => socket.on('open', resolve))
    expect(socket.extensions).toBe('')
    socket.terminate()
  })
})
