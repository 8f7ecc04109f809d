import { createServer, get, request } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { serverLimits } from '@junto/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Acceptor, ConnectionEvents } from './transport.ts'
import { WsTransport } from './ws-transport.ts'

const limits = serverLimits({ closeTimeout: 200, headerTimeout: 300 })
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

const silent: ConnectionEvents = { message() {}, pong() {}, pinged() {}, drain() {}, failed() {}, closed() {} }

function acceptor(): Acceptor & { readonly turned: string[]; accepted: number; events: ConnectionEvents } {
  return {
    turned: [],
    accepted: 0,
    events: silent,
    admit: () => undefined,
    accept() {
      this.accepted++
      return this.events
    },
    turnedAway(reason) {
      this.turned.push(reason)
    },
  }
}

async function listenAlone(path?: string) {
  const door = acceptor()
  const transport = new WsTransport({ port: 0, host: '127.0.0.1', path, limits })
  closers.push(() => transport.close())
  await transport.listen(door)
  return { transport, door, port: Number(new URL(transport.url ?? '').port) }
}

const upgradeHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'junto.v1',
}

/** Asks for an upgrade; resolves with the status and, where it was refused, the text. */
function upgrade(
  port: number,
  { path = '/', method = 'GET', headers = {} }: { path?: string; method?: string; headers?: Record<string, string> },
): Promise<{ status: number | undefined; text: string; response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, method, headers: { ...upgradeHeaders, ...headers } })
    asked.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode, text: '', response })
    })
    asked.on('response', (response) => resolve(textOf(response)))
    asked.on('error', reject)
    asked.end()
  })
}

async function textOf(response: IncomingMessage) {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return { status: response.statusCode, text, response }
}

describe('a port of its own', () => {
  test('says what it is to whoever asks by plain HTTP', async () => {
    const { port, transport } = await listenAlone()
    const { status, text } = await new Promise<IncomingMessage>((resolve) =>
      get({ port, host: '127.0.0.1' }, resolve),
    ).then(textOf)
    expect(status).toBe(426)
    expect(text).toContain(`connect a JuntoClient to ${transport.url}`)
  })

  test('answers an upgrade, naming the subprotocol and no extension', async () => {
    const { port, door } = await listenAlone()
    const { status, response } = await upgrade(port, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate', 'Sec-WebSocket-Protocol': 'other, junto.v1' },
    })
    expect(status).toBe(101)
    expect(response.headers['sec-websocket-protocol']).toBe('junto.v1')
    expect(response.headers['sec-websocket-extensions']).toBeUndefined()
    expect(door.accepted).toBe(1)
  })

  test.each([
    ['no subprotocol', { headers: { 'Sec-WebSocket-Protocol': '' } }, 400, 'subprotocol', 'junto.v1'],
    ['another subprotocol', { headers: { 'Sec-WebSocket-Protocol': 'junto.v2' } }, 400, 'subprotocol', 'junto.v1'],
    ['another version', { headers: { 'Sec-WebSocket-Version': '8' } }, 400, 'bad_request', 'version 13'],
    ['a bad key', { headers: { 'Sec-WebSocket-Key': 'x' } }, 400, 'bad_request', 'Sec-WebSocket-Key'],
    ['another method', { method: 'POST' }, 405, 'bad_request', 'GET'],
    ['another upgrade', { headers: { Upgrade: 'h2c' } }, 400, 'bad_request', 'WebSocket'],
    ['another path', { path: '/other?x=1' }, 404, 'path', 'it is at /'],
  ])('refuses %s', async (_name, options, status, reason, words) => {
    const { port, door } = await listenAlone()
    const answer = await upgrade(port, options)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(words)
    expect(door.turned).toEqual([reason])
    expect(door.accepted).toBe(0)
  })

  test('tells of pings, and answers them', async () => {
    const { port, door } = await listenAlone()
    let pings = 0
    door.events = { ...silent, pinged: () => pings++ }
    const peer = new WebSocket(`ws://127.0.0.1:${port}`, 'junto.v1')
    await new Promise((resolve) => peer.on('open', resolve))
    const answered = new Promise((resolve) => peer.on('pong', (data) => resolve(data.toString())))
    peer.ping('x')
    expect(await answered).toBe('x')
    expect(pings).toBe(1)
    peer.terminate()
  })

  test('a query does not change the path', async () => {
    const { port, transport } = await listenAlone('/play')
    expect(transport.url).toBe(`ws://127.0.0.1:${port}/play`)
    expect((await upgrade(port, { path: '/play?x=1' })).status).toBe(101)
  })

  test('says what to do about a port in use', async () => {
    const { port } = await listenAlone()
    const second = new WsTransport({ port, host: '127.0.0.1', limits })
    await expect(second.listen(acceptor())).rejects.toThrow(
      `Port ${port} is in use by another program. Stop that one, or choose another port: new JuntoServer({ port: ${port + 1} })`,
    )
    await second.close()
  })

  test('says what to do about a host that is not of this machine', async () => {
    const transport = new WsTransport({ port: 0, host: '192.0.2.1', limits })
    await expect(transport.listen(acceptor())).rejects.toThrow('192.0.2.1 is not an address of this machine')
  })

  test('refuses a path that is none', () => {
    expect(() => new WsTransport({ port: 0, path: 'play', limits })).toThrow("'play' does not fit")
  })

  test('closing does not wait for a request that never ends', async () => {
    const { port, transport } = await listenAlone()
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve) => socket.write('GET / HT', () => resolve()))
    const gone = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))
    await transport.close()
    await gone
  })

  test('closing twice, or before listening, is harmless', async () => {
    const transport = new WsTransport({ port: 0, limits })
    await transport.close()
    await transport.close()
  })
})

describe('an existing HTTP server', () => {
  async function listenBeside(prepare: (http: Server) => void = () => {}) {
    const http = createServer((_request, response) => response.end('the app'))
    prepare(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      http.closeAllConnections()
      return new Promise((resolve) => http.close(resolve))
    })
    const door = acceptor()
    const transport = new WsTransport({ server: http, path: '/junto', limits })
    closers.push(() => transport.close())
    await transport.listen(door)
    return { http, door, transport, port: (http.address() as AddressInfo).port }
  }

  test('keeps its own requests', async () => {
    const { port } = await listenBeside()
    const response = await new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve))
    expect((await textOf(response)).text).toBe('the app')
    expect((await upgrade(port, { path: '/junto' })).status).toBe(101)
  })

  test('leaves upgrades of other paths to others', async () => {
    const { port, door } = await listenBeside((http) =>
      http.on('upgrade', (asked, socket) => {
        if (asked.url === '/hot') socket.end('HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n')
      }),
    )
    expect((await upgrade(port, { path: '/hot' })).status).toBe(418)
    expect(door.turned).toEqual([])
    expect((await upgrade(port, { path: '/junto' })).status).toBe(101)
  })

  test('answers for other paths where nobody else does', async () => {
    const { port } = await listenBeside()
    expect(await upgrade(port, { path: '/hot' })).toMatchObject({ status: 404 })
  })

  test('goes on when the transport has closed', async () => {
    const { http, port, transport } = await listenBeside()
    await transport.close()
    expect(http.listening).toBe(true)
    const response = await new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve))
    expect((await textOf(response)).text).toBe('the app')
  })
})
