import { JuntoError, type Clock } from '@junto/protocol'
import type { InputsFrame } from '@junto/protocol/internal'
import type { Metrics } from '../observe/metrics.ts'
import { ownSeries } from '../observe/series.ts'
import type { Feed } from '../sync/feed.ts'
import type { StampSource } from '../sync/stamp.ts'
import { InputLane, type InputWorks } from './input-lane.ts'
import type { InputRun } from './input-run.ts'
import { MemberMotion, type Mover } from './member-motion.ts'
import type { MotionSettings } from './motion-settings.ts'
import type { Past, RewindOptions } from './rewind.ts'
import { Rewindables, type SampledState } from './rewindables.ts'
import { Ticker } from './ticker.ts'
import { ToldTicks } from './tick-times.ts'

/** By how many milliseconds the platform's two clocks are read apart. */
const resolution = 2

/** Where a room's code runs: nothing that it throws comes out. */
export interface TickRunner {
  run(where: string, code: () => unknown): void
  measure(code: () => void): void
  report(error: unknown, where: string, by: Mover): void
}

/** Parts of a {@link Motion}. */
export interface MotionParts {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly settings: MotionSettings
  /** The room's contract, for metrics. */
  readonly room: string
  readonly faults: TickRunner
}

/** What ticks move. */
export interface Moved extends SampledState, InputWorks {
  /** The room's own step. */
  readonly onTick: (dt: number) => unknown
  /** Ticks come from now on, or come no more until told otherwise. */
  readonly ticking: (isTicking: boolean) => void
  /** Some ticks are done, the last of which was at this time: what they changed may leave. */
  readonly ticked: (time: number) => void
}

/**
 * What moves a room: its ticks, in each of which the inputs of members are applied, the room does its step, and of what the room looks back at
 * a sample is taken. Behind that, patches leave.
 */
export class Motion implements StampSource {
  readonly ticks = true
  readonly #parts: MotionParts
  readonly #ticker: Ticker
  readonly #rewindables: Rewindables
  readonly #inputs: InputLane | undefined
  readonly #members = new Map<object, MemberMotion>()
  #moved: Moved | undefined
  #isOpen = false
  #isOccupied = false
  /** The last tick that is over, and when it was. */
  #tick = 0
  #time: number
  /** Milliseconds since 1970, less the clock. */
  #offset: number
  readonly #onTick = () => this.#moved?.onTick(this.#parts.settings.interval)
  readonly #applyInputs = () => this.#inputs?.tick(this.#members.values())
  readonly #sample = () => this.#rewindables.sample(this.#tick, this.#time)

  constructor(parts: MotionParts) {
    this.#parts = parts
    const { clock, metrics, settings, faults } = parts
    const labels = { room: parts.room }
    this.#time = clock.now()
    this.#offset = clock.time() - this.#time
    this.#rewindables = new Rewindables(settings.interval)
    this.#inputs =
      settings.inputs &&
      new InputLane({
        ...parts,
        settings: settings.inputs,
        report: (error, where, by) => faults.report(error, where, by),
      })
    this.#ticker = new Ticker({
      clock,
      interval: settings.interval,
      maxCatchUp: settings.maxCatchUp,
      delays: metrics.histogram('tick_delay_seconds', labels, ownSeries.tick_delay_seconds.buckets),
      dropped: metrics.counter('ticks_dropped', labels),
      skip: (ticks) => this.#inputs?.skipTicks(this.#members.values(), ticks),
      tick: (tick, time) => this.#step(tick, time),
      after: () => this.#moved?.ticked(this.#time),
    })
  }

  // ---- What stamps say.

  get tick(): number {
    return this.#tick
  }

  /** Even, one interval from tick to tick, though timers are not. */
  get time(): number {
    return this.#time + this.#offset
  }

  told({ motion }: Feed, tick: number): void {
    motion?.told?.add(tick)
  }

  // ---- Its life.

  /** The state stands; nothing moves yet. */
  begin(moved: Moved): void {
    this.#moved = moved
    this.#rewindables.begin(moved)
    this.#inputs?.begin(moved)
  }

  /** The room is open: from now on time passes while somebody is there. */
  open(): void {
    this.#isOpen = true
    this.#adjust()
  }

  /** Whether somebody is there. */
  occupied(isOccupied: boolean): void {
    this.#isOccupied = isOccupied
    this.#adjust()
  }

  close(): void {
    this.#isOpen = false
    this.#adjust()
    this.#ticker.close()
  }

  /** Somebody comes. */
  admit(mover: Mover): MemberMotion {
    const { times } = this.#rewindables
    const motion = new MemberMotion(mover, times && new ToldTicks(times), this.#inputs?.buffer())
    this.#members.set(mover.member, motion)
    return motion
  }

  /** Inputs of a member have come, in a room that takes some. */
  receive(motion: MemberMotion, frame: InputsFrame): void {
    this.#inputs?.receive(motion, frame)
  }

  /** Somebody is gone. */
  remove(member: object): void {
    const motion = this.#members.get(member)
    if (motion !== undefined) motion.isGone = true
    this.#members.delete(member)
  }

  // ---- For the room.

  /** @throws JuntoError `misuse`. */
  rewindable(
    select: (state: unknown) => unknown,
    fields: readonly string[],
    options: RewindOptions = {},
  ): (member: object, at?: number) => Past<unknown> {
    const look = this.#rewindables.add(select, fields, options)
    const timeAt = (time: number): number => time + this.#offset
    return (member, at) => {
      const motion = this.#members.get(member)
      const seen = at ?? motion?.seen
      return look({ told: motion?.told, time: seen === undefined ? Infinity : seen - this.#offset }, timeAt)
    }
  }

  /** @throws JuntoError `misuse` where the contract declares no input, or they are applied without the room. */
  drain(member: object): readonly InputRun[] {
    if (this.#inputs !== undefined) return this.#inputs.drain(this.#members.get(member))
    throw new JuntoError('misuse', 'inputs.drain(member): the contract of this room declares no input')
  }

  #adjust(): void {
    const runs = this.#isOpen && (this.#isOccupied || this.#parts.settings.whenEmpty)
    if (runs === this.#ticker.isRunning) return
    this.#moved?.ticking(runs)
    if (!runs) return this.#ticker.pause()
    // What stands there is so now, whenever it came about.
    this.#time = this.#parts.clock.now()
    this.#setTime()
    this.#ticker.run()
  }

  #step(tick: number, time: number): void {
    const { faults } = this.#parts
    if (this.#inputs !== undefined) faults.measure(this.#applyInputs)
    // One of them has closed the room.
    if (!this.#isOpen) return
    faults.run('onTick', this.#onTick)
    this.#tick = tick
    this.#time = time
    this.#setTime()
    faults.run('rewindable', this.#sample)
  }

  /** The clock of the day may jump; and it is told in steps, which must not show in each tick. */
  #setTime(): void {
    const { clock } = this.#parts
    const offset = clock.time() - clock.now()
    if (Math.abs(offset - this.#offset) > resolution) this.#offset = offset
  }
}
