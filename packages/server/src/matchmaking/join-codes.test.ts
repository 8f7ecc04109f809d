import { RandomSource } from '@junto/protocol'
import { SeededRandom } from '@junto/testing'
import { expect, it } from 'vitest'
import { JoinCodes } from './join-codes.ts'

it('a code has six digits and capital letters, stays the same, and leads to its room until that has gone', () => {
  const codes = new JoinCodes<object>(new SeededRandom(1))
  const rooms = Array.from({ length: 500 }, () => ({}))
  for (const room of rooms) {
    const code = codes.of(room)
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{6}$/)
    expect(codes.of(room)).toBe(code)
    expect(codes.find(code)).toBe(room)
  }
  expect(new Set(rooms.map((room) => codes.of(room))).size).toBe(500)
  for (const room of rooms) {
    const code = codes.of(room)
    codes.forget(room)
    expect(codes.find(code)).toBeUndefined()
  }
})

it('a code is read as people write it', () => {
  class Ones extends RandomSource {
    bytes(count: number): Uint8Array {
      return Uint8Array.from({ length: count }, (_, index) => (index % 2 === 0 ? 0 : 1))
    }
    number(): number {
      return 0
    }
  }
  const codes = new JoinCodes<object>(new Ones())
  const room = {}
  expect(codes.of(room)).toBe('010101')
  for (const written of ['010101', ' 010-101 ', 'O1o1ol', '0I0L0i']) expect(codes.find(written), written).toBe(room)
  for (const wrong of ['', '01010', '0101010', '010100']) expect(codes.find(wrong), wrong).toBeUndefined()
})

it('a code that is taken is not given twice', () => {
  class Repeating extends RandomSource {
    #calls = 0
    bytes(count: number): Uint8Array {
      return new Uint8Array(count).fill(Math.floor(this.#calls++ / 3))
    }
    number(): number {
      return 0
    }
  }
  const codes = new JoinCodes<object>(new Repeating())
  expect([codes.of({}), codes.of({}), codes.of({})]).toEqual(['000000', '111111', '222222'])
})
