import type { Clock } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import type { StateTree } from '@junto/schema/internal'
import type { Flushable, TurnEnd } from './turn-end.ts'

/** A member that receives state. */
export interface Recipient {
  /** A patch that follows on what this member holds. The bytes are shared. */
  patch(frame: Uint8Array): void
  /** Sends what waited for the patch. */
  release(): void
}

/** Parts of {@link RoomSync}. */
export interface RoomSyncOptions {
  readonly tree: StateTree
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  /** Milliseconds between patches at least; 0: each turn may have one. */
  readonly interval: number
  /** A patch was made: the room changed. */
  readonly onChange: () => void
  /** The state could not be encoded. Nobody can be kept right any more. */
  readonly onBroken: (error: unknown) => void
}

/**
 * Keeps a room's members at its state, and everything else behind it: what a turn says leaves after the patch with what
 * the turn changed, whichever came first in the code. So no member is told of something it cannot see. Nothing leaves
 * before the end of the turn anyway; only in a room whose patches are further apart does anything wait longer.
 */
export class RoomSync implements Flushable {
  readonly tree: StateTree
  readonly #options: RoomSyncOptions
  readonly #recipients = new Set<Recipient>()
  #waiting: Recipient[] = []
  /** When the next patch may leave. */
  #due = -Infinity
  #queued = false
  #cancelTimer: (() => void) | undefined
  #snapshot: { readonly version: number; readonly frame: Uint8Array } | undefined
  #closed = false

  constructor(options: RoomSyncOptions) {
    this.#options = options
    this.tree = options.tree
    this.tree.onDirty = () => this.#enqueue()
    if (this.tree.dirty) this.#enqueue()
  }

  /** From now on this recipient, which holds the newest snapshot, gets the patches. */
  add(recipient: Recipient): void {
    this.#recipients.add(recipient)
  }

  remove(recipient: Recipient): void {
    this.#recipients.delete(recipient)
  }

  /**
   * Has `release` called at the end of the turn, after its patch. To be called once until then: the recipient keeps the
   * mark.
   */
  awaitPatch(recipient: Recipient): void {
    this.#waiting.push(recipient)
    this.#enqueue()
  }

  /** The frame that brings a newcomer to the present version. Shared by all who come at this version. */
  snapshotFrame(): Uint8Array {
    this.#close()
    const { version } = this.tree
    if (this.#snapshot?.version !== version) {
      this.#snapshot = { version, frame: encodeFrame({ type: FrameType.snapshot, bytes: this.tree.snapshot() }) }
    }
    return this.#snapshot.frame
  }

  /** The end of the turn. */
  flush(): void {
    this.#queued = false
    if (this.#closed) return
    const { clock, interval } = this.#options
    const wait = interval > 0 && this.tree.dirty ? this.#due - clock.now() : 0
    if (wait <= 0) this.flushNow()
    else {
      this.#cancelTimer ??= clock.after(wait, () => {
        this.#cancelTimer = undefined
        // Not at once: what else happens in this turn belongs into the same patch.
        this.#enqueue()
      })
    }
  }

  /** Closes the pending changes into a patch, sends it, then everything that waited for it. Never throws. */
  flushNow(): void {
    if (this.#closed) return
    try {
      this.#close()
    } catch (error) {
      this.#options.onBroken(error)
    }
  }

  /** Ends it: what happens to the state from now on concerns nobody. */
  close(): void {
    this.#closed = true
    this.tree.onDirty = undefined
    this.#cancelTimer?.()
    this.#recipients.clear()
    this.#waiting = []
  }

  #close(): void {
    if (this.tree.dirty) {
      if (this.#options.interval > 0) this.#due = this.#options.clock.now() + this.#options.interval
      const patch = this.tree.takePatch()
      if (patch) {
        this.#options.onChange()
        if (this.#recipients.size > 0) {
          const frame = encodeFrame({ type: FrameType.patch, bytes: patch })
          for (const recipient of this.#recipients) recipient.patch(frame)
        }
      }
    }
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const recipient of waiting) recipient.release()
  }

  #enqueue(): void {
    if (this.#queued || this.#closed) return
    this.#queued = true
    this.#options.turnEnd.flushRoom(this)
  }
}
