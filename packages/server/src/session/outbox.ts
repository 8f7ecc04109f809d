import type { Limits } from '@junto/protocol'
import { MessageWriter } from '@junto/protocol/internal'
import type { WriterLimits } from '@junto/protocol/internal'
import type { Flushable, TurnEnd } from '../sync/turn-end.ts'
import type { Connection } from '../transport/transport.ts'

/** What an outbox needs. */
export interface OutboxOptions {
  readonly connection: Connection
  readonly turnEnd: TurnEnd
  readonly limits: Pick<Limits, 'softOutbox' | 'hardOutbox' | 'partSize'>
  /** The peer reads so slowly that too much waits for it. Called once; the outbox is closed then. */
  readonly tooSlow: () => void
  /** What had to wait has left: it is not congested. Told each time after it was. */
  readonly drained: () => void
}

/**
 * Bytes that a socket is given ahead of what it has taken. The rest waits here: the socket's progress then shows in
 * pieces of this size, which a line of 6 KB/s still takes within a heartbeat's patience.
 */
const writeAhead = 64 * 1024

/**
 * What waits for one peer. All frames of a turn leave as one message at its end; what the socket does not take waits
 * here, within a bound.
 */
export class Outbox implements Flushable {
  readonly #connection: Connection
  readonly #turnEnd: TurnEnd
  readonly #limits: OutboxOptions['limits']
  readonly #tooSlow: () => void
  readonly #drained: () => void
  readonly #writer = new MessageWriter()
  #maxFrame = 0
  #scheduled = false
  #closed = false
  /** The socket takes nothing more for now. */
  #stalled = false
  /** While stalled: how much may wait. */
  #ceiling = Infinity
  /** It was congested, or had to wait, since it was told last that it is drained. */
  #strained = false

  constructor({ connection, turnEnd, limits, tooSlow, drained }: OutboxOptions) {
    this.#connection = connection
    this.#turnEnd = turnEnd
    this.#limits = limits
    this.#tooSlow = tooSlow
    this.#drained = drained
  }

  /** What the peer accepts, once it has said so. */
  setPeerLimits(limits: Pick<WriterLimits, 'maxMessage' | 'maxFrame'>): void {
    this.#maxFrame = limits.maxFrame
    const { maxMessage, maxFrame } = limits
    this.#writer.setLimits({ maxMessage: Math.min(maxMessage, writeAhead), maxFrame, partSize: this.#limits.partSize })
  }

  /** Bytes of one frame that the peer accepts. */
  get maxFrame(): number {
    return this.#maxFrame
  }

  /** Bytes that wait, here and in the socket. */
  get waiting(): number {
    return this.#writer.size + this.#connection.bufferedAmount
  }

  /** Whether so much waits that what can be postponed or dropped should be. */
  get congested(): boolean {
    return this.waiting > this.#limits.softOutbox
  }

  /**
   * Queues a frame for the end of this turn. The bytes must not be written again: others may share them.
   *
   * @param room 0 for the session's own frames.
   * @throws JuntoError `too_large` when the peer accepts no frame of this size.
   */
  add(room: number, frame: Uint8Array): void {
    if (this.#closed) return
    this.#writer.add(room, frame)
    if (this.congested) this.#strained = true
    if (this.#stalled && this.waiting > this.#ceiling) return this.#giveUp()
    this.#schedule()
  }

  /** Sends a ping, and in the same write a small frame ahead of what waits. */
  beat(frame: Uint8Array): void {
    if (this.#closed) return
    this.#writer.addUrgent(frame)
    const message = this.#writable ? this.#writer.take() : undefined
    this.#connection.ping(message)
    this.#schedule()
  }

  /** Hands out what waits, as far as the socket takes it. Called at the end of the turn. */
  flush(): void {
    this.#scheduled = false
    if (this.#closed) return
    while (this.#writable) {
      const message = this.#writer.take()
      if (message === undefined) {
        this.#stalled = false
        // A socket counts what it puts around a message as well, which can lift it above the mark.
        if (this.congested) this.#strained = true
        return this.#relax()
      }
      this.#connection.send(message)
    }
    this.#stall()
  }

  /** The socket has taken everything that it was given. */
  drain(): void {
    if (this.#closed) return
    if (this.#stalled) this.flush()
    else this.#relax()
  }

  /** Drops what waits: the connection is over. Nothing is sent any more. */
  close(): void {
    this.#closed = true
    this.#writer.clear()
  }

  /** Nothing waits here any more. What waits in the socket may still be above the mark. */
  #relax(): void {
    if (!this.#strained || this.congested) return
    this.#strained = false
    this.#drained()
  }

  get #writable(): boolean {
    return this.#connection.bufferedAmount < writeAhead
  }

  /**
   * From here on the peer is behind. What waits now was sent while it was not, a large snapshot perhaps, and does not
   * make it slow; what comes on top of that does, beyond the mark. As it reads, the allowance shrinks back to the mark.
   */
  #stall(): void {
    const { softOutbox, hardOutbox } = this.#limits
    const waiting = this.waiting
    const ceiling = waiting <= softOutbox ? hardOutbox : hardOutbox + waiting
    this.#ceiling = this.#stalled ? Math.min(this.#ceiling, ceiling) : ceiling
    this.#stalled = true
    this.#strained = true
    if (waiting > this.#ceiling) this.#giveUp()
  }

  #schedule(): void {
    // While stalled, the drain goes on with it.
    if (this.#scheduled || this.#stalled) return
    this.#scheduled = true
    this.#turnEnd.flushLink(this)
  }

  #giveUp(): void {
    this.close()
    this.#tooSlow()
  }
}
