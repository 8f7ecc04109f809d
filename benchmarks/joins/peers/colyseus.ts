import { listenColyseus, loadColyseusServer, type TransportName } from '../../colyseus.ts'
import type { Part } from '../../harness.ts'
import { importPeer } from '../../peers.ts'
import { defineState, type ColyseusClient, type ColyseusLobbyServer } from '../colyseus.ts'
import type { Client, ServeSettings } from '../peer.ts'
import { authenticate, firstPlayers, isFirstState, roomOf, roomSize, tokenOf } from '../work.ts'

// As the documentation of Colyseus has it: tokens are verified in the static onAuth, before a seat is reserved; filterBy makes clients
// that name the same room meet; and client and server share the classes of the state, so that its layout need not be sent. The rest is as
// it comes, but for the interval of pings, which is that of all peers.

export const serve = (settings: unknown): Promise<Part> => serveOn('ws', settings)

export async function serveOn(transport: TransportName, settings: unknown): Promise<Part> {
  const { heartbeat } = settings as ServeSettings // from benchmark.ts
  const colyseus = await loadColyseusServer<ColyseusLobbyServer>()
  const { PlayerSchema, LobbySchema } = defineState(colyseus)
  let joins = 0

  class LobbyRoom extends colyseus.Room {
    override maxClients = roomSize
    override state = new LobbySchema()

    static onAuth(token: string) {
      return authenticate(token)
    }

    onCreate() {
      for (const [key, player] of Object.entries(firstPlayers())) {
        this.state.players.set(key, new PlayerSchema().assign(player))
      }
    }

    onJoin() {
      joins++
    }
  }

  const rooms = { lobby: colyseus.defineRoom(LobbyRoom).filterBy(['room']) }
  const { port, open, close } = await listenColyseus(colyseus, transport, rooms, heartbeat)
  return { ready: port, counters: () => ({ joins, open: open() }), close }
}

let loaded: ReturnType<typeof load> | undefined

async function load() {
  const colyseus = await importPeer<ColyseusClient>('colyseus', 'client.js')
  return { Client: colyseus.Client, LobbySchema: defineState(colyseus).LobbySchema }
}

/** It asks for a seat by HTTP, and takes it over a WebSocket. Its client chooses no address to come from. */
export async function join(port: number, n: number): Promise<Client> {
  const { Client, LobbySchema } = await (loaded ??= load())
  const client = new Client(`ws://127.0.0.1:${port}`)
  client.auth.token = tokenOf(`user-${n}`)
  const room = await client.joinOrCreate('lobby', { room: roomOf(n), name: `Player ${n}` }, LobbySchema)
  if (room.state.players.size === 0) await new Promise((resolve) => room.onStateChange.once(resolve))
  const { players } = room.state
  if (!isFirstState(players.size, players.get('player-19')?.x)) throw new Error('this is not the state')
  return { close: () => void room.leave() }
}
