import { defineRoom, t, type InputOf, type Mutators } from '@junto/schema'

/** How often a second the room ticks and takes an input of each member, and how often it sends patches. */
export const tickRate = 60
export const patchRate = 20

/** Half the width of the field. */
const reach = 1_000
/** Units a second. */
const speed = 300

const Player = t.Object({
  x: t.Quantized({ min: -reach, max: reach, step: 0.05 }),
  y: t.Quantized({ min: -reach, max: reach, step: 0.05 }),
  aim: t.Angle(),
})

/** A game: everybody moves, all the time. */
export const Game = defineRoom('game', {
  version: 1,
  state: t.Object({ players: t.Map(Player) }),
  input: t.Object({ dx: t.Int8(), dy: t.Int8(), aim: t.Angle(), fire: t.Boolean() }),
  clientToServer: {},
  serverToClient: {},
})

export interface Runner {
  x: number
  y: number
  aim: number
}

export type Held = InputOf<typeof Game>

/** What one input does, at every peer. */
export function run(runner: Runner, { dx, dy, aim }: Held, dt: number): void {
  const way = (speed * dt) / 1_000
  runner.x = bounce(runner.x + dx * way)
  runner.y = bounce(runner.y + dy * way)
  runner.aim = aim
}

/** Nobody stands at a wall: each input moves its runner. */
function bounce(at: number): number {
  return at > reach ? at - 2 * reach : at < -reach ? at + 2 * reach : at
}

export const gameMutators: Mutators<typeof Game> = {
  input({ players }, held, { by, dt }) {
    const runner = players.get(by)
    if (runner !== undefined) run(runner, held, dt)
  },
}

/** What the client of that number does in its input of that number. It turns now and then. */
export function heldBy(client: number, seq: number): Held {
  const turn = Math.floor((seq + client * 7) / 20) + client
  return {
    dx: (turn % 2) * 2 - 1,
    dy: ((turn >> 1) % 2) * 2 - 1,
    aim: ((turn * 13) % 60) / 10 - 3,
    fire: seq % 10 === 0,
  }
}
