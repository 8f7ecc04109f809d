import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import type { Part } from '../../harness.ts'
import { open, packr } from '../hand-made.ts'
import { isMoved, type Moved } from './peer.ts'
import { telling } from './telling.ts'

// By hand on ws and msgpackr: the event is packed once, and sent to each client.

export async function serve(): Promise<Part> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const address = server.address()
  const tell = (event: Moved): number => {
    const message = packr.pack(['moved', event])
    for (const socket of server.clients) socket.send(message)
    return server.clients.size
  }
  return telling(typeof address === 'object' ? address?.port : undefined, tell, () => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  const socket = await open(port)
  socket.on('message', (data: Buffer) => {
    const [name, payload]: [string, Moved] = packr.unpack(data)
    if (name !== 'moved' || !isMoved(payload)) throw new Error(`this came: ${name} ${JSON.stringify(payload)}`)
    received(payload.n)
  })
  return { close: () => socket.terminate() }
}
