import type { Clock } from '@junto/protocol'

/** What the client knows of the server's clock and of the way there: `room.time`. */
export interface RoomTime {
  /**
   * The server's time, in milliseconds since 1970, with fractions. It never goes back, and runs at least half and at most one and a half times as
   * fast as time does while it is corrected; only what is more than a second behind jumps ahead. Until the first answer of the server,
   * one round trip after the first use, it is this machine's own time, or what a room with mutators was told as it was
   * joined, which is older by the way here.
   */
  now(): number
  /** Milliseconds of the fastest of the last round trips; undefined until the first. */
  readonly rtt: number | undefined
  /** By how many milliseconds half of the last round trips took longer than the fastest; undefined until the first. */
  readonly jitter: number | undefined
}

/** One round trip. */
interface Sample {
  /** When its answer came, by our clock. */
  readonly at: number
  readonly rtt: number
  /** The server's time less ours, if both ways took equally long: wrong by half the round trip at most. */
  readonly offset: number
}

const mostSamples = 16
/** So many are taken one after the other; then one each {@link interval} is enough. */
const firstSamples = 5
const interval = 5_000

/** What two clocks go apart by: quartz does by a twentieth of that, virtual machines now and then by more. */
const drift = 1 / 2_000

/** Both clocks tell time in steps of up to a millisecond. */
const resolution = 2

/** From here on being behind is not made up for by going faster. */
const jump = 1_000

/**
 * Estimates the server's clock from round trips. Each says between which bounds the server's time is: the time of its answer lies
 * between those of the question and of the arrival. The narrowest bounds count, so the fastest round trips, and the younger ones of those,
 * because clocks go apart. A round trip that contradicts them says that a clock has jumped: what was known before is forgotten.
 *
 * It asks when it is read, and at most so often; it has no timer, and who does not use it sends nothing.
 */
export class ServerTime implements RoomTime {
  /** The server's time less ours is no less than that. It counts until the first answer. */
  least: number | undefined
  readonly #clock: Clock
  readonly #probe: () => boolean
  #samples: Sample[] = []
  #probed = -Infinity
  /** What was told last, and when by our clock. At first so little that the first answer is a jump. */
  #told = 0
  #toldAt = 0

  /** @param probe Sends `clock.now()` to the server, which answers with it and its own time. False where there is no connection. */
  constructor(clock: Clock, probe: () => boolean) {
    this.#clock = clock
    this.#probe = probe
  }

  get rtt(): number | undefined {
    return this.#rtts()[0]
  }

  get jitter(): number | undefined {
    const rtts = this.#rtts()
    const middle = rtts[rtts.length >> 1]
    return middle && middle - (rtts[0] ?? 0)
  }

  now(): number {
    const now = this.#clock.now()
    this.#ask(interval)
    const best = this.#best(now)
    if (best === undefined) return this.least === undefined ? this.#clock.time() : now + this.least
    const passed = now - this.#toldAt
    const expected = this.#told + passed
    const off = now + best.offset - expected
    this.#toldAt = now
    this.#told = expected + (off < jump ? Math.max(-passed / 2, Math.min(passed / 2, off)) : off)
    return this.#told
  }

  /** The server answered what was sent at `sent`, by our clock, with its time. */
  echoed(sent: number, serverTime: number): void {
    const at = this.#clock.now()
    const rtt = at - sent
    // A server that makes answers up.
    if (!(rtt >= 0)) return
    const sample = { at, rtt, offset: serverTime - (sent + at) / 2 }
    const best = this.#best(at)
    const isContradiction =
      best && Math.abs(best.offset - sample.offset) > uncertainty(best, at) + uncertainty(sample, at)
    this.#samples = isContradiction ? [sample] : [...this.#samples, sample].slice(-mostSamples)
    if (this.#samples.length < firstSamples) this.#ask(0)
  }

  /** The fastest first. */
  #rtts(): readonly number[] {
    this.#ask(interval)
    return this.#samples.map(({ rtt }) => rtt).sort((a, b) => a - b)
  }

  #best(now: number): Sample | undefined {
    let best: Sample | undefined
    for (const sample of this.#samples) if (!best || uncertainty(sample, now) < uncertainty(best, now)) best = sample
    return best
  }

  /** Asks, unless that was done so many ms ago or less. */
  #ask(after: number): void {
    const now = this.#clock.now()
    if (now - this.#probed >= after && this.#probe()) this.#probed = now
  }
}

/** By how much an offset may be wrong. */
function uncertainty({ at, rtt }: Sample, now: number): number {
  return rtt / 2 + (now - at) * drift + resolution
}
