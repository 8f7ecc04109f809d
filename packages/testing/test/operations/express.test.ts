import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { JuntoClient } from '@junto/client'
import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import express from 'express'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { opening, Whiteboard, WhiteboardRoom } from '../whiteboard.fixture.ts'

// Junto beside an application that has its own HTTP server, pages and WebSockets.

let http: Server
let junto: JuntoServer
let client: JuntoClient
let at: string

beforeEach(async () => {
  const app = express()
  app.use((request, response, next) => {
    if (!junto.handleHttp(request, response)) next()
  })
  app.get('/', (_request, response) => void response.send('the page'))
  http = createServer(app)
  junto = new JuntoServer({ server: http, path: '/junto', store: new MemoryStore(), logger: new SilentLogger() })
  junto.define(Whiteboard, WhiteboardRoom)
  await junto.listen()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  at = `127.0.0.1:${(http.address() as AddressInfo).port}`
  client = new JuntoClient({ url: `ws://${at}/junto` })
})

afterEach(async () => {
  await client.close()
  await junto.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

test('rooms and pages share a port', async () => {
  expect(junto.url).toBe(`ws://${at}/junto`)
  const board = await client.open(Whiteboard, opening)
  await board.call.addStroke({ by: 'ada', color: 1, points: [] })
  expect(board.state.strokes.size).toBe(1)
  expect(await (await fetch(`http://${at}/`)).text()).toBe('the page')
  expect((await fetch(`http://${at}/nothing`)).status).toBe(404)
})

test('other WebSockets of the application go on', async () => {
  const own = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/own') own.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('its own'))
  })
  const message = await new Promise((resolve, reject) => {
    const webSocket = new WebSocket(`ws://${at}/own`)
    webSocket.on('message', (data: Buffer) => {
      resolve(data.toString())
      webSocket.close()
    })
    webSocket.on('error', reject)
  })
  expect(message).toBe('its own')
  expect((await client.open(Whiteboard, opening)).state.strokes.size).toBe(0)
})

test('closing Junto leaves the application alone', async () => {
  await client.open(Whiteboard, opening)
  await junto.close()
  expect(await (await fetch(`http://${at}/`)).text()).toBe('the page')
})

test('health and readiness are answered by Junto, wherever the application puts it', async () => {
  expect(await (await fetch(`http://${at}/health`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`http://${at}/ready`)).json()).toEqual({ status: 'ready' })
  expect((await fetch(`http://${at}/metrics`)).status).toBe(404)
  await junto.close()
  const closed = await fetch(`http://${at}/ready`)
  expect([closed.status, await closed.json()]).toEqual([503, { status: 'closed' }])
  expect((await fetch(`http://${at}/health`)).status).toBe(200)
})
