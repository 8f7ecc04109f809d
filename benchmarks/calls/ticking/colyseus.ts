import { listenColyseus, loadColyseusServer, type TransportName } from '../../colyseus.ts'
import type { Part } from '../../harness.ts'
import { LeanColyseus } from '../lean-colyseus.ts'
import { isMoved, type Moved } from './peer.ts'
import { telling } from './telling.ts'

// A room that broadcasts: Colyseus packs the event once and sends it to each client.

export const serve = (): Promise<Part> => serveOn('ws')

export async function serveOn(transport: TransportName): Promise<Part> {
  const colyseus = await loadColyseusServer()
  /** Tells how many got it. */
  let broadcast = (_payload: Moved): number => 0
  class ArenaRoom extends colyseus.Room {
    override maxClients = 1_000
    onCreate() {
      broadcast = (payload) => {
        this.broadcast('moved', payload)
        return this.clients.length
      }
    }
  }
  const { port, close } = await listenColyseus(colyseus, transport, { arena: colyseus.defineRoom(ArenaRoom) })
  return telling(port, (event) => broadcast(event), close)
}

export async function watch(port: number, received: (n: number) => void): Promise<{ close(): void }> {
  return LeanColyseus.join(port, 'arena', (message) => {
    // isMoved looks at it.
    const payload = message.kind === 'message' && message.type === 'moved' ? (message.payload as Moved) : undefined
    if (payload === undefined || !isMoved(payload)) throw new Error(`this came: ${JSON.stringify(message)}`)
    received(payload.n)
  })
}
