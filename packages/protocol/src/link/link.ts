import { broken } from '../errors.ts'

/** Who has a link. */
export interface LinkHost {
  /** Bytes that a peer keeps while detached, see the limit `resumeBuffer`. Each frame counts {@link frameOverhead} more than it has. */
  readonly maxBytes: number
  /** Hands a frame to the writer of the line. Called in the order of numbers, and only while attached. What it throws passes through. */
  transmit(room: number, frame: Uint8Array): void
}

/** A frame, and the room it concerns (0: the session). */
export interface LinkFrame {
  readonly room: number
  readonly frame: Uint8Array
}

/** Kept until the peer has acknowledged it. */
export interface Kept extends LinkFrame {
  /** 0 until it is transmitted. */
  number: number
  next: Kept | undefined
}

/** What keeping a frame costs besides its bytes. */
export const frameOverhead = 64

/** An ack rides on what leaves anyway once so many frames were taken since the last. */
const ridingAck = 8

/**
 * One side of a session as it outlives its connections: numbers what is sent, keeps it until the peer has acknowledged it,
 * and sends it again over the next connection. No frame carries its number, since both sides count. Knows no sockets, no
 * time, and of frames only that they are bytes. What a client runs, where whoever sends knows how much may be kept; a server's
 * ({@link ForfeitingLink}) differs only in what it does when that is too much.
 *
 * - `detached`: there is no connection. What is sent is kept.
 * - `attached`: the peer is there again, but has not been sent what was kept for it: numbered frames still wait.
 * - `live`: what is sent goes out at once, and is kept until it is acknowledged.
 */
export class Link {
  protected readonly host: LinkHost
  #state: 'detached' | 'attached' | 'live' = 'detached'

  // What is kept, in the order of sending: what was transmitted, by rising numbers, before what was not.
  protected first: Kept | undefined
  #last: Kept | undefined
  #length = 0
  #bytes = 0

  #sent = 0
  #acknowledged = 0

  #received = 0
  /** The count that the peer was told last. */
  #told = 0
  /** Bytes that have come since then. */
  #arrived = 0

  constructor(host: LinkHost) {
    this.host = host
  }

  /** Numbered frames of the peer that were taken. */
  get received(): number {
    return this.#received
  }

  /** Numbered frames that were transmitted: the number of the last one. */
  get sent(): number {
    return this.#sent
  }

  /** The number of the first frame that can be sent again; where none is kept, of the next one. */
  get oldest(): number {
    return this.#acknowledged + 1
  }

  /** Frames kept for the peer. */
  get length(): number {
    return this.#length
  }

  /** Bytes kept for the peer, {@link frameOverhead} for each frame included. */
  get kept(): number {
    return this.#bytes
  }

  /** Frames that were never transmitted. Looks at all of them. */
  get unsent(): number {
    let count = 0
    for (let kept = this.first; kept !== undefined; kept = kept.next) if (kept.number === 0) count++
    return count
  }

  /** Whether there is a connection, on which frames without a number may go. */
  get attached(): boolean {
    return this.#state !== 'detached'
  }

  // ---- What goes out.

  /**
   * Sends a frame once, however many connections that takes: at once where there is one, later otherwise. Its bytes must not
   * be written again, and must be few enough for the peer.
   */
  send(room: number, frame: Uint8Array): void {
    const isLive = this.#state === 'live'
    // Before it gets its number: what throws was not sent.
    if (isLive) this.host.transmit(room, frame)
    this.#keep({ room, frame, number: isLive ? ++this.#sent : 0, next: undefined })
  }

  /** Takes back a frame that was never transmitted. Returns false when it was, or is not known here. */
  retract(frame: Uint8Array): boolean {
    return this.remove((kept) => kept.number === 0 && kept.frame === frame).length > 0
  }

  /** Whether a frame is kept: as far as this side knows, the peer has not taken it. */
  keeps(frame: Uint8Array): boolean {
    let kept = this.first
    while (kept !== undefined && kept.frame !== frame) kept = kept.next
    return kept !== undefined
  }

  /** The frames that were never transmitted, in order. They are no longer kept: for a client whose session was lost. */
  takeUnsent(): readonly LinkFrame[] {
    return this.remove((kept) => kept.number === 0)
  }

  /**
   * The peer has taken so many frames: they need not be kept any longer.
   *
   * @throws JuntoError `bad_message` when it cannot be so.
   */
  acknowledged(received: number): void {
    this.#settle(received)
  }

  // ---- What comes in.

  /** A numbered frame of the peer was delivered. To be called after delivering it: what is acknowledged has been applied. */
  take(): void {
    this.#received++
  }

  /** A message of the peer has come, of so many bytes. */
  arrived(bytes: number): void {
    this.#arrived += bytes
  }

  /** Whether there are frames that the peer does not know to have arrived. */
  get owesAck(): boolean {
    return this.#received > this.#told
  }

  /** Whether an ack is to be sent alone now: the peer keeps much meanwhile. */
  get ackIsDue(): boolean {
    return this.#arrived >= this.host.maxBytes / 4 && this.owesAck
  }

  /**
   * The count for an ack, which the caller sends. Undefined where none is worth its bytes.
   *
   * @param how `riding`: on a message that leaves anyway. `alone`: the time for an ack has come.
   */
  ack(how: 'riding' | 'alone'): number | undefined {
    const owed = this.#received - this.#told
    if (owed < (how === 'riding' ? ridingAck : 1)) return undefined
    return this.#tell()
  }

  // ---- Connections.

  /** A session begins: what was sent before its first connection goes out now. */
  begin(): void {
    this.attach(0)
    this.replay()
  }

  /** The connection is gone. */
  detach(): void {
    this.#state = 'detached'
  }

  /**
   * There is a new connection, and the peer has taken so many frames. Those without number may go; what is kept goes with
   * {@link replay}.
   *
   * @throws JuntoError `bad_message` when the peer cannot have taken so many.
   */
  attach(received: number): void {
    this.#settle(received)
    this.#state = 'attached'
    // Where some are kept no longer, those behind them have their numbers now.
    this.#sent = received
    for (let kept = this.first; kept !== undefined && kept.number > 0; kept = kept.next) kept.number = ++this.#sent
    // The peer was told with the hello or the welcome.
    this.#tell()
  }

  /**
   * Transmits all that is kept, in order; from then on what is sent goes out at once.
   *
   * @param after Called behind each frame.
   */
  replay(after?: (room: number, frame: Uint8Array) => void): void {
    // Transmitting may show that this connection is gone as well.
    for (let kept = this.first; kept !== undefined && this.#state === 'attached'; kept = kept.next) {
      if (kept.number === 0) kept.number = ++this.#sent
      this.host.transmit(kept.room, kept.frame)
      after?.(kept.room, kept.frame)
    }
    if (this.#state === 'attached') this.#state = 'live'
  }

  /**
   * Begins anew in both directions, detached: one side has forgotten everything.
   *
   * @returns what was kept, in order, and is dropped.
   */
  reset(): readonly LinkFrame[] {
    this.#state = 'detached'
    const dropped = this.remove(() => true)
    this.#sent = this.#acknowledged = this.#received = this.#told = this.#arrived = 0
    return dropped
  }

  // ---- Inside.

  #keep(kept: Kept): void {
    if (this.#last === undefined) this.first = kept
    else this.#last.next = kept
    this.#last = kept
    this.#length++
    this.#bytes += kept.frame.length + frameOverhead
  }

  /** Drops what the peer has taken. */
  #settle(received: number): void {
    if (received < this.#acknowledged || received > this.#sent) {
      throw broken('K5', received)
    }
    this.#acknowledged = received
    let first = this.first
    while (first !== undefined && first.number > 0 && first.number <= received) {
      this.#length--
      this.#bytes -= first.frame.length + frameOverhead
      const { next } = first
      this.dropped(first)
      // One that has grown old in the heap would keep all that came after it until it is swept.
      first.next = undefined
      first = next
    }
    this.first = first
    if (first === undefined) this.#last = undefined
  }

  /** The peer has taken a frame: it is kept no longer. Called amid that; for who wants to know. */
  protected dropped(_kept: Kept): void {}

  /** Takes out some of what is kept. */
  protected remove(which: (kept: Kept) => boolean): Kept[] {
    const removed: Kept[] = []
    let last: Kept | undefined
    for (let kept = this.first; kept !== undefined; kept = kept.next) {
      if (which(kept)) {
        removed.push(kept)
        this.#length--
        this.#bytes -= kept.frame.length + frameOverhead
        if (last === undefined) this.first = kept.next
        else last.next = kept.next
      } else {
        last = kept
      }
    }
    this.#last = last
    return removed
  }

  #tell(): number {
    this.#arrived = 0
    this.#told = this.#received
    return this.#told
  }
}
