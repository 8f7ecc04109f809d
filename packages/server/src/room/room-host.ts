import { JuntoError, randomId } from '@junto/protocol'
import type { Services, Token } from '../container.ts'
import { freezeDeep } from '../matchmaking/frozen.ts'
import type { Listable } from '../matchmaking/listings.ts'
import type { Candidate } from '../matchmaking/matchmaker.ts'
import { Motion } from '../motion/motion.ts'
import type { Past, RewindOptions } from '../motion/rewind.ts'
import { within } from '../promises.ts'
import { thrownAs } from '../thrown.ts'
import { hookOf, whatHangs, type CreationStep } from './creation-step.ts'
import { isCount, type RoomDefinition, type RunningRoom } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'
import { eventSenders, exceptOf } from './event-senders.ts'
import { Faults } from './faults.ts'
import type { MemberSeat } from './member-seat.ts'
import type { Entrant } from './seat-host.ts'
import type { RoomVisibility } from './room.ts'
import { notSaved, RoomArchive } from './room-archive.ts'
import { close, disposeServices } from './room-closing.ts'
import { begin, construct, refusal, type RoomCreation } from './room-creation.ts'
import { RoomLife, type Ending } from './room-life.ts'
import { RoomLifetime } from './room-lifetime.ts'
import type { Origin, RoomOwner } from './room-owner.ts'
import type { RoomScope } from './room-scope.ts'
import { restoreSeats } from './restored-seats.ts'
import { RoomTimers } from './room-timers.ts'
import { makeWorks, type Works } from './room-works.ts'
import type { JoinedInfo, LeaveReason, SessionInfo } from './seat.ts'
import { Seats } from './seats.ts'
import { UnderWay } from './under-way.ts'
import { Atomic } from '../sync/atomic.ts'

/** Runs one room: its life from creation to disposal, and all of its code, so that nothing it throws gets further. */
export class RoomHost implements RoomScope, Candidate, Listable {
  readonly definition: RoomDefinition
  readonly id: string
  readonly key: string | undefined
  readonly number: number
  /** For logs. */
  readonly name: string
  /** Resolves when the room is open. Rejects with a JuntoError for the client when it could not be made. */
  readonly ready: Promise<void>
  /** Resolves when the room is disposed; never rejects. */
  readonly closed: Promise<void>
  readonly #environment: RoomEnvironment
  readonly #services: Services
  readonly #origin: Origin
  readonly #owner: RoomOwner
  readonly #archive: RoomArchive | undefined
  readonly #faults: Faults
  readonly #timers: RoomTimers
  readonly #motion: Motion | undefined
  readonly #atomic = new Atomic()
  readonly #seats: Seats
  readonly #life: RoomLife<Works>
  readonly #lifetime: RoomLifetime
  /** Hooks and work from outside that the room waits for at its end. */
  readonly #underWay = new UnderWay()
  #room: RunningRoom | undefined
  #metadata: unknown
  #visibility: RoomVisibility = 'public'
  #code: string | undefined
  /** How far it has come about. */
  #step: CreationStep = 'constructor'
  #broadcast: unknown
  #onClosed: () => void = () => {}

  constructor(definition: RoomDefinition, environment: RoomEnvironment, origin: Origin, owner: RoomOwner) {
    this.definition = definition
    this.#environment = environment
    this.#origin = origin
    this.#owner = owner
    this.key = origin.key
    this.number = origin.number
    this.id = randomId(environment.random, 16)
    this.name = `${definition.name}/${origin.key ?? this.id}`
    this.#archive = RoomArchive.of(definition, environment, origin.key, this.name)
    this.#services = environment.services.child()
    this.#life = new RoomLife(() => owner.changed(this))
    const { clock, limits } = environment
    this.#faults = new Faults({
      ...environment,
      watched: { type: definition.name, name: this.name },
      most: limits.roomFaults,
      window: limits.roomFaultWindow,
      onError: (error, where) => this.#room?.onError?.(error, where),
      onTooMany: () => this.close('The room failed too often.', 'failed'),
    })
    this.#timers = new RoomTimers(clock, (where, code) => this.#faults.run(where, code))
    this.#motion =
      definition.motion &&
      new Motion({ ...environment, settings: definition.motion, room: definition.name, faults: this.#faults })
    this.#lifetime = new RoomLifetime({
      clock,
      disposeAfter: definition.disposeAfter ?? limits.disposeAfter,
      idleAfter: definition.idleAfter,
      maxAge: definition.maxAge,
      isEmpty: () => this.#seats.isEmpty,
      end: (because) => this.close(partings[because], because),
    })
    this.#seats = new Seats({
      underWay: this.#underWay,
      atomic: this.#atomic,
      faults: this.#faults,
      most: definition.maxMembers,
      onJoin: (member, join) => this.#room?.onJoin?.(member, join),
      onDrop: (member) => this.#room?.onDrop?.(member),
      onResume: (member, resumption) => this.#room?.onResume?.(member, resumption),
      onLeave: (member, reason) => this.#room?.onLeave?.(member, reason),
      onTaken: (session) => {
        owner.took(this, session)
        owner.changed(this)
        this.#motion?.occupied(true)
      },
      onFreed: (session) => {
        owner.freed(this, session)
        owner.changed(this)
      },
      onEmpty: () => {
        this.#lifetime.left()
        this.#motion?.occupied(false)
      },
      onChanged: (isWrong) => {
        const saver = this.#life.works?.saver
        if (isWrong) saver?.changed()
        else saver?.changedLittle()
      },
    })
    this.closed = new Promise((resolve) => (this.#onClosed = resolve))
    this.ready = this.#create()
    // Whoever waits for it hears of it; nobody may be waiting any more.
    this.ready.catch(() => {})
  }

  // For the registry

  /** Whether it is on its way out: nobody can join, and what has its key has to wait until it is closed. */
  get isClosing(): boolean {
    return this.#life.isEnding
  }

  /** What it waits for that is not there yet, in words; `undefined` once it is open. */
  get awaits(): string | undefined {
    return this.#life.is('creating') || this.#life.is('restoring') ? whatHangs(this.#step) : undefined
  }

  /** Whether members come and go there. */
  get isOpen(): boolean {
    return this.#life.is('open')
  }

  /** Why it ends, or has ended; `undefined` as long as it does not. */
  get ending(): Ending | undefined {
    return this.#life.ending
  }

  get wanted(): string | undefined {
    return this.#life.is('creating') && this.#seats.hasFree ? this.#origin.wanted : undefined
  }

  get isFindable(): boolean {
    return this.isListed && this.#seats.hasFree
  }

  get isListed(): boolean {
    return this.isOpen && this.key === undefined && this.#visibility === 'public'
  }

  /** Seats that are taken, those of who is joining included. */
  get taken(): number {
    return this.#seats.taken
  }

  canSeat(session: SessionInfo): boolean {
    return !this.isClosing && this.#seats.canSeat(session)
  }

  /** Whether the seat that a session has reserved is still one of those that there are. */
  hasPlace(session: SessionInfo): boolean {
    return this.#seats.hasPlace(session)
  }

  /** Whether a seat waits there for this session to come back. */
  keepsSeatFor(session: SessionInfo): boolean {
    return !this.isClosing && this.#seats.isKeptFor(session)
  }

  /** Takes a seat, before anything is waited for. @throws JuntoError `forbidden`, `room_full`, or `already_joined`. */
  reserve(session: SessionInfo): void {
    this.#seats.reserve(session)
    this.#lifetime.entered()
  }

  /** Gives back a seat on which nobody came to sit. */
  release(session: SessionInfo): void {
    this.#seats.release(session)
  }

  /** Seats somebody on a reserved seat. @throws JuntoError; the seat is free again then. */
  async join(entrant: Entrant, signal: AbortSignal): Promise<MemberSeat> {
    const { works } = this.#life
    if (!this.isOpen || works === undefined) {
      this.release(entrant.session)
      throw new JuntoError('room_closed', `the room ${this.name} is closed`)
    }
    const kept = this.#seats.claimed(entrant.session)
    if (kept !== undefined) {
      try {
        kept.retake(entrant, { ...this.#joinedInfo(kept.id, entrant), kept: true })
        return kept
      } catch (error) {
        // It is somebody else now, who gets a seat of their own.
        kept.end('refused', error instanceof JuntoError ? error.message : undefined)
      }
    }
    const id = randomId(this.#environment.random, 12)
    return this.#seats.join(works.seatHost, entrant, this.#joinedInfo(id, entrant), signal)
  }

  /** Closes the room; one that is coming about, as soon as it is open. See {@link closed}. */
  close(message?: string, reason: LeaveReason = 'closed', patience?: number): void {
    this.#atomic.whenWhole(() => {
      if (this.#life.close({ reason, message, patience })) void this.#drain()
    })
  }

  /** Nothing of it is saved any more, whatever it still does. @returns whether something may be lost by that. */
  giveUp(): boolean {
    const saver = this.#life.works?.saver
    saver?.close()
    return saver !== undefined
  }

  // For the program around the server

  /** Its time without members begins anew. */
  visited(): void {
    this.#lifetime.left()
  }

  /**
   * Runs code of the program in the room, as if it were the room's own. Meanwhile the room is not disposed for being empty or idle.
   *
   * @throws (rejects) what the code throws, which the room is told, too; JuntoError `room_closed` when the room is not open.
   */
  run<T>(code: (room: object) => T | PromiseLike<T>): Promise<T> {
    const room = this.#room
    if (!this.isOpen || room === undefined) {
      return Promise.reject(new JuntoError('room_closed', `the room ${this.name} is closed: open it again`))
    }
    return this.#underWay.track(
      'run',
      this.#held(() => code(room)),
    )
  }

  async #held<T>(code: () => T | PromiseLike<T>): Promise<T> {
    const release = this.#lifetime.hold()
    try {
      return await this.#faults.measure(code)
    } catch (error) {
      this.#faults.report(error, 'run', 'program')
      throw error
    } finally {
      release()
    }
  }

  // For the room itself

  get state(): unknown {
    const { works } = this.#life
    if (!works) {
      throw new Error(
        `The state of the room ${this.name} does not exist yet: it is what onCreate returns. ` +
          'Put what is needed from the beginning into that first state.',
      )
    }
    return works.sync.tree.root
  }

  get members(): ReadonlyMap<string, object> {
    return this.#seats.members
  }

  get broadcast(): unknown {
    return (this.#broadcast ??= eventSenders(this.definition.compiled.down, (message, options) => {
      const except = exceptOf(options)
      this.#seats.sendAll(message, (member) => except.includes(member))
    }))
  }

  get metadata(): unknown {
    return this.#metadata
  }

  set metadata(metadata: unknown) {
    this.#metadata = this.definition.frozenNamed('metadata', metadata)
    this.#owner.changed(this)
    this.#life.works?.saver?.changed()
  }

  get locked(): boolean {
    return this.#seats.locked
  }

  lock(): void {
    this.#seats.locked = true
    this.#owner.changed(this)
  }

  unlock(): void {
    this.#seats.locked = false
    this.#owner.changed(this)
  }

  get visibility(): RoomVisibility {
    return this.#visibility
  }

  set visibility(visibility: RoomVisibility) {
    if (visibility !== 'public' && visibility !== 'private') {
      throw new JuntoError('misuse', `the visibility of a room is 'public' or 'private', not ${String(visibility)}`)
    }
    this.#visibility = visibility
    this.#owner.changed(this)
  }

  get code(): string {
    // Its code is given to nobody else as long as it is there.
    if (this.#code === undefined && this.#life.is('disposed')) {
      throw new JuntoError('room_closed', `the room ${this.name} is gone, and has no join code`)
    }
    return (this.#code ??= this.#owner.codeOf(this))
  }

  get maxMembers(): number {
    return this.#seats.most
  }

  set maxMembers(most: number) {
    if (!isCount(most)) {
      throw new JuntoError('misuse', `maxMembers of a room must be a whole number from 1, or Infinity, not ${most}`)
    }
    this.#seats.most = most
    this.#owner.changed(this)
  }

  async save(): Promise<void> {
    const { definition, name } = this
    if (this.#archive === undefined) throw notSaved(definition, name)
    if (this.#life.is('creating')) {
      throw new JuntoError('misuse', `save() of the room ${name}: there is no state before onCreate has returned it`)
    }
    const saver = this.#life.works?.saver
    if (saver === undefined) throw new JuntoError('room_closed', `the room ${name} is closed`)
    await saver.save()
  }

  inject<S>(token: Token<S>): S {
    return this.#services.resolve(token)
  }

  after(ms: number, fn: () => unknown): () => void {
    return this.#timers.after(ms, fn)
  }

  every(ms: number, fn: () => unknown): () => void {
    return this.#timers.every(ms, fn)
  }

  rewindable(
    select: (state: unknown) => unknown,
    fields: readonly string[],
    options?: RewindOptions,
  ): (member: object, at?: number) => Past<unknown> {
    if (this.#motion !== undefined) return this.#motion.rewindable(select, fields, options)
    throw new JuntoError('misuse', `${this.definition.className}: rewindable() needs ticks: give define a tickRate`)
  }

  drain(member: object): readonly object[] {
    if (this.#motion !== undefined) return this.#motion.drain(member)
    throw new JuntoError('misuse', 'inputs.drain(member): the contract of this room declares no input')
  }

  #joinedInfo(member: string, { layouts }: Entrant): JoinedInfo {
    const { compiled, name, wireLayout, tickInterval, patchInterval, presence, motion } = this.definition
    return {
      room: name,
      id: this.id,
      ...(this.key !== undefined && { key: this.key }),
      member,
      layout: compiled.hash,
      ...(tickInterval > 0 && { tick: tickInterval }),
      ...(patchInterval > 0 && { patch: patchInterval }),
      ...(motion?.inputs?.policy.missing === 'repeat' && { repeats: true as const }),
      ...(presence !== undefined && { presence: this.#environment.limits.maxPresence }),
      ...(!layouts.includes(compiled.hash) && { definition: wireLayout }),
    }
  }

  // Coming about

  async #create(): Promise<void> {
    const { clock, limits } = this.#environment
    try {
      await within(clock, limits.joinTimeout, this.#bringUp(), () => this.#late())
    } catch (error) {
      // What a failed onRestore has made of the state stays here: what was saved is still good.
      this.#life.works?.saver?.close()
      this.#life.works?.sync.close()
      const refused = refusal(error)
      // Saying no is no failure, and a store may be well again at any time.
      if (refused.code === 'room_failed') this.#life.close({ reason: 'failed', message: refused.message })
      this.#life.dispose()
      this.#timers.close()
      await disposeServices(this.name, this.#services, this.#environment)
      this.#onClosed()
      throw refused
    }
  }

  /** It takes too long: says so, where that belongs, and what it is that hangs. */
  #late(): JuntoError {
    const { logger, limits } = this.#environment
    const message = `the room ${this.name} was not there within ${limits.joinTimeout} ms: ${whatHangs(this.#step)}`
    const error = new JuntoError('timeout', message)
    const hook = hookOf(this.#step)
    if (hook !== undefined) this.#faults.report(error, hook)
    else {
      this.#archive?.gaveUpLoading()
      logger.error(message, { room: this.name })
    }
    return error
  }

  async #bringUp(): Promise<void> {
    const { definition, key, name } = this
    const creation: RoomCreation = {
      definition,
      environment: this.#environment,
      services: this.#services,
      faults: this.#faults,
      archive: this.#archive,
      atomic: this.#atomic,
      name,
      key,
      options: this.#origin.options,
      enter: (step) => (this.#step = step),
      isGivenUp: () => !this.#life.is('creating'),
    }
    try {
      const { room, router, input } = construct(creation, this)
      this.#room = room
      const beginning = await begin(creation, room)
      if (beginning === undefined) return
      const { tree, saved } = beginning
      const works = makeWorks({ ...creation, ...this.#joints(), room, input }, tree, router)
      this.#life.equip(works)
      if (saved) {
        this.#metadata = freezeDeep(saved.metadata)
        restoreSeats({ ...creation, id: this.id, seats: this.#seats, host: works.seatHost, saved: saved.seats })
        this.#step = 'onRestore'
        await this.#faults.measure(() => room.onRestore?.({ key: key ?? '' }))
        if (!this.#life.is('restoring')) return
      }
      // What steps have migrated is to be saved as such.
      if (saved?.migrated !== false) works.saver?.changed()
      this.#life.open()
      const { ending } = this.#life
      // It was closed before it was open.
      if (ending !== undefined) return this.close(ending.message, ending.reason, ending.patience)
      works.saver?.open()
      this.#seats.begin()
      this.#lifetime.begin()
      this.#motion?.open()
    } catch (error) {
      // Saying no is no fault; nor is a store that fails, whose error was logged.
      const code = thrownAs(error, JuntoError)?.code
      if (code !== 'forbidden' && code !== 'store_failed') this.#faults.report(error, hookOf(this.#step) ?? 'loading')
      throw error
    }
  }

  /** What the works ask of the room around them. */
  #joints() {
    return {
      seats: this.#seats,
      motion: this.#motion,
      metadata: () => this.#metadata,
      heard: this.#lifetime.listens ? () => this.#lifetime.heard() : undefined,
      onBroken: () => this.close('The state of the room could not be sent.', 'failed'),
    }
  }

  // Going

  async #drain(): Promise<void> {
    const { works, ending } = this.#life
    // There are both: it was open, and is to end.
    if (works === undefined || ending === undefined) return
    this.#lifetime.stop()
    this.#timers.close()
    this.#motion?.close()
    const { name } = this
    const environment = this.#environment
    const onDispose = () => this.#faults.settle('onDispose', () => this.#room?.onDispose?.())
    await close({ name, environment, works, seats: this.#seats, underWay: this.#underWay, onDispose }, ending)
    await disposeServices(name, this.#services, environment)
    this.#life.dispose()
    this.#onClosed()
  }
}

/** What members are told when a room ends by itself. */
const partings = {
  closed: undefined,
  idle: 'Nothing was said in this room for too long.',
  expired: 'The time of this room is over.',
} as const
