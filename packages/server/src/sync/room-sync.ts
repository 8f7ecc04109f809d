import type { Clock } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { StateTree, Update } from '@junto/schema/internal'
import type { Logger } from '../observe/log.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../observe/metrics.ts'
import { ownSeries } from '../observe/series.ts'
import type { Atomic } from './atomic.ts'
import { Checks } from './checks.ts'
import type { Feed, Message } from './feed.ts'
import type { StampSource } from './stamp.ts'
import { Stamping } from './stamping.ts'
import { Pace, PatchTimes } from './patch-times.ts'
import type { Flushable, TurnEnd } from './turn-end.ts'

/** Parts of {@link RoomSync}. */
export interface RoomSyncOptions {
  readonly tree: StateTree
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  /** Where the state is changed as one. */
  readonly atomic: Atomic
  /** What members are told beside the state; `undefined`: nothing. */
  readonly stamps: StampSource | undefined
  readonly logger: Logger
  readonly metrics: Metrics
  /** The room's contract, for metrics. */
  readonly room: string
  /** The room's name, for the log. */
  readonly name: string
  /** Milliseconds between patches at least; 0: each turn may have one. */
  readonly interval: number
  /** Milliseconds of one tick; 0: the room does not tick. */
  readonly tick: number
  /** Milliseconds between checks of a mirror at least. */
  readonly checkInterval: number
  /** Whether all members see the same. */
  readonly shared: boolean
  /** A version was closed that changed the state itself: there is something to save. Undefined: nobody saves it. */
  readonly onChange: (() => void) | undefined
  /** The state could not be encoded. Nobody can be kept right any more. Called once. */
  readonly onBroken: (error: unknown) => void
}

/**
 * Keeps a room's members at its state, and everything else behind it: what a turn says leaves after the patch with what
 * the turn changed, whichever came first in the code. So no member is told of something it cannot see. Nothing leaves
 * before the end of the turn anyway; only in a room whose patches are further apart does anything wait longer.
 *
 * A member for whom too much waits already is *behind*: it takes no patches, and costs none, until what waits has left. Then
 * it gets one that leads over all it missed, and behind it what was said to it meanwhile.
 *
 * A member whose session is away is no feed of the room, and costs nothing, until it is resumed: then it is caught up from the version
 * that its client says it has.
 *
 * A stamp says how far the room is with what a member does itself. It stands before the patch that it speaks of, and before all that was
 * said behind that.
 */
export class RoomSync implements Flushable {
  readonly tree: StateTree
  readonly #options: RoomSyncOptions
  readonly #checks: Checks<Feed>
  readonly #feeds = new Set<Feed>()
  /** Those to be looked after at the end of the turn, whether or not the state changed. Who has gone since is among them, unmarked. */
  #waiting: Feed[] = []
  /**
   * What leaves now: of the state, or what was said. All of it is made before the first of it is sent: sending may find that somebody is
   * too slow, and the room's onLeave writes to the state. Bytes may be shared, and are never written again.
   */
  #outgoing: (Uint8Array | Message)[] = []
  /** To whom each of these goes. */
  #receivers: Feed[] = []
  /** How many of these are sent. */
  #sent = 0
  readonly #counts: Readonly<Record<'catchUps' | 'snapshots' | 'desyncs' | 'dropped' | 'replaced', Counter>> & {
    readonly behind: Gauge
    readonly sizes: Histogram
  }
  readonly #times: PatchTimes
  readonly #stamping: Stamping
  /** Members who get patches less often than others, and have missed one, or what was said behind it. */
  readonly #lagging = new Set<Feed>()
  /** Somebody cannot wait until then. */
  #urgent = false
  #queued = false
  /** It goes on when what changes the state as one has come to its end. */
  #isHeldUp = false
  #over = false

  constructor(options: RoomSyncOptions) {
    this.#options = options
    const { tree, metrics, clock, checkInterval: interval, shared } = options
    this.tree = tree
    // Not at once: what else happens in a turn belongs into the same patch.
    this.#times = new PatchTimes({ ...options, wake: () => this.#enqueue() })
    this.#stamping = new Stamping(options.stamps, (feed, frame) => this.#put(feed, frame))
    const labels = { room: options.room }
    this.#counts = {
      behind: metrics.gauge('members_behind', labels),
      catchUps: metrics.counter('catch_ups', labels),
      snapshots: metrics.counter('snapshots_sent', labels),
      desyncs: metrics.counter('desyncs', labels),
      dropped: metrics.counter('messages_dropped', { reason: 'volatile' }),
      replaced: metrics.counter('messages_dropped', { reason: 'replaced' }),
      sizes: metrics.histogram('patch_bytes', labels, ownSeries.patch_bytes.buckets),
    }
    this.#checks = new Checks({ tree, clock, interval, shared })
    // At ticks it is looked for anyway.
    tree.onDirty = () => {
      if (!this.#times.atTicks) this.#enqueue()
    }
    if (tree.dirty) this.#enqueue()
  }

  /**
   * Gives this feed a snapshot at the end of the turn, then what it holds; from then on it gets the patches. Not at once:
   * of a crowd that comes in one turn, each would have all the others sent a patch.
   */
  add(feed: Feed): void {
    if (this.#over) return
    this.#admit(feed)
    this.#urgent = true
    this.#await(feed, 'now')
  }

  /** Nothing goes to this feed any more. */
  remove(feed: Feed): void {
    feed.release()
    this.#drop(feed)
  }

  /** Its session is away: the link is given all that was said to it, and no state until {@link resume}. */
  suspend(feed: Feed): void {
    // What is being sent may have come upon the end of the line. What is on its way was said before what is held.
    for (let index = this.#sent; index < this.#outgoing.length; index++) {
      const sent = this.#outgoing[index]
      if (this.#receivers[index] === feed && sent !== undefined && !(sent instanceof Uint8Array)) feed.pass(sent)
    }
    this.#drop(feed)
    for (const message of feed.release() ?? []) feed.pass(message)
  }

  /** Its session is back: brings the state at once, from the version that its viewer says it has. */
  resume(feed: Feed): void {
    // What was said to it meanwhile may speak of changes that no version has yet.
    this.flushNow()
    if (this.#over) return
    this.#admit(feed)
    const isBrought = this.#attempt(() => {
      if (this.#bring(feed) === 'patch') this.#counts.catchUps.add()
    })
    this.#stamping.handled(feed)
    if (isBrought) this.#sendOut()
  }

  /** Has a message leave at the end of the turn, after the feed's patch. */
  say(feed: Feed, message: Message): void {
    if (!feed.holds) this.#await(feed)
    const { replaced } = feed
    const isBearable = feed.hold(message)
    if (feed.replaced > replaced) this.#counts.replaced.add()
    // What the link cannot take either is the session's to judge.
    if (!isBearable) this.deliver(feed)
  }

  /** A mutation of this member was handled: it is told so at the end of the turn, behind what that has changed. */
  handled(feed: Feed): void {
    this.#await(feed)
  }

  /** A message of class `volatile` does not go to a member, which could not take it now. */
  dropped(): void {
    this.#counts.dropped.add()
  }

  /** What waited for the member has left. When it is behind, it catches up at the end of the turn. */
  drained(feed: Feed): void {
    if (feed.behind) this.#await(feed, 'when it can')
  }

  /** The member's mirror came apart: it gets a snapshot at the end of the turn. */
  resync(feed: Feed): void {
    const { room, name, logger } = this.#options
    const { viewer, id } = feed
    const { version } = viewer
    this.#counts.desyncs.add()
    logger.warn(`The mirror of a member of the room ${name} came apart; it gets a snapshot`, {
      room: name,
      contract: room,
      member: id,
      version,
      after: this.#checks.checkOf(feed, version) ?? 'a patch that it refused, or an earlier check',
    })
    viewer.reset()
    this.#urgent = true
    this.#await(feed, 'when it can')
  }

  // ---- When patches leave.

  /** Time passes in the room: from now on patches leave at its ticks; or it stands still. */
  set ticking(ticking: boolean) {
    this.#times.ticking = ticking
    this.#enqueue()
  }

  /** A tick is over, or several are, the last of which was at this time: what they have changed leaves, if it is time for that. */
  ticked(at: number): void {
    if (this.#over) return
    this.#times.ticked(at)
    if (!this.#times.isDue) return
    const { version } = this.tree
    const isAsked = this.#askLagging()
    if (this.tree.dirty || isAsked) this.flushNow()
    if (this.tree.version === version) this.#stand()
    else this.#times.left()
  }

  /** The end of the turn. */
  flush(): void {
    this.#queued = false
    const { atTicks, isDue } = this.#times
    const waits = this.tree.dirty && !this.#urgent && (atTicks || !isDue)
    if (!waits) {
      if (!atTicks) this.#askLagging()
      this.flushNow()
    }
    this.#arm()
  }

  /** A member is to get patches at most so often: milliseconds; 0: as often as all. */
  repace(feed: Feed, interval: number): void {
    feed.pace = new Pace(interval)
    if (feed.lags) this.#arm()
  }

  /** Has what waits looked at when it falls due. */
  #arm(): void {
    if (this.#over) return
    let next = this.tree.dirty && !this.#queued ? this.#times.due : Infinity
    for (const { pace } of this.#lagging) next = Math.min(next, pace.due)
    this.#times.wakeAt(next)
  }

  /** Nothing has changed at this tick. */
  #stand(): void {
    this.#stamping.stand()
    if (!this.#stamping.ticks || !this.#times.isQuietDue) return
    this.#times.stood()
    for (const feed of this.#feeds) {
      if (!this.#stamping.concerns(feed) || feed.behind || feed.lags) continue
      if (feed.link.congested || !this.#times.isDueFor(feed.pace)) continue
      this.#stamping.standFor(feed)
      this.#times.done(feed.pace)
    }
    this.#sendOut()
  }

  // ---- Members who get patches less often than others.

  #lag(feed: Feed): void {
    feed.lags = true
    this.#lagging.add(feed)
    this.#arm()
  }

  #keepUp(feed: Feed): void {
    if (!feed.lags) return
    feed.lags = false
    this.#lagging.delete(feed)
  }

  /** Those ask who have missed something, and may have it now. */
  #askLagging(): boolean {
    let isAsked = false
    for (const feed of this.#lagging) {
      if (!this.#times.isDueFor(feed.pace)) continue
      isAsked = true
      this.#await(feed, 'when it can')
    }
    return isAsked
  }

  /** Closes the pending changes into a version, sends it, then everything that waited for it. Never throws. */
  flushNow(): void {
    if (this.#isHeldUp) return
    if (this.#options.atomic.isRunning) {
      this.#isHeldUp = true
      this.#options.atomic.whenWhole(() => {
        this.#isHeldUp = false
        this.flushNow()
      })
      return
    }
    if (this.#over || !this.#attempt(() => this.#take())) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const feed of waiting) {
      feed.waits = false
      if (feed.behind || feed.lags || !feed.admitted) continue
      this.#stamping.handled(feed)
      const messages = feed.release()
      if (messages !== undefined) for (const message of messages) this.#put(feed, message)
    }
    this.#sendOut()
  }

  /** As {@link flushNow}, and this feed gets what is for it even if too much waits for its member already. */
  deliver(feed: Feed): void {
    if (this.#over) return
    this.#await(feed, 'now')
    this.flushNow()
  }

  /** Ends it: what happens to the state from now on concerns nobody. */
  close(): void {
    this.#over = true
    this.tree.onDirty = undefined
    this.#times.stop()
    for (const feed of this.#feeds) this.remove(feed)
  }

  #await(feed: Feed, asks: Feed['asks'] = 'no'): void {
    if (feed.asks !== 'now' && asks !== 'no') feed.asks = asks
    if (!feed.waits) {
      feed.waits = true
      this.#waiting.push(feed)
    }
    this.#enqueue()
  }

  /** @returns whether there is a new version. */
  #close(): boolean {
    const { tree } = this
    if (!tree.dirty) return false
    this.#times.closing()
    if (!tree.close()) return false
    if (tree.written === tree.version) this.#options.onChange?.()
    return true
  }

  /** @returns whether it came to its end. If not, the state cannot be encoded, and all is over. */
  #attempt(encode: () => void): boolean {
    try {
      encode()
      return true
    } catch (error) {
      this.#over = true
      this.#options.onBroken(error)
      return false
    }
  }

  /** What is new, for those who can take something now. */
  #take(): void {
    const { version } = this.tree
    const changed = this.#close()
    const checked = changed && this.#checks.areDue() ? new Set<Feed>() : undefined
    for (const feed of changed ? this.#feeds : this.#waiting) {
      const { asks } = feed
      if (asks === 'no' && !changed) continue
      if (asks === 'no' && !this.#times.isDueFor(feed.pace)) {
        this.#lag(feed)
        continue
      }
      feed.asks = 'no'
      if (asks === 'no' && feed.behind) continue
      const takes = asks === 'now' || !feed.link.congested
      if (this.#setBehind(feed, !takes) && takes) this.#counts.catchUps.add()
      if (!takes) continue
      if (changed && feed.viewer.version === version) this.#stamping.current(feed)
      if (this.#bring(feed) === 'patch' && asks === 'no') checked?.add(feed)
      this.#times.done(feed.pace)
    }
    this.#urgent = false
    if (checked !== undefined) this.#checks.follow(checked, (feed, frame) => this.#put(feed, frame))
  }

  /** Takes what is new for one, which may be nothing. */
  #bring(feed: Feed): Update['kind'] | undefined {
    this.#keepUp(feed)
    const update = feed.viewer.take()
    if (update === undefined) {
      this.#stamping.standFor(feed)
      return undefined
    }
    if (update.kind === 'snapshot') this.#counts.snapshots.add()
    this.#stamping.before(feed, update.kind)
    this.#put(feed, this.#frameOf(update))
    return update.kind
  }

  #put(feed: Feed, sent: Uint8Array | Message): void {
    this.#receivers.push(feed)
    this.#outgoing.push(sent)
  }

  /** What comes back here from sending goes on with what is there, so that newer things leave behind older ones. */
  #sendOut(): void {
    for (let next = this.#outgoing[this.#sent]; next !== undefined; next = this.#outgoing[this.#sent]) {
      const feed = this.#receivers[this.#sent++]
      if (feed?.admitted !== true) continue
      // Asked this way, since to ask bytes for a property is slow.
      if (next instanceof Uint8Array) feed.link.sendState(next)
      else feed.pass(next)
    }
    this.#outgoing = []
    this.#receivers = []
    this.#sent = 0
  }

  #frameOf(update: Update): Uint8Array {
    if (update.frame !== undefined) return update.frame
    const { kind, bytes } = update
    this.#counts.sizes.observe(bytes.length)
    return (update.frame = encodeFrame({ type: kind === 'patch' ? FrameType.patch : FrameType.snapshot, bytes }))
  }

  #admit(feed: Feed): void {
    feed.admitted = true
    feed.progress.forget()
    feed.stood.tick = -1
    this.#feeds.add(feed)
    this.#checks.add(feed)
  }

  #drop(feed: Feed): void {
    feed.admitted = false
    this.#feeds.delete(feed)
    this.#checks.remove(feed)
    this.#setBehind(feed, false)
    this.#keepUp(feed)
    feed.asks = 'no'
  }

  /** @returns whether that is new. */
  #setBehind(feed: Feed, behind: boolean): boolean {
    if (feed.behind === behind) return false
    feed.behind = behind
    this.#counts.behind.add(behind ? 1 : -1)
    return true
  }

  #enqueue(): void {
    if (this.#queued || this.#over) return
    this.#queued = true
    this.#options.turnEnd.flushRoom(this)
  }
}
