const signs = '0123456789abcdefghjkmnpqrstvwxyz'
const word = 2 ** 32

/** What is random for a mutation or an input (docs/protocol.md, U4): values of 32 bits, one after the other. */
export function* chance(seed: number, at: number): Generator<number, never> {
  const low = (value: number): number => Math.trunc(value) % word
  let [a, b, c, d] = [seed, low(at), low(at * 4096), low(at / word)]
  for (let passed = -12; ; passed++) {
    const value = (a + b + d) % word
    d = (d + 1) % word
    a = (b ^ (b >>> 9)) >>> 0
    b = (c + ((c << 3) >>> 0)) % word
    c = ((((c << 21) | (c >>> 11)) >>> 0) + value) % word
    if (passed >= 0) yield value
  }
}

/** A number from 0 to 1. */
export function numberOf(values: Iterator<number, never>): number {
  return values.next().value / word
}

export function idOf(values: Iterator<number, never>): string {
  return Array.from({ length: 16 }, () => signs.charAt(values.next().value >>> 27)).join('')
}
