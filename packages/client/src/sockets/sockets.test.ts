import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { openSocket as openNodeSocket } from './node-socket.ts'
import type { OpenSocket, Socket } from './socket.ts'
import { openSocket as openWebSocket } from './web-socket.ts'

let server: WebSocketServer
let url: string

/** What a socket told, in order, and a way to wait for the next of it. */
function listen(open: OpenSocket, address = url) {
  const told: unknown[] = []
  let wake = (): void => {}
  const tell = (event: unknown): void => {
    told.push(event)
    wake()
  }
  const socket: Socket = open(address, 'junto.v1', {
    open: () => tell('open'),
    message: (data) => tell(data),
    close: (code, reason) => tell({ code, reason }),
  })
  const until = async (count: number): Promise<unknown[]> => {
    while (told.length < count) await new Promise<void>((resolve) => (wake = resolve))
    return told
  }
  return { socket, until }
}

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'junto.v1' })
  await once(server, 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  vi.unstubAllGlobals()
  for (const client of server.clients) client.terminate()
  await new Promise((resolve) => server.close(resolve))
})

describe.each([
  ['the package ws', openNodeSocket],
  ['a global WebSocket', openWebSocket],
])('a socket over %s', (name, open) => {
  beforeEach(() => {
    // Node 20 has no global WebSocket; that of ws has the same face.
    if (name === 'a global WebSocket') vi.stubGlobal('WebSocket', WebSocket)
  })

  it('opens, carries bytes both ways, passes text on, and reports the close', async () => {
    const arrived: unknown[] = []
    server.on('connection', (connection, request) => {
      arrived.push(request.headers['sec-websocket-protocol'])
      connection.on('message', (data, isBinary) => {
        arrived.push([isBinary, [...(data as Buffer)]])
        connection.send(new Uint8Array([4, 5]))
        connection.send('text')
        connection.close(4000, 'shutting_down')
      })
    })
    const { socket, until } = listen(open)
    await until(1)
    socket.send(new Uint8Array([1, 2, 3]))
    const told = await until(4)
    expect(told).toEqual(
      ['open', new Uint8Array([4, 5]), 'text', { code: 4000, reason: 'shutting_down' }].map(comparable(told)),
    )
    expect(arrived).toEqual(['junto.v1', [true, [1, 2, 3]]])
    expect(socket.bufferedAmount).toBe(0)
    socket.send(new Uint8Array([1]))
    socket.close()
  })

  it('closes with a code, more than once, and before it is open', async () => {
    const closed = new Promise((resolve) => {
      server.on('connection', (connection) => connection.on('close', (code) => resolve(code)))
    })
    const { socket, until } = listen(open)
    await until(1)
    socket.close(4002, 'silent')
    socket.close(1000)
    expect(await closed).toBe(4002)
    const early = listen(open)
    early.socket.close()
    expect(await early.until(1)).toMatchObject([{ code: 1006 }])
  })

  it('reports an attempt that fails as a close', async () => {
    const { until } = listen(open, 'ws://127.0.0.1:1')
    const [end] = await until(1)
    expect(end).toMatchObject({ code: 1006 })
    if (name === 'the package ws')
      expect(end).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') as string })
  })

  it('throws what is no address', () => {
    expect(() => listen(open, 'nowhere')).toThrow(/nowhere/)
  })
})

/** ws hands out Buffers, which are Uint8Arrays of another class. */
function comparable(told: unknown[]) {
  return (expected: unknown, index: number): unknown => {
    const got = told[index]
    if (!(expected instanceof Uint8Array) || !(got instanceof Uint8Array)) return expected
    return Buffer.compare(got, expected) === 0 ? got : expected
  }
}
