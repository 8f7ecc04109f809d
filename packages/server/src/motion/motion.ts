import { JuntoError, type Clock } from '@junto/protocol'
import type { InputsFrame } from '@junto/protocol/internal'
import type { Metrics } from '../observe/metrics.ts'
import { ownSeries } from '../observe/series.ts'
import type { Feed } from '../sync/feed.ts'
import type { RoomSync } from '../sync/room-sync.ts'
import type { StampSource } from '../sync/stamp.ts'
import { InputLane, type InputWorks } from './input-lane.ts'
import type { InputRun } from './input-run.ts'
import { MemberMotion, type Mover } from './member-motion.ts'
import type { MotionSettings } from './motion-settings.ts'
import type { Past, RewindOptions } from './rewind.ts'
import { Rewindables, type SampledState } from './rewindables.ts'
import { Ticker, type Ticked } from './ticker.ts'
import { ToldTicks } from './tick-times.ts'

/** By how many milliseconds the platform's two clocks are read apart. */
const resolution = 2

/** Where a room's code runs. */
export interface TickRunner {
  /** Nothing that the code throws comes out. */
  guard(where: string, code: () => unknown): void
  /** Notices when it takes too long. */
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
  /** Does its own step, where it has one. */
  readonly room: { onTick?(dt: number): unknown }
  /** What ticks have changed leaves behind them. */
  readonly sync: Pick<RoomSync, 'ticking' | 'ticked'>
}

/**
 * What moves a room: its ticks, in each of which the inputs of members are applied, the room does its step, and of what the room looks back at
 * a sample is taken. Behind that, patches leave.
 */
export class Motion implements StampSource, Ticked {
  readonly ticks = true
  readonly #clock: Clock
  readonly #settings: MotionSettings
  readonly #faults: TickRunner
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

  constructor(parts: MotionParts) {
    const { clock, metrics, settings, faults } = parts
    this.#clock = clock
    this.#settings = settings
    this.#faults = faults
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
    this.#ticker = new Ticker(this, {
      clock,
      interval: settings.interval,
      maxCatchUp: settings.maxCatchUp,
      delays: metrics.histogram('tick_delay_seconds', labels, ownSeries.tick_delay_seconds.buckets),
      dropped: metrics.counter('ticks_dropped', labels),
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

  // ---- What the ticker tells.

  skip(ticks: number): void {
    this.#inputs?.skipTicks(this.#members.values(), ticks)
  }

  step(tick: number, time: number): void {
    this.#faults.measure(() => this.#step(tick, time))
  }

  stepped(): void {
    this.#moved?.sync.ticked(this.#time)
  }

  #step(tick: number, time: number): void {
    this.#inputs?.tick(this.#members.values())
    // One of them has closed the room.
    if (!this.#isOpen) return
    this.#faults.guard('onTick', () => this.#moved?.room.onTick?.(this.#settings.interval))
    this.#tick = tick
    this.#time = time
    this.#setTime()
    if (this.#rewindables.any) this.#faults.guard('rewindable', () => this.#rewindables.sample(tick, time))
  }

  #adjust(): void {
    const runs = this.#isOpen && (this.#isOccupied || this.#settings.whenEmpty)
    if (runs === this.#ticker.isRunning) return
    if (this.#moved !== undefined) this.#moved.sync.ticking = runs
    if (!runs) return this.#ticker.pause()
    // What stands there is so now, whenever it came about.
    this.#time = this.#clock.now()
    this.#setTime()
    this.#ticker.run()
  }

  /** The clock of the day may jump; and it is told in steps, which must not show in each tick. */
  #setTime(): void {
    const offset = this.#clock.time() - this.#clock.now()
    if (Math.abs(offset - this.#offset) > resolution) this.#offset = offset
  }
}
