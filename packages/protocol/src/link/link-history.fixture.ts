import type { SeededRandom } from '@junto/testing'
import { ForfeitingLink } from './forfeiting-link.ts'
import { Link } from './link.ts'

// Two links over lines that are cut anywhere, with the handshake that docs/protocol.md says. What either side knows of the
// other comes over the line alone; the history beside them knows all and judges.

/** What travels. Frames have no numbers, as on the wire. */
type Packet =
  | { readonly kind: 'hello'; readonly era: Era; readonly secret: number; readonly resume: Resume | undefined }
  | { readonly kind: 'welcome'; readonly era: Era; readonly resumed: Resumed | undefined }
  | { readonly kind: 'frame'; readonly room: number; readonly frame: Uint8Array }
  | { readonly kind: 'ack'; readonly received: number }

interface Resume {
  readonly next: number
  readonly received: number | undefined
  readonly from: number
}

interface Resumed {
  readonly received: number
  readonly resynced: readonly (readonly [room: number, missed: number])[]
}

/** What was sent and taken since both sides began last. Judges only: no side looks into it. */
class Era {
  /** Values by direction, in the order of sending and of taking. */
  readonly sent = { up: [] as Sent[], down: [] as Sent[] }
  readonly taken = { up: [] as number[], down: [] as number[] }
  /** Values that the server's link has given up. */
  readonly forfeited = new Set<number>()
}

interface Sent {
  readonly room: number
  readonly value: number
}

class Line {
  readonly up: Packet[] = []
  readonly down: Packet[] = []
}

/** How much has happened: a history in which nothing does proves nothing. */
export interface Tally {
  taken: number
  cuts: number
  halfOpen: number
  resumes: number
  lostWelcomes: number
  missed: number
  forfeited: number
  reloads: number
  restarts: number
  retracted: number
}

export function noTally(): Tally {
  return {
    taken: 0,
    cuts: 0,
    halfOpen: 0,
    resumes: 0,
    lostWelcomes: 0,
    missed: 0,
    forfeited: 0,
    reloads: 0,
    restarts: 0,
    retracted: 0,
  }
}

const rooms = [0, 1, 2, 3] as const

/** One history of a client and a server. */
export class LinkHistory {
  readonly #random: SeededRandom
  readonly #tally: Tally
  readonly #limits: { readonly maxBytes: number; readonly maxFrames: number }
  #lastValue = 0

  // The client.
  #client: Link
  #clientEra = new Era()
  #clientLine: Line | undefined
  #greeted = false
  #saidHello = false
  #reloaded = false
  #secret = 1
  #lastSecret = 1
  #asked = 0
  readonly #missed = new Map<number, number>()

  // The server: its session, when it knows one.
  #server: ForfeitingLink | undefined
  #serverEra = new Era()
  #serverLine: Line | undefined
  #current = 0
  #next: number | undefined

  constructor(random: SeededRandom, tally: Tally) {
    this.#random = random
    this.#tally = tally
    this.#limits = { maxBytes: random.pick([300, 1000, 100_000]), maxFrames: random.pick([3, 10, 1000]) }
    this.#client = this.#newClient()
  }

  /** Lets things happen, and then brings all to its end. @throws when a promise is broken. */
  play(steps: number): void {
    for (let step = 0; step < steps; step++) this.#step()
    this.#settle()
  }

  #step(): void {
    const random = this.#random
    switch (random.integer(0, 11)) {
      case 0:
      case 1:
        return this.#clientSends()
      case 2:
      case 3:
      case 4:
        return this.#serverSends()
      case 5:
      case 6:
      case 7:
        for (let i = random.integer(1, 6); i > 0; i--) this.#deliver(random.pick(['up', 'down']))
        return
      case 8:
        return this.#acknowledge(random.pick(['riding', 'alone']))
      case 9:
        return this.#cut(random.pick(['client', 'server', 'both']))
      case 10:
        return this.#connect()
      default:
        return this.#rare(random.integer(0, 40))
    }
  }

  #rare(event: number): void {
    if (event < 2) this.#reload()
    else if (event < 4) this.#restart()
    else if (event > 6) this.#retract()
    else if (this.#server?.attached === false) this.#server.forfeit()
  }

  // ---- Sending.

  #frame(): Uint8Array {
    const frame = new Uint8Array(this.#random.integer(4, 60))
    new DataView(frame.buffer).setUint32(0, ++this.#lastValue)
    return frame
  }

  #clientSends(): void {
    const [room, frame] = [this.#random.pick(rooms), this.#frame()]
    this.#client.send(room, frame)
    this.#clientEra.sent.up.push({ room, value: valueOf(frame) })
  }

  #serverSends(): void {
    const [room, frame] = [this.#random.pick(rooms), this.#frame()]
    // Nobody has joined anything.
    if (this.#server === undefined || this.#server.received === 0) return
    this.#serverEra.sent.down.push({ room, value: valueOf(frame) })
    this.#server.send(room, frame)
  }

  #retract(): void {
    const { up } = this.#clientEra.sent
    const [room, frame] = [1, this.#frame()]
    this.#client.send(room, frame)
    up.push({ room, value: valueOf(frame) })
    if (this.#random.chance(0.5)) this.#clientSends()
    if (!this.#client.retract(frame)) return
    this.#tally.retracted++
    up.splice(
      up.findIndex(({ value }) => value === valueOf(frame)),
      1,
    )
  }

  #acknowledge(how: 'riding' | 'alone'): void {
    const count = this.#clientLine !== undefined && this.#greeted ? this.#client.ack(how) : undefined
    if (count !== undefined) this.#clientLine?.up.push({ kind: 'ack', received: count })
    const other = this.#serverLine === undefined ? undefined : this.#server?.ack(how)
    if (other !== undefined) this.#serverLine?.down.push({ kind: 'ack', received: other })
  }

  // ---- Lines.

  /** One side gives the line up, or both: what is under way still reaches who has not. */
  #cut(side: 'client' | 'server' | 'both'): void {
    if (this.#clientLine === undefined && this.#serverLine === undefined) return
    this.#tally.cuts++
    if (side !== 'both') this.#tally.halfOpen++
    if (side !== 'server' && this.#clientLine !== undefined) {
      if (this.#clientLine.down.some(({ kind }) => kind === 'welcome')) this.#tally.lostWelcomes++
      this.#clientLine = undefined
      this.#client.detach()
    }
    if (side !== 'client' && this.#serverLine !== undefined) this.#dropServerLine()
  }

  #connect(): void {
    if (this.#clientLine !== undefined) this.#cut('client')
    const line = new Line()
    this.#clientLine = line
    this.#greeted = false
    const client = this.#client
    const received = this.#reloaded ? undefined : client.received
    this.#asked = ++this.#lastSecret
    const resume = this.#saidHello ? { next: this.#asked, received, from: client.oldest } : undefined
    line.up.push({ kind: 'hello', era: this.#clientEra, secret: this.#secret, resume })
    this.#saidHello = true
    // Before it is answered, but only on the very first one.
    if (resume === undefined) client.begin()
  }

  #dropServerLine(): void {
    this.#serverLine = undefined
    this.#server?.detach()
    // A session in which nothing was joined ends with its line.
    if (this.#server?.received === 0) this.#server = undefined
  }

  #deliver(direction: 'up' | 'down'): boolean {
    // The server also takes what is under way on a line that the client has given up, until it hears of the next.
    const old = direction === 'up' && this.#serverLine?.up.length !== 0 && this.#random.chance(0.5)
    const from = old && this.#serverLine !== undefined ? this.#serverLine : this.#clientLine
    const packet = from?.[direction].shift()
    if (packet === undefined || from === undefined) return false
    if (direction === 'up') this.#serverTakes(packet, from)
    else this.#clientTakes(packet, from)
    return true
  }

  // ---- The server.

  #newServer(era: Era): ForfeitingLink {
    this.#serverEra = era
    return new ForfeitingLink({
      ...this.#limits,
      forfeited: (room, frames) => {
        expectThat(room > 0, 'the frames of the session are never given up')
        this.#tally.forfeited += frames.length
        for (const frame of frames) this.#serverEra.forfeited.add(valueOf(frame))
      },
      transmit: (room, frame) => this.#serverLine?.down.push({ kind: 'frame', room, frame }),
    })
  }

  #serverTakes(packet: Packet, line: Line): void {
    if (packet.kind === 'hello') return this.#hello(packet, line)
    // A line that was replaced.
    if (line !== this.#serverLine || this.#server === undefined) return
    if (this.#next !== undefined) [this.#current, this.#next] = [this.#next, undefined]
    if (packet.kind === 'ack') return this.#server.acknowledged(packet.received)
    if (packet.kind !== 'frame') throw new Error(`the client sent a ${packet.kind}`)
    const { sent, taken } = this.#serverEra
    const value = valueOf(packet.frame)
    const due = sent.up[taken.up.length]
    expectThat(due?.value === value, `the server took ${value}, where ${due?.value ?? 'nothing'} was due`)
    taken.up.push(value)
    this.#tally.taken++
    this.#server.arrived(packet.frame.length)
    this.#server.take()
  }

  #hello({ era, secret, resume }: Packet & { kind: 'hello' }, line: Line): void {
    if (this.#serverLine !== undefined) this.#dropServerLine()
    const known = this.#server
    if (known === undefined) {
      // Whatever the client had is lost; what it sends behind a first hello is not.
      const link = (this.#server = this.#newServer(resume === undefined ? era : new Era()))
      this.#current = secret
      this.#next = resume?.next
      this.#serverLine = line
      line.down.push({ kind: 'welcome', era: this.#serverEra, resumed: undefined })
      return link.begin()
    }
    expectThat(secret === this.#current || secret === this.#next, 'the secret is one of the two')
    // The client has the secret of the last resume from the welcome.
    if (secret === this.#next) known.heard()
    this.#current = secret
    this.#next = resume?.next
    this.#serverLine = line
    this.#tally.resumes++
    if (resume?.received === undefined) {
      known.reset()
      this.#serverEra = era
      line.down.push({ kind: 'welcome', era, resumed: { received: 0, resynced: [] } })
      return known.begin()
    }
    expectThat(resume.from <= known.received + 1, 'a client keeps what the server has not taken')
    const missed = known.attach(resume.received)
    const resumed = { received: known.received, resynced: [...missed] }
    line.down.push({ kind: 'welcome', era: this.#serverEra, resumed })
    known.replay()
  }

  /** The process is another one, which knows nothing. */
  #restart(): void {
    this.#tally.restarts++
    this.#cut('server')
    this.#server = undefined
  }

  // ---- The client.

  #newClient(): Link {
    return new Link({
      ...this.#limits,
      transmit: (room, frame) => this.#clientLine?.up.push({ kind: 'frame', room, frame }),
    })
  }

  #clientTakes(packet: Packet, line: Line): void {
    expectThat(line === this.#clientLine, 'a client reads its own line')
    switch (packet.kind) {
      case 'hello':
        throw new Error('the server said hello')
      case 'welcome':
        return this.#welcome(packet)
      case 'ack':
        return this.#client.acknowledged(packet.received)
      case 'frame': {
        const { taken } = this.#clientEra
        const value = valueOf(packet.frame)
        expectThat(
          value > (taken.down.at(-1) ?? 0),
          `the client took ${value} behind ${taken.down.at(-1) ?? 'nothing'}`,
        )
        taken.down.push(value)
        this.#tally.taken++
        this.#client.arrived(packet.frame.length)
        this.#client.take()
      }
    }
  }

  #welcome({ era, resumed }: Packet & { kind: 'welcome' }): void {
    this.#greeted = true
    // A first hello offers no other secret.
    if (this.#secret !== this.#asked && this.#resuming(era, resumed)) this.#secret = this.#asked
    if (resumed === undefined) {
      // What was sent behind a first hello has a session: this one.
      if (era === this.#clientEra) return
      this.#beginAnew(era)
      return this.#client.begin()
    }
    expectThat(era === this.#clientEra, 'a session is resumed by those who were in it')
    this.#reloaded = false
    for (const [room, missed] of resumed.resynced) {
      this.#missed.set(room, (this.#missed.get(room) ?? 0) + missed)
      this.#tally.missed += missed
    }
    this.#client.attach(resumed.received)
    this.#clientLine?.up.push({ kind: 'ack', received: this.#client.received })
    this.#client.replay()
  }

  #resuming(era: Era, resumed: Resumed | undefined): boolean {
    return resumed !== undefined || era !== this.#clientEra
  }

  /** What has never left goes to the new session, what has is lost with the old one. */
  #beginAnew(era: Era): void {
    const unsent = this.#client.takeUnsent()
    this.#client.reset()
    this.#clientEra = era
    this.#missed.clear()
    this.#reloaded = false
    for (const { room, frame } of unsent) {
      this.#client.send(room, frame)
      era.sent.up.push({ room, value: valueOf(frame) })
    }
  }

  /** The page is loaded anew: all is forgotten but the session and its secret. */
  #reload(): void {
    if (!this.#saidHello) return
    this.#tally.reloads++
    this.#cut('client')
    this.#client = this.#newClient()
    this.#clientEra = new Era()
    this.#missed.clear()
    this.#reloaded = true
  }

  // ---- The end.

  /** Nothing happens any more but what must: all arrives, all is acknowledged, and what is missing was said to be. */
  #settle(): void {
    for (let attempts = 0; attempts < 4; attempts++) {
      if (this.#clientLine === undefined || this.#clientLine !== this.#serverLine || !this.#greeted) this.#connect()
      while (this.#deliver('up') || this.#deliver('down'));
      this.#acknowledge('alone')
      while (this.#deliver('up') || this.#deliver('down'));
    }
    const server = this.#server
    const { sent, taken, forfeited } = this.#clientEra
    expectThat(server !== undefined && this.#clientEra === this.#serverEra, 'both are in one session at the end')
    expectThat(same(valuesOf(sent.up), taken.up), 'the server has all of the client, once and in order')
    const left = new Map(sent.down.map(({ room, value }) => [value, room]))
    for (const value of taken.down) expectThat(left.delete(value), `${value} was sent, and came once`)
    const missing = new Map<number, number>()
    for (const [value, room] of left) {
      expectThat(forfeited.has(value), `${value} is missing and was not given up`)
      missing.set(room, (missing.get(room) ?? 0) + 1)
    }
    for (const room of rooms) {
      const [said, missed] = [this.#missed.get(room) ?? 0, missing.get(room) ?? 0]
      expectThat(said === missed, `${missed} frames of room ${room} are missing, and the client was told of ${said}`)
    }
    for (const [name, link] of Object.entries({ client: this.#client, server })) {
      expectThat(link?.kept === 0 && link.unsent === 0, `the ${name} keeps nothing at the end`)
      expectThat(link?.owesAck === false && link.oldest === link.sent + 1, `the ${name} has acknowledged all`)
    }
  }
}

function valueOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(0)
}

function valuesOf(sent: readonly Sent[]): readonly number[] {
  return sent.map(({ value }) => value)
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}

function expectThat(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new Error(`broken: ${promise}`)
}
