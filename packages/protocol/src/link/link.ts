import { JuntoError } from '../errors.ts'

/** What a link does with more than it may keep. */
export type LinkOverflow =
  | {
      /** It takes nothing more, and the sender is told: what a client does. */
      readonly kind: 'refuse'
      /** Bytes that it keeps while attached, where the peer is about to acknowledge them. */
      readonly mostAttached: number
    }
  | {
      /**
       * The room for which most is kept gives its frames up, as soon as the link is detached: what a server does. The peer is
       * told how many are missing when it comes back. While attached the link has no bound of its own: who writes to the line
       * has one, and closes the line of a peer that does not acknowledge.
       */
      readonly kind: 'forfeit'
      /** Called for each room that gives up what was kept for it, with these frames in order. */
      readonly forfeited: (room: number, frames: readonly Uint8Array[]) => void
    }

/** What a link is made of. */
export interface LinkOptions {
  /** Bytes kept for the peer, see the limit `resumeBuffer`. Each frame counts {@link frameOverhead} more than it has. */
  readonly maxBytes: number
  /** Frames kept for the peer, see the limit `resumeFrames`. */
  readonly maxFrames: number
  readonly overflow: LinkOverflow
  /** Hands a frame to the writer of the line. Called in the order of numbers, and only while attached. What it throws passes through. */
  readonly transmit: (room: number, frame: Uint8Array) => void
}

/** A frame, and the room it concerns (0: the session). */
export interface LinkFrame {
  readonly room: number
  readonly frame: Uint8Array
}

/** Kept until the peer has acknowledged it. */
interface Kept extends LinkFrame {
  /** 0 until it is transmitted. */
  number: number
  next: Kept | undefined
}

/** What keeping a frame costs besides its bytes. */
export const frameOverhead = 64

const nothing: ReadonlyMap<number, number> = new Map()

/** An ack rides on what leaves anyway once so many frames were taken since the last. */
const ridingAck = 8

/**
 * One side of a session as it outlives its connections: numbers what is sent, keeps it until the peer has acknowledged it,
 * and sends it again over the next connection. No frame carries its number, since both sides count. Knows no sockets, no
 * time, and of frames only that they are bytes; client and server run the same.
 *
 * - `detached`: there is no connection. What is sent is kept.
 * - `attached`: the peer is there again, but has not been sent what was kept for it: numbered frames still wait.
 * - `live`: what is sent goes out at once, and is kept until it is acknowledged.
 */
export class Link {
  readonly #options: LinkOptions
  #state: 'detached' | 'attached' | 'live' = 'detached'

  // What is kept, in the order of sending: what was transmitted, by rising numbers, before what was not.
  #first: Kept | undefined
  #last: Kept | undefined
  #length = 0
  #bytes = 0
  #unsent = 0

  #sent = 0
  #acknowledged = 0
  /** Given up since the link was detached, though the peer may have got them: it says so when it comes back. */
  #inDoubt: { readonly room: number; readonly number: number }[] = []
  /** How many frames of each room the peer will never get, since it was told last. */
  #missing: Map<number, number> | undefined
  /** The same, as it was told, until it has heard that. */
  #announced: Map<number, number> | undefined

  #received = 0
  /** The count that the peer was told last. */
  #told = 0
  /** Bytes that have come since then. */
  #arrived = 0

  constructor(options: LinkOptions) {
    this.#options = options
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

  /** Bytes kept for the peer, {@link frameOverhead} for each frame included. */
  get kept(): number {
    return this.#bytes
  }

  /** Frames that were never transmitted. */
  get unsent(): number {
    return this.#unsent
  }

  /** Whether there is a connection, on which frames without a number may go. */
  get attached(): boolean {
    return this.#state !== 'detached'
  }

  // ---- What goes out.

  /**
   * Sends a frame once, however many connections that takes: at once where there is one, later otherwise. Its bytes must not
   * be written again, and must be few enough for the peer.
   *
   * @returns false when it was not taken, because too much is kept already.
   */
  send(room: number, frame: Uint8Array): boolean {
    const { overflow, transmit } = this.#options
    if (overflow.kind === 'refuse' && room !== 0 && !this.#hasRoomFor(frame, overflow.mostAttached)) return false
    if (this.#state === 'live') {
      // Before it gets its number: what throws was not sent.
      transmit(room, frame)
      this.#keep({ room, frame, number: ++this.#sent, next: undefined })
    } else {
      this.#unsent++
      this.#keep({ room, frame, number: 0, next: undefined })
    }
    if (this.#state === 'detached') this.#giveUp()
    return true
  }

  /** Takes back a frame that was never transmitted. Returns false when it was, or is not known here. */
  retract(frame: Uint8Array): boolean {
    return this.#remove((kept) => kept.number === 0 && kept.frame === frame).length > 0
  }

  /** Whether a frame is kept: the peer may not have got it, and will yet. */
  keeps(frame: Uint8Array): boolean {
    let kept = this.#first
    while (kept !== undefined && kept.frame !== frame) kept = kept.next
    return kept !== undefined
  }

  /** The frames that were never transmitted, in order. They are no longer kept: for a client whose session was lost. */
  takeUnsent(): readonly LinkFrame[] {
    return this.#remove((kept) => kept.number === 0)
  }

  /**
   * The peer has taken so many frames: they need not be kept any longer.
   *
   * @throws JuntoError `bad_message` when it cannot be so.
   */
  acknowledged(received: number): void {
    this.#settle(received, 'an ack')
    // Over this connection, at whose beginning it was told what is gone.
    this.heard()
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
    return this.#arrived >= this.#options.maxBytes / 4 && this.owesAck
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

  /** The peer knows what {@link attach} has returned: it need not be told again. */
  heard(): void {
    this.#announced = undefined
  }

  /** The connection is gone. */
  detach(): void {
    this.#state = 'detached'
    this.#giveUp()
  }

  /** Gives up what is kept for all rooms, for the sake of others. To be called while detached. */
  forfeit(): void {
    this.#giveUp(0, 0)
  }

  /**
   * There is a new connection, and the peer has taken so many frames. Those without number may go; what is kept goes with
   * {@link replay}.
   *
   * @returns How many frames of each room are gone for ever, which the peer is to be told. With the next connection again,
   *   unless it has acknowledged anything over this one, or is known to have {@link heard} of it.
   * @throws JuntoError `bad_message` when the peer cannot have taken so many.
   */
  attach(received: number): ReadonlyMap<number, number> {
    this.#settle(received, 'a resume')
    this.#state = 'attached'
    for (const { room, number } of this.#inDoubt) if (number > received) this.#miss(room, 1)
    this.#inDoubt = []
    for (const [room, frames] of this.#announced ?? []) this.#miss(room, frames)
    this.#announced = this.#missing
    this.#missing = undefined
    // What was given up is not sent again, so that the numbers after it are free.
    this.#sent = received
    for (let kept = this.#first; kept !== undefined && kept.number > 0; kept = kept.next) kept.number = ++this.#sent
    // The peer was told with the hello or the welcome.
    this.#tell()
    return this.#announced ?? nothing
  }

  /**
   * Transmits all that is kept, in order; from then on what is sent goes out at once.
   *
   * @param after Called behind each frame.
   */
  replay(after?: (room: number, frame: Uint8Array) => void): void {
    // Transmitting may show that this connection is gone as well.
    for (let kept = this.#first; kept !== undefined && this.#state === 'attached'; kept = kept.next) {
      this.#options.transmit(kept.room, kept.frame)
      if (kept.number === 0) {
        kept.number = ++this.#sent
        this.#unsent--
      }
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
    const dropped = this.#remove(() => true)
    this.#sent = this.#acknowledged = this.#received = this.#told = this.#arrived = 0
    this.#inDoubt = []
    this.#missing = this.#announced = undefined
    return dropped
  }

  // ---- Inside.

  #keep(kept: Kept): void {
    if (this.#last === undefined) this.#first = kept
    else this.#last.next = kept
    this.#last = kept
    this.#length++
    this.#bytes += kept.frame.length + frameOverhead
  }

  #hasRoomFor(frame: Uint8Array, mostAttached: number): boolean {
    const { maxBytes, maxFrames } = this.#options
    const bytes = this.#bytes + frame.length + frameOverhead
    return this.attached ? bytes <= mostAttached : bytes <= maxBytes && this.#length < maxFrames
  }

  /** Drops what the peer has taken. */
  #settle(received: number, what: string): void {
    if (received < this.#acknowledged || received > this.#sent) {
      const possible = `${this.#acknowledged} to ${this.#sent} are possible`
      throw new JuntoError('bad_message', `[K5] ${what} says that ${received} frames were taken, where ${possible}`)
    }
    this.#acknowledged = received
    let first = this.#first
    while (first !== undefined && first.number > 0 && first.number <= received) {
      this.#length--
      this.#bytes -= first.frame.length + frameOverhead
      const { next } = first
      // One that has grown old in the heap would keep all that came after it until it is swept.
      first.next = undefined
      first = next
    }
    this.#first = first
    if (first === undefined) this.#last = undefined
  }

  /** While too much is kept for one who is away, the room with most of it gives its frames up. Those of the session stay. */
  #giveUp(maxBytes = this.#options.maxBytes, maxFrames = this.#options.maxFrames): void {
    const { overflow } = this.#options
    if (overflow.kind === 'refuse') return
    const lost: [room: number, frames: Uint8Array[]][] = []
    while (this.#bytes > maxBytes || this.#length > maxFrames) {
      const room = this.#fullest()
      if (room === 0) break
      const frames = this.#remove((kept) => kept.room === room).map(({ number, frame }) => {
        if (number > 0) this.#inDoubt.push({ room, number })
        else this.#miss(room, 1)
        return frame
      })
      lost.push([room, frames])
    }
    // Only then: who is told may send.
    for (const [room, frames] of lost) overflow.forfeited(room, frames)
  }

  /** The room for which most is kept; 0 when there is none. */
  #fullest(): number {
    const bytes = new Map<number, number>([[0, 0]])
    let fullest = 0
    for (let kept = this.#first; kept !== undefined; kept = kept.next) {
      const { room } = kept
      if (room === 0) continue
      const sum = (bytes.get(room) ?? 0) + kept.frame.length + frameOverhead
      bytes.set(room, sum)
      if (sum > (bytes.get(fullest) ?? 0)) fullest = room
    }
    return fullest
  }

  /** Takes out some of what is kept. */
  #remove(which: (kept: Kept) => boolean): Kept[] {
    const removed: Kept[] = []
    let last: Kept | undefined
    for (let kept = this.#first; kept !== undefined; kept = kept.next) {
      if (which(kept)) {
        removed.push(kept)
        this.#length--
        this.#bytes -= kept.frame.length + frameOverhead
        if (kept.number === 0) this.#unsent--
        if (last === undefined) this.#first = kept.next
        else last.next = kept.next
      } else {
        last = kept
      }
    }
    this.#last = last
    return removed
  }

  #miss(room: number, frames: number): void {
    this.#missing ??= new Map()
    this.#missing.set(room, (this.#missing.get(room) ?? 0) + frames)
  }

  #tell(): number {
    this.#arrived = 0
    this.#told = this.#received
    return this.#told
  }
}
