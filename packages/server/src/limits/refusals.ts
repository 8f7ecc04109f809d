import { JuntoError } from '@junto/protocol'
import { errorToWire, FrameType } from '@junto/protocol/internal'
import type { Frame, SentFrame } from '@junto/protocol/internal'

/** Milliseconds between notices to one client that events of its are dropped, for each reason. */
const noticeInterval = 1000

/** Events that were dropped since their sender was told, and when that was. */
interface Dropped {
  count: number
  toldAt: number
}

/** What one client is told of messages that came too soon. */
export class Refusals {
  /** By the reason. */
  readonly #dropped = new Map<string, Dropped>()

  /**
   * What the sender of a frame is told, at the frame's own ref: `failed` for a call or stream, `refused` for a join, now and then a
   * `notice` for events.
   *
   * @param why The limit in words: `more messages than 500 a second`.
   * @param wait Milliseconds until it may try again.
   */
  answer(frame: Frame, why: string, now: number, wait: number): SentFrame | undefined {
    switch (frame.type) {
      case FrameType.call:
      case FrameType.stream:
        return { type: FrameType.failed, no: frame.no, ...tooSoon(why, wait) }
      case FrameType.join:
      case FrameType.unfitJoin:
        return { type: FrameType.refused, ref: frame.ref, ...tooSoon(why, wait) }
      default: {
        const dropped = this.#drop(why, now)
        if (dropped === undefined) return undefined
        const { code, message } = tooSoon(why, wait)
        return { type: FrameType.notice, code, message: `${message}; events dropped: ${dropped}` }
      }
    }
  }

  /** @returns how many have been dropped for this reason, when it is time to tell. */
  #drop(why: string, now: number): number | undefined {
    let dropped = this.#dropped.get(why)
    if (dropped === undefined) this.#dropped.set(why, (dropped = { count: 0, toldAt: -Infinity }))
    const count = ++dropped.count
    if (now < dropped.toldAt + noticeInterval) return undefined
    dropped.count = 0
    dropped.toldAt = now
    return count
  }
}

/** Only for who is told: an error looks at where it was made, which costs more than to drop an event. */
function tooSoon(why: string, wait: number): ReturnType<typeof errorToWire> {
  const retryAfter = Math.ceil(wait)
  return errorToWire(new JuntoError('rate_limited', `${why}: try again in ${retryAfter} ms`, { retryAfter }))
}
