import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serverLimits } from '@junto/protocol'
import { MemoryNetwork, transportSuite } from '@junto/testing'
import type { TransportPeerEvents } from '@junto/testing'
import { SystemClock, WsTransport } from '@junto/server'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { WebSocket } from 'ws'
import { selfSigned } from './security/certificate.fixture.ts'

const limits = serverLimits({ closeTimeout: 500 })

describe('WebSockets on a port of their own', () => {
  const suite = transportSuite(() => {
    const transport = new WsTransport({ port: 0, host: '127.0.0.1', limits })
    return { transport, connect: (events, { origin }) => connectWs(() => transport.url, events, origin) }
  })
  for (const { name, run } of suite) test(name, run)
})

describe('WebSockets at a path of an existing HTTP server', () => {
  let http: Server
  beforeAll(async () => {
    http = createServer((_request, response) => response.end('the app'))
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => new Promise((resolve) => http.close(resolve)))

  const suite = transportSuite(() => {
    const transport = new WsTransport({ server: http, path: '/junto', limits })
    // The HTTP server knows its port before and after the transport listens.
    const url = () => `ws://127.0.0.1:${(http.address() as AddressInfo).port}/junto`
    return { transport, connect: (events, { origin }) => connectWs(url, events, origin) }
  })
  for (const { name, run } of suite) test(name, run)
})

describe('WebSockets with TLS', () => {
  const { cert, key } = selfSigned()
  const suite = transportSuite(() => {
    const transport = new WsTransport({ port: 0, host: '127.0.0.1', limits, tls: { cert, key } })
    return { transport, connect: (events, { origin }) => connectWs(() => transport.url, events, origin, cert) }
  })
  // What its sockets do otherwise than plain ones: what they take is always on its way for a moment.
  for (const { name, run } of suite.filter(({ name }) => /that had to wait|does not read, and says/.test(name)))
    test(name, run)
})

describe('the memory network', () => {
  const suite = transportSuite(() => {
    const network = new MemoryNetwork(new SystemClock(), { closeTimeout: 500 })
    return {
      transport: network.transport(),
      connect: (events, { origin }) => {
        const socket = network.connect(network.url, events, { origin })
        return {
          send: (message) => (typeof message === 'string' ? socket.sendText(message) : socket.send(message)),
          close: (code, reason) => socket.close(code, reason),
          abort: () => socket.abort(),
          pause: () => socket.pause(),
          resume: () => socket.resume(),
        }
      },
    }
  })
  for (const { name, run } of suite) test(name, run)
})

function connectWs(
  url: () => string | undefined,
  events: TransportPeerEvents,
  origin: string | undefined,
  ca?: string,
) {
  // Port 1 is nobody's: what a peer reaches after the transport closed.
  const socket = new WebSocket(url() ?? 'ws://127.0.0.1:1', 'junto.v1', {
    perMessageDeflate: false,
    ...(ca === undefined ? {} : { ca }),
    ...(origin === undefined ? {} : { origin }),
  })
  socket.on('open', () => events.open())
  socket.on('message', (data: Buffer, isBinary) => events.message(isBinary ? data : data.toString()))
  socket.on('error', () => {})
  socket.on('close', (code, reason) => events.close(code, reason.toString()))
  return {
    send: (message: Uint8Array | string) => socket.send(message),
    close: (code: number, reason: string) => socket.close(code, reason),
    abort: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  }
}
