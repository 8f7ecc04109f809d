import { JuntoServer, Room, type Creation } from '@junto/server'
import type { Part } from '../harness.ts'
import { enough } from '../limits.ts'
import { Game, metadataOf } from './contract.ts'

let joins = 0
let rooms = 0

class GameRoom extends Room(Game) {
  onCreate({ options }: Creation<typeof Game>) {
    rooms++
    this.metadata = metadataOf(options.number)
    return { round: 1 }
  }

  override onJoin() {
    joins++
  }

  override onDispose() {
    rooms--
  }

  readonly handlers = this.handle({})
}

/** A server whose rooms stay when nobody is there. */
export async function serve(): Promise<Part> {
  const limits = { ...enough, maxRoomsPerConnection: 20_000, maxRoomsPerAddress: 20_000, maxResyncs: 1_000 }
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits })
  server.define(Game, GameRoom, { maxMembers: 1_000, disposeAfter: Infinity })
  await server.listen()
  return {
    ready: server.address?.port,
    counters: () => ({ joins, rooms }),
    close: () => server.close(),
  }
}
