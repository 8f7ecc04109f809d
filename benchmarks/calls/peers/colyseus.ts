import { listenColyseus, loadColyseusServer, type TransportName } from '../../colyseus.ts'
import type { Part } from '../../harness.ts'
import { check } from '../hand-made.ts'
import { LeanColyseus } from '../lean-colyseus.ts'
import type { Caller } from '../peer.ts'
import { counters, place, placement, type Placed, type Placement } from '../work.ts'

// Calls are messages to a room whose handler returns the answer: what `room.request` of Colyseus's client sends. All clients are in one room.

export const serve = (): Promise<Part> => serveOn('ws')

export async function serveOn(transport: TransportName): Promise<Part> {
  const colyseus = await loadColyseusServer()
  class BoardRoom extends colyseus.Room {
    override maxClients = 1_000
    messages = { place: (_client: unknown, params: Placement) => place(params) }
  }
  const { port, close } = await listenColyseus(colyseus, transport, { board: colyseus.defineRoom(BoardRoom) })
  return { ready: port, counters, close }
}

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  /** The calls under way, by their numbers in the protocol. */
  const calls: number[] = []
  const client = await LeanColyseus.join(port, 'board', (message) => {
    if (message.kind !== 'response') throw new Error(`this came: ${JSON.stringify(message)}`)
    // check looks at it.
    answered(check([calls[message.no] ?? NaN, message.result as Placed]))
  })
  return {
    call(n) {
      calls[n & 127] = n
      client.request(n, 'place', placement(n))
    },
    close: () => client.close(),
  }
}
