import type { ClientLimits, RandomSource } from '@junto/protocol'

/** What waits are drawn from. */
export interface BackoffOptions {
  readonly random: RandomSource
  /** `reconnectMin`: the longest wait before the first retry; `reconnectMax`: the longest there is. */
  readonly limits: Pick<ClientLimits, 'reconnectMin' | 'reconnectMax'>
}

/**
 * Milliseconds to wait before an attempt, counted from 1 after the loss: doubling, with full jitter. Each wait is drawn evenly
 * from zero to its limit, so that the clients of a server that was restarted do not come back all at once, while a single
 * dropped connection is mended almost at once.
 */
export function backoff({ random, limits }: BackoffOptions, attempt: number): number {
  return Math.round(random.number() * Math.min(limits.reconnectMax, limits.reconnectMin * 2 ** (attempt - 1)))
}
