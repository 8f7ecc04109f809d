import { JuntoError } from '@junto/protocol'
import type { Lanes, Ledger } from './ledger.ts'

/** What something failed with, as it is counted. */
export function codeOf(error: unknown): string {
  return error instanceof JuntoError ? error.code : 'failed'
}

/** What a question is counted as. */
type Question = 'ask' | 'honk' | 'apply' | 'wait' | 'note' | 'draw'

/** Those that are in no order with anything else. */
const apart: readonly Question[] = ['ask', 'honk']

/** Notes how a call ended that did not succeed. */
export function endCall(ledger: Ledger, lanes: Lanes, n: number, error: unknown, what: Question): void {
  const code = codeOf(error)
  ledger.count(`${what} ${code}`)
  switch (code) {
    case 'disconnected':
    case 'rate_limited':
      lanes.calls.refused(n)
      if (!apart.includes(what)) lanes.reliable.refused(n)
      return
    case 'outcome_unknown':
    case 'timeout':
    case 'cancelled':
      lanes.calls.unknown(n)
      if (!apart.includes(what)) lanes.reliable.unknown(n)
      return
    default:
      lanes.calls.unknown(n)
      ledger.fault(`${what} ${n} ended in no way that it may: ${String(error)}`)
  }
}
