import type { Clock, ErrorCode, JuntoError } from '@junto/protocol'
import { backoff, type BackoffOptions } from '../connection/backoff.ts'

/** Refusals of a rejoin that pass: a full room may be full of our own former seat, and what failed at the server works again. */
const passing: readonly ErrorCode[] = [
  'room_full',
  'room_closed',
  'rate_limited',
  'timeout',
  'shutting_down',
  'store_failed',
  'internal',
  'too_many_rooms',
  'too_many_connections',
  'overloaded',
]

/** How long a room that refuses is asked again before it counts as lost, from the first refusal on. */
const rejoinFor = 60_000

/** How often a snapshot is asked for because the mirror came apart, without a time of health in between. */
const mostResyncs = 3

/** How often a room is joined afresh because what came for it was damaged, without a time of health in between. */
const mostRepairs = 5

/** After so long a repaired room counts as healthy again. */
const healthyAfter = 60_000

/** What a policy goes by. */
export interface RejoinOptions extends BackoffOptions {
  readonly clock: Clock
}

/** How long and how often a room that was lost is asked for again. */
export class RejoinPolicy {
  readonly #options: RejoinOptions
  /** Since when the room is lost, and since when it refuses. */
  #lost: { readonly at: number; refused: number } | undefined
  #refusals = 0
  #resyncs = 0
  #repairs = 0
  #repairedAt = 0

  constructor(options: RejoinOptions) {
    this.#options = options
  }

  /** Whether the room is being rejoined. */
  get underWay(): boolean {
    return this.#lost !== undefined
  }

  /** The room was lost. Its time counts from the first loss on. */
  begin(): void {
    this.#lost ??= { at: this.#options.clock.now(), refused: Infinity }
  }

  /** The room is back, or at its end. Returns how long it was away; nothing when it was not. */
  end(): number | undefined {
    const lost = this.#lost
    this.#lost = undefined
    this.#refusals = 0
    return lost === undefined ? undefined : this.#options.clock.now() - lost.at
  }

  /** Whether a room that refused with this error is asked again. */
  allows({ code }: JuntoError): boolean {
    const lost = this.#lost
    if (lost === undefined || !passing.includes(code)) return false
    const now = this.#options.clock.now()
    lost.refused = Math.min(lost.refused, now)
    return now - lost.refused < rejoinFor
  }

  /** Milliseconds until the next attempt, which counts. */
  delayAfter({ retryAfter = 0 }: JuntoError): number {
    return Math.max(backoff(this.#options, ++this.#refusals), retryAfter)
  }

  /** The mirror came apart: whether a snapshot may be asked for, which counts. When it does not help, the room is joined afresh. */
  mayResync(): boolean {
    this.#heal()
    return ++this.#resyncs <= mostResyncs
  }

  /** What came for the room was damaged: whether it may be joined afresh for that, which counts. */
  mayRepair(): boolean {
    this.#heal()
    return ++this.#repairs <= mostRepairs
  }

  #heal(): void {
    const now = this.#options.clock.now()
    if (now - this.#repairedAt > healthyAfter) this.#resyncs = this.#repairs = 0
    this.#repairedAt = now
  }
}
