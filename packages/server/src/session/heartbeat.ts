import type { Clock, Limits, RandomSource } from '@junto/protocol'

/** A connection whose heart beats. */
export interface Beating {
  /** Sends a ping, and the beat with it. */
  beat(): void
  /** No sign of life came for so long that the connection counts as dead. */
  silent(): void
}

/** One connection's place in the heartbeat. */
export interface Pulse {
  /** Something came from the peer, or it took bytes that had waited for it. Cheap: called for every message. */
  alive(): void
  /** The connection is over. */
  stop(): void
}

/** Steps into which an interval is cut: how exactly its times are kept, and so how many connections beat at once. */
const stepsPerInterval = 60

/** Steps that a timer may come late before the process itself counts as having been held up. */
const toleratedSteps = 1

/**
 * Beats of all connections from one timer. Each interval has 60 steps, and a connection stands in the step at which its
 * next thing is due: a beat, or the look whether an answer has come. First beats are spread over the interval, so that
 * ten thousand connections made at once do not beat at once.
 *
 * When the process itself was held up, by a room that computes or a suspended machine, answers may lie unread in the
 * sockets: nobody is declared dead for that, and everybody gets the whole time again.
 */
export class Heartbeat {
  readonly #clock: Clock
  readonly #random: RandomSource
  readonly #step: number
  readonly #stepsToPong: number
  readonly #stepsToBeat: number
  readonly #wheel: Set<Heart>[]
  readonly #stopHeart = (heart: Heart) => this.#stop(heart)
  #at = 0
  #due = 0
  #beating = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, random: RandomSource, limits: Pick<Limits, 'heartbeat' | 'pongTimeout'>) {
    this.#clock = clock
    this.#random = random
    this.#step = limits.heartbeat / stepsPerInterval
    // Rounded down: the times are upper bounds.
    this.#stepsToPong = Math.max(1, Math.floor(limits.pongTimeout / this.#step))
    // A beat is due an interval after the last one, but not before its answer was.
    this.#stepsToBeat = Math.max(1, stepsPerInterval - this.#stepsToPong)
    const size = Math.max(stepsPerInterval, this.#stepsToPong) + 1
    this.#wheel = Array.from({ length: size }, () => new Set<Heart>())
  }

  /** Connections that beat. The timer runs while there are any. */
  get size(): number {
    return this.#beating
  }

  /** Begins to beat, at a random step within the next interval. */
  start(beating: Beating): Pulse {
    const heart = new Heart(beating, this.#stopHeart)
    this.#beating++
    this.#put(heart, 1 + Math.floor(this.#random.number() * (stepsPerInterval - 1)))
    if (!this.#cancel) {
      this.#due = this.#clock.now() + this.#step
      this.#wait()
    }
    return heart
  }

  #stop(heart: Heart): void {
    if (heart.slot === undefined) return
    heart.slot.delete(heart)
    heart.slot = undefined
    this.#beating--
    if (this.#beating > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #put(heart: Heart, steps: number): void {
    heart.slot?.delete(heart)
    heart.slot = this.#wheel[(this.#at + steps) % this.#wheel.length]
    heart.slot?.add(heart)
  }

  #wait(): void {
    this.#cancel = this.#clock.after(Math.max(0, this.#due - this.#clock.now()), () => this.#tick())
  }

  #tick(): void {
    const late = Math.floor((this.#clock.now() - this.#due) / this.#step)
    const heldUp = late >= toleratedSteps
    // What fell due meanwhile is done now, once: a suspended machine must not wake up to thousands of rounds.
    const steps = 1 + Math.min(late, this.#wheel.length - 1)
    for (let step = 0; step < steps; step++) this.#advance(heldUp)
    this.#due += (late + 1) * this.#step
    if (this.#beating > 0) this.#wait()
    else this.#cancel = undefined
  }

  #advance(heldUp: boolean): void {
    this.#at = (this.#at + 1) % this.#wheel.length
    for (const heart of this.#wheel[this.#at] ?? []) {
      // Ended by what another one did in this step.
      if (heart.slot === undefined) continue
      if (!heart.waiting) this.#beat(heart)
      else if (heart.heard) this.#rest(heart)
      else if (heldUp) this.#put(heart, this.#stepsToPong)
      else this.#suspect(heart)
    }
  }

  #beat(heart: Heart): void {
    heart.waiting = true
    heart.heard = false
    this.#put(heart, this.#stepsToPong)
    heart.beating.beat()
  }

  #rest(heart: Heart): void {
    heart.waiting = false
    this.#put(heart, this.#stepsToBeat)
  }

  /** Timers run before what has arrived is read: the answer may lie in the socket. One more turn, then it is dead. */
  #suspect(heart: Heart): void {
    this.#rest(heart)
    this.#clock.atEndOfTurn(() => {
      if (heart.slot === undefined || heart.heard) return
      this.#stop(heart)
      heart.beating.silent()
    })
  }
}

class Heart implements Pulse {
  readonly beating: Beating
  /** A beat was sent, and the look for its answer is due next. */
  waiting = false
  /** Something came since the last beat. */
  heard = true
  /** Where it stands; undefined once it is over. */
  slot: Set<Heart> | undefined
  readonly #over: (heart: Heart) => void

  constructor(beating: Beating, over: (heart: Heart) => void) {
    this.beating = beating
    this.#over = over
  }

  alive(): void {
    this.heard = true
  }

  stop(): void {
    this.#over(this)
  }
}
