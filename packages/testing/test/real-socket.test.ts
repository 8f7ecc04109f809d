import { clientLimits, JuntoClient, openWebSocket, type OpenSocket } from '@junto/client'
import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { log, opening, Whiteboard, WhiteboardRoom } from './whiteboard.fixture.ts'

// The client's own sockets, over TCP.

let store: MemoryStore
let server: JuntoServer
let client: JuntoClient | undefined

async function serve(port = 0): Promise<string> {
  server = new JuntoServer({ port, host: '127.0.0.1', store, logger: new SilentLogger() })
  server.define(Whiteboard, WhiteboardRoom, { persist: true })
  await server.listen()
  return `ws://127.0.0.1:${server.address?.port}`
}

beforeEach(() => {
  log.length = 0
  store = new MemoryStore()
})

afterEach(async () => {
  await client?.close()
  await server.close()
  vi.unstubAllGlobals()
})

describe.each([
  ["Node's ws", undefined],
  ['a global WebSocket', openWebSocket],
])('over %s', (name, socket: OpenSocket | undefined) => {
  beforeEach(() => {
    // Node 20 has no global WebSocket; that of ws has the same face.
    if (name === 'a global WebSocket') vi.stubGlobal('WebSocket', WebSocket)
  })

  it('a client joins, calls, mirrors, listens and reads streams', async () => {
    const url = await serve()
    client = new JuntoClient({ url, ...(socket === undefined ? {} : { socket }) })
    const board = await client.open(Whiteboard, opening)
    const strokes = Array.from({ length: 3 }, (_, n) => ({ by: `b${n}`, color: n, points: [] }))
    const ids = await Promise.all(strokes.map((stroke) => board.call.addStroke(stroke)))
    expect(ids.map(({ id }) => id)).toEqual(board.state.order)
    expect(await board.call.addStroke.try({ by: 'x', color: 0, points: [] })).toMatchObject({ code: 'full' })
    let last
    for await (const { by } of board.stream.history({ since: 900 })) last = by
    expect(last).toBe('999')
    await board.leave()
    expect(log).toContain('leave Ada left')
  })

  it('comes back to a server that was restarted', async () => {
    const url = await serve()
    const { port } = server.address ?? { port: 0 }
    client = new JuntoClient({
      url,
      ...(socket === undefined ? {} : { socket }),
      limits: clientLimits({ reconnectMax: 500 }),
    })
    const board = await client.open(Whiteboard, opening)
    await board.call.addStroke({ by: 'ada', color: 1, points: [] })
    await server.close()
    await expect.poll(() => board.status.value.state).toBe('reconnecting')
    await serve(port)
    await expect.poll(() => board.status.value.state, { timeout: 10_000 }).toBe('joined')
    expect(board.state.strokes.get('s1')).toMatchObject({ by: 'ada' })
  })

  it('says when there is no server', async () => {
    const url = await serve()
    await server.close()
    client = new JuntoClient({ url, ...(socket === undefined ? {} : { socket }) })
    await expect(client.open(Whiteboard, opening)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('is the server running') as string,
    })
  })
})
