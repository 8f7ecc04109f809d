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
  readonly bot: boolean
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

/** How this page stands with the server. */
export type Standing =
  | { readonly state: 'connected' }
  /** The connection is gone; `retryAt` is when the next attempt begins, in milliseconds since 1970, unless one is under way. */
  | { readonly state: 'away'; readonly retryAt: number | undefined; readonly offline: boolean }
  /** This page is off the field for good; it may join again. */
  | { readonly state: 'gone'; readonly message: string }

/** What the page hears of. */
export interface LinkEvents {
  shot(shot: Shot): void
  hit(hit: Hit): void
  fell(fall: Fall): void
  standing(standing: Standing): void
}

/** Who is further off from one moment to the next was put there: nobody sees them fly. In units. */
export const snap = 160

/** Why somebody cannot come in, or had to go, for people: by the code of the error, or the reason of the end. */
const reasons: Readonly<Record<string, string>> = {
  room_full: 'Eight are playing there already.',
  unreachable: 'The server cannot be reached.',
  disconnected: 'The server cannot be reached.',
  timeout: 'The server does not answer.',
  rate_limited: 'That was too often. Try again in a moment.',
  too_many_rooms: 'All fields of this server are taken. Try again later.',
  shutting_down: 'The server is being restarted. Try again in a moment.',
  incompatible: 'The game has become a newer one since this page was opened: please load it again.',
  room_not_found: 'This game is over: everybody has left it, or the server was started anew.',
  closed: 'This game is over.',
  failed: 'This game has ended by a fault of the server.',
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
  #events: LinkEvents | undefined
  /** What hides the network: kept for the next field that is joined. */
  readonly #hides = { prediction: true, interpolation: true, rewind: true }
  /** Milliseconds of the last round trips, the last one first. */
  #roundTrips: number[] = []

  constructor() {
    // When the next attempt comes: who is out for good has been told so once.
    this.#client.connection.subscribe(() => {
      if (this.#room?.status.value.state === 'reconnecting') this.#stand()
    })
  }

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
    this.#joined(this.#room, sample)
  }

  /** Whom to tell of what happens. */
  follow(events: LinkEvents): void {
    this.#events = events
  }

  /** Does not wait for the next attempt's time. */
  retry(): void {
    this.#client.connection.retry()
  }

  #joined(room: Room, sample: () => Input): void {
    this.#inputs = sampleInputs(room, sample, { peek: true })
    this.#inputs.predicts = this.#hides.prediction
    this.#view?.close()
    this.#view = viewIn(room, this.#hides.interpolation)
    if (!this.#hides.rewind) void this.rewinds(false)
    room.on('shot', (shot) => this.#events?.shot(shot))
    room.on('hit', (hit) => this.#events?.hit(hit))
    room.on('fell', (fall) => this.#events?.fell(fall))
    room.status.subscribe(() => this.#stand())
    room.onRecovery((recovery) => {
      // Another member is judged with rewind until it is said otherwise.
      if (recovery.outcome === 'resynced' && recovery.rejoined && !this.#hides.rewind) void this.rewinds(false)
    })
    this.#stand()
    void this.#measure(room)
  }

  #stand(): void {
    if (this.#room !== undefined) this.#events?.standing(this.#standing(this.#room))
  }

  #standing(room: Room): Standing {
    const status = room.status.value
    if (status.state === 'joined') return { state: 'connected' }
    if (status.state === 'left') {
      const why = reasons[status.error?.code ?? status.reason] ?? 'You are off the field.'
      return { state: 'gone', message: why }
    }
    const connection = this.#client.connection.value
    if (connection.state !== 'waiting') return { state: 'away', retryAt: undefined, offline: !navigator.onLine }
    const { retryAt, offline } = connection
    // No time is known while the page is put aside.
    return { state: 'away', retryAt: Number.isFinite(retryAt) ? retryAt : undefined, offline }
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
      const { name, bot, color, hp, safe, shots, dashes, kills, returns } = entity
      const own = id === this.me
      yield { id, own, name, bot, color, x, y, aim, hp, safe, shots, dashes, kills, returns, newest: entity }
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
    this.#hides.prediction = predicts
    if (this.#inputs !== undefined) this.#inputs.predicts = predicts
  }

  /** Whether others are drawn on their way from one patch to the next, or where the last patch has put them. */
  set interpolates(interpolates: boolean) {
    this.#hides.interpolation = interpolates
    if (this.#room === undefined) return
    this.#view?.close()
    this.#view = viewIn(this.#room, interpolates)
  }

  /** Whether the server judges this player's shots by what the player saw. */
  async rewinds(on: boolean): Promise<void> {
    this.#hides.rewind = on
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
