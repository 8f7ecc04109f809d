import { expect, it } from 'vitest'
import { randomHex, randomId, RandomSource } from './random.ts'

class Counting extends RandomSource {
  #next = 0
  override bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next++)
  }
  override number(): number {
    return 0.5
  }
}

it('ids are made of 32 signs that nobody misreads, each as likely', () => {
  expect(randomId(new Counting(), 32)).toBe('0123456789abcdefghjkmnpqrstvwxyz')
  const counts = new Map<string, number>()
  for (const sign of randomId(new Counting(), 256)) counts.set(sign, (counts.get(sign) ?? 0) + 1)
  expect([...counts.values()]).toEqual(Array.from({ length: 32 }, () => 8))
})

it('hex has two signs for a byte', () => {
  expect(randomHex(new Counting(), 17)).toBe('000102030405060708090a0b0c0d0e0f10')
})
