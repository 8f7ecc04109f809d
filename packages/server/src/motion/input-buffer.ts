/** How inputs of one member are buffered and given out. */
export interface InputPolicy {
  /** So many wait at most; and by so many more than ticks have passed since any time a member can be ahead. */
  readonly buffer: number
  /** The most that are given out in one tick. */
  readonly perTick: number
  /**
   * What becomes of a tick for which nothing has come. `skip`: nothing, and what comes late is made up for. `repeat`: the last input counts
   * once more, in place of the one that is missing.
   */
  readonly missing: 'skip' | 'repeat'
  /** Milliseconds of one tick. */
  readonly interval: number
}

/** One input of a member. */
export interface BufferedInput {
  /** Its number; the first of a membership is 1. */
  readonly seq: number
  readonly value: unknown
  /** When it was made: milliseconds since 1970, as its client estimates the server's clock. */
  readonly at: number
  /** Of when what its player was shown is, in the same time; `undefined`: not said. */
  readonly seen: number | undefined
}

/** So many inputs clients send that no stamp has confirmed: by so many more than the buffer holds, numbers may jump after a standstill. */
const mostPending = 64

/** By how many numbers a member can be ahead of its last input. */
export function leadOf({ buffer }: InputPolicy): number {
  return buffer + mostPending
}

/** Why an input is dropped: it came twice or too late, or too many came. */
export type InputDrop = 'late' | 'surplus'

/**
 * The inputs of one member on their way from frames to ticks.
 *
 * Each tick allows one. What a tick allows and nothing was there for is kept for later ones, up to the size of the buffer: so whatever
 * comes, no more are given out than ticks have passed, and after a stall what has come late is made up for.
 *
 * A tick that the server drops after a standstill allows one as well: its time has passed, and clients have made inputs for it, which would else
 * wait from then on, and every later one behind them.
 *
 * Numbers ascend no faster than ticks do, either, since rules count in them ("ready again at `seq + 30`"): what is ahead of its tick waits.
 */
export class InputBuffer {
  readonly #policy: InputPolicy
  readonly #onDrop: (why: InputDrop) => void
  /** What waits, ascending. */
  readonly #waiting: BufferedInput[] = []
  /** The last that came. */
  #received = 0
  #applied = 0
  /** The highest number whose tick has come; -1 before the first input. */
  #horizon = -1
  /** Something was given out: numbers go on from there. */
  #began = false
  /** How many more may be given out. */
  #allowance = 0
  /** Of that, in this tick. */
  #thisTick = 0
  /** Something was given out in this tick. */
  #gave = false
  #last: BufferedInput | undefined
  /** How often the last was repeated in a row. */
  #repeats = 0

  constructor(policy: InputPolicy, onDrop: (why: InputDrop) => void) {
    this.#policy = policy
    this.#onDrop = onDrop
  }

  /** The number of the last input that was given out, or whose place another one took. */
  get applied(): number {
    return this.#applied
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * How many of the first of `count` inputs, the first of which has the number `seq`, need not be looked at: they are dropped.
   *
   * Call {@link add} or {@link refuse} for each of the others, in order.
   */
  skip(seq: number, count: number): number {
    const late = Math.min(count, Math.max(0, this.#received + 1 - seq))
    const surplus = Math.max(0, count - late - this.#policy.buffer)
    for (let index = 0; index < late; index++) this.#onDrop('late')
    for (let index = 0; index < surplus; index++) this.#onDrop('surplus')
    return late + surplus
  }

  /** One more waits. Where too many do, the oldest is dropped: what is newest matters most, unless it is ahead of its tick. */
  add(input: BufferedInput): void {
    if (this.#horizon === -1) this.#horizon = input.seq - 1 + leadOf(this.#policy)
    this.#received = input.seq
    this.#waiting.push(input)
    if (this.#waiting.length <= this.#policy.buffer) return
    // What is ahead of its tick must not push out what is not: whoever counts too fast would never be heard.
    if (input.seq > this.#horizon) this.#waiting.pop()
    else this.#waiting.shift()
    this.#onDrop('surplus')
  }

  /** The next one that came is none. */
  refuse(seq: number): void {
    this.#received = seq
  }

  /** A tick begins. */
  tick(): void {
    this.#pass(1)
    this.#thisTick = Math.min(this.#policy.perTick, this.#allowance)
    this.#gave = false
  }

  /** So many ticks never were: what they would have allowed is kept for later ones. */
  skipTicks(ticks: number): void {
    this.#pass(ticks)
  }

  /**
   * The next input of this tick.
   *
   * @param mayRepeat Whether its member is there: the last input of one who is not is not repeated.
   */
  next(mayRepeat: boolean): BufferedInput | undefined {
    if (this.#thisTick === 0) return undefined
    const next = this.#waiting[0]
    if (next === undefined || next.seq > this.#horizon) return mayRepeat ? this.#repeat() : undefined
    this.#waiting.shift()
    this.#repeats = 0
    return this.#give(next)
  }

  /** Its client has begun anew: it goes on behind what was given out last. */
  restart(): void {
    this.#waiting.length = 0
    this.#received = this.#applied
    this.#last = undefined
    if (!this.#began) this.#horizon = -1
  }

  /**
   * Those up to this number are in the state already, which was saved. Before anything else.
   *
   * The next one may have any higher number: what was saved may be older than its member by more than one can be ahead.
   */
  restore(applied: number): void {
    this.#applied = applied
    this.#received = applied
  }

  /** The time of so many ticks has passed. */
  #pass(ticks: number): void {
    this.#allowance = Math.min(this.#allowance + ticks, this.#policy.buffer)
    if (this.#began) this.#horizon = Math.min(this.#horizon + ticks, this.#applied + leadOf(this.#policy))
  }

  #repeat(): BufferedInput | undefined {
    const { missing, buffer, interval } = this.#policy
    const last = this.#last
    // Who has been silent for as long as the buffer evens out is gone.
    if (missing === 'skip' || this.#gave || last === undefined || this.#repeats >= buffer) return undefined
    this.#repeats++
    const seq = this.#applied + 1
    this.#received = Math.max(this.#received, seq)
    return this.#give({ ...last, seq, at: last.at + interval })
  }

  #give(input: BufferedInput): BufferedInput {
    this.#allowance--
    this.#thisTick--
    this.#gave = true
    this.#began = true
    this.#applied = input.seq
    this.#last = input
    return input
  }
}
