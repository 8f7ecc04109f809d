import type { StampFrame } from '@junto/protocol/internal'
import type { Room } from '../room/room.ts'
import { UnconfirmedInputs } from './unconfirmed-inputs.ts'

/** What moves with a room's stamps and patches: a view. */
export interface MotionView {
  /** The server's time that was drawn last. */
  readonly time: number | undefined
  /** The mirror holds what the server says of this time, and nothing else. */
  confirmed(time: number): void
  /** At this time everything was as before. */
  held(time: number): void
  /** What is ahead of the server is about to be taken back. */
  takingBack(): void
  /** It was done again. */
  doneAgain(): void
  /** Steps may be taken now: what the program did by itself since the last frame was none. */
  catchUp(): void
  /** A step was taken, and is in the mirror. */
  stepped(): void
  /** The next step is in the mirror, for a moment. */
  previewed(): void
}

/** What takes a room's steps: its inputs. */
export interface MotionInputs {
  /** Whether steps are shown ahead of the server. */
  readonly predicts: boolean
  readonly alpha: number
  stamped(stamp: StampFrame): void
  close(): void
}

/** What the views and the inputs of one room know of each other, and of what the server sends. */
export class RoomMotion {
  readonly views = new Set<MotionView>()
  readonly room: Room
  inputs: MotionInputs | undefined
  /** The last input that was sent, by whichever inputs. */
  seq = 0
  readonly unconfirmed: UnconfirmedInputs
  /** Of which time the patch tells that is coming. */
  #coming: number | undefined
  /** Of what the mirror held last. */
  #epoch: string | undefined
  #version: number

  constructor(room: Room) {
    this.room = room
    this.unconfirmed = new UnconfirmedInputs(room)
    room.stamps.add((stamp) => this.#stamped(stamp))
    room.status.subscribe(() => this.#moved())
    const { mirror } = room
    const engine = mirror.ahead
    this.#epoch = mirror.epoch
    this.#version = mirror.version
    mirror.ahead = {
      takeBack: () => {
        this.#each((view) => view.takingBack())
        engine?.takeBack()
      },
      runAgain: () => {
        this.#confirmed()
        engine?.runAgain()
        this.#each((view) => view.doneAgain())
      },
    }
  }

  /** The server's time; undefined while nothing is known of it. */
  get now(): number | undefined {
    const { time } = this.room
    const now = time.now()
    return time.rtt === undefined ? undefined : now
  }

  /** Whether own entities are shown ahead of the server. */
  get predicts(): boolean {
    return this.room.ahead !== undefined && this.inputs?.predicts !== false
  }

  /** The server's time that the player sees. */
  get seen(): number | undefined {
    for (const { time } of this.views) if (time !== undefined) return time
    return this.room.stamp?.time
  }

  /** Tells every view. What their selectors throw is reported, and harms no other. */
  #each(tell: (view: MotionView) => void): void {
    for (const view of this.views) this.try(() => tell(view))
  }

  /** Runs what calls the program's code in the middle of a patch. */
  try(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.room.mirror.report(error)
    }
  }

  catchUp(): void {
    this.#each((view) => view.catchUp())
  }

  stepped(): void {
    this.#each((view) => view.stepped())
  }

  previewed(): void {
    this.#each((view) => view.previewed())
  }

  #stamped(stamp: StampFrame): void {
    this.unconfirmed.applied(stamp.input)
    this.inputs?.stamped(stamp)
    if (stamp.alone === true) this.#each((view) => view.held(stamp.time))
    else this.#coming = stamp.time
  }

  /** The room is left, or joined again. */
  #moved(): void {
    const { state } = this.room.status.value
    if (state === 'left') this.inputs?.close()
    // The inputs of each seat are counted from 1: one far ahead of that would wait for as many ticks.
    if (state === 'joined' && this.unconfirmed.rejoined()) this.seq = 0
  }

  #confirmed(): void {
    const { mirror, stamp } = this.room
    // What is ahead is also taken back to compare hashes, and when an edit is rejected.
    if (mirror.broken || (mirror.version === this.#version && mirror.epoch === this.#epoch)) return
    this.#version = mirror.version
    this.#epoch = mirror.epoch
    // A room without stamps tells nothing of when: what it sends is of now.
    const time = this.#coming ?? (stamp === undefined ? (this.now ?? 0) : undefined)
    this.#coming = undefined
    if (time !== undefined) this.#each((view) => view.confirmed(time))
  }
}

const motions = new WeakMap<Room, RoomMotion>()

/** What moves in a room. */
export function motionOf(room: Room): RoomMotion {
  const known = motions.get(room)
  if (known !== undefined) return known
  const motion = new RoomMotion(room)
  motions.set(room, motion)
  return motion
}
