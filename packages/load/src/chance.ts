/**
 * Numbers from 0 up to, and not including, 1, which seed and number of the bot repeat (the generator is sfc32: fast and even, and
 * no secret to anybody).
 */
export function chanceOf(seed: number, bot: number): () => number {
  let a = seed >>> 0
  let b = Math.floor(seed / 0x1_0000_0000) >>> 0
  let c = bot >>> 0
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  // The first values still show the seed.
  for (let i = 0; i < 15; i++) next()
  return () => next() / 0x1_0000_0000
}
