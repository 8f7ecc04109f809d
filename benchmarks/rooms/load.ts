import { JuntoClient } from '@junto/client'
import type { Part } from '../harness.ts'
import { Game, whereOf } from './contract.ts'

/** Rooms to be made. */
export interface Making {
  /** The number of the first. */
  readonly first: number
  readonly count: number
}

/** Players to be matched. */
export interface Matching {
  readonly count: number
  /** Connections, each of which has one player on its way. */
  readonly lanes: number
}

/** How many are on their way at once when rooms are made. */
const atOnce = 50

/** Makes rooms, and matches players to them. */
export function load(settings: unknown): Part {
  const { port } = settings as { port: number } // from benchmark.ts
  const connect = (): JuntoClient => new JuntoClient({ url: `ws://127.0.0.1:${port}` })
  const maker = connect()
  const players: JuntoClient[] = []

  /** Resolves when they are there, and nobody in them. */
  async function make({ first, count }: Making): Promise<void> {
    const numbers = Array.from({ length: count }, (_, n) => first + n).values()
    const lane = async (): Promise<void> => {
      for (const number of numbers) {
        const room = await maker.create(Game, { options: { number } })
        await room.leave()
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  }

  /** Each player asks for a room by a value, a set, a range and an order, comes in and leaves. */
  async function match({ count, lanes }: Matching): Promise<void> {
    while (players.length < lanes) players.push(connect())
    const numbers = Array.from({ length: count }, (_, n) => n).values()
    const lane = async (player: JuntoClient): Promise<void> => {
      for (const n of numbers) {
        const room = await player.joinOrCreate(Game, {
          where: whereOf(n),
          orderBy: { level: 'asc' },
          options: { number: n },
        })
        await room.leave()
      }
    }
    await Promise.all(players.slice(0, lanes).map(lane))
  }

  return {
    commands: {
      make: (making) => make(making as Making), // commands come from the benchmark
      match: (matching) => match(matching as Matching),
    },
    close: () => Promise.all([maker, ...players].map((client) => client.close())),
  }
}
