import { JuntoError, type Clock } from '@junto/protocol'
import { describe, encodeInputs, type StampFrame } from '@junto/protocol/internal'
import type { InputOf } from '@junto/schema'
import { SchemaError, type Codec } from '@junto/schema/internal'
import { checkFunction, checkObject, checkOptionNames, wrong } from '../arguments.ts'
import { invalidError } from '../room/call-errors.ts'
import type { JoinedRoom } from '../room/joined-room.ts'
import { Room } from '../room/room.ts'
import { Pacer } from './pacer.ts'
import { motionOf, type MotionInputs, type RoomMotion } from './room-motion.ts'

/** How inputs are taken. */
export interface InputOptions<I> {
  /**
   * What is held down right now, for what is drawn between two steps: then an action shows in the very frame, and not with the next step. `true`:
   * `sample` itself, which is then called in each frame and must only look, not take anything away. Default: what the last step had.
   */
  readonly peek?: boolean | (() => I)
  /** Steps are taken by a timer, and `frame()` is not called: for programs that draw nothing. Default: false. */
  readonly auto?: boolean
  /** Default: the client's. */
  readonly clock?: Clock
}

const optionNames: Record<keyof InputOptions<unknown>, 1> = { peek: 1, auto: 1, clock: 1 }

/** What a member's player does, tick by tick. */
export interface Inputs extends Disposable {
  /** The number of the last input, counted from 1; anew where the room is joined again as another member. */
  readonly seq: number
  /** How many inputs the server has not applied yet, as far as is known. */
  readonly pending: number
  /** How much of the next step has passed: 0 up to 1, exclusive. */
  readonly alpha: number
  /** Whether what inputs do is shown at once. Default: true. Without, they are sent, and show when the server has applied them. */
  predicts: boolean
  /**
   * Takes the steps that are due: samples, shows and sends them. To be called once in each frame. A step whose input the contract does not allow, or
   * whose sample throws, is left out, and reported as a warning `fault`, once a second at most.
   */
  frame(): void
  /** Ends it. Leaving the room does as well. */
  close(): void
}

/**
 * Steps go on without a word from the server for so long: what stalls arrives all at once, and its buffer holds 32 by default
 * (`inputs.buffer`), with what was on its way before.
 */
const mostUnheard = 24
/** So many may be on their way; a line with more between its ends is too slow for a game. */
const mostPending = 64

/** An input as it travels, and as the server reads it. */
interface ReadInput {
  readonly payload: unknown
  readonly value: unknown
}

/**
 * Sends what the player does: an input for each tick of the room, which the server applies in its ticks, and which the mirror shows at once
 * where the room was opened with mutators.
 *
 * ```ts
 * import { sampleInputs, type JoinedRoom } from '@junto/client'
 * import { defineRoom, t } from '@junto/schema'
 *
 * const Game = defineRoom('game', {
 *   version: 1,
 *   state: t.Object({ players: t.Map(t.Object({ x: t.Float32() })) }),
 *   input: t.Object({ dx: t.Int8() }),
 *   clientToServer: {},
 *   serverToClient: {},
 * })
 *
 * export function play(room: JoinedRoom<typeof Game>, held: ReadonlySet<string>): void {
 *   const inputs = sampleInputs(room, () => ({ dx: held.has('ArrowRight') ? 1 : held.has('ArrowLeft') ? -1 : 0 }), { peek: true })
 *   const frame = (): void => {
 *     inputs.frame()
 *     requestAnimationFrame(frame)
 *   }
 *   requestAnimationFrame(frame)
 * }
 * ```
 *
 * A function, so that pages without inputs do not load it.
 *
 * @param sample Says what the player does in the next step: called once for each.
 * @throws JuntoError `misuse` for what is no room of this client, has inputs already or does not tick; `unsupported` when the server's
 *   contract has no input.
 */
export function sampleInputs<T>(
  room: JoinedRoom<T>,
  sample: () => InputOf<T>,
  options?: InputOptions<InputOf<T>>,
): Inputs
export function sampleInputs(room: unknown, sample: () => unknown, options: InputOptions<unknown> = {}): Inputs {
  if (!(room instanceof Room)) throw wrong('what inputs are for', 'a room', room)
  checkFunction(sample, 'sample')
  checkObject(options, 'the options of inputs')
  checkOptionNames(options, 'sampleInputs', optionNames)
  return new SampledInputs(motionOf(room), sample, options)
}

class SampledInputs implements Inputs, MotionInputs {
  readonly #motion: RoomMotion
  readonly #sample: () => unknown
  readonly #peek: (() => unknown) | undefined
  readonly #clock: Clock
  /** Milliseconds of a step. */
  readonly #step: number
  readonly #pacer: Pacer
  /** How many steps there are between two stamps. */
  readonly #reach: number
  #predicts = true
  /** When a bad input was last reported. */
  #reported = -Infinity
  /** What the last step had, as the server reads it. */
  #last: unknown
  /** The last input that the server has applied, and the last one that was taken when it last said so. */
  #applied: number
  #heard: number
  /** Ends the timer. */
  #stop = (): void => {}

  constructor(motion: RoomMotion, sample: () => unknown, { peek, auto, clock }: InputOptions<unknown>) {
    const { room } = motion
    const { tick, stamp, repeats } = room
    if (motion.inputs !== undefined) {
      throw new JuntoError('misuse', `room '${room.name}' has inputs already: close() them before`)
    }
    if (tick === undefined) {
      throw new JuntoError(
        'misuse',
        `room '${room.name}' does not tick, and takes no inputs: give it onTick and a tickRate`,
      )
    }
    this.#motion = motion
    this.#sample = sample
    this.#peek = peek === true ? sample : peek === false ? undefined : peek
    if (this.#peek !== undefined) checkFunction(this.#peek, 'peek')
    this.#clock = clock ?? room.options.clock
    this.#step = tick
    // Where a tick without an input takes the last one again, the one that comes late is lost.
    this.#pacer = new Pacer(tick, { isTimed: auto === true, reserve: repeats === true ? 1 : 0 })
    this.#reach = Math.ceil((room.patch ?? 0) / tick)
    this.#applied = stamp?.input ?? 0
    motion.seq = Math.max(motion.seq, this.#applied)
    this.#heard = motion.seq
    this.#codec()
    motion.inputs = this
    if (auto === true) this.#goOn()
  }

  get seq(): number {
    return this.#motion.seq
  }

  get pending(): number {
    return Math.max(0, this.seq - this.#applied)
  }

  get alpha(): number {
    return this.#pacer.alpha
  }

  get predicts(): boolean {
    return this.#predicts
  }

  set predicts(predicts: boolean) {
    if (this.#predicts && !predicts) this.#motion.room.ahead?.forgetInputs()
    this.#predicts = predicts
  }

  close(): void {
    this.#stop()
    if (this.#motion.inputs === this) this.#motion.inputs = undefined
  }

  [Symbol.dispose](): void {
    this.close()
  }

  frame(): void {
    const { room } = this.#motion
    if (this.#motion.inputs !== this || room.seat === undefined) return
    this.#motion.catchUp()
    const now = room.time.now()
    const unheard = Math.max(mostUnheard, 2 * this.#reach) - (this.seq - this.#heard)
    const steps = this.#pacer.advance(now, Math.min(unheard, mostPending + this.#reach - this.pending))
    if (steps > 0) this.#take(steps, now - (this.alpha + steps - 1) * this.#step)
    if (this.#predicts && this.#last !== undefined) this.#preview(now)
  }

  /** Takes steps, of which the first was due at that time of the server. */
  #take(steps: number, at: number): void {
    const motion = this.#motion
    const { room } = motion
    const read: ReadInput[] = []
    for (let step = 0; step < steps; step++) {
      const input = this.#read(this.#sample)
      // Those that are left out have been the first ones: the last is due now.
      if (input === undefined) at += this.#step
      else read.push(input)
    }
    if (read.length === 0) return
    const first = motion.seq + 1
    const { seen } = motion
    const behind = seen === undefined ? undefined : Math.max(0, Math.round(at - seen))
    for (const [index, { value }] of read.entries()) {
      this.#last = value
      motion.seq++
      if (this.#predicts) room.ahead?.predict(motion.seq, at + index * this.#step, this.#last)
      motion.stepped()
    }
    const frame = encodeInputs(
      first,
      at,
      behind,
      read.map(({ payload }) => payload),
    )
    motion.unconfirmed.send(motion.seq, frame)
    this.#pacer.sent(motion.seq, read.length, room.time.rtt, room.time.jitter)
  }

  /** Shows what the next step would bring, for a moment: what is drawn goes there. */
  #preview(now: number): void {
    const motion = this.#motion
    const input = (this.#peek && this.#read(this.#peek)?.value) ?? this.#last
    const at = now + (1 - this.alpha) * this.#step
    motion.room.ahead?.preview(motion.seq + 1, at, input, () => motion.previewed())
  }

  /** Asks for an input. What goes wrong with it must not end the loop that draws. */
  #read(ask: () => unknown): ReadInput | undefined {
    const { options, name } = this.#motion.room
    try {
      const codec = this.#codec()
      const payload = encoded(codec, ask())
      // As the server reads it: numbers may be rounded on their way.
      return { payload, value: codec.decode(payload, 'input') }
    } catch (error) {
      const now = options.clock.now()
      if (now - this.#reported >= 1_000) {
        this.#reported = now
        options.report({ code: 'fault', message: `an input of room '${name}' was left out: ${describe(error)}`, error })
      }
      return undefined
    }
  }

  stamped({ time, input, waiting }: StampFrame): void {
    this.#applied = input
    this.#heard = this.seq
    this.#pacer.told({ time, input, waiting })
  }

  /** @param least Milliseconds. */
  #goOn(least = 0): void {
    this.#stop = this.#clock.after(Math.max(least, ((1 - this.alpha) * this.#step) / this.#pacer.pace), () => {
      const before = this.seq
      try {
        this.frame()
      } finally {
        // A timer may come a fraction too early. While the connection is gone, the next step does not come nearer.
        const least = this.#motion.room.seat === undefined ? this.#step / 4 : 1
        if (this.#motion.inputs === this) this.#goOn(this.seq === before ? least : 0)
      }
    })
  }

  #codec(): Codec {
    const { room } = this.#motion
    if (room.seat === undefined) throw new JuntoError('cancelled', `room '${room.name}' is not joined any more`)
    const { input, layout } = room.seat.layout
    if (input !== undefined) return input
    throw new JuntoError(
      'unsupported',
      `the server's contract of room '${room.name}' (version ${layout.version}) declares no input: deploy the server`,
    )
  }
}

function encoded(codec: Codec, input: unknown): unknown {
  try {
    return codec.encode(input, 'input')
  } catch (error) {
    throw error instanceof SchemaError ? invalidError(error) : error
  }
}
