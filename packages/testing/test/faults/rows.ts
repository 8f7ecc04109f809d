import type { Labels } from '@junto/server'
import type { Target, TargetOptions } from './target.ts'

/** One way of doing what a row says. */
export interface Attack {
  /** Which way. */
  readonly name: string
  /** Does it, and asserts what must be seen. */
  readonly run: (target: Target) => Promise<void>
  /** Counters that must have grown, and by how much: one, unless said otherwise. */
  readonly counts: readonly Count[]
  /** How the server differs that this is done to. Default: one that the attacks of the section share. */
  readonly server?: TargetOptions
  /** It ends the server, with everybody who is there. */
  readonly endsServer?: true
}

export interface Count {
  readonly counter: string
  readonly labels: Labels
  readonly by?: number
}

/** A row of the list of faults, in its words. */
export interface Row {
  readonly fault: string
  readonly attacks: readonly Attack[]
}

/** The connection was closed for this reason. */
export function closed(reason: string, by = 1): Count {
  return { counter: 'connections_closed', labels: { reason }, by }
}

/** It was refused before it became a connection. */
export function refused(reason: string, by = 1): Count {
  return { counter: 'connections_refused', labels: { reason }, by }
}

/** So many frames were answered by a notice instead of being obeyed. */
export function notice(reason: string, by = 1): Count {
  return { counter: 'frames_refused', labels: { reason }, by }
}
