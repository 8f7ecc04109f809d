/** What a peer accepts. */
export interface WriterLimits {
  readonly maxMessage: number
  readonly maxFrame: number
  /** Size of the pieces of large frames. Default: 16 KiB. */
  readonly partSize?: number
}

/** Collects frames for one peer and hands them out as messages, one per turn, split below what the peer accepts. */
export class MessageWriter {
  constructor(_limits?: WriterLimits) {}

  /** Bytes that wait. */
  get size(): number {
    return 0
  }

  /** What the peer accepts, once it is known. */
  setLimits(_limits: WriterLimits): void {}

  /** Queues a frame for a room (0: the session). @throws JuntoError `too_large` when the peer would never accept it. */
  add(_room: number, _frame: Uint8Array): void {
    throw new Error('not yet')
  }

  /** Queues a session frame ahead of everything that waits, also between the parts of a large frame: for beats. */
  addUrgent(_frame: Uint8Array): void {
    throw new Error('not yet')
  }

  /** The next message, or undefined when nothing waits. Its bytes are fresh and never written again. */
  take(): Uint8Array | undefined {
    return undefined
  }

  /** Drops what waits. */
  clear(): void {}
}
