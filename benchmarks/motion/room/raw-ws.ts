import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import type { Part } from '../../harness.ts'
import { open, packr } from '../../calls/hand-made.ts'
import { patchRate, run, tickRate, type Held, type Runner } from '../contract.ts'
import { Delays, type Player } from './peer.ts'

// By hand on ws and msgpackr, just what must be: inputs are unpacked and applied at the next tick, and bytes are sent. These are as many as a
// patch of Junto's has, and nothing is encoded in them. There are no limits, checks, sessions, buffers or acks.

interface Client {
  readonly runner: Runner
  waiting: Held[]
}

type Message = [seq: number, dx: number, dy: number, aim: number, fire: boolean]

export async function serve(): Promise<Part> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  const clients = new Set<Client>()
  const delays = new Delays()
  let ticks = 0
  let applied = 0
  let sent = 0
  let patch: Buffer = Buffer.alloc(300)
  server.on('connection', (socket) => {
    const client: Client = { runner: { x: 0, y: 0, aim: 0 }, waiting: [] }
    clients.add(client)
    socket.on('message', (data: Buffer) => {
      const [, dx, dy, aim, fire]: Message = packr.unpack(data)
      client.waiting.push({ dx, dy, aim, fire })
    })
    socket.on('close', () => clients.delete(client))
  })
  await once(server, 'listening')

  const interval = 1000 / tickRate
  let due = performance.now() + interval
  let timer: NodeJS.Timeout
  const tick = (): void => {
    const now = performance.now()
    // A timer may come a millisecond too early.
    for (; due <= now + 1; due += interval) {
      delays.add(Math.max(0, now - due))
      ticks++
      for (const client of clients) {
        for (const held of client.waiting) run(client.runner, held, interval)
        applied += client.waiting.length
        client.waiting = []
      }
      if (ticks % (tickRate / patchRate) !== 0) continue
      for (const socket of server.clients) {
        socket.send(patch)
        sent++
      }
    }
    timer = setTimeout(tick, due - performance.now())
  }
  timer = setTimeout(tick, interval)

  const address = server.address()
  return {
    ready: typeof address === 'object' ? address?.port : undefined,
    counters: () => ({ ticks, applied, sent }),
    commands: {
      delays: () => delays.take(),
      // What a message of the other peer has.
      size: (bytes) => void (patch = Buffer.alloc(Number(bytes), 1)),
    },
    close() {
      clearTimeout(timer)
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

export async function play(port: number, received: (bytes: number) => void): Promise<Player> {
  const socket = await open(port)
  socket.on('message', (data: Buffer) => received(data.length))
  return {
    send: (seq, { dx, dy, aim, fire }) => socket.send(packr.pack([seq, dx, dy, aim, fire])),
    close: () => socket.terminate(),
  }
}
