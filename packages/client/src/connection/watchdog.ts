import type { ClientLimits, Clock } from '@junto/protocol'
import type { Line } from './line.ts'

/** What a watchdog watches, and by which times. */
export interface WatchdogOptions {
  readonly clock: Clock
  readonly limits: Pick<ClientLimits, 'pongTimeout' | 'probeTimeout'>
  /** How often the server says something while nothing happens: ms. */
  readonly heartbeat: number
  /** How soon it says something more after what concerns a room, and how soon we may wonder about an answer: ms. */
  readonly activeHeartbeat: number
  /** Bytes that the network has taken, and that it has not. */
  readonly line: Pick<Line, 'taken' | 'waiting'>
  /** Asks the server for a sign of life. */
  readonly probe: () => void
  /** There was none for so many ms: the line is dead. Told once. */
  readonly dead: (silence: number) => void
}

/** A timer that fires so much too late slept with the machine or the page: what came meanwhile is not yet delivered. */
const overslept = 2_000

/**
 * Notices that a server has vanished. How long it may be silent depends on what was said last: `heartbeat` and the wait for a pong in
 * general; twice `activeHeartbeat` after a welcome, after something that concerns a room, or after something of ours that it has to acknowledge;
 * `probeTimeout` where there is reason to doubt. Whatever comes is a sign of life, and costs one reading of the clock and no timer.
 */
export class Watchdog {
  readonly #options: WatchdogOptions
  #heard: number
  /** From when on one is due within `heartbeat` and the wait for a pong. */
  #from: number
  /** From when on a sign of life is due within twice `activeHeartbeat`. */
  #since: number
  /** When one is due that was asked for. */
  #asked = Infinity
  /** What the network had taken when a sign of life was expected or, later, overdue. */
  #taken: number
  /** Overslept since something was heard. In a hidden page timers come late each time: once is enough. */
  #pardoned = false
  #wakesAt = Infinity
  #stopTimer = (): void => {}

  constructor(options: WatchdogOptions) {
    this.#options = options
    this.#heard = this.#from = this.#since = options.clock.now()
    this.#taken = options.line.taken
    this.#wake()
  }

  /** A message has begun to come, before what is in it. */
  heard(): void {
    this.#heard = this.#options.clock.now()
    this.#pardoned = false
    this.#beginAnew(this.#heard)
  }

  /** What came concerns a room: the server will say more soon, or that there is no more. */
  flows(): void {
    this.#expect(this.#heard)
  }

  /** Something left that the server acknowledges. */
  expectAck(): void {
    if (this.#since === Infinity) this.#expect(this.#options.clock.now())
  }

  /** There is reason to doubt that the line still is one: asks, and waits for `probeTimeout` only. */
  doubt(): void {
    const { clock, limits, probe } = this.#options
    if (this.#asked < Infinity) return
    this.#asked = clock.now() + limits.probeTimeout
    this.#wake()
    probe()
  }

  stop(): void {
    this.#stopTimer()
  }

  #beginAnew(now: number): void {
    this.#from = now
    this.#since = Infinity
    this.#asked = Infinity
  }

  #expect(since: number): void {
    if (this.#since === Infinity) this.#taken = this.#options.line.taken
    this.#since = Math.min(this.#since, since)
    this.#wake()
  }

  get #due(): number {
    const { heartbeat, activeHeartbeat, limits } = this.#options
    return Math.min(this.#from + heartbeat + limits.pongTimeout, this.#since + 2 * activeHeartbeat, this.#asked)
  }

  /** Sees to it that it looks when a sign of life is due, if not before. */
  #wake(): void {
    const due = this.#due
    if (due >= this.#wakesAt) return
    const { clock } = this.#options
    this.#wakesAt = due
    this.#stopTimer()
    this.#stopTimer = clock.after(due - clock.now(), () => this.#look())
  }

  #look(): void {
    const { clock, line, dead } = this.#options
    const now = clock.now()
    const late = now - this.#wakesAt
    this.#wakesAt = Infinity
    if (now < this.#due) {
      this.#wake()
      return
    }
    if (line.waiting > 0 && line.taken > this.#taken) {
      // A long message on a slow line: the answer cannot be here. As long as more of it leaves, somebody takes it.
      this.#beginAnew(now)
      this.#expect(now)
    } else if (late > overslept && !this.#pardoned) {
      this.#pardoned = true
      this.#beginAnew(now)
      this.doubt()
    } else dead(Math.round(now - this.#heard))
  }
}
