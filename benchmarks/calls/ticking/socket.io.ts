import type { Part } from '../../harness.ts'
import { listenSocketIo, SocketIoClient } from '../../socket.io.ts'
import { isMoved, moved, tickRate, type Moved } from './peer.ts'

// A room that all clients are in. Socket.IO writes the event once for all of them.

const room = 'arena'

export async function serve(): Promise<Part> {
  const { io, port, close } = await listenSocketIo()
  io.on('connection', (socket) => socket.join(room))
  let n = 0
  let deliveries = 0
  let timer: NodeJS.Timeout | undefined
  return {
    ready: port,
    counters: () => ({ deliveries }),
    commands: {
      begin() {
        timer = setInterval(() => {
          io.to(room).emit('moved', moved(n++))
          deliveries += io.engine.clientsCount
        }, 1000 / tickRate)
      },
      end: () => clearInterval(timer),
    },
    close() {
      clearInterval(timer)
      close()
    },
  }
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  return SocketIoClient.open(port, (packet) => {
    // isMoved looks at it.
    const payload = packet.kind === 'event' && packet.name === 'moved' ? (packet.payload as Moved) : undefined
    if (payload === undefined || !isMoved(payload)) throw new Error(`this came: ${JSON.stringify(packet)}`)
    received(payload.n)
  })
}
