import { JuntoError, type Clock } from '@junto/protocol'
import type { InputsFrame } from '@junto/protocol/internal'
import { TokenBucket } from '../limits/token-bucket.ts'
import type { Counter, Metrics } from '../observe/metrics.ts'
import { unaccepted } from '../room/decoding.ts'
import { HandlerFailure } from '../room/handler-failure.ts'
import type { RoomMutations } from '../room/mutations.ts'
import { boundedTime } from '../room/mutator-run.ts'
import { thrownAs } from '../thrown.ts'
import { InputBuffer, leadOf } from './input-buffer.ts'
import { InputRun } from './input-run.ts'
import type { MemberMotion, Mover } from './member-motion.ts'
import type { InputSettings } from './motion-settings.ts'

/** The mutator of the input, as it is called: `define` has checked the types. */
export type AnyInputMutator = (state: unknown, input: unknown, context: InputRun) => unknown

/** Milliseconds between faults of one member that are told: its client sends sixty inputs a second, and each may fail. */
const faultInterval = 1000

/**
 * Inputs of one member that turn out to be none: beyond these, what it sends is dropped unread. To refuse one costs a hundred times what
 * reading one does, and a client may send more than a hundred thousand a second.
 */
const patience = { rate: 32, burst: 32 }

/** Milliseconds that an input may have been on its way, beside the ticks by which its client can be ahead. */
const longestWay = 1_000

/** Parts of an {@link InputLane}. */
export interface InputLaneOptions {
  readonly clock: Clock
  readonly metrics: Metrics
  /** The room's contract, for metrics. */
  readonly room: string
  readonly settings: InputSettings
  readonly report: (error: unknown, where: string, by: Mover) => void
}

/** What inputs are applied with. */
export interface InputWorks {
  readonly mutations: Pick<RoomMutations, 'apply' | 'maxAge'>
  /** `undefined`: the room takes them by itself. */
  readonly mutator: AnyInputMutator | undefined
}

/** Takes the inputs of members from their frames to ticks. */
export class InputLane {
  readonly #options: InputLaneOptions
  readonly #applied: Counter
  readonly #dropped: Readonly<Record<'late' | 'surplus' | 'invalid', Counter>>
  /**
   * So many milliseconds ago an input can have been made, for the rules that ask when. An honest one is older only behind a stall so long that its
   * player is corrected anyway; whoever could claim more would have waited for nothing, and shoot a minute's shots in two seconds.
   */
  #longest: number
  /** Whether the last input of a member stands for one that is missing. */
  readonly #repeats: boolean
  #works: InputWorks | undefined
  /** When the last tick began, in milliseconds since 1970: all that is taken in a tick is taken at one time. */
  #time = 0

  constructor(options: InputLaneOptions) {
    this.#options = options
    const { metrics, room } = options
    const { policy } = options.settings
    this.#repeats = policy.missing === 'repeat'
    this.#longest = leadOf(policy) * policy.interval + longestWay
    this.#applied = metrics.counter('inputs_applied', { room })
    const dropped = (reason: string): Counter => metrics.counter('inputs_dropped', { room, reason })
    this.#dropped = { late: dropped('late'), surplus: dropped('surplus'), invalid: dropped('invalid') }
  }

  /** The state stands. */
  begin(works: InputWorks): void {
    this.#works = works
    this.#longest = Math.min(this.#longest, works.mutations.maxAge)
  }

  /** The buffer of one more member. */
  buffer(): InputBuffer {
    return new InputBuffer(this.#options.settings.policy, (why) => this.#dropped[why].add())
  }

  /** Inputs of a member have come: they wait for their ticks. */
  receive(motion: MemberMotion, { first, at, behind, payloads }: InputsFrame): void {
    const { buffer, mover } = motion
    if (buffer === undefined) return
    const { clock, settings } = this.#options
    const { policy, codec, check } = settings
    const seen = behind === undefined ? undefined : at - behind
    let fault: JuntoError | undefined
    for (let index = buffer.skip(first, payloads.length); index < payloads.length; index++) {
      const seq = first + index
      if (motion.patience !== undefined && motion.patience.wait(clock.now()) > 0) {
        this.#dropped.invalid.add()
        buffer.refuse(seq)
        continue
      }
      try {
        const value = codec.decode(payloads[index], 'input')
        check?.(value, 'input')
        buffer.add({ seq, value, at: at + index * policy.interval, seen })
      } catch (error) {
        fault ??= thrownAs(unaccepted(error), JuntoError)
        motion.patience ??= new TokenBucket(patience)
        motion.patience.take(clock.now())
        this.#dropped.invalid.add()
        buffer.refuse(seq)
      }
    }
    if (fault !== undefined) mover.notice('invalid', fault.message)
  }

  /** So many ticks never were, for which members have made inputs all the same. */
  skipTicks(members: Iterable<MemberMotion>, ticks: number): void {
    for (const { buffer } of members) buffer?.skipTicks(ticks)
  }

  /** A tick begins: what is due of each member is applied, unless the room takes it by itself. */
  tick(members: Iterable<MemberMotion>): void {
    const mutator = this.#works?.mutator
    this.#time = this.#options.clock.time()
    for (const motion of members) {
      motion.buffer?.tick()
      motion.settle()
      if (mutator === undefined) continue
      for (let run = this.#next(motion); run !== undefined; run = this.#next(motion)) {
        this.#apply(motion, mutator, run)
        if (motion.isGone) break
      }
    }
  }

  /** What is due of a member in this tick, for a room that takes it by itself. @throws JuntoError `misuse` in one that does not. */
  drain(motion: MemberMotion | undefined): readonly InputRun[] {
    if (!this.#options.settings.isManual) {
      const advice = "to take them by yourself, give define inputs: { apply: 'manual' }"
      throw new JuntoError('misuse', `inputs.drain(member): they are applied by mutators.input; ${advice}`)
    }
    const due: InputRun[] = []
    if (motion === undefined) return due
    for (let run = this.#next(motion); run !== undefined; run = this.#next(motion)) due.push(run)
    return due
  }

  #next(motion: MemberMotion): InputRun | undefined {
    const { buffer, mover } = motion
    const input = buffer?.next(this.#repeats && mover.connected)
    if (input === undefined || this.#works === undefined) return undefined
    this.#applied.add()
    // At once: where somebody is sent away in the middle of the tick, a patch leaves that has it.
    motion.settle()
    motion.seen = input.seen
    const now = boundedTime(input.at, this.#time, this.#longest)
    return new InputRun(mover, input, now, this.#options.settings.policy.interval)
  }

  #apply(motion: MemberMotion, mutator: AnyInputMutator, run: InputRun): void {
    try {
      this.#works?.mutations.apply('input', (state) => mutator(state, run.input, run))
    } catch (error) {
      const { clock, report } = this.#options
      const now = clock.now()
      if (now - motion.toldFault < faultInterval) return
      motion.toldFault = now
      report(thrownAs(error, HandlerFailure)?.thrown ?? error, 'input', motion.mover)
    }
  }
}
