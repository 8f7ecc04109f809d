import { clientDefaults } from './limit-defaults.ts'

/** The limits of a client. */
export type ClientLimits = Readonly<Record<keyof typeof clientDefaults, number>>

/** Those that `clientLimits` has checked. */
export const checkedLimits = new WeakSet<ClientLimits>()

/** Limits that a program gave, or the defaults; undefined for what does not come from `clientLimits`. */
export function givenLimits(limits: ClientLimits | undefined): ClientLimits | undefined {
  if (limits === undefined) return clientDefaults
  return checkedLimits.has(limits) ? limits : undefined
}
