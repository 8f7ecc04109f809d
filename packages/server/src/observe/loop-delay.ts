/** How late the event loop was: seconds that a timer came too late. */
export interface LoopDelays {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * Tells how late the event loop is, which is how long everything waits that a room or anything else in the process holds up. The
 * system's own is `SystemLoopDelay`, used where the clock is the system's. Replace it, as a service, where the numbers come from elsewhere.
 */
export abstract class LoopDelay {
  /** Begins to look. */
  abstract start(): void
  /** Looks no more. */
  abstract stop(): void
  /** Since the last reading. Undefined before the beginning, and when there was nothing to see. */
  abstract read(): LoopDelays | undefined
}

/** For a time that is not the machine's: there the loop has no delays that mean anything. */
export class NoLoopDelay extends LoopDelay {
  override start(): void {}
  override stop(): void {}
  override read(): undefined {}
}
