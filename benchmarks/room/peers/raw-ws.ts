import { once } from 'node:events'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { packr } from '../../calls/hand-made.ts'
import { run, startOf, type Held, type Rules, type Runner } from '../contract.ts'
import { sampling, type Entered, type Place, type Player, type Program } from '../peer.ts'
import { Steps } from '../steps.ts'
import { openAt, roomIn } from '../sockets.ts'

// By hand on ws and msgpackr, just what must be: inputs are unpacked and applied at the next tick, and bytes are sent. These are as many as a
// patch of Junto's has, and but for the mark nothing is encoded in them. There are no limits, checks, sessions, buffers or acks.

interface Client {
  readonly runner: Runner
  waiting: Held[]
}

interface Room {
  readonly clients: Map<WebSocket, Client>
  mark: number
}

type Message = [dx: number, dy: number, aim: number, mark: number]

export async function serve(rules: Rules): Promise<Part> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const rooms = new Map<string, Room>()
  let applied = 0
  let sent = 0
  let joined = 0
  let size = 340

  server.on('connection', (socket, request) => {
    const name = roomIn(request.url)
    const room = rooms.get(name) ?? { clients: new Map<WebSocket, Client>(), mark: 0 }
    rooms.set(name, room)
    const client: Client = { runner: startOf(joined++), waiting: [] }
    room.clients.set(socket, client)
    socket.on('message', (data: Buffer) => {
      const [dx, dy, aim, mark]: Message = packr.unpack(data)
      client.waiting.push({ dx, dy, aim, mark })
    })
    socket.on('close', () => room.clients.delete(socket))
  })

  function tick(dt: number): void {
    for (const room of rooms.values()) {
      for (const client of room.clients.values()) {
        for (const held of client.waiting) {
          run(rules.game, client.runner, held, dt)
          if (held.mark !== 0) room.mark = held.mark
        }
        applied += client.waiting.length
        client.waiting = []
      }
    }
  }

  function patch(): void {
    for (const { clients, mark } of rooms.values()) {
      const bytes = Buffer.alloc(size, 1)
      bytes.writeUInt16LE(mark)
      for (const socket of clients.keys()) socket.send(bytes)
      sent += clients.size
    }
  }

  const steps = new Steps(rules, tick, patch)
  await once(server, 'listening')
  const address = server.address()
  return {
    ready: typeof address === 'object' ? address?.port : undefined,
    counters: () => ({ ticks: steps.count * rooms.size, applied, sent }),
    commands: {
      late: () => steps.late.take(),
      size: (bytes) => void (size = Number(bytes)),
    },
    close() {
      steps.close()
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

export async function play({ port, room }: Place, received: (bytes: number) => void): Promise<Player> {
  const socket = await openAt(port, room)
  socket.on('message', (data: Buffer) => received(data.length))
  return player(socket)
}

export async function enter(place: Place, program: Program): Promise<Entered> {
  const socket = await openAt(place.port, place.room)
  socket.on('message', (data: Buffer) => program.seen(data.readUInt16LE()))
  return sampling(place, program, player(socket))
}

function player(socket: WebSocket): Player {
  return {
    send: (_seq, { dx, dy, aim, mark }) => socket.send(packr.pack([dx, dy, aim, mark] satisfies Message)),
    close: () => socket.terminate(),
  }
}
