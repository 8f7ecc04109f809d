import type { Clock, Limits, RandomSource } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'

/** A connection whose heart beats. */
export interface Beating {
  /** Sends a ping, and the beat with it: these bytes, which many share. */
  beat(frame: Uint8Array): void
  /**
   * The time to look after what takes long: every `activeHeartbeat` at least, whatever comes and goes, as long as something is under way.
   *
   * @returns whether something is. If not, the next look comes when an answer is overdue, or `activeHeartbeat` after something was sent.
   */
  look(): boolean
  /** No sign of life came for so long that the connection counts as dead. */
  silent(): void
}

/** One connection's place in the heartbeat. */
export interface Pulse {
  /** Something came from the peer, or it took bytes that had waited for it. Cheap: called for every message. */
  alive(): void
  /** Whether a beat has left since something was heard: an answer is to come. */
  readonly isAwaited: boolean
  /**
   * A message left that holds more than beats, echoes and acks: the peer is watched more closely, and gets a beat before it begins
   * to wonder. Cheap: called for every message.
   */
  sent(): void
  /** The connection is over. */
  stop(): void
}

/** The smallest of the times is cut into so many steps: how exactly times are kept, and so how many connections beat at once. */
const stepsPerTime = 20

/** Steps that a timer may come late before the process itself counts as having been held up. */
const toleratedSteps = 1

/** Instead of a step: there is none. Infinity would be no integer, and each would be an object of its own, for each connection. */
const none = -1

/**
 * Beats of all connections from one timer. Time goes in steps (250 ms at the defaults), and a connection stands at the step at which it is
 * looked at next: when a beat may be due, or an answer overdue, and every `activeHeartbeat` at least while anything is under way, so that
 * what is sent and what comes has only to be noted. One over which nothing is sent dozes until its next beat: of ten thousand, most do.
 *
 * - A beat leaves `heartbeat` after the last message in either direction, and where both flow, none does; but `activeHeartbeat` after something
 *   was sent that the peer has not reacted to, and after the last thing that was sent, so that who waits for more knows whether it
 *   waits in vain.
 * - Nothing was heard `pongTimeout` after a beat, or `activeHeartbeat` after one that asked about something sent: dead. So a link over
 *   which something is sent is known to be dead after twice `activeHeartbeat` at most, an idle one after `heartbeat` and `pongTimeout`.
 *
 * First beats are spread over the interval, so that ten thousand connections made at once do not beat at once. When the process
 * itself was held up, by a room that computes or a suspended machine, answers may lie unread in the sockets: that time counts for nobody.
 */
export class Heartbeat {
  readonly #clock: Clock
  readonly #random: RandomSource
  readonly #step: number
  readonly #steps: { readonly idle: number; readonly active: number; readonly pong: number }
  /** The hearts by the step at which they are looked at: the wheel goes round, and at each of its spokes stands a ring. */
  readonly #wheel: readonly Ring[]
  readonly #wheelTime: Steps = { now: 0 }
  readonly #wheelHand: WheelHand = { stop: (heart) => this.#stop(heart), wake: (heart) => this.#wake(heart) }
  /** The beat of this step. */
  #frame: Uint8Array | undefined
  /** Until then nobody is declared dead. */
  #pardonedUntil = 0
  /** When the next step is due. */
  #due = 0
  /** How far the calendar was ahead of the clock at the last step. */
  #ahead = 0
  #beating = 0
  #cancel: (() => void) | undefined

  constructor(
    clock: Clock,
    random: RandomSource,
    limits: Pick<Limits, 'heartbeat' | 'activeHeartbeat' | 'pongTimeout'>,
  ) {
    const { heartbeat, activeHeartbeat, pongTimeout } = limits
    this.#clock = clock
    this.#random = random
    this.#step = Math.min(heartbeat, activeHeartbeat, pongTimeout) / stepsPerTime
    // Rounded down: the times are upper bounds.
    const steps = (ms: number): number => Math.floor(ms / this.#step)
    this.#steps = { idle: steps(heartbeat), active: steps(activeHeartbeat), pong: steps(pongTimeout) }
    const most = Math.max(this.#steps.active, this.#steps.idle)
    this.#wheel = Array.from({ length: most + 1 }, () => new Ring())
  }

  /** Connections that beat. The timer runs while there are any. */
  get size(): number {
    return this.#beating
  }

  /** Begins to beat, at a random step within the next interval. */
  start(beating: Beating): Pulse {
    const heart = new Heart(beating, this.#wheelTime, this.#wheelHand)
    const { idle, active } = this.#steps
    const first = 1 + Math.floor(this.#random.number() * (idle - 1))
    heart.beaten = heart.heard = this.#wheelTime.now + first - idle
    this.#beating++
    // Those that came at the same time are looked at at different ones, too.
    this.#put(heart, 1 + ((first - 1) % active))
    if (!this.#cancel) {
      this.#due = this.#clock.now() + this.#step
      this.#ahead = this.#clock.time() - this.#clock.now()
      this.#wait()
    }
    return heart
  }

  #stop(heart: Heart): void {
    if (heart.isOver) return
    heart.isOver = true
    heart.unlink()
    this.#beating--
    if (this.#beating > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Something was sent by one that dozed: a beat may be due earlier. */
  #wake(heart: Heart): void {
    heart.dozes = false
    if (!heart.isOver && heart.lookAt > this.#wheelTime.now + this.#steps.active) this.#put(heart, this.#steps.active)
  }

  #put(heart: Heart, steps: number): void {
    heart.unlink()
    heart.lookAt = this.#wheelTime.now + steps
    this.#wheel[heart.lookAt % this.#wheel.length]?.take(heart)
  }

  #wait(): void {
    this.#cancel = this.#clock.after(Math.max(0, this.#due - this.#clock.now()), () => this.#tick())
  }

  #tick(): void {
    const late = Math.floor((this.#clock.now() - this.#due) / this.#step)
    const heldUp = Math.max(late, this.#slept())
    // What fell due meanwhile is done now, once: a suspended machine must not wake up to thousands of rounds.
    const steps = 1 + Math.min(late, this.#wheel.length - 1)
    if (heldUp >= toleratedSteps) {
      // So much longer is everybody given, but never for ever: a process that stumbles again and again finds out, too.
      this.#pardonedUntil = this.#wheelTime.now + steps + Math.min(heldUp, this.#steps.pong)
    }
    for (let step = 0; step < steps; step++) this.#advance()
    this.#due += (late + 1) * this.#step
    if (this.#beating > 0) this.#wait()
    else this.#cancel = undefined
  }

  /** Steps that the machine slept, when its clock stood still meanwhile: the calendar has gone on. */
  #slept(): number {
    const ahead = this.#clock.time() - this.#clock.now()
    const steps = Math.floor((ahead - this.#ahead) / this.#step)
    this.#ahead = ahead
    return steps
  }

  #advance(): void {
    this.#wheelTime.now++
    this.#frame = undefined
    const ring = this.#wheel[this.#wheelTime.now % this.#wheel.length]
    // Each goes elsewhere, or is over: no step is so far that it would come back here.
    for (let heart = ring?.first; heart !== undefined; heart = ring?.first) this.#look(heart)
  }

  #look(heart: Heart): void {
    const { now } = this.#wheelTime
    const isOverdue = heart.overdue !== none && heart.overdue <= now
    // While one dozes, nothing can have begun that takes long.
    const isBusy = (!heart.dozes || isOverdue) && heart.beating.look()
    // Unless the look has shown why nothing can have been heard.
    if (isOverdue && heart.overdue !== none) {
      if (now >= this.#pardonedUntil) this.#suspect(heart)
      else heart.overdue = this.#pardonedUntil
    }
    if (this.#beatDue(heart) <= now) this.#beat(heart)
    heart.dozes = !isBusy && heart.last === none && heart.unanswered === none
    const longest = heart.dozes ? this.#steps.idle : this.#steps.active
    const next = Math.min(this.#beatDue(heart), now + longest)
    // Unless that ended it.
    if (heart.isOver) return
    this.#put(heart, (heart.overdue === none ? next : Math.min(next, Math.max(heart.overdue, now + 1))) - now)
  }

  #beatDue(heart: Heart): number {
    const { beaten, heard, last, unanswered } = heart
    const { idle, active } = this.#steps
    if (last === none) return beaten + idle
    const due = Math.max(beaten, Math.min(last, heard)) + idle
    // What was sent first comes before what was sent last.
    return Math.min(due, (unanswered === none ? last : unanswered) + active)
  }

  #beat(heart: Heart): void {
    const { now } = this.#wheelTime
    const overdue = now + (heart.unanswered === none ? this.#steps.pong : this.#steps.active)
    heart.beaten = now
    heart.last = none
    heart.unanswered = none
    heart.overdue = heart.overdue === none ? overdue : Math.min(heart.overdue, overdue)
    this.#frame ??= encodeFrame({ type: FrameType.beat, time: this.#clock.time() })
    heart.beating.beat(this.#frame)
  }

  /** Timers run before what has arrived is read: the answer may lie in the socket. One more turn, then it is dead. */
  #suspect(heart: Heart): void {
    this.#clock.atEndOfTurn(() => {
      if (heart.isOver || heart.overdue === none || heart.overdue > this.#wheelTime.now) return
      this.#stop(heart)
      heart.beating.silent()
    })
  }
}

/** The wheel's time, for the hearts to read. */
interface Steps {
  now: number
}

/** What hearts do with the wheel. */
interface WheelHand {
  stop(heart: Heart): void
  wake(heart: Heart): void
}

/** Hearts in a ring, in the order in which they came: a set would cost more to leave and to enter than a look does. */
class Ring {
  previous: Ring = this
  next: Ring = this

  /** The one that came first. */
  get first(): Heart | undefined {
    return this.next instanceof Heart ? this.next : undefined
  }

  /** Takes in one that is in no ring. */
  take(heart: Heart): void {
    heart.previous = this.previous
    heart.next = this
    this.previous.next = heart
    this.previous = heart
  }

  /** Leaves the ring that it is in, if any. */
  unlink(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
    this.previous = this.next = this
  }
}

class Heart extends Ring implements Pulse {
  readonly beating: Beating
  /** The step of the last beat. */
  beaten = 0
  /** The step at which something was heard last. */
  heard = 0
  /** The step at which something was sent last, unless a beat followed. */
  last = none
  /** The step of the first thing sent since something was heard or a beat left. */
  unanswered = none
  /** The step at which it counts as dead, unless something is heard. */
  overdue = none
  /** Its connection is. */
  isOver = false
  /** The step of its next look. */
  lookAt = 0
  /** Nothing is under way: that look may be later than `activeHeartbeat` from now. */
  dozes = false
  readonly #steps: Steps
  readonly #hand: WheelHand

  constructor(beating: Beating, steps: Steps, hand: WheelHand) {
    super()
    this.beating = beating
    this.#steps = steps
    this.#hand = hand
  }

  get isAwaited(): boolean {
    return this.overdue !== none
  }

  alive(): void {
    this.heard = this.#steps.now
    this.unanswered = none
    this.overdue = none
  }

  sent(): void {
    this.last = this.#steps.now
    if (this.unanswered === none) this.unanswered = this.last
    if (this.dozes) this.#hand.wake(this)
  }

  stop(): void {
    this.#hand.stop(this)
  }
}
