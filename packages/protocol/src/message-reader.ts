import type { Frame } from './frames.ts'

/** What this side accepts. */
export interface ReaderLimits {
  readonly maxMessage: number
  readonly maxFrame: number
  readonly maxDepth: number
  readonly maxElements: number
}

/** Reads the messages of one peer. */
export class MessageReader {
  constructor(_limits: ReaderLimits) {}

  /**
   * Reads one message and delivers its frames in order, with the room each concerns (0: the session). A message that is
   * wrong anywhere delivers nothing at all.
   *
   * @throws JuntoError `bad_message`; the connection cannot go on.
   */
  read(_message: Uint8Array, _deliver: (room: number, frame: Frame) => void): void {
    throw new Error('not yet')
  }
}
