import type { Part } from '../../harness.ts'
import { listenSocketIo, SocketIoClient } from '../../socket.io.ts'
import type { Client, ServeSettings } from '../peer.ts'
import { authenticate, firstPlayers, isFirstState, roomOf, tokenOf, type Player } from '../work.ts'

// As the documentation of Socket.IO has it: the token comes with the handshake and is verified in a middleware. The wish for a room comes
// with it, which saves a message.

interface Hello {
  token: string
  room: string
  name: string
}

export async function serve(settings: unknown): Promise<Part> {
  const { heartbeat } = settings as ServeSettings // from benchmark.ts
  const rooms = new Map<string, Record<string, Player>>()
  let joins = 0
  const { io, port, close } = await listenSocketIo(heartbeat)
  io.use((socket, next) => {
    // The clients are those below.
    const { token, name } = socket.handshake.auth as Hello
    void (async () => {
      const user = await authenticate(token)
      if (user === undefined) return next(new Error('unauthorized'))
      socket.data.user = { ...user, name }
      next()
    })()
  })
  io.on('connection', (socket) => {
    const { room } = socket.handshake.auth as Hello
    let players = rooms.get(room)
    if (players === undefined) rooms.set(room, (players = firstPlayers()))
    socket.join(room)
    socket.emit('state', { players })
    joins++
  })
  return { ready: port, counters: () => ({ joins, open: io.engine.clientsCount }), close }
}

export async function join(port: number, n: number, from: string): Promise<Client> {
  const auth: Hello = { token: tokenOf(`user-${n}`), room: roomOf(n), name: `Player ${n}` }
  let take: (players: Record<string, Player>) => void = () => {}
  const came = new Promise<Record<string, Player>>((resolve) => (take = resolve))
  const client = await SocketIoClient.open(
    port,
    (packet) => {
      if (packet.kind !== 'event' || packet.name !== 'state') throw new Error(`this came: ${JSON.stringify(packet)}`)
      // isFirstState looks at it.
      const { players } = packet.payload as { players: Record<string, Player> }
      take(players)
    },
    { auth, from },
  )
  const players = await came
  if (!isFirstState(Object.keys(players).length, players['player-19']?.x)) throw new Error('this is not the state')
  return { close: () => client.close() }
}
