import { defineRoom, t } from '@junto/schema'

const modes = ['casual', 'ranked'] as const
const maps = ['ice', 'sand', 'wood', 'rock', 'lake'] as const
const levels = 100

/** Games that are found by matchmaking. */
export const Game = defineRoom('game', {
  version: 1,
  options: t.Object({ number: t.Uint32() }),
  metadata: t.Object({ mode: t.Enum([...modes]), level: t.Uint8(), map: t.Enum([...maps]) }),
  state: t.Object({ round: t.Uint8() }),
  clientToServer: {},
  serverToClient: {},
})

/** What the n-th room says of itself. The first ten fit every wish, and all that come later are spread evenly. */
export function metadataOf(n: number) {
  const level = n < 10 ? n * 10 : (n * 37) % levels
  const map = n < 10 ? maps[n % 2] : maps[n % maps.length]
  return { level, mode: modeOf(level), map: map ?? maps[0] }
}

/** What the n-th player asks for: one of ten ranges, of which there is a room from the first ten on. */
export function whereOf(n: number) {
  const from = (n % 10) * 10
  return { mode: modeOf(from), level: { from, to: from + 9 }, map: { in: [maps[0], maps[1]] } }
}

function modeOf(level: number) {
  return Math.floor(level / 10) % 2 === 0 ? modes[0] : modes[1]
}
