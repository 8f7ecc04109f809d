import type { Clock } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { StateTree, Update } from '@junto/schema/internal'
import type { Logger } from '../observe/log.ts'
import type { Counter, Gauge, Metrics } from '../observe/metrics.ts'
import { Checks, type Checked } from './checks.ts'
import type { Flushable, TurnEnd } from './turn-end.ts'

/** A member that receives state. */
export interface Recipient extends Checked {
  /** The member's id, for the log. */
  readonly id: string
  /** Whether so much waits for it that it takes no patches. {@link RoomSync.drained} says when that is over. */
  readonly congested: boolean
  /** Sends a frame of the state. The bytes are shared, and never written again. */
  send(frame: Uint8Array): void
  /** Sends what waited for the patch. */
  release(): void
}

/** What is to be done for a recipient: a frame to be sent, or, without one, what waited to be released. */
interface Delivery {
  readonly recipient: Recipient
  readonly frame: Uint8Array | undefined
}

/** Parts of {@link RoomSync}. */
export interface RoomSyncOptions {
  readonly tree: StateTree
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  readonly logger: Logger
  readonly metrics: Metrics
  /** The room's contract, for metrics. */
  readonly room: string
  /** The room's name, for the log. */
  readonly name: string
  /** Milliseconds between patches at least; 0: each turn may have one. */
  readonly interval: number
  /** Milliseconds between checks of a mirror at least. */
  readonly checkInterval: number
  /** Whether all members see the same. */
  readonly shared: boolean
  /** A version was closed that changed the state itself: there is something to save. */
  readonly onChange: () => void
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
 */
export class RoomSync implements Flushable {
  readonly tree: StateTree
  readonly #options: RoomSyncOptions
  readonly #checks: Checks<Recipient>
  readonly #recipients = new Set<Recipient>()
  readonly #behind = new Set<Recipient>()
  /**
   * Those to be looked after at the end of the turn, whether or not the state changed; true: even if too much waits for
   * them.
   */
  readonly #asking = new Map<Recipient, boolean>()
  #waiting: Recipient[] = []
  /**
   * What leaves now. All of it is made before the first of it is sent: sending may find that somebody is too slow, and the
   * room's onLeave writes to the state.
   */
  #outgoing: Delivery[] = []
  /** How many of these are done. */
  #done = 0
  /** Frames of updates that several get. */
  readonly #frames = new WeakMap<Update, Uint8Array>()
  readonly #counts: Readonly<Record<'catchUps' | 'snapshots' | 'desyncs', Counter>> & { readonly behind: Gauge }
  /** When the next patch may leave. */
  #due = -Infinity
  /** Somebody cannot wait until then. */
  #urgent = false
  #queued = false
  #cancelTimer: (() => void) | undefined
  #over = false

  constructor(options: RoomSyncOptions) {
    this.#options = options
    const { tree, metrics, clock, checkInterval: interval, shared } = options
    this.tree = tree
    const labels = { room: options.room }
    this.#counts = {
      behind: metrics.gauge('members_behind', labels),
      catchUps: metrics.counter('catch_ups', labels),
      snapshots: metrics.counter('snapshots_sent', labels),
      desyncs: metrics.counter('desyncs', labels),
    }
    this.#checks = new Checks({ tree, clock, interval, shared })
    tree.onDirty = () => this.#enqueue()
    if (tree.dirty) this.#enqueue()
  }

  /**
   * Sends this recipient a snapshot at the end of the turn, then what waited for it; from then on it gets the patches. Not at once:
   * of a crowd that comes in one turn, each would have all the others sent a patch.
   */
  add(recipient: Recipient): void {
    if (this.#over) return
    this.#recipients.add(recipient)
    this.#checks.add(recipient)
    this.#asking.set(recipient, true)
    this.#urgent = true
    this.#enqueue()
  }

  remove(recipient: Recipient): void {
    this.#recipients.delete(recipient)
    this.#asking.delete(recipient)
    this.#checks.remove(recipient)
    this.#leaveBehind(recipient)
  }

  /** Whether this recipient takes no patches at the moment. */
  isBehind(recipient: Recipient): boolean {
    return this.#behind.has(recipient)
  }

  /**
   * Has `release` called at the end of the turn, after its patch. To be called once until then: the recipient keeps the
   * mark.
   */
  awaitPatch(recipient: Recipient): void {
    this.#waiting.push(recipient)
    this.#enqueue()
  }

  /** What waited for this recipient has left. When it is behind, it catches up at the end of the turn. */
  drained(recipient: Recipient): void {
    if (this.#behind.has(recipient)) this.#ask(recipient)
  }

  /** The mirror of this recipient came apart: it gets a snapshot at the end of the turn. */
  resync(recipient: Recipient): void {
    const { room, name, logger } = this.#options
    const { viewer, id } = recipient
    const { version } = viewer
    this.#counts.desyncs.add()
    logger.warn(`The mirror of a member of the room ${name} came apart; it gets a snapshot`, {
      room: name,
      contract: room,
      member: id,
      version,
      after: this.#checks.checkOf(recipient, version) ?? 'a patch that it refused, or an earlier check',
    })
    viewer.reset()
    this.#urgent = true
    this.#ask(recipient)
  }

  /** The end of the turn. */
  flush(): void {
    this.#queued = false
    const { clock, interval } = this.#options
    const wait = interval > 0 && this.tree.dirty && !this.#urgent ? this.#due - clock.now() : 0
    if (wait <= 0) this.flushNow()
    else if (!this.#over) {
      this.#cancelTimer ??= clock.after(wait, () => {
        this.#cancelTimer = undefined
        // Not at once: what else happens in this turn belongs into the same patch.
        this.#enqueue()
      })
    }
  }

  /** Closes the pending changes into a version, sends it, then everything that waited for it. Never throws. */
  flushNow(): void {
    if (this.#over) return
    try {
      this.#close()
      this.#answer()
    } catch (error) {
      this.#over = true
      this.#options.onBroken(error)
      return
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const recipient of waiting) if (!this.#behind.has(recipient)) this.#put(recipient, undefined)
    this.#sendOut()
  }

  /** As {@link flushNow}, and this recipient gets what is for it even if too much waits for it already. */
  deliver(recipient: Recipient): void {
    if (this.#over) return
    this.#asking.set(recipient, true)
    this.flushNow()
  }

  /** Ends it: what happens to the state from now on concerns nobody. */
  close(): void {
    this.#over = true
    this.tree.onDirty = undefined
    this.#cancelTimer?.()
    for (const recipient of this.#recipients) this.remove(recipient)
    this.#waiting = []
  }

  #ask(recipient: Recipient): void {
    if (!this.#asking.has(recipient)) this.#asking.set(recipient, false)
    this.#enqueue()
  }

  #close(): void {
    const { tree } = this
    if (!tree.dirty) return
    const { interval, clock, onChange } = this.#options
    if (interval > 0) this.#due = clock.now() + interval
    if (!tree.close()) return
    if (tree.written === tree.version) onChange()
    const checked = this.#checks.areDue() ? new Set<Recipient>() : undefined
    for (const recipient of this.#recipients) {
      if (this.#behind.has(recipient) || this.#asking.has(recipient)) continue
      if (recipient.congested) this.#fallBehind(recipient)
      else if (this.#bring(recipient) === 'patch') checked?.add(recipient)
    }
    if (checked !== undefined) this.#checks.follow(checked, (recipient, frame) => this.#put(recipient, frame))
  }

  /** Those who asked, as far as they can take something now. */
  #answer(): void {
    this.#urgent = false
    for (const [recipient, force] of this.#asking) {
      if (recipient.congested && !force) {
        this.#fallBehind(recipient)
        continue
      }
      if (this.#leaveBehind(recipient)) this.#counts.catchUps.add()
      this.#bring(recipient)
      this.#put(recipient, undefined)
    }
    this.#asking.clear()
  }

  /** Takes what is new for one, which may be nothing. */
  #bring(recipient: Recipient): Update['kind'] | undefined {
    const update = recipient.viewer.take()
    if (update === undefined) return undefined
    if (update.kind === 'snapshot') this.#counts.snapshots.add()
    this.#put(recipient, this.#frameOf(update))
    return update.kind
  }

  #put(recipient: Recipient, frame: Uint8Array | undefined): void {
    this.#outgoing.push({ recipient, frame })
  }

  /** What comes back here from sending goes on with what is there, so that newer things leave behind older ones. */
  #sendOut(): void {
    for (let next = this.#outgoing[this.#done]; next !== undefined; next = this.#outgoing[this.#done]) {
      this.#done++
      const { recipient, frame } = next
      if (!this.#recipients.has(recipient)) continue
      if (frame === undefined) recipient.release()
      else recipient.send(frame)
    }
    this.#outgoing = []
    this.#done = 0
  }

  #frameOf(update: Update): Uint8Array {
    let frame = this.#frames.get(update)
    if (frame === undefined) {
      const { kind, bytes } = update
      frame = encodeFrame({ type: kind === 'patch' ? FrameType.patch : FrameType.snapshot, bytes })
      this.#frames.set(update, frame)
    }
    return frame
  }

  #fallBehind(recipient: Recipient): void {
    if (this.#behind.has(recipient)) return
    this.#behind.add(recipient)
    this.#counts.behind.add(1)
  }

  #leaveBehind(recipient: Recipient): boolean {
    const was = this.#behind.delete(recipient)
    if (was) this.#counts.behind.add(-1)
    return was
  }

  #enqueue(): void {
    if (this.#queued || this.#over) return
    this.#queued = true
    this.#options.turnEnd.flushRoom(this)
  }
}
