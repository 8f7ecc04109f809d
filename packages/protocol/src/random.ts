/**
 * Where Junto takes its randomness from: ids, secrets, epochs, the jitter of waiting times. Injected like the clock, so
 * that a seed repeats a run.
 */
export abstract class RandomSource {
  /** `count` random bytes, fit for secrets. */
  abstract bytes(count: number): Uint8Array

  /** A number of [0, 1), for jitter and choices. */
  abstract number(): number
}

/** 32 signs, so that five bits make one without a bias; no i, l, o, u, which are misread or make words. */
export const idSigns = '0123456789abcdefghjkmnpqrstvwxyz'

/** A random id of `length` lower-case letters and digits, five bits each. */
export function randomId(random: RandomSource, length: number): string {
  let id = ''
  for (const byte of random.bytes(length)) id += idSigns.charAt(byte & 31)
  return id
}

/** `bytes` random bytes as lower-case hex, two signs each. */
export function randomHex(random: RandomSource, bytes: number): string {
  let hex = ''
  for (const byte of random.bytes(bytes)) hex += byte.toString(16).padStart(2, '0')
  return hex
}
