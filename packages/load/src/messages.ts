import type { ErrorKind } from './error-kinds.ts'
import type { Plan, ScenarioSettings } from './plan.ts'

/** How often one kind of error came. */
export interface ErrorCount extends ErrorKind {
  /** Whether it is one that the call declares. */
  readonly declared: boolean
  count: number
}

/** What the bots of one process have measured since it was told last. */
export interface Figures {
  /** Milliseconds, by name. */
  readonly times: ReadonlyMap<string, Float64Array>
  /** By the name of the measure. */
  readonly failed: ReadonlyMap<string, number>
  readonly counts: ReadonlyMap<string, number>
  readonly errors: readonly ErrorCount[]
}

/** How busy a process was since it was told last: parts of 1. */
export interface Usage {
  /** Of the time in which its event loop ran something. */
  readonly loop: number
  /** Of one processor. */
  readonly cpu: number
  /** Milliseconds by which a timer was late, at worst. */
  readonly late: number
}

/** What a process with bots is told. */
export type ToWorker =
  | { readonly kind: 'reach'; readonly url: string }
  | { readonly kind: 'run'; readonly index: number; readonly plan: Omit<Plan, 'thresholds'> }
  | { readonly kind: 'stop' }

/** What it tells. */
export type FromWorker =
  | { readonly kind: 'loaded'; readonly settings: ScenarioSettings }
  /** The scenario cannot be used, or the server not be reached. */
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'reached' }
  | {
      readonly kind: 'report'
      readonly figures: Figures
      readonly usage: Usage
      /** Bots that are there now. */
      readonly up: number
      /** Bots that have ended before the run did. */
      readonly ended: number
    }
  | { readonly kind: 'done'; /** Bots that went on although the run has ended. */ readonly stuck: number }
