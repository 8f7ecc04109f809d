import { Sfc32 } from '@junto/protocol/internal'

/** Numbers from 0 up to, and not including, 1, which seed and number of the bot repeat. */
export function chanceOf(seed: number, bot: number): () => number {
  const generator = new Sfc32(seed, Math.floor(seed / 0x1_0000_0000), bot, 1, 15)
  return () => generator.next() / 0x1_0000_0000
}
