/** Bytes of an epoch in a snapshot. */
export const epochLength = 8

/** The bytes of an epoch, which is told as hex. */
export function epochBytes(epoch: string): Uint8Array {
  if (!/^[0-9a-f]{16}$/.test(epoch)) throw new RangeError('An epoch is 16 lower-case hex characters')
  return Uint8Array.from({ length: epochLength }, (_, index) =>
    Number.parseInt(epoch.slice(2 * index, 2 * index + 2), 16),
  )
}

/** An epoch as people and programs tell it. */
export function epochText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
