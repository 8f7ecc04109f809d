import { optimistic, type JoinedRoom, type JuntoClient, type Recovery } from '@junto/client'
import { JuntoError } from '@junto/protocol'
import type { SeededRandom } from '../../src/index.ts'
import { Sim, simMutators } from './contract.ts'
import { Editor } from './editor.ts'
import { codeOf, endCall } from './endings.ts'
import type { Lanes, Ledger } from './ledger.ts'
import { Showing, type Stage } from './showing.ts'

/** What programs are told besides their client. */
export interface Surroundings {
  readonly ledger: Ledger
  readonly stage: Stage
  readonly random: SeededRandom
  /** A number that no other has had. */
  readonly unique: () => number
  /** Whether its client keeps less than programs here send at once: a repetition may then find no place. */
  readonly littleMayWait: boolean
}

/** A program in one room: it sends, calls, reads and answers, and records all of it. */
export class Player {
  readonly key: string
  /** What the history calls it. */
  readonly name: string
  readonly #ledger: Ledger
  readonly #stage: Stage
  readonly #random: SeededRandom
  /** What it sends to the room. */
  readonly #up: Lanes
  room: JoinedRoom<Sim> | undefined
  showing: Showing | undefined
  /** It was told that it cannot get in. */
  failed = false
  /** The page is gone: what still happens in it, nobody sees. */
  gone = false
  /** What the room says to it. Another membership has other lanes. */
  #down: Lanes | undefined
  #reading = 0
  readonly #littleMayWait: boolean
  /** Whether it shows its mutations at once. */
  readonly #shows: boolean
  editor: Editor | undefined

  constructor({ ledger, stage, random, unique, littleMayWait }: Surroundings, client: JuntoClient, key: string) {
    this.#ledger = ledger
    this.#stage = stage
    this.#random = random
    this.#littleMayWait = littleMayWait
    this.key = key
    this.name = `p${unique()} → ${key}`
    this.#up = ledger.lanes(this.name)
    // Some show nothing ahead of the server.
    const mutators = random.chance(0.7) ? optimistic(simMutators) : undefined
    this.#shows = mutators !== undefined
    client.open(Sim, { key, join: { who: this.name }, patience: Infinity, ...(mutators && { mutators }) }).then(
      (room) => this.#enter(room),
      (error: unknown) => {
        this.failed = true
        const code = codeOf(error)
        ledger.count(`open ${code}`)
        // A client that is closed gives up; and a room may close while it is joined.
        if (!['cancelled', 'room_closed', 'disconnected', 'forbidden', 'unauthorized'].includes(code))
          ledger.fault(`a join failed: ${String(error)}`)
      },
    )
  }

  /** Whether it goes on, or may. */
  get isIn(): boolean {
    return this.room !== undefined && !this.gone && this.room.status.value.state !== 'left'
  }

  /** What the history calls the room's messages to it. */
  get hears(): string | undefined {
    return this.isIn ? this.#down?.name : undefined
  }

  /** Streams that are being read. */
  get reading(): number {
    return this.#reading
  }

  #enter(room: JoinedRoom<Sim>): void {
    if (this.gone) return
    this.room = room
    this.#ledger.count('opened')
    if (room.kept) this.#ledger.count('kept')
    this.#seated(room)
    this.showing = new Showing(this.#stage, this.name, room)
    this.showing.show(1)
    const editing = { ledger: this.#ledger, up: this.#up, random: this.#random, name: this.name, stage: this.#stage }
    this.editor = new Editor(editing, room, this.#shows)
    // A page that was reloaded has forgotten what it had seen, and what was on its way to it.
    for (const lane of [this.#down?.reliable, this.#down?.latest]) lane?.signalled()
    const mine = (channel: string): Lanes => {
      if (channel !== this.#down?.name) this.#ledger.fault(`${this.name} got what was said to ${channel}`)
      return this.#ledger.lanes(channel)
    }
    room.on('told', ({ channel, n }) => {
      if (this.gone) return
      if (channel === 'all') this.#down?.reliable.seen(`all ${n}`)
      else mine(channel).reliable.seen(n)
    })
    room.on('spot', ({ channel, n }) => this.gone || mine(channel).latest.seen(n))
    room.on('flash', ({ channel, n }) => this.gone || mine(channel).volatile.seen(n))
    room.answer('ask', ({ channel, n }) => {
      if (this.gone) return n
      mine(channel).calls.seen(n)
      return n
    })
    room.onRecovery((recovery) => this.gone || this.#recovered(room, recovery))
    room.status.subscribe(() => this.gone || this.#changed(room))
  }

  #seated(room: JoinedRoom<Sim>): void {
    this.#down = this.#ledger.lanes(`${this.key} → ${room.memberId}`)
  }

  #changed(room: JoinedRoom<Sim>): void {
    const status = room.status.value
    this.#ledger.count(`status ${status.state}`)
    // What is of class latest and was on its way when a line was lost is lost, too.
    if (status.state === 'reconnecting') this.#up.latest.signalled()
    if (status.state !== 'left') return
    this.#ledger.count(`room left: ${status.reason}`)
    this.#up.close()
    this.#down?.close()
  }

  #recovered(room: JoinedRoom<Sim>, recovery: Recovery): void {
    const { outcome } = recovery
    this.#ledger.count(`recovery ${outcome}`)
    if (outcome === 'lost') return
    if (room.status.value.state !== 'joined')
      this.#ledger.fault(`${this.name} recovered and is ${room.status.value.state}`)
    if (outcome !== 'resynced') return
    const { rejoined, missed, unsent } = recovery
    if (unsent > 0) this.#ledger.count('unsent', unsent)
    this.#up.reliable.signalled(unsent)
    if (rejoined) {
      this.#ledger.count('rejoined')
      this.#down?.close()
      this.#seated(room)
    } else if (missed === undefined) this.#ledger.count('seat kept over a restart')
    // On its way to the new membership, or in the new process, the line may have been lost again.
    if (missed === undefined) this.#down?.latest.signalled()
    // What is given up for the sake of others is missed, of whichever class.
    else this.#down?.latest.signalled(missed)
    if (missed === 0 && unsent === 0) this.#ledger.count('resynced without loss')
    if (missed !== undefined && missed > 0) this.#ledger.count('missed', missed)
    this.#down?.reliable.signalled(missed)
  }

  /** Does something, whatever the connection is like. */
  act(): void {
    const { room } = this
    if (room === undefined || !this.isIn) return
    if (this.hears !== `${this.key} → ${room.memberId}`)
      this.#ledger.fault(`${this.name} is another member, and was not told`)
    const random = this.#random
    switch (random.integer(0, 11)) {
      case 0:
      case 1:
      case 2:
        return this.#say(room, random.integer(0, 300))
      case 3:
      case 4:
        return void this.#apply(room)
      case 5:
        return void this.#read(room)
      case 6:
        return void this.#wait(room)
      case 7: {
        const mark = this.#up.next()
        const key = `k${random.integer(0, 2)}`
        this.#up.latest.sent(mark.n, key)
        const outcome = room.send.aim({ ...mark, key })
        this.#ledger.count(`aim ${outcome}`)
        if (outcome === 'dropped') this.#up.latest.refused(mark.n)
        return
      }
      case 8: {
        const mark = this.#up.next()
        this.#up.volatile.sent(mark.n)
        const outcome = room.send.wave(mark)
        this.#ledger.count(`wave ${outcome}`)
        if (outcome === 'dropped') this.#up.volatile.refused(mark.n)
        return
      }
      case 9:
        return void this.#count(room)
      default:
        return this.editor?.act()
    }
  }

  /** Says something that must arrive, however large. */
  shout(bytes: number): void {
    if (this.room !== undefined && this.isIn) this.#say(this.room, bytes)
  }

  #say(room: JoinedRoom<Sim>, bytes: number): void {
    const mark = this.#up.next()
    this.#up.reliable.sent(mark.n)
    const outcome = room.send.say({ ...mark, padding: new Uint8Array(bytes) })
    this.#ledger.count(`say ${outcome}`)
    if (outcome === 'dropped') this.#up.reliable.refused(mark.n)
  }

  async #apply(room: JoinedRoom<Sim>): Promise<void> {
    const up = this.#up
    const mark = up.next()
    const { n } = mark
    up.reliable.sent(n)
    up.calls.sent(n)
    try {
      const outcome = await room.call.apply.try(
        { ...mark, padding: new Uint8Array(this.#random.integer(0, 100)) },
        { timeout: this.#random.pick([2000, 15_000, Infinity]) },
      )
      if (this.gone) return
      if (outcome.ok || outcome.code === 'odd') {
        up.calls.acknowledged(n)
        this.#ledger.count(outcome.ok ? 'applied' : 'applied, odd')
        const applied = room.state.applied.get(this.name) ?? 0
        if (room.status.value.state !== 'left' && applied < n) {
          this.#ledger.fault(
            `${this.name}: call ${n} has settled, and the mirror says that ${applied} was the last applied`,
          )
        }
      } else endCall(this.#ledger, up, n, new JuntoError(outcome.code, outcome.message), 'apply')
    } catch (error) {
      if (!this.gone) this.#ledger.fault(`try() threw ${String(error)}`)
    }
  }

  async #read(room: JoinedRoom<Sim>): Promise<void> {
    const { repeatable } = this.#up
    const mark = this.#up.next()
    repeatable.sent(mark.n)
    try {
      await room.call.read(mark, { timeout: 60_000 })
      if (!this.gone) repeatable.acknowledged(mark.n)
      this.#ledger.count('read')
    } catch (error) {
      if (this.gone) return
      const code = codeOf(error)
      this.#ledger.count(`read ${code}`)
      if (code === 'disconnected' || code === 'rate_limited') repeatable.refused(mark.n)
      else repeatable.unknown(mark.n)
      // It is repeated instead, unless the room is left, the time is up, or there is no place for it.
      if (code === 'outcome_unknown' && this.#littleMayWait) return
      if (!['disconnected', 'rate_limited', 'cancelled', 'timeout'].includes(code) && this.isIn) {
        this.#ledger.fault(`${this.name}: an idempotent call ended as ${String(error)}`)
      }
    }
  }

  async #wait(room: JoinedRoom<Sim>): Promise<void> {
    const up = this.#up
    const mark = up.next()
    const { n } = mark
    up.reliable.sent(n)
    up.calls.sent(n)
    const never = this.#random.chance(0.2)
    const abort = new AbortController()
    const wait = this.#random.integer(0, 4000)
    const giveUp = this.#random.chance(0.2)
    try {
      const call = room.call.wait({ ...mark, ms: wait, never }, { signal: abort.signal })
      if (giveUp) abort.abort()
      await call
      if (this.gone) return
      up.calls.acknowledged(n)
      this.#ledger.count('waited')
      if (never) this.#ledger.fault(`${n} was answered, and its handler never answers`)
    } catch (error) {
      if (!this.gone) endCall(this.#ledger, up, n, error, 'wait')
    }
  }

  async #count(room: JoinedRoom<Sim>): Promise<void> {
    const to = this.#random.integer(0, 40)
    const most = this.#random.chance(0.3) ? this.#random.integer(0, 10) : Infinity
    let next = 0
    this.#reading++
    try {
      for await (const n of room.stream.count({ to, ms: this.#random.pick([0, 0, 10, 200]) })) {
        if (n !== next) this.#ledger.fault(`${this.name}: a stream skipped from ${next} to ${n}`)
        if (++next >= most) break
      }
      if (next < Math.min(to, most)) this.#ledger.fault(`${this.name}: a stream of ${to} ended with ${next}`)
      this.#ledger.count('streams read')
    } catch (error) {
      const code = codeOf(error)
      this.#ledger.count(`stream ${code}`)
      if (!this.gone && !['outcome_unknown', 'disconnected', 'cancelled', 'rate_limited'].includes(code)) {
        this.#ledger.fault(`${this.name}: a stream ended as ${String(error)}`)
      }
    } finally {
      this.#reading--
    }
  }

  /** The program leaves. */
  leave(): void {
    if (!this.isIn) return
    this.#ledger.count('leaves')
    this.showing?.rough(Infinity)
    void this.room?.leave()
  }

  /** The page goes, without a word to the program. */
  abandon(): void {
    this.gone = true
    this.showing?.end()
    this.editor?.end()
    this.#up.close()
  }
}
