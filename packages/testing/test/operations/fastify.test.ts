import { JuntoClient } from '@junto/client'
import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import { PrometheusMetrics } from '@junto/server/prometheus'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { opening, Whiteboard, WhiteboardRoom } from '../whiteboard.fixture.ts'

// Junto beside a Fastify application, with all three endpoints.

let app: FastifyInstance
let junto: JuntoServer
let client: JuntoClient
let at: string

beforeEach(async () => {
  app = fastify()
  app.get('/', async () => 'the page')
  app.addHook('onRequest', async (request, reply) => {
    if (junto.handleHttp(request.raw, reply.raw)) reply.hijack()
  })
  junto = new JuntoServer({
    server: app.server,
    path: '/junto',
    http: { metrics: '/metrics' },
    metrics: new PrometheusMetrics(),
    store: new MemoryStore(),
    logger: new SilentLogger(),
  })
  junto.define(Whiteboard, WhiteboardRoom)
  await junto.listen()
  at = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http://', '')
  client = new JuntoClient({ url: `ws://${at}/junto` })
})

afterEach(async () => {
  await client.close()
  await junto.close()
  await app.close()
})

test('rooms, pages and endpoints share a port', async () => {
  const board = await client.open(Whiteboard, opening)
  await board.call.addStroke({ by: 'ada', color: 1, points: [] })
  expect(await (await fetch(`http://${at}/`)).text()).toBe('the page')
  expect((await fetch(`http://${at}/nothing`)).status).toBe(404)
  expect(await (await fetch(`http://${at}/health`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`http://${at}/ready`)).json()).toEqual({ status: 'ready' })
  const response = await fetch(`http://${at}/metrics`)
  expect(response.headers.get('content-type')).toContain('text/plain')
  const text = await response.text()
  expect(text).toContain('junto_connections 1\n')
  expect(text).toContain('junto_frames_received_total{type="call"} 1\n')
  expect(text).toContain('junto_members{room="whiteboard"} 1\n')
})

test('an application that logs each request sees no error, and several probes share a connection', async () => {
  for (let probe = 0; probe < 20; probe++) expect((await fetch(`http://${at}/ready`)).status).toBe(200)
})
