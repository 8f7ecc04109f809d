import { encodeLayout } from './layout-wire.ts'
import type { Layout } from './layout.ts'

/**
 * The hash of a layout: 64 bits as 16 hex characters. Equal layouts have equal hashes; which one a client holds is told
 * by it. It protects nothing: whoever can send a layout can send any.
 */
export function hashLayout(layout: Layout): string {
  return hash64(JSON.stringify(encodeLayout(layout)))
}

/**
 * Two 32-bit lanes with different multipliers (those of MurmurHash3 and xxHash), mixed with each other at the end: a
 * difference in any character changes both halves.
 */
function hash64(text: string): string {
  let high = 0x9e37_79b9
  let low = 0x85eb_ca6b
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x85eb_ca77)
    low = Math.imul(low ^ unit, 0xc2b2_ae3d)
    high = (high << 13) | (high >>> 19)
    low = (low << 17) | (low >>> 15)
  }
  high = mix(high ^ text.length) ^ mix(low)
  low = mix(low ^ high)
  return hex(high) + hex(low)
}

function mix(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0')
}
