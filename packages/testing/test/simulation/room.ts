import { Clock } from '@junto/protocol'
import { toPlain } from '@junto/schema'
import {
  Room,
  type LeaveReason,
  type Member,
  type Resumption,
  type RoomClass,
  type ServerMutators,
} from '@junto/server'
import type { SeededRandom } from '../../src/index.ts'
import { Sim, simMutators } from './contract.ts'
import { codeOf, endCall } from './endings.ts'
import type { Lanes, Ledger } from './ledger.ts'

type SimMember = Member<Sim>

/** What a room notes of a member, beside what the framework knows. */
interface Noted {
  readonly lanes: Lanes
  /** `awaited`: it is a member of the process before. Whether that had heard that it was away is not known. */
  state: 'here' | 'away' | 'awaited' | 'gone'
}

/** What rooms record, and draw from. */
export interface Keeper {
  readonly ledger: Ledger
  readonly random: SeededRandom
  /** The rooms that run. */
  readonly rooms: Set<SimRoomBase>
  /** The number of the newest state that `save()` said to be safe, by key. */
  readonly saved: Map<string, number>
  /** How a room was when it was disposed of in order, by key, as a text; nothing of those that were killed since. */
  readonly disposed: Map<string, string>
  /** Whether rooms are saved. */
  readonly persists: boolean
  /** The server is being closed: rooms that are saved end before their members leave. */
  closing: boolean
}

/** What the simulation does to a room. */
export interface SimRoomBase {
  readonly key: string | undefined
  readonly members: ReadonlyMap<string, SimMember>
  /** Streams that are being read. */
  readonly streams: number
  /** Something changes in the state. */
  write(): void
  /** The room says something to a member, or to all. */
  speak(bytes: number): void
  /** What there is by now must be safe, as soon as the room is told that it is. */
  keep(): Promise<void>
  kick(): void
  /** The server is dead: nothing that it began goes on. */
  abandon(): void
}

/** Rooms of the contract that record what they see. */
export function simRooms(keeper: Keeper): RoomClass<Sim> {
  const { ledger, random, rooms, saved, disposed } = keeper

  return class extends Room(Sim) implements SimRoomBase {
    readonly clock = this.inject(Clock)
    readonly #noted = new Map<SimMember, Noted>()
    #streams = 0
    #spoken = 0
    #abandoned = false

    get streams(): number {
      return this.#streams
    }

    onCreate() {
      if (saved.has(this.#name) || (keeper.persists && disposed.has(this.#name)))
        ledger.fault(`room ${this.#name} was made anew, and had been saved`)
      this.#begin()
      return { beat: 0, applied: {}, log: [], units: {}, far: {}, orders: 'wait', notes: 0, noted: {}, board: {} }
    }

    override onRestore() {
      ledger.count('restored')
      const { beat } = this.state
      const safe = saved.get(this.#name) ?? 0
      if (beat < safe) ledger.fault(`room ${this.#name} is as of ${beat}, and ${safe} was said to be safe`)
      const before = disposed.get(this.#name)
      if (before !== undefined) {
        ledger.count('restored in order')
        const now = JSON.stringify(toPlain(this.state))
        if (before !== now) ledger.fault(`room ${this.#name} ended as ${before}, and was restored as ${now}`)
      }
      this.#begin()
      for (const member of this.members.values()) {
        ledger.count('awaited')
        this.#noted.set(member, { lanes: ledger.lanes(`${this.key} → ${member.id}`), state: 'awaited' })
        // What it sees is not saved.
        this.#look(member)
      }
    }

    get #name(): string {
      return this.key ?? ''
    }

    #begin(): void {
      rooms.add(this)
      ledger.count('rooms')
    }

    override onDispose() {
      rooms.delete(this)
      disposed.set(this.#name, JSON.stringify(toPlain(this.state)))
      for (const [member, { state }] of this.#noted) {
        if (state !== 'gone' && !(keeper.closing && keeper.persists))
          ledger.fault(`the room was disposed of before member ${member.id} had left`)
      }
    }

    override onJoin(member: SimMember) {
      if (this.#noted.has(member)) ledger.fault(`member ${member.id} joined twice`)
      this.#noted.set(member, { lanes: ledger.lanes(`${this.key} → ${member.id}`), state: 'here' })
      ledger.count('joins')
      const unit = { by: member.id, x: random.integer(0, 4000) / 4, hits: 0, plan: `plan of ${member.id}` }
      this.state.units.set(member.id, unit)
      this.state.far.set(member.id, unit)
      this.#look(member)
      if (random.chance(0.3)) member.view.grant('captain')
      this.#tell(member, random.integer(0, 20))
    }

    override onDrop(member: SimMember) {
      const noted = this.#noted.get(member)
      if (noted?.state !== 'here' && noted?.state !== 'awaited')
        ledger.fault(`onDrop of member ${member.id}, who is ${noted?.state ?? 'unknown'}`)
      if (member.connected) ledger.fault(`member ${member.id} is connected in its onDrop`)
      if (noted === undefined) return
      noted.state = 'away'
      // What was on its way is gone, and is not sent again.
      noted.lanes.latest.signalled()
      ledger.count('drops')
      if (random.chance(0.5)) this.#tell(member, 10)
    }

    override onResume(member: SimMember, { outcome, missed }: Resumption) {
      const noted = this.#noted.get(member)
      if (noted?.state !== 'away' && noted?.state !== 'awaited')
        ledger.fault(`onResume of member ${member.id}, who is ${noted?.state ?? 'unknown'}`)
      if (!member.connected) ledger.fault(`member ${member.id} is not connected in its onResume`)
      if (noted === undefined) return
      noted.state = 'here'
      ledger.count(`onResume ${outcome}`)
      if (missed > 0) ledger.count('onResume missed', missed)
      if (outcome === 'resumed' && missed > 0) ledger.fault(`member ${member.id} was resumed, and missed ${missed}`)
    }

    override onLeave(member: SimMember, reason: LeaveReason) {
      const noted = this.#noted.get(member)
      if (noted === undefined || noted.state === 'gone') ledger.fault(`onLeave of member ${member.id}, who is gone`)
      if (noted !== undefined) noted.state = 'gone'
      ledger.count(`left ${reason}`)
      this.state.units.delete(member.id)
      this.state.far.delete(member.id)
    }

    override onError(error: unknown, where: string) {
      if (!this.#abandoned) ledger.fault(`${where} failed: ${String(error)}`)
    }

    write(): void {
      const { state } = this
      state.beat++
      const [first] = state.units.values()
      switch (random.integer(0, 4)) {
        case 0:
          state.log.push(`line ${state.beat}`)
          if (state.log.length > 5) state.log.shift()
          break
        case 1:
          for (const unit of state.units.values()) unit.x = random.integer(0, 4000) / 4
          break
        case 2:
          if (first !== undefined) first.plan = `plan ${state.beat}`
          state.orders = `orders ${state.beat}`
          break
        case 3: {
          // Ids are used again.
          const key = `extra ${random.integer(0, 3)}`
          if (state.far.has(key)) state.far.delete(key)
          else state.far.set(key, { by: '', x: 0, hits: 0, plan: '' })
          break
        }
        default:
          for (const member of this.members.values()) this.#look(member)
      }
    }

    /** What a member sees changes. */
    #look(member: SimMember): void {
      for (const unit of this.state.far.values()) {
        if (random.chance(0.5)) member.view.add(unit)
        else if (random.chance(0.3)) member.view.remove(unit)
      }
    }

    speak(bytes: number): void {
      for (const member of this.members.values()) {
        const noted = this.#noted.get(member)
        if (noted === undefined) continue
        switch (random.integer(0, 5)) {
          case 0:
          case 1:
          case 2:
            this.#tell(member, bytes)
            break
          case 3: {
            const mark = noted.lanes.next()
            const key = `k${random.integer(0, 2)}`
            noted.lanes.latest.sent(mark.n, key)
            member.send.spot({ ...mark, key })
            break
          }
          case 4: {
            const mark = noted.lanes.next()
            noted.lanes.volatile.sent(mark.n)
            member.send.flash(mark)
            break
          }
          default:
            void this.#ask(member, noted)
        }
      }
      if (this.#spoken++ % 4 === 3) this.#tellAll()
    }

    #tell(member: SimMember, bytes: number): void {
      const noted = this.#noted.get(member)
      if (noted === undefined) return
      const mark = noted.lanes.next()
      noted.lanes.reliable.sent(mark.n)
      member.send.told({ ...mark, padding: new Uint8Array(bytes) })
    }

    /** One encoding for all: of a channel that has all members as its receivers. */
    #tellAll(): void {
      const mark = ledger.lanes(`${this.key} → all`).next()
      for (const noted of this.#noted.values()) if (noted.state !== 'gone') noted.lanes.reliable.sent(`all ${mark.n}`)
      this.broadcast.told({ ...mark, channel: 'all', padding: new Uint8Array(0) })
    }

    async #ask(member: SimMember, { lanes }: Noted): Promise<void> {
      // Not in one order with events: a program that begins takes what waits for it in the order in which it asks for it.
      const mark = lanes.next()
      lanes.calls.sent(mark.n)
      try {
        const answer = await member.call.ask(mark, { timeout: random.pick([1000, 15_000, 60_000]) })
        if (answer !== mark.n) ledger.fault(`${mark.n} was answered by ${answer}`)
        lanes.calls.acknowledged(mark.n)
        ledger.count('asked')
      } catch (error) {
        endCall(ledger, lanes, mark.n, error, 'ask')
      }
    }

    async keep(): Promise<void> {
      if (!keeper.persists) return
      const beat = ++this.state.beat
      ledger.count('saves')
      try {
        await this.save()
        saved.set(this.#name, Math.max(beat, saved.get(this.#name) ?? 0))
        ledger.count('safe')
      } catch (error) {
        const code = codeOf(error)
        ledger.count(`save ${code}`)
        if (code !== 'store_failed' && code !== 'room_closed') ledger.fault(`save() ended as ${String(error)}`)
      }
    }

    kick(): void {
      const members = [...this.members.values()]
      const member = members[random.integer(0, members.length - 1)]
      if (member === undefined) return
      ledger.count('kicks')
      member.kick('for a test')
    }

    abandon(): void {
      this.#abandoned = true
      rooms.delete(this)
      for (const { lanes } of this.#noted.values()) lanes.close()
    }

    readonly mutators: ServerMutators<Sim> = {
      note: (state, params, context) => {
        this.#ran(params)
        const { n } = params
        // Its client shows it, and cannot know.
        if (n % 7 === 0) throw context.error('odd', { n })
        return simMutators.note(state, params, context)
      },
      draw: (state, params, context) => {
        this.#ran(params)
        const { n, key } = params
        if (n % 7 === 0) throw context.error('odd', { n })
        const result = simMutators.draw(state, params, context)
        const thing = state.board.get(key)
        if (n % 5 === 0 && thing !== undefined) thing.x = n % 1000
        return result
      },
    }

    #ran({ channel, n }: { readonly channel: string; readonly n: number }): void {
      const { reliable, calls } = ledger.lanes(channel)
      reliable.seen(n)
      calls.seen(n)
      ledger.count('mutations run')
    }

    readonly handlers = this.handle({
      apply: ({ channel, n }, { member, error }) => {
        const { reliable, calls } = ledger.lanes(channel)
        reliable.seen(n)
        calls.seen(n)
        this.state.applied.set(channel, n)
        const unit = this.state.units.get(member.id)
        if (unit !== undefined) unit.hits++
        if (n % 7 === 0) throw error('odd', { n })
        return n
      },
      read: ({ channel, n }) => {
        const { repeatable } = ledger.lanes(channel)
        repeatable.seen(n)
        return n
      },
      wait: async ({ channel, n, ms, never }, { signal }) => {
        const { reliable, calls } = ledger.lanes(channel)
        reliable.seen(n)
        calls.seen(n)
        await new Promise<void>((resolve) => {
          if (!never) this.clock.after(ms, resolve)
          signal.addEventListener('abort', () => resolve())
        })
        return n
      },
      say: ({ channel, n }) => ledger.lanes(channel).reliable.seen(n),
      aim: ({ channel, n }) => ledger.lanes(channel).latest.seen(n),
      wave: ({ channel, n }) => ledger.lanes(channel).volatile.seen(n),
      count: ({ to, ms }, { signal }) => this.#count(to, ms, signal),
    })

    async *#count(to: number, ms: number, signal: AbortSignal): AsyncGenerator<number> {
      this.#streams++
      try {
        for (let n = 0; n < to; n++) {
          if (ms > 0) {
            await new Promise<void>((resolve) => {
              const stop = (): void => {
                cancel()
                signal.removeEventListener('abort', stop)
                resolve()
              }
              const cancel = this.clock.after(ms, stop)
              signal.addEventListener('abort', stop)
            })
          }
          if (signal.aborted) return
          yield n
        }
      } finally {
        this.#streams--
      }
    }
  }
}
