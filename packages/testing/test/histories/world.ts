import { JuntoClient } from '@junto/client'
import { JuntoServer, MemoryMetrics, MemoryStore, SilentLogger } from '@junto/server'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../../src/index.ts'
import { anyContract, anyRooms, type AnyContract, type AnyMember, type AnyRoom, type Keeper } from './any-room.ts'
import type { History, Step } from './history.ts'
import { tagsOf, type Tag } from './kinds.ts'
import { Membership } from './membership.ts'
import { difference, Draws, Marks, modelOf } from './model.ts'
import { spoil } from './spoil.ts'
import { Visitor } from './visitor.ts'
import { watchedTransport } from './watched-transport.ts'
import { viewsOf, write, type Views } from './writes.ts'

const second = 1000
/** More than what waits here makes a client congested. */
const softOutbox = 1024
const mostVisitors = 4
/** Shorter than some absences, and longer than most. */
const resumeWindow = 5000

/** How much there was to a history. */
export interface Account {
  /** Mirrors that were compared with what is to be seen. */
  compared: number
  /** Of these, such as lack something of the state. */
  restricted: number
  /** Entries of viewed maps in the mirrors compared. */
  viewed: number
  catchUps: number
  /** Clients that came back to their seat, and those that came too late. */
  resumed: number
  rejoined: number
  /** Mirrors that their program had written to, and that were repaired. */
  repaired: number
}

/** A server, its clients, and the plain model of what each is to see. */
export class HistoryWorld implements Keeper {
  readonly first: unknown
  readonly #history: History
  readonly #contract: AnyContract
  readonly #clock = new VirtualClock()
  readonly #network: MemoryNetwork
  readonly #metrics = new MemoryMetrics()
  readonly #store = new MemoryStore()
  readonly #marks = new Marks()
  /** Those who are there, or are to come back. */
  readonly #visitors: Visitor[] = []
  /** All that ever came, by what they join with. */
  readonly #byWho = new Map<number, Visitor>()
  readonly #tags: ReadonlySet<Tag>
  readonly #faults: string[] = []
  readonly #warnings: string[] = []
  #server: JuntoServer | undefined
  #room: AnyRoom | undefined
  #model: unknown
  #beat = 0
  #processes = 0
  readonly #account: Account = {
    compared: 0,
    restricted: 0,
    viewed: 0,
    catchUps: 0,
    resumed: 0,
    rejoined: 0,
    repaired: 0,
  }

  constructor(history: History) {
    this.#history = history
    this.#contract = anyContract(history.state)
    this.#tags = tagsOf(history.state)
    this.#network = new MemoryNetwork(this.#clock, { latency: history.latency, capacity: 0 })
    this.first = this.#draws(history.seed).record(history.state)
    this.#model = modelOf(history.state, this.first)
  }

  /** Plays all of it. @throws Error saying what is not as it should be. */
  async play(): Promise<Account> {
    const { steps } = this.#history
    await this.#serve()
    this.#join()
    this.#join()
    await this.#settle()
    for (const step of steps) {
      await this.#do(step)
      if (!step.on) await this.#settle()
    }
    for (const visitor of this.#visitors) {
      this.#back(visitor)
      this.#resume(visitor)
    }
    await this.#advance('1m')
    await this.#settle()
    for (const { room } of this.#visitors) {
      if (room?.status.value.state !== 'joined') throw new Error(`a client is ${room?.status.value.state ?? 'outside'}`)
    }
    const desyncs = this.#metrics.read('desyncs', { room: 'any' })
    this.#account.rejoined = this.#visitors.reduce((sum, { rejoined }) => sum + rejoined, 0)
    this.#account.resumed = this.#metrics.read('resumes', { outcome: 'resumed' })
    this.#account.catchUps = this.#metrics.read('catch_ups', { room: 'any' })
    if (this.#account.repaired === 0 && (desyncs > 0 || this.#warnings.length > 0)) {
      throw new Error(`${desyncs} mirrors came apart by themselves: ${this.#warnings.join('; ')}`)
    }
    for (const { client } of this.#visitors) await client.close()
    await this.#close()
    if (this.#clock.pendingTimers > 0) throw new Error(`${this.#clock.pendingTimers} timers are left`)
    return this.#account
  }

  async #do({ what, who, seed }: Step): Promise<void> {
    const visitor = this.#visitors[who % Math.max(1, this.#visitors.length)]
    switch (what) {
      case 'write':
        return this.#write(seed)
      case 'view':
        return visitor?.seen?.look(this.#views(), this.#draws(seed), 4)
      case 'join':
        return this.#join()
      case 'leave':
        if (visitor?.room?.status.value.state !== 'joined' || this.#visitors.length < 2) return
        this.#visitors.splice(this.#visitors.indexOf(visitor), 1)
        void visitor.client.close()
        return
      case 'cut':
        visitor?.socket?.abort()
        return this.#advance(2 * second)
      case 'away':
        return visitor === undefined ? undefined : this.#away(visitor, seed)
      case 'back':
        for (const each of this.#visitors) this.#back(each)
        return this.#advance(2 * second)
      case 'stall':
        return visitor === undefined ? undefined : this.#stall(visitor)
      case 'resume':
        return visitor === undefined ? undefined : this.#resume(visitor)
      case 'spoil':
        return visitor === undefined ? undefined : this.#spoil(visitor, seed)
      case 'fail':
        visitor?.room?.call.fail.try({ seed }).then(
          (outcome) => outcome.ok && this.#faults.push('what must fail did not'),
          (error: unknown) => this.#faults.push(`a call failed in no way it may: ${String(error)}`),
        )
        return
      case 'restart':
        await this.#close()
        await this.#serve()
        return this.#advance(30 * second)
      case 'wait':
        return this.#advance((seed % 7) * second)
    }
  }

  #draws(seed: number): Draws {
    return new Draws(seed, this.#marks)
  }

  #views(): Views {
    return this.#room === undefined
      ? { maps: [], entities: [] }
      : viewsOf(this.#history.state, this.#room.state.all, this.#model)
  }

  #write(seed: number): void {
    if (this.#room === undefined) return
    const draws = this.#draws(seed)
    for (let writes = draws.integer(1, 4); writes > 0; writes--) {
      write(this.#history.state, this.#room.state.all, this.#model, draws)
    }
  }

  #join(): void {
    if (this.#visitors.length === mostVisitors) return
    const who = this.#byWho.size
    const visitor = new Visitor(
      (self) =>
        new JuntoClient({
          url: this.#network.url,
          socket: (url, _subprotocol, events) => {
            self.stalled = false
            const reach = self.away ? 'refused' : 'open'
            return (self.socket = this.#network.connect(url, events, { remoteAddress: String(who), reach }))
          },
          clock: this.#clock,
          // Two that draw the same would have one session.
          random: new SeededRandom(1 + who),
          onWarning: ({ message }) => this.#warnings.push(message),
        }),
    )
    this.#visitors.push(visitor)
    this.#byWho.set(who, visitor)
    visitor.client.open(this.#contract, { key: 'one', join: { who }, patience: Infinity }).then(
      (room) => visitor.enter(room),
      (error: unknown) => this.#visitors.includes(visitor) && this.#faults.push(`a join failed: ${String(error)}`),
    )
  }

  /** A member came: what it sees from the beginning is drawn. */
  entered(room: AnyRoom, member: AnyMember): void {
    this.#room = room
    const visitor = this.#byWho.get(member.join.who)
    if (visitor === undefined) throw new Error('nobody knows who that is')
    visitor.seen = new Membership(member.view, this.#tags)
    visitor.known = new Set()
    visitor.seen.look(this.#views(), this.#draws(this.#history.seed + member.join.who), 6)
  }

  left(member: AnyMember): void {
    const visitor = this.#byWho.get(member.join.who)
    if (visitor?.seen?.view !== member.view) return
    // What it was told last may still be on its way.
    visitor.known = new Set([...visitor.known, ...this.#visibleTo(visitor.seen)])
    visitor.seen = undefined
  }

  disposed(room: AnyRoom): void {
    if (this.#room === room) this.#room = undefined
  }

  secret(): string {
    return this.#marks.next()
  }

  /** Its network is gone. The server may see that, or find out by itself. */
  #away(visitor: Visitor, seed: number): void {
    if (visitor.away) return
    visitor.away = true
    if (seed % 3 === 0) visitor.socket?.link.halfOpen('server')
    else visitor.socket?.abort()
  }

  #back(visitor: Visitor): void {
    if (!visitor.away) return
    visitor.away = false
    visitor.client.connection.retry()
  }

  #stall(visitor: Visitor): void {
    if (visitor.seen === undefined || visitor.stalled) return
    visitor.stalled = true
    visitor.socket?.pause()
    for (const member of this.#room?.members.values() ?? []) {
      if (member.view === visitor.seen.view) member.send.filled(new Uint8Array(2 * softOutbox))
    }
  }

  #resume(visitor: Visitor): void {
    visitor.stalled = false
    visitor.socket?.resume()
  }

  /** A program writes to its mirror. The checks behind the next patches find it. */
  async #spoil(visitor: Visitor, seed: number): Promise<void> {
    const { room, stalled } = visitor
    if (room?.status.value.state !== 'joined' || stalled || visitor.away || this.#room === undefined) return
    await this.#settle()
    if (!spoil(this.#history.state, room.state.all, this.#draws(seed))) return
    this.#account.repaired++
    const wrong = (): boolean => this.#differs(visitor) !== undefined
    if (!wrong()) throw new Error('what was spoilt is as before')
    for (let beats = 0; beats < 20 && wrong(); beats++) {
      this.#room.state.beat = ++this.#beat
      await this.#quiet()
    }
  }

  /** Until nothing is under way: then every client that reads has what it is to see. */
  async #settle(): Promise<void> {
    await this.#quiet()
    const marks = Marks.within(this.#model)
    const { entities } = this.#views()
    for (const visitor of this.#visitors) {
      const { room, stalled, seen } = visitor
      if (room?.status.value.state !== 'joined' || stalled || seen === undefined) continue
      const fault = this.#differs(visitor)
      if (fault !== undefined) throw new Error(`a mirror is not what its member is to see: ${fault}`)
      if (!visitor.told) throw new Error('what a watch was told of is not what there is')
      visitor.known = this.#visibleTo(seen)
      this.#account.compared++
      if (visitor.known.size < marks.size) this.#account.restricted++
      for (const { live } of entities) if (seen.view.has(live)) this.#account.viewed++
    }
    if (this.#faults.length > 0) throw new Error(this.#faults.join('\n'))
  }

  /** Time goes on, and the turn ends. */
  async #advance(time: number | string): Promise<void> {
    await this.#clock.advance(time)
    for (const { seen } of this.#visitors) seen?.onlooker.settle()
  }

  async #quiet(): Promise<void> {
    const { patchRate, latency } = this.#history
    await this.#advance(6 * latency + (patchRate === undefined ? 0 : 2 * (second / patchRate)))
  }

  #differs({ room, seen }: Visitor): string | undefined {
    const { state, patchRate } = this.#history
    // Between patches of a fixed rate several turns come together, and it is not said which.
    return seen && difference(seen.onlooker.of(state, this.#model), room?.state.all, patchRate === undefined)
  }

  #visibleTo({ onlooker }: Membership): ReadonlySet<string> {
    return Marks.within(onlooker.of(this.#history.state, this.#model))
  }

  /** Something is sent to a client. */
  #sent(address: string, bytes: Uint8Array): void {
    const visitor = this.#byWho.get(Number(address))
    const marks = Marks.in(bytes)
    if (marks.size === 0) return
    if (visitor?.seen !== undefined) visitor.known = new Set([...visitor.known, ...this.#visibleTo(visitor.seen)])
    for (const mark of marks) {
      if (visitor?.known.has(mark) !== true) this.#faults.push(`${mark} is sent to somebody that does not see it`)
    }
  }

  async #serve(): Promise<void> {
    this.#server = new JuntoServer({
      transports: [watchedTransport(this.#network.transport(), (address, bytes) => this.#sent(address, bytes))],
      clock: this.#clock,
      // Members of the process before are members of this one: its ids must be others.
      random: new SeededRandom(-1 - this.#history.seed - ++this.#processes),
      store: this.#store,
      metrics: this.#metrics,
      logger: new SilentLogger(),
      limits: { softOutbox, checkInterval: 0, roomFaults: 1000, resumeWindow },
    })
    const { patchRate } = this.#history
    this.#server.define(this.#contract, anyRooms(this.#contract, this), {
      persist: true,
      ...(patchRate === undefined ? {} : { patchRate }),
    })
    await this.#server.listen()
  }

  async #close(): Promise<void> {
    const closing = this.#server?.close()
    await this.#advance(20 * second)
    await closing
  }
}
