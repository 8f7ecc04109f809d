import { JuntoClient, type OpenSocket } from '@junto/client'
import { JuntoServer, MemoryMetrics, Room } from '@junto/server'
import { WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { enough } from '../../limits.ts'
import { Lobby } from '../contract.ts'
import type { Client, ServeSettings } from '../peer.ts'
import { authenticate, firstPlayers, isFirstState, roomOf, roomSize, tokenOf } from '../work.ts'

// Junto's server with everything on that it has, and its own client.

let joins = 0

class LobbyRoom extends Room(Lobby) {
  onCreate() {
    return { players: firstPlayers() }
  }

  override onJoin() {
    joins++
  }

  readonly handlers = this.handle({})
}

export async function serve(settings: unknown): Promise<Part> {
  const { heartbeat } = settings as ServeSettings // from benchmark.ts
  const metrics = new MemoryMetrics()
  const server = new JuntoServer({
    host: '127.0.0.1',
    port: 0,
    logLevel: 'warn',
    metrics,
    limits: { ...enough, heartbeat },
  })
  server.define(Lobby, LobbyRoom, { maxMembers: roomSize, authenticate: ({ token }) => authenticate(token) })
  await server.listen()
  return {
    ready: server.address?.port,
    counters: () => ({ joins, open: metrics.read('connections') }),
    close: () => server.close(),
  }
}

export async function join(port: number, n: number, from: string): Promise<Client> {
  const client = new JuntoClient({
    url: `ws://127.0.0.1:${port}`,
    auth: () => tokenOf(`user-${n}`),
    socket: socketFrom(from),
  })
  const { state } = await client.open(Lobby, { key: roomOf(n), join: { name: `Player ${n}` } })
  if (!isFirstState(state.players.size, state.players.get('player-19')?.x)) throw new Error('this is not the state')
  return { close: () => void client.close() }
}

/** The client's own sockets choose no address. */
function socketFrom(localAddress: string): OpenSocket {
  return (url, subprotocol, events) => {
    const socket = new WebSocket(url, subprotocol, { perMessageDeflate: false, localAddress })
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
