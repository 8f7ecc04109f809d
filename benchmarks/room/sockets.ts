import { once } from 'node:events'
import { WebSocket } from 'ws'

// Clients of the servers that are written by hand name their room in the path.

/** Connects to a room. */
export async function openAt(port: number, room: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${room}`, { perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

export const roomIn = (path: string | undefined): string => (path ?? '/').slice(1)
