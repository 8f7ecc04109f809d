import { Packr } from 'msgpackr'
import type { Part } from '../../harness.ts'
import { idleTimeoutOf, listenUws, type UwsSocket } from '../../uws.ts'
import type { ServeSettings } from '../peer.ts'
import { authenticate, firstPlayers } from '../work.ts'
import type { Hello } from './raw-ws.ts'

// The same as raw-ws on uWebSockets.js. A room's members subscribe to its topic; it pings silent clients by itself.

export { join } from './raw-ws.ts'

const packr = new Packr({ useRecords: false, variableMapSize: true })

class Room {
  readonly players = firstPlayers()
  readonly members = new Map<UwsSocket, { id: string; name: string }>()
}

export async function serve(settings: unknown): Promise<Part> {
  const { heartbeat } = settings as ServeSettings // from benchmark.ts
  const rooms = new Map<string, Room>()
  /** All that are open, and the room that each is in. */
  const sockets = new Map<UwsSocket, Room | undefined>()
  let joins = 0

  async function admit(socket: UwsSocket, { token, room: name, name: member }: Hello): Promise<void> {
    const user = await authenticate(token)
    if (user === undefined || !sockets.has(socket)) return
    let room = rooms.get(name)
    if (room === undefined) rooms.set(name, (room = new Room()))
    room.members.set(socket, { id: user.id, name: member })
    sockets.set(socket, room)
    const message = packr.pack({ players: room.players })
    socket.cork(() => {
      socket.subscribe(name)
      socket.send(message, true)
    })
    joins++
  }

  const { port, close } = await listenUws({
    idleTimeout: idleTimeoutOf(heartbeat),
    open: (socket) => void sockets.set(socket, undefined),
    message: (socket, message) => void admit(socket, packr.unpack(Buffer.from(message))),
    close(socket) {
      sockets.get(socket)?.members.delete(socket)
      sockets.delete(socket)
    },
  })
  return { ready: port, counters: () => ({ joins, open: sockets.size }), close }
}
