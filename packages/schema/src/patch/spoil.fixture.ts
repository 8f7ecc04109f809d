import type { Draws } from '../state/random-state.fixture.ts'

/** Bytes with something wrong: cut off, overwritten, a bit turned, or with more in them. */
export function spoil(bytes: Uint8Array, draws: Draws): Uint8Array {
  const spoilt = bytes.slice()
  switch (draws.below(4)) {
    case 0:
      return spoilt.subarray(0, draws.below(spoilt.length))
    case 1:
      for (let times = 1 + draws.below(3); times > 0; times--) spoilt[draws.below(spoilt.length)] = draws.below(256)
      return spoilt
    case 2: {
      const at = draws.below(spoilt.length)
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << draws.below(8))
      return spoilt
    }
    default: {
      const at = draws.below(spoilt.length)
      const insert = Uint8Array.from({ length: 1 + draws.below(9) }, () => draws.one([0, 1, 2, 0x7f, 0x80, 0xff]))
      return Uint8Array.from([...spoilt.subarray(0, at), ...insert, ...spoilt.subarray(at)])
    }
  }
}
