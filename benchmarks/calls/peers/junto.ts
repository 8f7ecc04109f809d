import { JuntoServer, Room } from '@junto/server'
import type { Part } from '../../harness.ts'
import { enough } from '../../limits.ts'
import { Board } from '../contract.ts'
import { check, packr } from '../hand-made.ts'
import { frameType, LeanClient } from '../lean-client.ts'
import type { Caller } from '../peer.ts'
import { counters, place, placement } from '../work.ts'

// Junto's server with everything on that it has, under clients as lean as those of the other peers. junto-client.ts has ours.

class BoardRoom extends Room(Board) {
  onCreate() {
    return { title: 'calls' }
  }
  readonly handlers = this.handle({ place })
}

export async function serve(): Promise<Part> {
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits: enough })
  server.define(Board, BoardRoom, { maxMembers: 1_000 })
  await server.listen()
  return { ready: server.address?.port, counters, close: () => server.close() }
}

/** Milliseconds until a call fails, as @junto/client sends them by default. */
const timeout = 15_000

export async function connect(port: number, answered: (n: number) => void): Promise<Caller> {
  const client = await LeanClient.open(port, { room: Board.name, key: 'calls' }, ({ type, no, content }) => {
    if (type !== frameType.reply || !Array.isArray(content)) throw new Error(`frame ${String(type)} came`)
    answered(check([no - 1, { id: content[0], distance: content[1] }]))
  })
  return {
    call(n) {
      const { name, x, y, color, locked } = placement(n)
      client.add(packr.pack([frameType.call, n + 1, 0, [name, x, y, color, locked], timeout, 0]))
    },
    close: () => client.close(),
  }
}
