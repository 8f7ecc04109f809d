import type { Part } from '../../harness.ts'
import { listenSocketIo, SocketIoClient } from '../../socket.io.ts'
import { isMoved, type Moved } from './peer.ts'
import { telling } from './telling.ts'

// A room that all clients are in. Socket.IO writes the event once for all of them.

const room = 'arena'

export async function serve(): Promise<Part> {
  const { io, port, close } = await listenSocketIo()
  io.on('connection', (socket) => socket.join(room))
  const tell = (event: Moved): number => {
    io.to(room).emit('moved', event)
    return io.engine.clientsCount
  }
  return telling(port, tell, close)
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  return SocketIoClient.open(port, (packet) => {
    // isMoved looks at it.
    const payload = packet.kind === 'event' && packet.name === 'moved' ? (packet.payload as Moved) : undefined
    if (payload === undefined || !isMoved(payload)) throw new Error(`this came: ${JSON.stringify(packet)}`)
    received(payload.n)
  })
}
