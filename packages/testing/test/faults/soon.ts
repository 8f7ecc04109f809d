import { vi } from 'vitest'

/** Waits until what is asserted about the other side of a real socket comes true, however slow the machine. */
export function soon(assert: () => void): Promise<void> {
  return vi.waitFor(assert, { interval: 5, timeout: 30_000 })
}
