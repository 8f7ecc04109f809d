import { defineRoom, t, type InputOf, type Mutators } from '@junto/schema'

/** Half the width of the field, in units. */
const reach = 1_000

function define(name: string, { step }: { step: number }) {
  const coordinate = t.Quantized({ min: -reach, max: reach, step })
  return defineRoom(name, {
    version: 1,
    state: t.Object({
      players: t.Map(t.Object({ x: coordinate, y: coordinate, aim: t.Angle() })),
      /** Of the last marked input that was applied. */
      mark: t.Uint16(),
    }),
    input: t.Object({ dx: t.Int8(), dy: t.Int8(), aim: t.Angle(), mark: t.Uint16() }),
    clientToServer: {},
    serverToClient: {},
  })
}

/**
 * The games, in which everybody moves all the time. On the field people run: 6 metres a second, seen to the centimetre. In the arcade ships
 * fly: 300 pixels a second, seen to a twentieth.
 */
export const games = {
  field: { contract: define('field', { step: 0.01 }), step: 0.01, speed: 6 },
  arcade: { contract: define('arcade', { step: 0.05 }), step: 0.05, speed: 300 },
} as const

export type GameName = keyof typeof games
export type Game = (typeof games)[GameName]['contract']

/** What a game is played at. */
export interface Rules {
  readonly game: GameName
  /** How often a second the room ticks and takes an input of each member. */
  readonly tickRate: number
  /** How often a second it sends what has changed. */
  readonly patchRate: number
  /** So many runners besides the players are in each room, and the room moves them in each tick. None when absent. */
  readonly others?: number
}

export interface Runner {
  x: number
  y: number
  aim: number
}

/** What a player does in one tick. An input whose `mark` is not 0 is followed on its way. */
export type Held = InputOf<Game>

/** Where the n-th player begins: anywhere. */
export function startOf(n: number): Runner {
  const at = (factor: number): number => ((n * factor) % (2 * reach)) - reach
  return { x: at(617), y: at(1_213), aim: 0 }
}

/**
 * What one input does, at every peer.
 *
 * @param dt Milliseconds of a tick.
 */
export function run(game: GameName, runner: Runner, { dx, dy, aim }: Held, dt: number): void {
  const way = (games[game].speed * dt) / 1_000
  runner.x = within(runner.x + dx * way)
  runner.y = within(runner.y + dy * way)
  runner.aim = aim
}

/** Nobody stands at an edge: each input moves its runner. */
function within(at: number): number {
  return at > reach ? at - 2 * reach : at < -reach ? at + 2 * reach : at
}

export function mutatorsOf(game: GameName): Mutators<Game> {
  return {
    input(state, held, { by, dt }) {
      const runner = state.players.get(by)
      if (runner === undefined) return
      run(game, runner, held, dt)
      if (held.mark !== 0) state.mark = held.mark
    },
  }
}

/** What the client of that number does in its input of that number. It turns now and then. */
export function heldBy(client: number, seq: number, mark = 0): Held {
  const turn = Math.floor((seq + client * 7) / 20) + client
  return {
    dx: (turn % 2) * 2 - 1,
    dy: ((turn >> 1) % 2) * 2 - 1,
    aim: ((turn * 13) % 60) / 10 - 3,
    mark,
  }
}
