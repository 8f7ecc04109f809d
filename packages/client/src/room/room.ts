import { JuntoError, type Clock, type ClientLimits, type RandomSource } from '@junto/protocol'
import type { EventFrame, JoinedFrame, LooseFrame, StampFrame } from '@junto/protocol/internal'
import {
  MirrorTree,
  type CompiledLayout,
  type MakeReaders,
  type MessageCodec,
  type WatchListeners,
} from '@junto/schema/internal'
import type { Announcements } from '../announcements.ts'
import { checkFunction, checkSome } from '../arguments.ts'
import { Listeners } from '../listeners.ts'
import { ObservableValue, type Observable } from '../observable.ts'
import type { RoomTime, ServerTime } from '../time/server-time.ts'
import { subscription, type Subscription } from '../subscription.ts'
import { reportFault, type Report } from '../warnings.ts'
import { Answers, type UntypedAnswer } from './answers.ts'
import { unsupportedError } from './call-errors.ts'
import { Inbox } from './inbox.ts'
import type { InputPrediction } from './input-prediction.ts'
import type { Correction, MutationObserver, Optimism, Optimistic } from './optimism.ts'
import { Presence } from './presence.ts'
import { Remote } from './remote.ts'
import type { Recovery, RoomStatus } from './room-status.ts'
import type { Seat } from './seat.ts'

/** What a room is made from. */
export interface RoomOptions {
  /** The contract's name. */
  readonly room: string
  readonly clock: Clock
  readonly random: RandomSource
  readonly limits: ClientLimits
  readonly report: Report
  readonly callTimeout: number
  readonly time: RoomTime & Pick<ServerTime, 'least'>
  readonly announcements: Announcements
  /** What shows mutations at once. */
  readonly mutators?: Optimistic<object> | undefined
  /** How the records of the state are read. */
  readonly readers?: MakeReaders | undefined
  /** Ends the membership. */
  leave(): Promise<void>
}

/**
 * The program's side of a membership, without its types: `JoinedRoom` of a contract is this object. It outlives the
 * connection: the membership seats it, takes the seat away and gives it another one.
 */
export class Room implements AsyncDisposable {
  readonly name: string
  id = ''
  key: string | undefined
  memberId = ''
  kept = false
  readonly call: Remote['call']
  readonly mutate: Remote['call']
  readonly send: Remote['send']
  readonly stream: Remote['stream']
  readonly presence: Presence
  readonly status: Observable<RoomStatus>
  readonly time: RoomTime
  /** For the membership, and for `select`. */
  readonly mirror: MirrorTree
  /** For inputs and views: what shows inputs at once. */
  ahead: InputPrediction | undefined
  /** What is told of each mutation as it is sent. */
  edits: MutationObserver | undefined
  /** The number of the last mutation. */
  issued = 0
  /** For inputs and views: milliseconds between two ticks, and between two patches; undefined where the room does not tick. */
  tick: number | undefined
  patch: number | undefined
  /** For inputs: whether a tick without an input takes the last one again. */
  repeats: true | undefined
  /** For inputs and views: what the server said last of how far it is. */
  stamp: StampFrame | undefined
  /** For inputs and views: told of each stamp, before the patch that it speaks of. */
  readonly stamps = new Set<(stamp: StampFrame) => void>()
  /** For the membership. */
  readonly answers: Answers
  /** For the membership: what speaks with the server, until the room is left. */
  seat: Seat | undefined
  readonly options: RoomOptions
  readonly #inbox: Inbox
  readonly #status: ObservableValue<RoomStatus>
  readonly #recoveries: Listeners<Recovery>
  readonly #optimism: Optimism | undefined
  #layout: CompiledLayout

  constructor(options: RoomOptions, layout: CompiledLayout) {
    const { room, report, readers } = options
    this.name = room
    this.time = options.time
    this.options = options
    this.#layout = layout
    this.mirror = new MirrorTree(layout, {
      readers,
      onError: (error: unknown) => reportFault(report, `a watcher of room '${room}'`, error),
    })
    this.answers = new Answers(options)
    this.#inbox = new Inbox(options)
    this.#recoveries = new Listeners(report, `a listener to the recovery of room '${room}'`)
    this.#status = new ObservableValue<RoomStatus>({ state: 'joined' }, report)
    this.status = this.#status
    const remote = new Remote(this, () => this.#seated())
    this.call = remote.call
    this.mutate = remote.mutate
    this.send = remote.send
    this.stream = remote.stream
    this.presence = new Presence(options, () => this.seat)
    this.edits = this.ahead = this.#optimism = options.mutators?.['~make'](this)
  }

  get state(): unknown {
    return this.mirror.state
  }

  on(name: string, listener: (payload: unknown) => void): Subscription {
    checkFunction(listener, 'listener')
    this.#warnUnknown('event', name)
    return this.#inbox.listen(name, listener)
  }

  answer(name: string, answer: UntypedAnswer): Subscription {
    checkFunction(answer, 'answer')
    this.#warnUnknown('call', name)
    return this.answers.register(name, answer)
  }

  watch(selector: (state: unknown) => unknown, listeners: WatchListeners<unknown>): Subscription {
    checkFunction(selector, 'selector')
    checkSome(listeners, 'listeners', ['added', 'changed', 'removed', 'after'])
    const watch = this.mirror.watch(selector, listeners)
    return subscription(() => watch[Symbol.dispose]())
  }

  onRecovery(listener: (recovery: Recovery) => void): Subscription {
    checkFunction(listener, 'listener')
    return this.#recoveries.add(listener)
  }

  onCorrection(listener: (correction: Correction) => void): Subscription {
    checkFunction(listener, 'listener')
    return this.#optimism?.onCorrection(listener) ?? subscription(() => {})
  }

  // Async: what is thrown comes as a rejection.
  async drained(): Promise<void> {
    await this.#seated().drained()
  }

  leave(): Promise<void> {
    return this.options.leave()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave()
  }

  /** The server admitted us; the state is still under way. */
  enter(frame: JoinedFrame, layout: CompiledLayout): void {
    this.id = frame.id
    this.key = frame.key
    this.memberId = frame.member
    this.kept = frame.kept === true
    this.tick = frame.tick
    this.patch = frame.patch
    this.repeats = frame.repeats
    this.presence.most = frame.presence ?? Infinity
    this.#layout = layout
    this.#optimism?.entered()
  }

  /** The state is here: the room can be used. Tells what became of it after a loss, where there was one. */
  settle(recovery: Recovery | undefined): void {
    if (this.status.value.state !== 'joined') this.#become({ state: 'joined' })
    this.presence.renew()
    this.#recovered(recovery)
  }

  /** The connection was lost. */
  suspend(error: JuntoError): void {
    if (this.status.value.state === 'joined') this.#become({ state: 'reconnecting', error })
  }

  /** The membership ended. */
  end(status: RoomStatus & { state: 'left' }, recovery: Recovery | undefined): void {
    this.seat = undefined
    this.#inbox.close()
    this.#become(status)
    this.options.announcements.say(() => this.presence.end())
    this.#recovered(recovery)
  }

  /** Tells of it, unless another status has followed by then, of which was told. */
  #become(status: RoomStatus): void {
    this.#status.assign(status)
    this.options.announcements.say(() => {
      if (this.#status.value === status) this.#status.tell()
    })
  }

  #recovered(recovery: Recovery | undefined): void {
    if (recovery === undefined) return
    this.options.announcements.say(() => {
      // Who was told before may have left the room.
      if ((this.#status.value.state === 'left') === (recovery.outcome === 'lost')) this.#recoveries.tell(recovery)
    })
  }

  /** The server says how far it is. */
  stamped(stamp: StampFrame): void {
    this.stamp = stamp
    this.issued = Math.max(this.issued, stamp.mutation)
    for (const tell of this.stamps) tell(stamp)
    this.#optimism?.stamped(stamp)
  }

  /** An event came. */
  receive(codec: MessageCodec | undefined, frame: EventFrame | LooseFrame): void {
    if (codec?.kind !== 'event') {
      throw new JuntoError('bad_message', `event ${frame.id} is not in the server's own layout`)
    }
    const payload: unknown = codec.payload?.decode(frame.payload, codec.name)
    this.#inbox.deliver(codec.name, payload)
  }

  #seated(): Seat {
    if (this.seat !== undefined) return this.seat
    const status = this.status.value
    const why = status.state === 'left' ? `: ${status.message}` : ''
    throw new JuntoError('cancelled', `room '${this.name}' is not joined any more${why}`)
  }

  /** The compiler sees to the names of a program's own contract; the server's may be older, or the program untyped. */
  #warnUnknown(kind: 'event' | 'call', name: string): void {
    if (this.#layout.downByName.get(name)?.kind === kind) return
    const { message } = unsupportedError(this.name, `${kind} to clients`, name, this.#layout.layout.version)
    this.options.report({ code: 'unsupported', message })
  }
}
