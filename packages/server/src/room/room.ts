import type { AnyContract, Frozen, Live, Of, Plain, StateMap, StateOf } from '@junto/schema'
import type { Token } from '../container.ts'
import type { DrainedInput, RoomInputs } from '../motion/drained-input.ts'
import type { Rewind, RewindOptions } from '../motion/rewind.ts'
import type { Handlers, WithHandlers } from './handlers.ts'
import type { UndoReport, WithMutators } from './mutators.ts'
import type { Broadcasts, Member } from './member.ts'
import type { RoomScope } from './room-scope.ts'
import { takeScope } from './room-scope.ts'
import type { LeaveReason, Resumption } from './seat.ts'

/** What `onCreate` is told. */
export interface Creation<T> {
  /** The key by which clients open this room; `undefined` for a room that was found by matchmaking. */
  readonly key: string | undefined
  /** What the client that caused the creation said about it, validated by the contract. */
  readonly options: Of<T>['options']
}

/** What `onRestore` is told. */
export interface Restoration {
  /** The key by which clients open this room. */
  readonly key: string
}

/**
 * Who finds a room without a key: `public`, matchmaking and lists; `private`, only who has its id or its join code. A room with a key is found by
 * that, whatever stands here.
 */
export type RoomVisibility = 'public' | 'private'

/** The room's first state, as `onCreate` returns it. */
export type FirstState<T> = Plain<StateOf<T>>

/**
 * What every room class has; made by {@link Room}. Hooks are optional. All of them, like handlers and timers, run
 * isolated: what one of them throws goes to `onError` and the log, and nobody else notices.
 */
export abstract class RoomBase<T extends AnyContract> {
  readonly #scope: RoomScope

  constructor() {
    this.#scope = takeScope(new.target)
  }

  /** The id of this room, for `joinById` and logs. */
  get id(): string {
    return this.#scope.id
  }

  /** The key by which clients open this room; `undefined` for a room that is found by matchmaking. */
  get key(): string | undefined {
    return this.#scope.key
  }

  /**
   * The room's state. Every assignment in it is noticed and reaches the members by a patch.
   *
   * @throws Error before `onCreate` has returned the first state.
   */
  get state(): Live<StateOf<T>> {
    // The scope knows no types; its tree was made from this very contract.
    return this.#scope.state as Live<StateOf<T>>
  }

  /** Those in the room, by id, from the beginning of their `onJoin` until their `onLeave`: also who has lost the connection, and may come back. */
  get members(): ReadonlyMap<string, Member<T>> {
    // As above: members were made from this contract.
    return this.#scope.members as ReadonlyMap<string, Member<T>>
  }

  /** Sends an event to all members: `this.broadcast.cleared({ by }, { except: member })`. */
  get broadcast(): Broadcasts<T> {
    // As above: its functions were made from the contract's events.
    return this.#scope.broadcast as Broadcasts<T>
  }

  /** What this room is found by in matchmaking, and what lists show; `undefined` until it was set. A frozen copy: replace it as a whole. */
  get metadata(): Frozen<Of<T>['metadata']> | undefined {
    // As above: validated by the contract when it was set.
    return this.#scope.metadata as Frozen<Of<T>['metadata']> | undefined
  }

  /** @throws SchemaError naming the path when it does not satisfy the contract. */
  set metadata(metadata: Of<T>['metadata']) {
    this.#scope.metadata = metadata
  }

  /** Whether nobody new comes in. */
  get locked(): boolean {
    return this.#scope.locked
  }

  /** From now on nobody new comes in, on whatever way. Who has a seat keeps it, and comes back to it. */
  lock(): void {
    this.#scope.lock()
  }

  /** Ends {@link lock}. */
  unlock(): void {
    this.#scope.unlock()
  }

  /** Who finds this room. Default: `public`. */
  get visibility(): RoomVisibility {
    return this.#scope.visibility
  }

  set visibility(visibility: RoomVisibility) {
    this.#scope.visibility = visibility
  }

  /**
   * The join code of this room, for `client.joinByCode`: 6 digits and capital letters without I, L, O and U, made when it is first read, and different from
   * that of any other room of the server. Who has it can join: show it to those who may.
   */
  get code(): string {
    return this.#scope.code
  }

  /** How many may be here at once, those who are joining included. With fewer than there are, nobody has to go. Default: the option of `define`. */
  get maxMembers(): number {
    return this.#scope.maxMembers
  }

  /** @throws JuntoError `misuse` when it is neither a whole number from 1 nor `Infinity`. */
  set maxMembers(most: number) {
    this.#scope.maxMembers = most
  }

  /**
   * A service: `readonly clock = this.inject(Clock)`. Best in a field, so that a missing one is noticed when the room is
   * created.
   *
   * @throws Error when nobody provides it.
   */
  inject<S>(token: Token<S>): S {
    return this.#scope.inject(token)
  }

  /** Types the handlers by the contract: `readonly handlers = this.handle({ … })`. Every one is required. */
  handle(handlers: Handlers<T>): Handlers<T> {
    return handlers
  }

  /**
   * Runs `fn` once after `ms` milliseconds, unless the room was closed by then.
   *
   * @returns a function that cancels it.
   */
  after(ms: number, fn: () => void | Promise<void>): () => void {
    return this.#scope.after(ms, fn)
  }

  /**
   * Runs `fn` every `ms` milliseconds until the room is closed. Times that were missed are skipped.
   *
   * @returns a function that stops it.
   */
  every(ms: number, fn: () => void | Promise<void>): () => void {
    return this.#scope.every(ms, fn)
  }

  /** What the players of members do. See the contract's `input`. */
  get inputs(): RoomInputs<T> {
    // As above: what is drained was read by the contract.
    return { drain: (member) => this.#scope.drain(member) as readonly DrainedInput<T>[] }
  }

  /**
   * Keeps what some fields of a map's entries were after the last ticks, to look back at what a member was shown: for who is hit is decided by what
   * the one who shot saw. Written as a field: `readonly rewind = this.rewindable((state) => state.players, ['x', 'y'])`. Numbers are interpolated as on
   * the member's screen, `t.Angle()` the shorter way round; everything else is as it was.
   *
   * @param select Yields the map; called after each tick.
   * @returns what looks back: `this.rewind(member).get(key)`.
   * @throws JuntoError `misuse` in a room that does not tick.
   */
  rewindable<V, const K extends string>(
    select: (state: Live<StateOf<T>>) => StateMap<V>,
    // An intersection: as a constraint it would be fixed before `select` has said what V is.
    fields: readonly (K & keyof Live<V>)[],
    options?: RewindOptions<NoInfer<K>>,
  ): Rewind<T, Readonly<Pick<Live<V>, K & keyof Live<V>>>> {
    // The scope knows no types: what it yields is made from these very fields.
    return this.#scope.rewindable(select as (state: unknown) => unknown, fields, options) as Rewind<
      T,
      Readonly<Pick<Live<V>, K & keyof Live<V>>>
    >
  }

  /**
   * Closes the room: everybody leaves (`onLeave` with `closed`), it is saved when it is persisted, then disposed.
   *
   * @param message Shown to the members' clients.
   */
  close(message?: string): void {
    this.#scope.close(message)
  }

  /**
   * Saves the room as it is at the end of this turn, without the delay that changes otherwise have, and resolves when that is safe: for what
   * must not be lost once it was said to be done. Several at once share a save.
   *
   * ```ts
   * import { Room } from '@junto/server'
   * import { Poll } from './contract.ts'
   *
   * class PollRoom extends Room(Poll) {
   *   onCreate() {
   *     return { question: 'What about lunch?', votes: {} }
   *   }
   *
   *   readonly handlers = this.handle({
   *     vote: async ({ answer }) => {
   *       const votes = (this.state.votes.get(answer) ?? 0) + 1
   *       this.state.votes.set(answer, votes)
   *       await this.save()
   *       return { votes }
   *     },
   *   })
   * }
   * ```
   *
   * @throws JuntoError (the promise rejects) `store_failed` when the store fails; it is tried again all the same. `misuse` in a room that is
   *   not saved, or not open yet. `room_closed` when the room is gone.
   */
  save(): Promise<void> {
    return this.#scope.save()
  }

  /** A saved state was loaded; `onCreate` is not called. Nobody has joined yet. */
  onRestore?(restoration: Restoration): void | Promise<void>

  /**
   * Somebody joins. Throwing refuses the join; a `JuntoError` of code `forbidden` or `room_closed` tells the client why.
   * Events sent to the member here reach it after its first state.
   */
  onJoin?(member: Member<T>, join: Of<T>['join']): void | Promise<void>

  /**
   * A member has lost its connection. It stays a member, with its seat, for as long as the server waits for it (limit `resumeWindow`);
   * then {@link onResume} runs, or `onLeave`. Never twice in a row. `member.connected` is false from now on.
   */
  onDrop?(member: Member<T>): void | Promise<void>

  /**
   * A member is back, and has the present state. When it missed something (`resynced`), send it again what it has to know beside the
   * state.
   */
  onResume?(member: Member<T>, resumption: Resumption): void | Promise<void>

  /**
   * What a member shows of itself is different: see `member.presence`, which is `undefined` when it shows nothing any more. Not more often than
   * the option `presenceRate` says, with the newest; not for a member that leaves.
   */
  onPresence?(member: Member<T>): void | Promise<void>

  /**
   * A member takes back mutations of its own that the contract declares `undoable`, or does them again. The state is as it is to be then, and nobody
   * has seen it yet: throwing puts all of it back, and refuses; a `JuntoError` of code `forbidden` tells the client why. No mutator has run, so here
   * is the place for rules that hold whatever happens. What this writes itself to the state is no part of what can be taken back.
   */
  onUndo?(member: Member<T>, report: UndoReport): void

  /** Somebody is gone: once for each `onJoin` that completed. The member is no longer in `members`. */
  onLeave?(member: Member<T>, reason: LeaveReason): void | Promise<void>

  /**
   * Runs `tickRate` times a second (an option of `define`), while somebody is there. A tick that is late is made up for, so that in the long
   * run there are as many as have passed; see the option `maxCatchUp`.
   *
   * @param dt Milliseconds of one tick: always `1000 / tickRate`.
   */
  onTick?(dt: number): void

  /** The last that runs, after the room was saved. What it changes in the state is saved, too. */
  onDispose?(): void | Promise<void>

  /**
   * Something of this room's code failed. It is in the log already.
   *
   * @param where The hook's name, `timer`, or the message: `call addStroke`.
   */
  onError?(error: unknown, where: string): void
}

/** What {@link Room} returns: the class to extend. */
export interface RoomBaseClass<T extends AnyContract> {
  new (): RoomBase<T>
  /** The contract it was made from. */
  readonly contract: T
}

/**
 * The base class of rooms of a contract.
 *
 * ```ts
 * import { Room, type Creation } from '@junto/server'
 * import { Poll } from './contract.ts'
 *
 * class PollRoom extends Room(Poll) {
 *   onCreate({ key }: Creation<typeof Poll>) {
 *     return { question: `What about ${key}?`, votes: {} }
 *   }
 *
 *   readonly handlers = this.handle({
 *     vote: ({ answer }) => {
 *       const votes = (this.state.votes.get(answer) ?? 0) + 1
 *       this.state.votes.set(answer, votes)
 *       return { votes }
 *     },
 *   })
 * }
 * ```
 */
export function Room<T extends AnyContract>(contract: T): RoomBaseClass<T> {
  return class extends RoomBase<T> {
    static readonly contract: T = contract
  }
}

/** What a class needs so that the server can run it as a room of the contract. */
export interface RunnableRoom<T extends AnyContract> extends RoomBase<T> {
  /** Returns the room's first state. Not called when a saved one is restored. */
  onCreate(creation: Creation<T>): FirstState<T> | Promise<FirstState<T>>
}

/** A class that the server can run as rooms of the contract. */
export interface RoomClass<T extends AnyContract> {
  new (...services: never[]): RunnableRoom<T> & WithHandlers<T> & WithMutators<T>
  /** The contract of which it is. */
  readonly contract: T
}
