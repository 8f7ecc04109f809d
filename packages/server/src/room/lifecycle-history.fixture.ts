import { JuntoError } from '@junto/protocol'
import { SeededRandom } from '@junto/testing'
import {
  limits,
  options,
  Plot,
  plotRooms,
  type MemberTrace,
  type PlotMember,
  type PlotRoom,
  type PlotWitness,
  type RoomTrace,
} from './lifecycle-plot.fixture.ts'
import type { RoomClass, RunnableRoom } from './room.ts'
import type { RoomHandle } from './room-handle.ts'
import { TestClient, World } from './rooms.fixture.ts'
import type { LeaveReason } from './seat.ts'

/** Somebody who joins, in one page after the other. */
interface Visitor {
  readonly who: number
  client: TestClient
  /** The way by which it joined: a page that was loaded anew asks for the same. */
  readonly how: { readonly key?: string }
  readonly since: number
  isDropped: boolean
  /** Why it goes, first of all. */
  wanted: LeaveReason | undefined
}

/** One history of rooms: joins, drops, faults, work from outside and time, at random from one seed. What must hold is looked at all the while. */
export class LifecycleHistory implements PlotWitness {
  /** What should not have been. */
  readonly wrong: string[] = []
  /** How often members left, by reason, and other things that shall happen in a history. */
  readonly seen = new Map<string, number>()
  readonly world: World
  readonly #random: SeededRandom
  readonly #rooms = new Map<string, RoomTrace>()
  readonly #visitors: Visitor[] = []
  readonly #class: RoomClass<typeof Plot>
  /** When rooms of a key that failed were gone. */
  readonly #failures = new Map<string, number[]>()
  readonly #failed = new Set<RoomTrace>()
  #isShutDown = false

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.world = new World({ seed, limits })
    const { logger } = this.world
    const log = logger.error.bind(logger)
    logger.error = (message, fields) => {
      this.#logged(message)
      log(message, fields)
    }
    this.#class = plotRooms(this)
    this.world.registry.define(Plot, this.#class, options)
  }

  /** Plays it, and brings it to its end. */
  async play(steps: number): Promise<void> {
    const { clock, registry } = this.world
    for (let step = 0; step < steps; step++) {
      this.#act()
      await clock.advance(this.#random.pick([0, 0, 1, 40, 300, 1500, 4000]))
      this.#look()
    }
    if (this.#random.chance(0.5)) {
      this.#isShutDown = true
      void registry.close()
      await clock.advance('1m')
    }
    for (const visitor of this.#visitors) this.#leave(visitor, 'left')
    await clock.advance('2m')
    this.#look()
    this.#must(registry.size === 0, `${registry.size} rooms are left`)
    this.#must(clock.pendingTimers === 0, `${clock.pendingTimers} timers are left`)
    for (const { room, phase, members } of this.#rooms.values()) {
      this.#must(phase === 'gone', `${room.key} is ${phase} at the end`)
      for (const member of members.values()) this.#must(!member.isJoined || member.isGone, 'a member has not left')
    }
    for (const { client, who } of this.#visitors) {
      this.#must(client.isJoined || client.refused !== undefined, `${who} never heard what became of its join`)
    }
  }

  get #now(): number {
    return this.world.clock.now()
  }

  #must(holds: boolean, what: string): void {
    if (!holds) this.wrong.push(`at ${this.#now}: ${what}`)
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  // What happens

  #act(): void {
    const visitor = this.#visitors.length === 0 ? undefined : this.#random.pick(this.#visitors.slice(-12))
    const open = [...this.#rooms.values()].filter(({ phase, endedAt }) => phase === 'open' && endedAt === undefined)
    const trace = open.length === 0 ? undefined : this.#random.pick(open)
    const one = this.#random.integer(0, 99)
    if (one < 34 || visitor === undefined) return this.#join()
    if (one < 42) return this.#leave(visitor, this.#random.pick(['left', 'disconnected', 'refused']))
    if (one < 52) return visitor.isDropped ? this.#resume(visitor) : this.#drop(visitor)
    if (one < 56) return this.#reload(visitor)
    if (one < 66) return this.#say(visitor, 'point')
    if (one < 76) return this.#say(visitor, 'fail')
    if (one < 82) return void this.#open()
    if (trace === undefined) return
    const { room } = trace
    if (one < 88) return void this.#run(trace)
    if (one < 91) return this.#kick(room)
    if (one < 93) return room.locked ? room.unlock() : this.#lock(trace)
    if (one < 95) return void (room.maxMembers = this.#random.integer(1, 5))
    if (one < 97) return room.lose()
    this.#close(trace)
  }

  #join(): void {
    const who = this.#visitors.length
    const how = this.#random.chance(0.75) ? { key: this.#random.pick(['a', 'b']) } : {}
    const client = this.world.client(Plot)
    this.#visitors.push({ who, client, how, since: this.#now, isDropped: false, wanted: undefined })
    this.#ask(client, how, who)
  }

  #ask(client: TestClient, how: Visitor['how'], who: number): void {
    const due = how.key === undefined ? 0 : this.#restartDue(how.key)
    client.join({ ...how, join: { who } })
    // Whether it comes in or not: a seat may be taken for a moment.
    for (const trace of this.#rooms.values()) if (trace.room.key === how.key) trace.emptySince = undefined
    // Where the room is there, or is just going, nobody need make it now.
    if (due > 0 && this.#instanceOf(how.key) === undefined) {
      this.world.clock.atEndOfTurn(() => {
        this.#must(client.refused?.code === 'room_failed', `${how.key} was not refused, after it failed so often`)
        this.#must(client.refused?.retryAfter === due, `${client.refused?.retryAfter} instead of ${due} ms to wait`)
        this.#count('refused to restart')
      })
    }
  }

  #leave(visitor: Visitor, reason: LeaveReason): void {
    visitor.wanted ??= reason
    visitor.client.leave(reason)
  }

  #drop(visitor: Visitor): void {
    if (!visitor.client.isJoined) return
    visitor.isDropped = true
    visitor.client.drop()
  }

  #resume(visitor: Visitor): void {
    visitor.isDropped = false
    visitor.client.resume()
  }

  /** Its page is loaded anew, and takes its seat again. */
  #reload(visitor: Visitor): void {
    const { client } = visitor
    if (!client.isJoined || client.endings.length > 0 || visitor.wanted !== undefined) return
    if (!visitor.isDropped) client.drop()
    client.seat.unseat()
    visitor.isDropped = false
    visitor.client = this.world.client(Plot, client.session)
    // What becomes of it, its session decides: it gives up the seat with the page that does not get it.
    visitor.client.onSeat = (seat) => {
      this.#must(seat === client.seat || client.endings.length > 0, 'a page got another seat, while its own was kept')
      const trace = this.#rooms.get(seat.joined.id)
      if (trace !== undefined) trace.heardAt = this.#now
      if (seat === client.seat) this.#count('seat taken again')
      seat.start()
    }
    const leave = visitor.client.leave.bind(visitor.client)
    visitor.client.leave = (reason) => {
      leave(reason)
      client.leave(reason)
    }
    this.#ask(visitor.client, visitor.how, visitor.who)
  }

  #say({ client, isDropped, wanted }: Visitor, what: 'point' | 'fail'): void {
    if (!client.isJoined || isDropped || wanted !== undefined || client.endings.length > 0) return
    const trace = this.#rooms.get(client.seat.joined.id)
    if (trace !== undefined) trace.heardAt = this.#now
    if (what === 'point') client.event('point')
    else void client.outcome('fail')
  }

  #kick(room: PlotRoom): void {
    for (const member of room.members.values()) {
      const visitor = this.#visitors[member.join.who]
      if (visitor !== undefined) visitor.wanted ??= 'kicked'
      member.kick()
      return
    }
  }

  #lock(trace: RoomTrace): void {
    trace.lockedAt = this.#now
    trace.room.lock()
  }

  #close(trace: RoomTrace): void {
    trace.wasClosed = true
    if (this.#random.chance(0.5)) trace.room.close()
    else this.#handleOf(trace)?.close('from outside')
  }

  async #open(): Promise<void> {
    const key = this.#random.pick(['a', 'b'])
    try {
      const handle = await this.world.registry.directory.open(this.#class, key)
      const trace = this.#rooms.get(handle.id)
      this.#must(trace?.phase === 'open', `open() gave a room that is ${trace?.phase}`)
      if (trace !== undefined) trace.emptySince = undefined
      this.#count('opened from outside')
    } catch (error) {
      this.#must(error instanceof JuntoError, `open() threw ${String(error)}`)
    }
  }

  async #run(trace: RoomTrace): Promise<void> {
    const handle = this.#handleOf(trace)
    if (handle === undefined) return
    trace.runs++
    trace.emptySince = undefined
    const ms = this.#random.pick([0, 10, 3000, 8000])
    const fails = this.#random.chance(0.2)
    try {
      await handle.run(async (room) => {
        await this.#pause(ms)
        this.#must(trace.phase === 'open', 'the room was disposed while code of the program ran in it')
        this.#must(this.#handleOf(trace) !== undefined || this.#hadToGo(trace), 'the room ended under the running code')
        room.state.n++
        if (fails) throw new Error('from outside')
      })
      this.#must(!fails, 'run() hid what was thrown')
      this.#count('run from outside')
    } catch (error) {
      this.#must(fails && error instanceof Error && error.message === 'from outside', `run() threw ${String(error)}`)
    }
    trace.runs--
    trace.emptySince = undefined
  }

  /** Whether a room may end although code runs in it. */
  #hadToGo(trace: RoomTrace): boolean {
    const isOld = this.#now - trace.openedAt >= options.maxAge
    return trace.wasClosed || isOld || this.#failed.has(trace) || this.#isShutDown
  }

  #handleOf({ room }: RoomTrace): RoomHandle<RunnableRoom<typeof Plot>> | undefined {
    return this.world.registry.directory.get(this.#class, room.id)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.clock.after(ms, resolve))
  }

  // What must hold at any time

  #look(): void {
    const { directory } = this.world.registry
    for (const { id, members } of directory.list(this.#class)) {
      const trace = this.#rooms.get(id)
      if (trace === undefined) continue
      const { room, runs } = trace
      const now = this.#now
      this.#must(now - trace.openedAt < options.maxAge, `${room.key} is older than it may be`)
      if (members > 0 || runs > 0) trace.emptySince = undefined
      else trace.emptySince ??= now
      if (runs > 0) continue
      this.#must(now - trace.heardAt < options.idleAfter, `${room.key} is idle, and open`)
      this.#must(now - (trace.emptySince ?? now) < options.disposeAfter, `${room.key} is empty, and open`)
    }
  }

  /** Which rooms are given up, the log tells: those that were going already end for another reason. */
  #logged(message: string): void {
    const [, name] = /^The room plot\/(\S+) failed too often/.exec(message) ?? []
    for (const trace of this.#rooms.values()) {
      const { key, id } = trace.room
      if (name === (key ?? id) && trace.phase !== 'gone' && this.#handleOf(trace) !== undefined) this.#failed.add(trace)
    }
  }

  #instanceOf(key: string | undefined): RoomTrace | undefined {
    return [...this.#rooms.values()].find(({ room, phase }) => room.key === key && phase !== 'gone')
  }

  /** Milliseconds until the room of a key may be made again. */
  #restartDue(key: string): number {
    const since = this.#now - limits.roomRestartWindow
    const recent = (this.#failures.get(key) ?? []).filter((at) => at > since)
    const leaves = recent[recent.length - limits.roomRestarts - 1]
    return leaves === undefined ? 0 : leaves + limits.roomRestartWindow - this.#now
  }

  // What the rooms tell

  /** A hook: takes its time, and fails now and then. */
  async #hook(trace: RoomTrace, fault = 0.06): Promise<void> {
    trace.hooks++
    if (this.#random.chance(0.4)) await this.#pause(this.#random.integer(0, 300))
    trace.hooks--
    if (this.#random.chance(fault)) throw new Error('a hook failed')
  }

  born(room: PlotRoom): RoomTrace {
    const { key } = room
    if (key !== undefined) {
      this.#must(this.#instanceOf(key) === undefined, `two rooms of the key ${key}`)
      this.#must(this.#restartDue(key) === 0, `${key} was made again, although it failed so often`)
    }
    const trace: RoomTrace = {
      room,
      phase: 'coming',
      openedAt: Infinity,
      heardAt: Infinity,
      emptySince: undefined,
      endedAt: undefined,
      runs: 0,
      hooks: 0,
      wasClosed: false,
      lockedAt: undefined,
      members: new Map(),
    }
    this.#rooms.set(room.id, trace)
    return trace
  }

  async comes(trace: RoomTrace): Promise<void> {
    this.#must(trace.phase === 'coming', `it comes about, and is ${trace.phase}`)
    try {
      await this.#hook(trace)
    } catch (error) {
      trace.phase = 'gone'
      throw error
    }
    trace.phase = 'open'
    trace.openedAt = trace.heardAt = this.#now
  }

  async joins(trace: RoomTrace, member: PlotMember): Promise<void> {
    const { room, lockedAt = Infinity } = trace
    const visitor = this.#visitors[member.join.who]
    this.#must(trace.phase === 'open' && trace.endedAt === undefined, `onJoin in a room that is ${trace.phase}`)
    this.#must(room.members.size <= room.maxMembers, `${room.members.size} of ${room.maxMembers}`)
    this.#must(!room.locked || lockedAt >= (visitor?.since ?? 0), 'somebody came into a locked room')
    trace.heardAt = this.#now
    trace.emptySince = undefined
    const one: MemberTrace = { isJoined: false, isAway: false, isGone: false }
    trace.members.set(member, one)
    await this.#hook(trace, 0.03)
    if (this.#random.chance(0.03)) throw new JuntoError('forbidden', 'not you')
    if (this.#random.chance(0.03)) {
      if (visitor !== undefined) visitor.wanted ??= 'kicked'
      member.kick()
    }
    if (this.#random.chance(0.02)) this.#close(trace)
    one.isJoined = true
  }

  #memberOf(trace: RoomTrace, member: PlotMember, hook: string): MemberTrace {
    const one = trace.members.get(member) ?? { isJoined: false, isAway: false, isGone: false }
    this.#must(one.isJoined && !one.isGone, `${hook} of somebody who is not a member`)
    this.#must(trace.phase === 'open', `${hook} in a room that is ${trace.phase}`)
    return one
  }

  async drops(trace: RoomTrace, member: PlotMember): Promise<void> {
    const one = this.#memberOf(trace, member, 'onDrop')
    this.#must(!one.isAway, 'onDrop twice in a row')
    one.isAway = true
    this.#count('onDrop')
    await this.#hook(trace)
  }

  async resumes(trace: RoomTrace, member: PlotMember): Promise<void> {
    const one = this.#memberOf(trace, member, 'onResume')
    this.#must(one.isAway, 'onResume without onDrop')
    one.isAway = false
    this.#count('onResume')
    await this.#hook(trace)
  }

  async leaves(trace: RoomTrace, member: PlotMember, reason: LeaveReason): Promise<void> {
    const one = this.#memberOf(trace, member, 'onLeave')
    one.isGone = true
    this.#count(reason)
    this.#must(!trace.room.members.has(member.id), 'who has left is among the members')
    this.#must(this.#isReason(trace, this.#visitors[member.join.who]?.wanted, reason), `nobody left by ${reason}`)
    await this.#hook(trace)
  }

  /** Whether this is why somebody has left: who wanted to, for that reason; others, because of what became of the room. */
  #isReason(trace: RoomTrace, wanted: LeaveReason | undefined, reason: LeaveReason): boolean {
    if (reason === wanted) return true
    trace.endedAt ??= this.#now
    const { endedAt, heardAt, openedAt, wasClosed } = trace
    switch (reason) {
      case 'closed':
        return wasClosed
      case 'failed':
        return this.#failed.has(trace)
      case 'idle':
        return endedAt - heardAt >= options.idleAfter
      case 'expired':
        return endedAt - openedAt === options.maxAge
      case 'shutdown':
        return this.#isShutDown
      default:
        return false
    }
  }

  beats(trace: RoomTrace): void {
    this.#must(trace.phase === 'open' && trace.endedAt === undefined, `a timer of a room that is ${trace.phase}`)
    this.#count('timer')
    if (this.#random.chance(0.1)) throw new Error('a timer failed')
  }

  async goes(trace: RoomTrace): Promise<void> {
    const { room, members } = trace
    this.#must(trace.phase === 'open', `onDispose of a room that is ${trace.phase}`)
    this.#must(room.members.size === 0, 'onDispose while somebody is there')
    for (const one of members.values()) this.#must(!one.isJoined || one.isGone, 'onDispose before onLeave')
    this.#must(
      trace.hooks === 0 && trace.runs === 0,
      `onDispose while ${trace.hooks} hooks and ${trace.runs} runs go on`,
    )
    trace.endedAt ??= this.#now
    trace.phase = 'ending'
    try {
      await this.#hook(trace)
    } finally {
      trace.phase = 'gone'
      if (this.#failed.has(trace) && room.key !== undefined) {
        this.#failures.set(room.key, [...(this.#failures.get(room.key) ?? []), this.#now])
      }
    }
  }
}
