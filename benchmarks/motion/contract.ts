import { games, type Rules } from '../room/contract.ts'

/** The game room at the rates of an action game: a tick and an input of each member sixty times a second. */
export const rules: Rules = { game: 'arcade', tickRate: 60, patchRate: 20 }

export const Game = games[rules.game].contract
