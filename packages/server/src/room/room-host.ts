import { JuntoError, randomHex, randomId } from '@junto/protocol'
import { encodeNamed, StateTree } from '@junto/schema/internal'
import type { Services, Token } from '../container.ts'
import { freezeDeep } from '../matchmaking/frozen.ts'
import type { Listable } from '../matchmaking/listings.ts'
import type { Candidate } from '../matchmaking/matchmaker.ts'
import { PresenceLane } from '../presence/presence-lane.ts'
import type { RoomSaver } from '../store/room-saver.ts'
import type { RoomSource } from '../store/room-recorder.ts'
import { RoomSync } from '../sync/room-sync.ts'
import type { RoomDefinition, RunningRoom } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'
import { eventSenders } from './event-senders.ts'
import { Faults } from './faults.ts'
import type { Entrant, MemberSeat, SeatHost } from './member-seat.ts'
import { disposalWithin, within } from '../promises.ts'
import type { RoomVisibility } from './room.ts'
import { RoomArchive } from './room-archive.ts'
import { constructWithin, type RoomScope } from './room-scope.ts'
import { RoomTimers } from './room-timers.ts'
import { Router } from './router.ts'
import type { JoinedInfo, LeaveReason, SessionInfo } from './seat.ts'
import { Seats } from './seats.ts'

/** Why and how a room came about. */
export interface Origin {
  readonly key: string | undefined
  /** Validated. */
  readonly options: unknown
  /** What the one who caused it looked for by matchmaking, as `nameOf` a wish says it. */
  readonly wanted: string | undefined
  /** Grows from room to room of a server. */
  readonly number: number
}

/** Whoever keeps rooms to find them again. */
export interface RoomOwner {
  /** What decides whether a room is found, and by what, has changed. */
  changed(room: RoomHost): void
  /** A session has taken a seat, or given it back. */
  took(room: RoomHost, session: SessionInfo): void
  freed(room: RoomHost, session: SessionInfo): void
  /** The room's join code, made when it is first asked for. */
  codeOf(room: RoomHost): string
}

/** What a room has once its first state stands. */
interface Works {
  readonly sync: RoomSync
  readonly presence: PresenceLane | undefined
  readonly saver: RoomSaver | undefined
  readonly seatHost: SeatHost
}

type Life =
  | { readonly phase: 'creating' }
  /** The saved state stands, `onRestore` runs. */
  | { readonly phase: 'restoring'; readonly works: Works }
  | { readonly phase: 'open'; readonly works: Works }
  | { readonly phase: 'draining'; readonly works: Works }
  | { readonly phase: 'disposed'; readonly works: Works | undefined }

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
  readonly #seats: Seats
  #life: Life = { phase: 'creating' }
  #room: RunningRoom | undefined
  #metadata: unknown
  #visibility: RoomVisibility = 'public'
  #broadcast: unknown
  #closeWanted: { readonly reason: LeaveReason; readonly message: string | undefined } | undefined
  #cancelDisposal: (() => void) | undefined
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
    this.#seats = new Seats({
      clock,
      faults: this.#faults,
      most: definition.maxMembers,
      onJoin: (member, join) => this.#room?.onJoin?.(member, join),
      onDrop: (member) => this.#room?.onDrop?.(member),
      onResume: (member, resumption) => this.#room?.onResume?.(member, resumption),
      onLeave: (member, reason) => this.#room?.onLeave?.(member, reason),
      onTaken: (session) => {
        owner.took(this, session)
        owner.changed(this)
      },
      onFreed: (session) => {
        owner.freed(this, session)
        owner.changed(this)
      },
      onEmpty: () => this.#disposeWhenEmpty(),
    })
    this.closed = new Promise((resolve) => (this.#onClosed = resolve))
    this.ready = this.#create()
    // Whoever waits for it hears of it; nobody may be waiting any more.
    this.ready.catch(() => {})
  }

  // For the registry

  /** Whether it is on its way out: nobody can join, and what has its key has to wait until it is closed. */
  get isClosing(): boolean {
    return this.#life.phase === 'draining' || this.#life.phase === 'disposed'
  }

  get wanted(): string | undefined {
    return this.#life.phase === 'creating' && this.#seats.hasFree ? this.#origin.wanted : undefined
  }

  get isFindable(): boolean {
    return this.isListed && this.#seats.hasFree
  }

  get isListed(): boolean {
    return this.#life.phase === 'open' && this.key === undefined && this.#visibility === 'public'
  }

  /** Seats that are taken, those of who is joining included. */
  get taken(): number {
    return this.#seats.taken
  }

  canSeat(session: SessionInfo): boolean {
    return !this.isClosing && this.#seats.canSeat(session)
  }

  /** Whether a seat waits there for this session to come back. */
  keepsSeatFor(session: SessionInfo): boolean {
    return !this.isClosing && this.#seats.isKeptFor(session)
  }

  /** Takes a seat, before anything is waited for. @throws JuntoError `forbidden`, `room_full`, or `already_joined`. */
  reserve(session: SessionInfo): void {
    this.#seats.reserve(session)
    this.#cancelDisposal?.()
    this.#cancelDisposal = undefined
  }

  /** Gives back a seat on which nobody came to sit. */
  release(session: SessionInfo): void {
    this.#seats.release(session)
  }

  /** Seats somebody on a reserved seat. @throws JuntoError; the seat is free again then. */
  async join(entrant: Entrant, signal: AbortSignal): Promise<MemberSeat> {
    if (this.#life.phase !== 'open') {
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
    return this.#seats.join(this.#life.works.seatHost, entrant, this.#joinedInfo(id, entrant), signal)
  }

  /** Closes the room. See {@link closed}. */
  close(message?: string, reason: LeaveReason = 'closed'): void {
    switch (this.#life.phase) {
      case 'creating':
      case 'restoring':
        this.#closeWanted ??= { reason, message }
        return
      case 'open':
        this.#life = { phase: 'draining', works: this.#life.works }
        this.#owner.changed(this)
        void this.#drain(this.#life.works, reason, message)
        return
      case 'draining':
      case 'disposed':
    }
  }

  // For the room itself

  get state(): unknown {
    const works = 'works' in this.#life ? this.#life.works : undefined
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
    if ('works' in this.#life) this.#life.works?.saver?.changed()
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
    return this.#owner.codeOf(this)
  }

  get maxMembers(): number {
    return this.#seats.most
  }

  set maxMembers(most: number) {
    if (!(most >= 1)) throw new JuntoError('misuse', `maxMembers of a room must be a number from 1, not ${most}`)
    this.#seats.most = most
    this.#owner.changed(this)
  }

  async save(): Promise<void> {
    const { definition, name } = this
    if (this.#archive === undefined) {
      const remedy =
        definition.saving === undefined
          ? `define(${definition.name}, …, { persist: true }) has its rooms saved`
          : 'only rooms with a key are, since nobody could ask for another one again: client.open(…, { key })'
      throw new JuntoError('misuse', `save() of the room ${name}, which is not saved: ${remedy}`)
    }
    if (this.#life.phase === 'creating') {
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

  #joinedInfo(member: string, { layouts }: Entrant): JoinedInfo {
    const { compiled, name, wireLayout } = this.definition
    return {
      room: name,
      id: this.id,
      ...(this.key !== undefined && { key: this.key }),
      member,
      layout: compiled.hash,
      ...(!layouts.includes(compiled.hash) && { definition: wireLayout }),
    }
  }

  // Coming about

  async #create(): Promise<void> {
    const { clock, limits } = this.#environment
    try {
      await within(clock, limits.joinTimeout, this.#bringUp(), () => {
        const message = `the room ${this.name} took longer than ${limits.joinTimeout} ms to come about`
        this.#environment.logger.error(message, { room: this.name })
        return new JuntoError('timeout', message)
      })
    } catch (error) {
      if ('works' in this.#life) {
        // What a failed onRestore has made of the state stays here: what was saved is still good.
        this.#life.works?.saver?.close()
        this.#life.works?.sync.close()
      }
      this.#life = { phase: 'disposed', works: undefined }
      this.#owner.changed(this)
      this.#timers.close()
      await this.#disposeServices()
      this.#onClosed()
      throw refusal(error)
    }
    if (this.#closeWanted) this.close(this.#closeWanted.message, this.#closeWanted.reason)
    else if (this.#seats.isEmpty) this.#disposeWhenEmpty()
  }

  async #bringUp(): Promise<void> {
    const { definition, key } = this
    let where = 'constructor'
    try {
      const room = this.#faults.measure(() =>
        constructWithin(this, () => this.#services.construct(definition.roomClass)),
      )
      this.#room = room
      // It may be a field, which is there only now.
      if (typeof room.onCreate !== 'function') {
        throw new Error(`${definition.className} has no onCreate: write one that returns the first state of the room`)
      }
      const router = this.#makeRouter(room)
      where = 'loading'
      const saved = await this.#archive?.load()
      where = saved ? 'loading' : 'onCreate'
      const first = saved
        ? saved.state
        : await this.#faults.measure(() => room.onCreate({ key, options: this.#origin.options }))
      if (!saved) {
        // Types forbid it, but not in a program without types, and a bare `return` is soon forgotten.
        if (first === undefined || first === null) {
          throw new Error(
            `onCreate of ${definition.className} returned nothing: it must return the first state of the room`,
          )
        }
      }
      const tree = StateTree.create(definition.compiled, definition.contract, first, {
        epoch: randomHex(this.#environment.random, 8),
      })
      // What is of the wrong type the tree has refused, in the words of any later write.
      if (!saved) definition.validators.state?.(first, '')
      // Given up meanwhile.
      if (this.#life.phase !== 'creating') return
      const works = this.#equip(tree, router)
      this.#life = { phase: 'restoring', works }
      if (saved) {
        this.#metadata = freezeDeep(saved.metadata)
        if (saved.migrated) works.saver?.changed()
        where = 'onRestore'
        await this.#faults.measure(() => room.onRestore?.({ key: key ?? '' }))
        if (this.#isGivenUp()) return
      } else {
        works.saver?.changed()
      }
      this.#life = { phase: 'open', works }
      this.#owner.changed(this)
      works.saver?.open()
      this.#startTicking(room)
    } catch (error) {
      // Saying no is no fault; nor is a store that fails, whose error was logged.
      const code = error instanceof JuntoError ? error.code : undefined
      if (code !== 'forbidden' && code !== 'store_failed') this.#faults.report(error, where)
      throw error
    }
  }

  // A method, because the compiler believes that a field stays as it was assigned last.
  #isGivenUp(): boolean {
    return this.#life.phase === 'disposed'
  }

  #makeRouter(room: RunningRoom): Router {
    const { definition } = this
    return new Router({
      watchdog: this.#environment.watchdog,
      watched: { type: definition.name, name: this.name },
      faults: this.#faults,
      className: definition.className,
      up: definition.compiled.up,
      limits: definition.messageLimits,
      quotas: this.#environment.quotas,
      checks: definition.validators.up,
      handlers: room.handlers,
    })
  }

  #equip(tree: StateTree, router: Router): Works {
    const { definition } = this
    const { clock, turnEnd, limits, logger, metrics } = this.#environment
    const saver = this.#archive?.saver(this.#source(tree, () => sync.flushNow()))
    const sync = new RoomSync({
      tree,
      clock,
      turnEnd,
      logger,
      metrics,
      room: definition.name,
      name: this.name,
      interval: definition.patchInterval,
      checkInterval: limits.checkInterval,
      shared: definition.shared,
      onChange: () => saver?.changed(),
      onBroken: (error) => {
        this.#faults.report(error, 'state')
        this.close('The state of the room could not be sent.', 'failed')
      },
    })
    const presence = this.#presenceLane()
    const seatHost: SeatHost = {
      clock,
      sync,
      presence,
      router,
      down: definition.compiled.down,
      answerChecks: definition.validators.down,
      callTimeout: limits.callTimeout,
      maxCallsInFlight: limits.maxCallsInFlight,
      streamCredit: limits.streamCredit,
      maxHeld: limits.hardOutbox,
      maxResyncs: limits.maxResyncs,
      dropped: (seat) => this.#seats.dropped(seat),
      resumed: (seat, resumption) => this.#seats.resumed(seat, resumption),
      left: (seat) => this.#seats.left(seat),
      report: (error, where, by) => this.#faults.report(error, where, by),
    }
    return { sync, presence, saver, seatHost }
  }

  #presenceLane(): PresenceLane | undefined {
    const { presence, name } = this.definition
    const { clock, turnEnd, limits, metrics } = this.#environment
    return (
      presence &&
      new PresenceLane({
        ...presence,
        clock,
        turnEnd,
        most: limits.maxPresence,
        replaced: metrics.counter('presences_replaced', { room: name }),
        onChange: (seat) => this.#faults.run('onPresence', () => this.#room?.onPresence?.(seat.member), seat),
      })
    )
  }

  #startTicking(room: RunningRoom): void {
    const { clock } = this.#environment
    if (this.definition.tickInterval === 0 || typeof room.onTick !== 'function') return
    let last = clock.now()
    const tick = (): unknown => {
      const now = clock.now()
      const dt = now - last
      last = now
      return room.onTick?.(dt)
    }
    this.#timers.every(this.definition.tickInterval, tick, 'onTick')
  }

  // Going

  #disposeWhenEmpty(): void {
    if (this.#life.phase !== 'open') return
    const { clock, limits } = this.#environment
    const wait = this.definition.disposeAfter ?? limits.disposeAfter
    if (wait === Infinity) return
    this.#cancelDisposal?.()
    this.#cancelDisposal = clock.after(wait, () => this.close())
  }

  async #drain(works: Works, reason: LeaveReason, message: string | undefined): Promise<void> {
    const { sync, presence, saver } = works
    const { clock, limits, logger } = this.#environment
    this.#cancelDisposal?.()
    this.#timers.close()
    presence?.close()
    sync.flushNow()
    this.#seats.endAll(reason, message)
    if (!(await this.#seats.settled(limits.hookTimeout))) {
      logger.warn(`The room ${this.name} is disposed while onJoin or onLeave still runs`, { room: this.name })
    }
    sync.flushNow()
    await saver?.finish()
    const onDispose = this.#faults.settle('onDispose', () => this.#room?.onDispose?.())
    try {
      await within(clock, limits.hookTimeout, onDispose, () => new Error('late'))
    } catch {
      logger.warn(`The room ${this.name} is disposed while onDispose still runs`, { room: this.name })
    }
    sync.flushNow()
    await saver?.finish()
    saver?.close()
    sync.close()
    await this.#disposeServices()
    this.#life = { phase: 'disposed', works }
    this.#onClosed()
  }

  async #disposeServices(): Promise<void> {
    const { clock, limits } = this.#environment
    try {
      await this.#services.dispose(disposalWithin(clock, limits.hookTimeout))
    } catch (error) {
      this.#environment.logger.error(`A service of the room ${this.name} could not be disposed of`, {
        room: this.name,
        error,
      })
    }
  }

  /** The room, for those who save it. */
  #source(tree: StateTree, flush: () => void): RoomSource {
    return {
      tree,
      // A save is of a version: nothing may be pending.
      flush,
      metadata: () => (this.#metadata === undefined ? undefined : encodeNamed(this.#metadata, 'metadata')),
      seats: () => [],
    }
  }
}

function exceptOf(options: unknown): readonly unknown[] {
  if (typeof options !== 'object' || options === null || !('except' in options)) return []
  const { except } = options
  return Array.isArray(except) ? except : [except]
}

/** What the client hears when a room could not be made. */
function refusal(error: unknown): JuntoError {
  const failed = "the room failed while it was created; the server's log says why"
  if (!(error instanceof JuntoError)) return new JuntoError('room_failed', failed)
  switch (error.code) {
    case 'forbidden':
    case 'timeout':
    case 'store_failed':
      return error
    default:
      return new JuntoError('room_failed', failed, { cause: error })
  }
}
