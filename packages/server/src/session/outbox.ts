import type { Clock, Limits } from '@junto/protocol'
import { SharingWriter } from '@junto/protocol/internal'
import type { WriterLimits } from '@junto/protocol/internal'
import type { Traffic } from '../observe/traffic.ts'
import type { FlushableLink, TurnEnd } from '../sync/turn-end.ts'
import type { Connection } from '../transport/transport.ts'
import type { Pulse } from './heartbeat.ts'
import type { OutboxTotal, Waiter } from './outbox-total.ts'

/** What leaves with messages when there is room for it. */
export interface OutboxSource {
  /** A message is about to leave. @returns a small frame that goes ahead of the others. */
  ride(): Uint8Array | undefined
  /** The next of what waits in class `latest`. It is taken: it leaves now. */
  takeLatest(): { readonly room: number; readonly frame: Uint8Array } | undefined
}

/** What all outboxes of a server share. */
export interface OutboxEnvironment {
  readonly clock: Clock
  readonly turnEnd: TurnEnd
  readonly limits: Pick<Limits, 'softOutbox' | 'hardOutbox' | 'partSize' | 'heartbeat'>
  readonly outboxes: OutboxTotal
  /** Where what leaves is counted. */
  readonly traffic: Pick<Traffic, 'sent' | 'frame' | 'dropped'>
}

/** Whom an outbox tells what becomes of what waits. */
export interface OutboxHost {
  /** The peer reads too slowly: too much waits for it, or it has taken nothing for too long. Called once; the outbox is closed then. */
  tooSlow(): void
  /** What had to wait has left: it is not congested. Told each time after it was. */
  drained(): void
}

/**
 * Bytes that a socket is given ahead of what it has taken. The rest waits here: the socket's progress then shows in
 * pieces of this size, which a line of 6 KB/s still takes within a heartbeat's patience.
 */
const writeAhead = 64 * 1024

/** A frame of class `volatile` that this turn may have no room for. */
interface Volatile {
  readonly room: number
  readonly frame: Uint8Array
  readonly priority: number
}

/**
 * What waits for one peer. All frames of a turn leave as one message at its end; what the socket does not take waits
 * here, within a bound.
 *
 * Frames of class `volatile` and `latest` do not wait in line: they go while the socket takes them in this turn. What of `latest` has to
 * wait, does so elsewhere ({@link OutboxSource}), where newer ones replace it; `volatile` ones are dropped.
 */
export class Outbox implements FlushableLink, Waiter {
  readonly #environment: OutboxEnvironment
  readonly #connection: Pick<Connection, 'bufferedAmount' | 'send' | 'ping'>
  readonly #host: OutboxHost
  // Of the environment, what each message needs.
  readonly #turnEnd: TurnEnd
  readonly #traffic: OutboxEnvironment['traffic']
  readonly #writer = new SharingWriter()
  #source: OutboxSource | undefined
  /** The source may have something that waits in class `latest`. */
  #mayTake = false
  /** Is told of each message that holds more than beats, echoes and acks. */
  pulse: Pick<Pulse, 'sent'> | undefined
  /** Closed, and about to be sent. */
  #message: Uint8Array | undefined
  #maxFrame = 0
  #scheduled = false
  #closed = false
  /** Nothing waits, neither here nor in the socket. */
  #isEmpty = true
  /** The socket takes nothing more for now. */
  #stalled = false
  /** While stalled: how much may wait. */
  #ceiling = Infinity
  /** While stalled: since when the peer has taken nothing, and how much the socket held then. */
  #stalledSince = 0
  #stalledAt = 0
  /** It was congested, or had to wait, since it was told last that it is drained. */
  #strained = false
  /** Something waits that is no sign of life. */
  #substantial = false
  /** What the total believes to wait here. */
  #reported = 0
  #volatile: Volatile[] = []
  /** Beats, echoes and acks that wait, the newest of each: an older one tells the peer nothing any more. */
  readonly #urgent: Uint8Array[] = []

  constructor(
    environment: OutboxEnvironment,
    connection: Pick<Connection, 'bufferedAmount' | 'send' | 'ping'>,
    host: OutboxHost,
  ) {
    this.#environment = environment
    this.#connection = connection
    this.#host = host
    this.#turnEnd = environment.turnEnd
    this.#traffic = environment.traffic
  }

  /** Its session's, as long as it has one. What waits there in class `latest` leaves with the next message. */
  set source(source: OutboxSource) {
    this.#source = source
    this.#mayTake = true
  }

  /** What the peer accepts, once it has said so. */
  setPeerLimits(limits: Pick<WriterLimits, 'maxMessage' | 'maxFrame'>): void {
    this.#maxFrame = limits.maxFrame
    const { maxMessage, maxFrame } = limits
    const { partSize } = this.#environment.limits
    this.#writer.setLimits({ maxMessage: Math.min(maxMessage, writeAhead), maxFrame, partSize })
  }

  /** Bytes of one frame that the peer accepts. */
  get maxFrame(): number {
    return this.#maxFrame
  }

  /** Bytes that wait, here and in the socket. */
  get waiting(): number {
    let size = this.#writer.size + this.#connection.bufferedAmount + (this.#message?.length ?? 0)
    for (const frame of this.#urgent) size += frame.length
    return size
  }

  /** Whether the socket takes nothing more for now. */
  get stalled(): boolean {
    return this.#stalled
  }

  /** Whether so much waits that what can be postponed or dropped should be. Who is told so is told when it is over. */
  get congested(): boolean {
    // The usual case, asked for each member and patch: nothing waits, and the socket need not be asked.
    if (this.#isEmpty || this.waiting <= this.#environment.limits.softOutbox) return false
    this.#strained = true
    return true
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
    this.#isEmpty = false
    this.#traffic.frame(frame)
    this.#substantial = true
    if (!this.#stalled) return this.#schedule()
    this.#report()
    if (this.waiting > this.#ceiling) this.giveUp()
  }

  /**
   * Queues a frame that need not arrive, if the socket takes it in this turn for sure. Nothing that waits is overtaken.
   *
   * @returns whether it was taken.
   */
  offer(room: number, frame: Uint8Array): boolean {
    if (this.#closed || this.#stalled || this.waiting + frame.length > writeAhead) return false
    this.add(room, frame)
    return true
  }

  /** Queues a frame of class `volatile`: it leaves in this turn or never. Those of higher priority go first when there is not room for all. */
  addVolatile(room: number, frame: Uint8Array, priority: number): void {
    if (this.offer(room, frame) || this.#closed) return
    if (this.#stalled || this.congested) return this.#traffic.dropped('volatile')
    this.#volatile.push({ room, frame, priority })
    this.#schedule()
  }

  /** What {@link source} has is to leave, as soon as there is room. */
  wake(): void {
    if (this.#closed) return
    this.#mayTake = true
    this.#schedule()
  }

  /** Queues a small frame of the session ahead of all that waits: a beat, an echo or an ack. One of the same type that waits still goes. */
  urgent(frame: Uint8Array): void {
    if (this.#closed) return
    this.#replaceUrgent(frame)
    this.#schedule()
  }

  #replaceUrgent(frame: Uint8Array): void {
    // An array head of one byte, then the type.
    const same = this.#urgent.findIndex((other) => other[1] === frame[1])
    if (same >= 0) this.#urgent.splice(same, 1)
    this.#urgent.push(frame)
    this.#isEmpty = false
  }

  /** The signs of life leave with the next message, at its front. */
  #lead(): void {
    if (this.#urgent.length === 0) return
    for (const frame of this.#urgent) {
      this.#writer.addUrgent(frame)
      this.#traffic.frame(frame)
    }
    this.#urgent.length = 0
  }

  /** Sends a ping, and in the same write a small frame ahead of what waits. */
  beat(frame: Uint8Array): void {
    if (this.#closed) return
    if (this.#urgent.length === 0 && this.#writer.size === 0 && this.#writable) return this.#beatAlone(frame)
    this.#replaceUrgent(frame)
    let message: Uint8Array | undefined
    if (this.#writable) {
      this.#lead()
      message = this.#writer.take()
    }
    this.#connection.ping(message)
    if (message !== undefined) this.#traffic.sent(message.length)
    if (message !== undefined && this.#substantial) this.pulse?.sent()
    this.#schedule()
  }

  /** Nothing waits: the frame is the message, as it is for thousands. */
  #beatAlone(frame: Uint8Array): void {
    this.#connection.ping(frame)
    this.#traffic.frame(frame)
    this.#traffic.sent(frame.length)
    if (this.#connection.bufferedAmount === 0) return
    this.#isEmpty = false
    this.#schedule()
  }

  /** Closes the message that {@link flush} sends. Called at the end of the turn. */
  gather(): void {
    if (!this.#closed && this.#message === undefined && this.#writable) this.#message = this.#next(true)
  }

  /** Hands out what waits, as far as the socket takes it. Called at the end of the turn. */
  flush(): void {
    this.#scheduled = false
    if (this.#closed) return
    this.gather()
    let { bufferedAmount } = this.#connection
    for (let message = this.#message; message !== undefined; message = this.#next(false)) {
      this.#message = undefined
      this.#connection.send(message)
      this.#traffic.sent(message.length)
      bufferedAmount = this.#connection.bufferedAmount
      if (bufferedAmount >= writeAhead) break
    }
    if (bufferedAmount < writeAhead) this.#allLeft(bufferedAmount)
    else this.#stall()
  }

  /** Closes a message with as much of what waits as it takes; none when nothing waits. */
  #next(first: boolean): Uint8Array | undefined {
    if (first) this.#lead()
    if (this.#mayTake || this.#volatile.length > 0) this.#fill()
    if (this.#writer.size === 0) return undefined
    if (first) this.#ride()
    return this.#writer.take()
  }

  /** The socket has taken everything that it was given. */
  drain(): void {
    if (this.#closed) return
    if (this.#stalled) this.flush()
    else this.#relax()
    this.#report()
  }

  /** A peer may live and talk, and yet read nothing: what is held for it would be held for ever. Called now and then. */
  checkProgress(): void {
    if (!this.#stalled || this.#closed) return
    const { clock, limits } = this.#environment
    if (this.#connection.bufferedAmount < this.#stalledAt) this.#progressed()
    else if (clock.now() - this.#stalledSince >= limits.heartbeat) this.giveUp()
  }

  /** Drops what waits: the connection is over. Nothing is sent any more. */
  close(): void {
    this.#closed = true
    this.#source = undefined
    this.pulse = undefined
    this.#writer.clear()
    this.#message = undefined
    this.#urgent.length = 0
    this.#volatile = []
    this.#report()
  }

  /** Drops what waits, and says that the peer is too slow. */
  giveUp(): void {
    if (this.#closed) return
    this.close()
    this.#host.tooSlow()
  }

  /** Takes of what need not arrive as much as the socket takes. */
  #fill(): void {
    if (this.#volatile.length > 1) this.#volatile.sort((a, b) => b.priority - a.priority)
    for (;;) {
      if (this.#writer.size > 0 && this.waiting >= writeAhead) return
      const next = this.#takeLatest() ?? this.#volatile.shift()
      if (next === undefined) return
      this.#writer.add(next.room, next.frame)
      this.#traffic.frame(next.frame)
      this.#substantial = true
    }
  }

  #takeLatest(): ReturnType<OutboxSource['takeLatest']> {
    const next = this.#mayTake ? this.#source?.takeLatest() : undefined
    this.#mayTake = next !== undefined
    return next
  }

  #ride(): void {
    const frame = this.#source?.ride()
    if (frame === undefined) return
    this.#writer.addUrgent(frame)
    this.#traffic.frame(frame)
  }

  #allLeft(bufferedAmount: number): void {
    this.#stalled = false
    this.#isEmpty = bufferedAmount === 0
    if (this.#substantial) this.pulse?.sent()
    this.#substantial = false
    this.#relax()
    if (bufferedAmount > 0 || this.#reported > 0) this.#report()
  }

  /** Nothing waits here any more. What waits in the socket may still be above the mark. */
  #relax(): void {
    // A socket counts what it puts around a message as well, which can lift it above the mark.
    if (!this.#strained || this.congested) return
    this.#strained = false
    this.#host.drained()
  }

  get #writable(): boolean {
    return this.#connection.bufferedAmount < writeAhead
  }

  /**
   * From here on the peer is behind. What waits now was sent while it was not, a large snapshot perhaps, and does not
   * make it slow; what comes on top of that does, beyond the mark. As it reads, the allowance shrinks back to the mark.
   */
  #stall(): void {
    const { softOutbox, hardOutbox } = this.#environment.limits
    const { waiting } = this
    const ceiling = waiting <= softOutbox ? hardOutbox : hardOutbox + waiting
    this.#ceiling = this.#stalled ? Math.min(this.#ceiling, ceiling) : ceiling
    this.#stalled = true
    this.#strained = true
    this.#traffic.dropped('volatile', this.#volatile.length)
    this.#volatile = []
    this.#progressed()
    if (this.#substantial) this.pulse?.sent()
    this.#report()
    if (waiting > this.#ceiling) this.giveUp()
  }

  #progressed(): void {
    this.#stalledSince = this.#environment.clock.now()
    this.#stalledAt = this.#connection.bufferedAmount
  }

  #report(): void {
    const waiting = this.#closed ? 0 : this.waiting
    if (waiting === this.#reported) return
    this.#reported = waiting
    this.#environment.outboxes.report(this, waiting)
  }

  #schedule(): void {
    // While stalled, the drain goes on with it.
    if (this.#scheduled || this.#stalled) return
    this.#scheduled = true
    this.#turnEnd.flushLink(this)
  }
}
