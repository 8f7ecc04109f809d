import { checkedLimits, type ClientLimits } from './given-limits.ts'
import { clientDefaults, KiB } from './limit-defaults.ts'
import { bytes, commonLimits, count, mergeLimits, ms, type LimitTable } from './limits.ts'

/** Every limit of a client, with its default, whose reason stands there. */
export const clientLimitsTable = {
  ...commonLimits,
  maxFrame: bytes(clientDefaults.maxFrame, KiB),
  connectTimeout: ms(clientDefaults.connectTimeout, 100),
  probeTimeout: ms(clientDefaults.probeTimeout, 100),
  maxUnheard: count(clientDefaults.maxUnheard, 1),
  maxHeld: bytes(clientDefaults.maxHeld, KiB),
  reconnectMin: ms(clientDefaults.reconnectMin, 1),
  reconnectMax: ms(clientDefaults.reconnectMax, 1),
} satisfies LimitTable

/**
 * The limits of a client: the defaults, and what differs.
 *
 * ```ts
 * import { clientLimits, JuntoClient } from '@junto/client'
 *
 * const client = new JuntoClient({ url: 'ws://localhost:1727', limits: clientLimits({ reconnectMax: 60_000 }) })
 * ```
 *
 * A function, so that pages which keep to the defaults do not load what checks others.
 *
 * @throws JuntoError `misuse` naming a limit that cannot be.
 */
export function clientLimits(overrides: Partial<ClientLimits> = {}): ClientLimits {
  const limits = mergeLimits(clientLimitsTable, overrides)
  checkedLimits.add(limits)
  return limits
}
