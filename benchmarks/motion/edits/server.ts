import { JuntoServer, Room } from '@junto/server'
import type { Part } from '../../harness.ts'
import { enough } from '../../limits.ts'
import { Board, boardMutators, idOf, things } from './contract.ts'

const patchRate = 20

class BoardRoom extends Room(Board) {
  readonly mutators = boardMutators
  #ticks = 0

  onCreate() {
    const all = Array.from({ length: things }, (_, n) => [idOf(n), { x: n, y: 2 * n, color: n }] as const)
    return { things: Object.fromEntries(all), moves: 0 }
  }

  /** Somebody else is at work: some things move. */
  override onTick() {
    this.#ticks++
    for (let n = 0; n < 10; n++) {
      const thing = this.state.things.get(idOf(this.#ticks * 7 + n))
      if (thing !== undefined) thing.x = this.#ticks % 1000
    }
  }
}

/** A server of one board, in which something changes with each patch. */
export async function serve(): Promise<Part> {
  const server = new JuntoServer({ host: '127.0.0.1', port: 0, logLevel: 'warn', limits: enough })
  server.define(Board, BoardRoom, { tickRate: patchRate })
  await server.listen()
  return { ready: server.address?.port, close: () => server.close() }
}
