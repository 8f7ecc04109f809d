// The rules of the game as numbers. Lengths are in units of the field, which a page draws as pixels at its natural size; times that
// players have to wait are in ticks, which server and page count alike.

/** Where the server's WebSocket is, under the page's address. */
export const livePath = '/live'

/** Ticks a second: so often the server takes one input of each player. */
export const tickRate = 60

/** Patches a second. */
export const patchRate = 20

/** Most who are in one arena, bots included. */
export const mostFighters = 8

/** So many are there at least, if need be with bots. */
export const fewestFighters = 5

/** The field reaches from 0 to this. */
export const field = { width: 1600, height: 1000 } as const

/** From the middle of a fighter to its edge. */
export const radius = 18

/** What a fighter walks, in units a second. */
export const speed = 300

export const dash = {
  /** Units a second. */
  speed: 950,
  /** Ticks that it lasts. */
  lasts: 8,
  /** Ticks from the beginning of one to the next. */
  every: 90,
} as const

export const rifle = {
  /** Ticks from one shot to the next. */
  every: 10,
  damage: 14,
  /** How far a shot reaches. */
  range: 900,
  /** By how much it pushes whom it hits. */
  push: 6,
} as const

export const health = {
  full: 100,
  /** What a pack gives back. */
  pack: 45,
} as const

/** Milliseconds. */
export const times = {
  /** From being shot to standing again. */
  respawn: 2_000,
  /** After that, so long nothing hurts; shooting ends it. */
  safe: 1_500,
  /** From taking a pack to the next one there. */
  pack: 9_000,
  round: 180_000,
  /** From the end of a round to the next. */
  rest: 7_000,
} as const

/** Who has shot so many has won the round. */
export const goal = 15
