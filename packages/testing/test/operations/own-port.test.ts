import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { JuntoClient } from '@junto/client'
import {
  JuntoServer,
  MemoryGauge,
  MemoryMetrics,
  MemoryStore,
  provide,
  SilentLogger,
  type JuntoServerOptions,
} from '@junto/server'
import { PrometheusMetrics } from '@junto/server/prometheus'
import { afterEach, expect, test } from 'vitest'
import { VirtualClock } from '../../src/index.ts'
import { opening, Whiteboard, WhiteboardRoom } from '../whiteboard.fixture.ts'

// What a server answers to plain HTTP on its own port, and on plain Node servers.

const stops: (() => unknown)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

function make(options: JuntoServerOptions = {}): JuntoServer {
  const server = new JuntoServer({
    ...('server' in options ? {} : { port: 0, host: '127.0.0.1' }),
    store: new MemoryStore(),
    logger: new SilentLogger(),
    ...options,
  })
  server.define(Whiteboard, WhiteboardRoom)
  stops.push(() => server.close())
  return server
}

async function listen(http: Server): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    http.closeAllConnections()
    return new Promise((resolve) => http.close(resolve))
  })
  return `127.0.0.1:${(http.address() as AddressInfo).port}`
}

async function ask(url: string): Promise<[number, unknown]> {
  const response = await fetch(url)
  return [response.status, await response.json()]
}

test('health and readiness by default, and everything else is told what this is', async () => {
  const server = make()
  expect(server.readiness).toBe('starting')
  await server.listen()
  const at = server.url?.replace('ws:', 'http:') ?? ''
  expect(await ask(`${at}/health`)).toEqual([200, { status: 'ok' }])
  expect(await ask(`${at}/ready`)).toEqual([200, { status: 'ready' }])
  expect((await fetch(`${at}/metrics`)).status).toBe(426)
  expect((await fetch(at)).status).toBe(426)
})

test('none where none are wanted', async () => {
  const server = make({ http: false })
  await server.listen()
  expect((await fetch(`${server.url?.replace('ws:', 'http:')}/health`)).status).toBe(426)
})

test('not ready when memory runs short; who is there goes on', async () => {
  let used = 0.5
  class Gauge extends MemoryGauge {
    override used(): number {
      return used
    }
  }
  const clock = new VirtualClock()
  const http = createServer((request, response) => {
    if (!server.handleHttp(request, response)) response.end('the page')
  })
  const server = make({ server: http, clock, services: [provide(MemoryGauge, new Gauge())] })
  await server.listen()
  const at = `http://${await listen(http)}`
  expect(await ask(`${at}/ready`)).toEqual([200, { status: 'ready' }])
  used = 0.9
  await clock.advance('1s')
  expect(await ask(`${at}/ready`)).toEqual([503, { status: 'overloaded' }])
  expect(await ask(`${at}/health`)).toEqual([200, { status: 'ok' }])
  expect(await (await fetch(at)).text()).toBe('the page')
})

test('not ready from the first moment of a drain, while it still answers', async () => {
  const metrics = new MemoryMetrics()
  const server = make({ metrics, limits: { handlerPatience: 500 } })
  await server.listen()
  const at = server.url?.replace('ws:', 'http:') ?? ''
  const client = new JuntoClient({ url: server.url ?? '' })
  stops.push(() => client.close())
  const room = await client.open(Whiteboard, opening)
  // A handler that the drain has to wait for.
  void room.call.wait.try()
  await expect.poll(() => metrics.read('frames_received', { type: 'call' })).toBe(1)
  const drained = server.drain()
  expect(server.readiness).toBe('draining')
  expect(await ask(`${at}/ready`)).toEqual([503, { status: 'draining' }])
  expect(await ask(`${at}/health`)).toEqual([200, { status: 'ok' }])
  await drained
  expect(server.readiness).toBe('closed')
})

test('metrics on a second port that the outside does not reach', async () => {
  const server = make({ metrics: new PrometheusMetrics() })
  await server.listen()
  const inside = await listen(
    createServer((request, response) => {
      if (!server.handleHttp(request, response, { metrics: '/metrics' })) response.writeHead(404).end()
    }),
  )
  const text = await (await fetch(`http://${inside}/metrics`)).text()
  expect(text).toContain('junto_connections 0\n')
  expect(text).toContain('process_resident_memory_bytes')
  expect((await fetch(`http://${inside}/`)).status).toBe(404)
  expect((await fetch(`${server.url?.replace('ws:', 'http:')}/metrics`)).status).toBe(426)
})

test('the delay of the event loop is measured while the server runs', async () => {
  const server = make({ metrics: new PrometheusMetrics() })
  await server.listen()
  const read = async (): Promise<string> => (await server.metrics.expose?.())?.body ?? ''
  await expect.poll(read).toMatch(/junto_loop_delay_seconds\{at="max"\} 0\.\d/)
})
