/** More steps than these are never made up for at once: a page that was hidden for a minute goes on from now. */
export const maxCatchUp = 5

/** How much faster than the server's ticks steps may come, and how much slower: nobody sees that of a movement. */
const most = 1.05
const least = 0.95
/** What each step by which inputs are too early takes from the pace, or gives to it where they are too late. */
const gain = 0.1
/** Milliseconds by which inputs are to be there before their ticks, beside what jitter takes. */
const margin = 4
/**
 * Milliseconds for jitter at most, and as many for inputs that were seen to be late: what is rarer and longer is a stall, for which nobody is to
 * wait; and where a way has changed, round trips differ by more for a while.
 */
const mostExtra = 50
/** Milliseconds over which the earliest is taken, twice: of jitter, whoever waits least is the one that counts. */
const window = 500
/** In so many windows half of what is kept for late inputs is given up, once that begins; and before that so many pass at most. */
const forgetting = 4
const mostPatience = 128
/** Over so many frames their length is taken. */
const framesOf = 32

/** An input that the server has not applied yet, as far as is known. */
interface Sent {
  /** Its place in the row of steps, left-out ones among them. */
  readonly slot: number
  /** When it should be there, by the server's clock. */
  readonly arrival: number
}

/** What the server told of inputs behind a tick. */
export interface Told {
  /** When the tick was. */
  readonly time: number
  /** The last one that was applied. */
  readonly input: number
  /** How many have come besides. */
  readonly waiting: number
}

/** How steps are taken, and what becomes of inputs. */
export interface PacerOptions {
  /** Steps are taken by a timer, when they are due, and not in frames. Default: false. */
  readonly isTimed?: boolean
  /** Inputs that are to wait at the server behind each tick, on any line. Default: 0. */
  readonly reserve?: number
}

/**
 * Counts the steps that are due of a game whose ticks are counted by the server: of one length, as many as there are ticks there, whatever frames
 * and clocks do. Times are milliseconds of the server's clock, as far as it is known.
 *
 * Inputs are sent to be there a few milliseconds before their ticks. When one is there follows from when it was due, and half of a round trip:
 * whatever each of the two ways takes, the estimate of the server's clock is off by as much. Which tick applies it follows from what stamps
 * tell. By how much it is to be earlier follows from the jitter of round trips, and from inputs that were still missing when they should
 * have been there: that is learnt at once, and given up slowly. A page takes its steps in frames, up to a frame later than they are due: so
 * much earlier they are due there.
 */
export class Pacer {
  readonly #step: number
  readonly #isTimed: boolean
  readonly #reserve: number
  /** What has passed of the next step, in steps. */
  #position = 1
  /** Steps that are over. */
  #slot = 0
  #time: number | undefined
  #pace = 1
  readonly #sent = new Map<number, Sent>()
  /** The number of the last step that was sent. */
  #last = 0
  /** By how much round trips are slower than the fastest. One way is slower by about as much at most, where several wait for the slowest. */
  #jitter = 0
  /** What is kept beside that for inputs that are late. */
  #extra = 0
  /** What it was when the present window began: in one, it grows by a step at most, since stalls pass. */
  #extraBefore = 0
  /** So many windows pass before it is given up, of as many as were found to be needed: who is late again and again is to be late seldom. */
  #patience = 1
  #patienceLeft = 0
  /** Something was late in the present window. */
  #wasLate = false
  /** Milliseconds from frame to frame; 0 where steps are taken when they are due. */
  #frame = 0
  /** What counts of the present window, and of the one before. */
  #seen = new Seen()
  #seenBefore = new Seen()
  #windowEnd: number | undefined

  /** @param step Milliseconds of a step. */
  constructor(step: number, { isTimed = false, reserve = 0 }: PacerOptions = {}) {
    this.#step = step
    this.#isTimed = isTimed
    this.#reserve = reserve
  }

  /** How much of the next step has passed: 0 up to 1, exclusive. */
  get alpha(): number {
    return this.#position
  }

  /** Steps of its own for each tick of the server, now: 1, or a little less or more. */
  get pace(): number {
    return this.#pace
  }

  /** Milliseconds by which inputs are to be there before their ticks, beside what is held in reserve. */
  get lead(): number {
    return margin + this.#jitter + this.#extra
  }

  /**
   * It is that time.
   *
   * @param allowed How many steps may be taken, because too much is on its way already. Those that may not are left out.
   * @returns how many are due: one at the first call, and never more than {@link maxCatchUp}.
   */
  advance(time: number, allowed = Infinity): number {
    // A clock that was set back has said nothing of how much time has passed.
    const passed = Math.max(0, time - (this.#time ?? time))
    this.#time = time
    if (!this.#isTimed) this.#frame += (Math.min(passed, maxCatchUp * this.#step) - this.#frame) / framesOf
    this.#position += (passed / this.#step) * this.#pace
    const due = Math.floor(this.#position)
    this.#position -= due
    this.#slot += due
    return Math.min(due, maxCatchUp, Math.max(0, allowed))
  }

  /**
   * The steps that are due now were sent.
   *
   * @param last The number of the last one.
   * @param count How many they are.
   * @param rtt Milliseconds of a fast round trip; undefined while none is known, and nothing of arrivals is.
   * @param jitter By how many milliseconds half of the others are slower.
   */
  sent(last: number, count: number, rtt: number | undefined, jitter = 0): void {
    if (rtt === undefined || this.#time === undefined) return
    // Another seat counts from 1.
    if (last < this.#last) this.#sent.clear()
    this.#last = last
    this.#jitter = Math.min(jitter, mostExtra)
    const arrival = this.#time + rtt / 2
    for (let back = 0; back < count; back++) {
      // One that a frame has taken so much later than it was due is no later than others.
      const delay = Math.max(0, (this.#position + back) * this.#step - this.#frame)
      this.#sent.set(last - back, { slot: this.#slot - back, arrival: arrival - delay })
    }
    const start = Math.min(this.#seen.start, this.#seenBefore.start)
    if (start === Infinity) return
    const early = (start - arrival) / this.#step + this.#slot + this.#position
    // What waits at the server has come that early, whatever the clock is thought to be.
    const fewest = Math.min(this.#seen.fewest, this.#seenBefore.fewest)
    const wanted = (this.lead + this.#frame) / this.#step + this.#reserve
    const steps = Math.max(early, fewest) - wanted
    // Where the reserve was used up, inputs are about to be lost.
    this.#pace = fewest < this.#reserve ? most : Math.max(least, Math.min(most, 1 - gain * steps))
  }

  /** The server told how far inputs were. */
  told({ time, input, waiting }: Told): void {
    this.#windowEnd ??= time + window
    // Also when another server tells, with another clock; and nothing of long ago counts.
    const passed = time - this.#windowEnd + window
    if (Math.abs(passed) >= window) {
      this.#endWindow(passed >= 0 && passed < 2 * window)
      this.#windowEnd = time + window
    }
    this.#seen.fewest = Math.min(this.#seen.fewest, waiting)
    const applied = this.#sent.get(input)
    if (applied !== undefined) this.#seen.start = Math.min(this.#seen.start, time - applied.slot * this.#step)
    const missing = this.#sent.get(input + waiting + 1)
    const late = Math.max(0, time - (missing?.arrival ?? time))
    if (late > 0) this.#missed(late)
    this.#seen.late = Math.min(this.#seen.late, late)
    for (const seq of this.#sent.keys()) if (seq < input) this.#sent.delete(seq)
  }

  /** An input was not there at a tick, so many milliseconds after it should have come. */
  #missed(late: number): void {
    // Where something was missing at each tick, that is no stall: the way there takes longer than it did.
    const always = this.#seenBefore.late < Infinity ? this.#seenBefore.late : 0
    const extra = Math.min(late - this.#jitter, Math.max(this.#extraBefore, always) + this.#step, mostExtra + always)
    if (extra <= this.#extra) return
    if (late > this.lead) this.#wasLate = true
    this.#extra = extra
  }

  /** @param goesOn Another one follows. */
  #endWindow(goesOn: boolean): void {
    if (this.#wasLate) this.#patienceLeft = this.#patience = Math.min(mostPatience, 2 * this.#patience)
    else if (--this.#patienceLeft < 0) this.#extra *= 0.5 ** (1 / forgetting)
    this.#wasLate = false
    this.#extraBefore = this.#extra
    this.#seenBefore = goesOn ? this.#seen : new Seen()
    this.#seen = new Seen()
  }
}

/** What was seen in one window. */
class Seen {
  /** The fewest inputs that waited. */
  fewest = Infinity
  /** The earliest time at which the first step would have been applied, by when others were: what comes late makes it later. */
  start = Infinity
  /** By how many milliseconds inputs were late, at the tick where that was least. */
  late = Infinity
}
