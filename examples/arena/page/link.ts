import {
  JuntoClient,
  JuntoError,
  openWebSocket,
  optimistic,
  sampleInputs,
  viewOf,
  type Inputs,
  type JoinedRoom,
} from '@junto/client'
import type { Down, Mirror, PayloadOf, StateOf } from '@junto/schema'
// The contract as a type only: its layout comes from the server, and the page holds no TypeBox.
import type { Arena } from '../contract.ts'
import type { Point } from '../field.ts'
import { arenaMutators } from '../mutators.ts'
import { livePath } from '../rules.ts'
import type { Input } from '../step.ts'
import type { Conditions } from './lag/delay-line.ts'
import { laggingSocket, type Traffic } from './lag/lagging-socket.ts'

type Room = JoinedRoom<typeof Arena>
type State = Mirror<StateOf<typeof Arena>>
type Events = Down<typeof Arena>

/** A shot, as the server tells it. */
export type Shot = PayloadOf<Events['shot']>
/** What a shot of one's own has done, as the server has judged it. */
export type Hit = PayloadOf<Events['hit']>
export type Fall = PayloadOf<Events['fell']>

/** Somebody as they are to be drawn in this frame. */
export interface ShownFighter extends Point {
  readonly id: string
  /** This page's. */
  readonly own: boolean
  readonly name: string
  readonly color: number
  readonly aim: number
  readonly hp: number
  readonly safe: boolean
  /** So many shots and dashes so far; the counts begin anew after 255. */
  readonly shots: number
  readonly dashes: number
  readonly kills: number
  /** When who is down stands again, by the server's clock. */
  readonly returns: number
  /** Where the server said last that this one is. */
  readonly newest: Point
}

/** What is known of the line, for the overlay. */
export interface LineFigures {
  /** Milliseconds of the last round trip, and by how many the last ones took longer than the fastest; undefined while nothing is known. */
  readonly roundTrip: number | undefined
  readonly jitter: number | undefined
  /** Inputs that the server has not yet applied, as far as is known. */
  readonly unconfirmed: number
  readonly corrections: number
  /** How far the last one was, in units. */
  readonly lastCorrection: number
  /** Milliseconds that others are drawn behind the server's time. */
  readonly behind: number
}

/** What the page hears of. */
export interface LinkEvents {
  shot(shot: Shot): void
  hit(hit: Hit): void
  fell(fall: Fall): void
  /** The connection is lost (why), or back (undefined). */
  away(why: string | undefined): void
}

/** Who is further off from one moment to the next was put there: nobody sees them fly. In units. */
export const snap = 160

/** Why nobody can play here, for people. */
const reasons: Readonly<Record<string, string>> = {
  room_full: 'Eight are playing there already.',
  disconnected: 'The server cannot be reached.',
  rate_limited: 'That was too often. Try again in a moment.',
}

/** The page's place in an arena. The only file that knows Junto. */
export class ArenaLink {
  /** What the network does, on top of what it really does. Change it at any time. */
  readonly conditions: Conditions = { latency: 0, jitter: 0, loss: 0 }
  readonly traffic: Traffic = { up: 0, down: 0, sent: 0, received: 0 }
  readonly #client = new JuntoClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${livePath}`,
    socket: laggingSocket(openWebSocket, this.conditions, this.traffic, timers, Math.random),
  })
  #room: Room | undefined
  #inputs: Inputs | undefined
  #view: View | undefined
  #interpolates = true
  /** Milliseconds of the last round trips, the last one first. */
  #roundTrips: number[] = []

  /**
   * Comes into an arena: of a key, or one that has a place.
   *
   * @param sample What the player does now: asked for each tick.
   * @throws Error with what to say to people.
   */
  async join(name: string, key: string | undefined, sample: () => Input): Promise<void> {
    const own = { version: 1, join: { name }, mutators: optimistic(arenaMutators) } as const
    try {
      this.#room =
        key === undefined
          ? await this.#client.joinOrCreate<typeof Arena>('arena', own)
          : await this.#client.open<typeof Arena>('arena', { ...own, key })
    } catch (error) {
      const code = error instanceof JuntoError ? error.code : ''
      throw new Error(reasons[code] ?? 'That did not work. Try again.', { cause: error })
    }
    this.#inputs = sampleInputs(this.#room, sample, { peek: true })
    this.#view = viewIn(this.#room, true)
    void this.#measure(this.#room)
  }

  /** Tells of what happens from now on. */
  follow(events: LinkEvents): void {
    const room = this.#room
    if (room === undefined) return
    room.on('shot', (shot) => events.shot(shot))
    room.on('hit', (hit) => events.hit(hit))
    room.on('fell', (fall) => events.fell(fall))
    room.status.subscribe(() => {
      const status = room.status.value
      if (status.state === 'joined') events.away(undefined)
      else events.away(status.state === 'left' ? 'You are out. Load the page again.' : 'Reconnecting…')
    })
  }

  /** Sends what the player does, and finds out where everybody is to be drawn. Once a frame. */
  frame(): void {
    this.#inputs?.frame()
    this.#view?.frame()
  }

  /** Everybody, as of the last frame. */
  *fighters(): Generator<ShownFighter> {
    if (this.#view === undefined) return
    for (const [id, { x, y, aim, entity }] of this.#view) {
      const { name, color, hp, safe, shots, dashes, kills, returns } = entity
      const own = id === this.me
      yield { id, own, name, color, x, y, aim, hp, safe, shots, dashes, kills, returns, newest: entity }
    }
  }

  /** The key of this page's own fighter. */
  get me(): string {
    return this.#room?.memberId ?? ''
  }

  get state(): State | undefined {
    return this.#room?.state
  }

  /** The server's time, in milliseconds since 1970. */
  get now(): number {
    return this.#room?.time.now() ?? 0
  }

  /** The server's time that is drawn of others. */
  get shownTime(): number {
    return this.#view?.time ?? 0
  }

  get figures(): LineFigures {
    return {
      roundTrip: this.#roundTrips[0],
      jitter: this.#roundTrips.length < 2 ? undefined : mean(this.#roundTrips) - Math.min(...this.#roundTrips),
      unconfirmed: this.#inputs?.pending ?? 0,
      corrections: this.#view?.corrections ?? 0,
      lastCorrection: this.#view?.lastCorrection ?? 0,
      behind: this.#view?.time === undefined ? 0 : this.now - this.#view.time,
    }
  }

  /** Asks the server again and again for nothing, and takes the time. `room.time` knows the fastest round trip; this is how they are now. */
  async #measure(room: Room): Promise<void> {
    while (room.status.value.state !== 'left') {
      const began = performance.now()
      // In a room that ticks an answer waits for the next patch, unless it is asked not to.
      const answer = await room.call.ping.try(undefined, { settle: 'reply', timeout: 5_000 })
      if (answer.ok) this.#roundTrips = [performance.now() - began, ...this.#roundTrips.slice(0, 9)]
      await new Promise((resolve) => setTimeout(resolve, 400))
    }
  }

  /** Whether what the player does is shown before the server has said so. */
  set predicts(predicts: boolean) {
    if (this.#inputs !== undefined) this.#inputs.predicts = predicts
  }

  /** Whether others are drawn on their way from one patch to the next, or where the last patch has put them. */
  set interpolates(interpolates: boolean) {
    if (this.#room === undefined || interpolates === this.#interpolates) return
    this.#interpolates = interpolates
    this.#view?.close()
    this.#view = viewIn(this.#room, interpolates)
  }

  /** Whether the server judges this player's shots by what the player saw. */
  async rewinds(on: boolean): Promise<void> {
    await this.#room?.call.rewind.try({ on })
  }
}

function mean(of: readonly number[]): number {
  return of.reduce((sum, each) => sum + each) / of.length
}

type View = ReturnType<typeof viewIn>

/** What is drawn of a room's fighters. */
function viewIn(room: Room, interpolates: boolean) {
  return viewOf(room, ({ fighters }) => fighters, {
    fields: ['x', 'y'],
    angles: ['aim'],
    own: (_fighter, key) => key === room.memberId,
    snap,
    ...(interpolates ? {} : { delay: 0, extrapolate: 0, halfLife: 0.1 }),
  })
}

const timers = {
  now: () => performance.now(),
  after: (ms: number, run: () => void): void => void setTimeout(run, ms),
}
