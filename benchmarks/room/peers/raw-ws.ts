import { once } from 'node:events'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Part } from '../../harness.ts'
import { packr } from '../../calls/hand-made.ts'
import { Crowd, heldIn, inputOf, type Input } from '../by-hand.ts'
import type { Rules } from '../contract.ts'
import { sampling, type Entered, type Place, type Player, type Program } from '../peer.ts'
import { Steps } from '../steps.ts'
import { openAt, roomIn } from '../sockets.ts'

// By hand on ws and msgpackr, just what must be: inputs are unpacked and applied at the next tick, and bytes are sent. These are as many as a
// patch of Junto's has, and but for the mark nothing is encoded in them. There are no limits, checks, sessions, buffers or acks.

export async function serve(rules: Rules): Promise<Part> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const rooms = new Map<string, Crowd<WebSocket>>()
  let size = 340

  server.on('connection', (socket, request) => {
    const name = roomIn(request.url)
    const room = rooms.get(name) ?? new Crowd<WebSocket>()
    rooms.set(name, room)
    room.enter(socket)
    socket.on('message', (data: Buffer) => {
      const input: Input = packr.unpack(data)
      room.take(socket, heldIn(input))
    })
    socket.on('close', () => room.clients.delete(socket))
  })

  function tick(dt: number): void {
    for (const room of rooms.values()) room.tick(rules.game, dt)
  }

  function patch(): void {
    for (const { clients, mark } of rooms.values()) {
      const bytes = Buffer.alloc(size, 1)
      bytes.writeUInt16LE(mark)
      for (const socket of clients.keys()) socket.send(bytes)
    }
  }

  const steps = new Steps(rules, tick, patch)
  await once(server, 'listening')
  const address = server.address()
  return {
    ready: typeof address === 'object' ? address?.port : undefined,
    counters: () => ({
      ticks: steps.count * rooms.size,
      applied: Array.from(rooms.values()).reduce((sum, { applied }) => sum + applied, 0),
    }),
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
    send: (_seq, held) => socket.send(packr.pack(inputOf(held))),
    close: () => socket.terminate(),
  }
}
