import { pack, unpack } from '@junto/protocol/internal'
import { describe, expect, it } from 'vitest'
import { heldSize } from './held-size.ts'

describe('what a decoded value takes', () => {
  it('is its content, and something for each value', () => {
    expect(heldSize(null)).toBe(64)
    expect(heldSize('token')).toBe(69)
    expect(heldSize({ token: 'x', at: [1, 2] })).toBe(64 + (64 + 5 + 65) + (64 + 2 + 64 + 128))
    expect(heldSize(new Uint8Array(1000))).toBe(1256)
  })

  it('is far more than it takes on the wire, where it is made to be', () => {
    const wire = pack(Array.from({ length: 9000 }, () => ({})))
    expect(wire.length).toBeLessThan(9010)
    expect(heldSize(unpack(wire))).toBe(64 * 9001)
  })
})
