import { encodeStamp } from '@junto/protocol/internal'
import type { Feed } from './feed.ts'
import type { StampSource } from './stamp.ts'

/**
 * Tells members by stamps how far their room is: before each patch in a room that ticks, and else when it is news.
 *
 * In a room that ticks a stamp also says until when nothing had changed: whoever shows what lies between two patches would else take a
 * standstill and what followed for one long, slow change.
 */
export class Stamping {
  readonly #source: StampSource | undefined
  readonly #put: (feed: Feed, frame: Uint8Array) => void
  /** The last tick at which nothing had changed although a patch was due; 0: none. */
  readonly #quiet = { tick: 0, time: 0 }

  /** @param source Undefined: members are told nothing. */
  constructor(source: StampSource | undefined, put: (feed: Feed, frame: Uint8Array) => void) {
    this.#source = source
    this.#put = put
  }

  /** Whether the room ticks. */
  get ticks(): boolean {
    return this.#source?.ticks === true
  }

  /** A patch or snapshot is about to be put. */
  before(feed: Feed, kind: 'patch' | 'snapshot'): void {
    if (kind === 'patch') this.#tellStood(feed)
    if (this.ticks || feed.progress.hasHandled) this.#stamp(feed, false)
  }

  /** Tells a member of its mutations, unless that stands before what it was just brought. */
  handled(feed: Feed): void {
    if (feed.progress.hasHandled) this.#stamp(feed, true)
  }

  /** Nothing has changed at this tick for anybody. */
  stand(): void {
    const source = this.#source
    if (source === undefined) return
    this.#quiet.tick = source.tick
    this.#quiet.time = source.time
  }

  /** The member has all that there was before something changes now: also the ticks at which nothing had. */
  current({ stood }: Feed): void {
    if (stood.tick >= this.#quiet.tick) return
    stood.tick = this.#quiet.tick
    stood.time = this.#quiet.time
  }

  /** Whether a member is to hear of it when nothing has changed: it did something, or saw something move until now. */
  concerns(feed: Feed): boolean {
    return feed.moves || feed.progress.isNews
  }

  /** Nothing has changed of what this member sees. */
  standFor(feed: Feed): void {
    const source = this.#source
    if (source?.ticks !== true) return
    feed.stood.tick = source.tick
    feed.stood.time = source.time
    if (this.concerns(feed)) this.#stamp(feed, true)
  }

  /** @param alone Neither a patch nor a snapshot follows. */
  #stamp(feed: Feed, alone: boolean): void {
    const source = this.#source
    if (source === undefined) return
    const { progress } = feed
    const { mutation, input, waiting } = progress
    const { tick, time } = source
    progress.told()
    feed.stamped = tick
    feed.moves = !alone
    this.#put(feed, encodeStamp({ tick, time, mutation, input, waiting, alone: alone || undefined }))
    source.told(feed, tick)
  }

  /** Something changes for a member for whom nothing had for a while: until when that was, and nothing that it does not know. */
  #tellStood(feed: Feed): void {
    const source = this.#source
    const { tick, time } = feed.stood
    if (source?.ticks !== true || tick <= feed.stamped) return
    feed.stamped = tick
    this.#put(feed, encodeStamp({ tick, time, ...feed.progress.last, alone: true }))
    source.told(feed, tick)
  }
}
