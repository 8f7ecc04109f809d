import { describe } from '@junto/protocol/internal'

/**
 * What a client noticed that fails no call of the program.
 *
 * - `unheard`: a message came that nothing in the program listens to.
 * - `overflow`: messages that waited for their first listener were dropped, because too many waited.
 * - `fault`: a listener, a watcher or an answer of the program threw; `error` is what it threw.
 * - `unsupported`: an event was sent that the server's contract lacks; it is dropped. Or a server came back that cannot be told this member's presence.
 * - `unused`: an option was given that does nothing here.
 * - `protocol`: the server said something that its own contract or the protocol does not allow.
 */
export interface Warning {
  readonly code: 'unheard' | 'overflow' | 'fault' | 'unsupported' | 'unused' | 'protocol'
  /** A sentence: what happened, where, and what to do about it. */
  readonly message: string
  /** What was thrown, where something was. */
  readonly error?: unknown
}

/** Takes warnings. */
export type Report = (warning: Warning) => void

/** Reports what code of the program threw. It must not throw itself, whatever the program's `onWarning` does. */
export function reportFault(report: Report, where: string, error: unknown): void {
  report({ code: 'fault', message: `${where} threw: ${describe(error)}`, error })
}

/**
 * Where warnings go when the program says nothing else: what the program threw to `reportError`, where the page's own
 * error handling sees it, and everything else to the console.
 */
export function defaultReport(warning: Warning): void {
  if (warning.code === 'fault' && typeof globalThis.reportError === 'function') {
    globalThis.reportError(warning.error)
    return
  }
  // oxlint-disable-next-line no-console -- the place where a developer looks, when `onWarning` names no other
  console.warn(`junto: ${warning.message}`, ...(warning.error === undefined ? [] : [warning.error]))
}

/** A report that survives a throwing `onWarning`. */
export function guardedReport(report: Report): Report {
  return (warning) => {
    try {
      report(warning)
    } catch {
      // A program whose logging fails is told nothing more: there is no one left to tell.
    }
  }
}
