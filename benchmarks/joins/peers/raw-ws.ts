import { once } from 'node:events'
import { Packr } from 'msgpackr'
import { WebSocket, WebSocketServer } from 'ws'
import type { Part } from '../../harness.ts'
import type { Client, ServeSettings } from '../peer.ts'
import { authenticate, firstPlayers, isFirstState, roomOf, tokenOf, type Player } from '../work.ts'

// By hand on ws and msgpackr: one message to join, one with the state.

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** What a client says who it is and where it wants to. */
export interface Hello {
  token: string
  room: string
  name: string
}

class Room {
  readonly players = firstPlayers()
  readonly members = new Map<WebSocket, { id: string; name: string }>()
}

export async function serve(settings: unknown): Promise<Part> {
  const { heartbeat } = settings as ServeSettings // from benchmark.ts
  const rooms = new Map<string, Room>()
  let joins = 0

  async function admit(socket: WebSocket, { token, room: name, name: member }: Hello): Promise<void> {
    const user = await authenticate(token)
    if (user === undefined) return socket.close(4001)
    let room = rooms.get(name)
    if (room === undefined) rooms.set(name, (room = new Room()))
    room.members.set(socket, { id: user.id, name: member })
    socket.on('close', () => room.members.delete(socket))
    socket.send(packr.pack({ players: room.players }))
    joins++
  }

  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    socket.once('message', (data: Buffer) => {
      void admit(socket, packr.unpack(data))
    })
  })
  const pinger = new Pinger(server.clients, heartbeat)
  await once(server, 'listening')
  const address = server.address()
  return {
    ready: typeof address === 'object' ? address?.port : undefined,
    counters: () => ({ joins, open: server.clients.size }),
    close() {
      pinger.stop()
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

/** Pings every client once in an interval, some of them every 50 ms. */
class Pinger {
  private readonly timer: NodeJS.Timeout
  private due: WebSocket[] = []
  private share = 0

  constructor(clients: ReadonlySet<WebSocket>, interval: number) {
    const period = 50
    this.timer = setInterval(() => {
      if (this.due.length === 0) {
        this.due = Array.from(clients)
        this.share = Math.ceil(this.due.length / (interval / period))
      }
      for (const socket of this.due.splice(-this.share)) {
        if (socket.readyState === socket.OPEN) socket.ping()
      }
    }, period)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}

export async function join(port: number, n: number, from: string): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, localAddress: from })
  await once(socket, 'open')
  socket.send(packr.pack({ token: tokenOf(`user-${n}`), room: roomOf(n), name: `Player ${n}` } satisfies Hello))
  const [data] = await once(socket, 'message')
  const { players }: { players: Record<string, Player> } = packr.unpack(data)
  if (!isFirstState(Object.keys(players).length, players['player-19']?.x)) throw new Error('this is not the state')
  return { close: () => socket.close(1000) }
}
