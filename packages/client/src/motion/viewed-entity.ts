import { Bend } from './bend.ts'
import { sameValues, type Space, type Values } from './space.ts'
import { Track, type TrackOptions } from './track.ts'

/** What an entity is in the mirror: its fields by name. */
export type Entity = Readonly<Record<string, unknown>>

/** How the entities of a view are drawn. */
export interface DrawOptions extends TrackOptions {
  readonly space: Space
  /** The names of the numbers: of lengths first, then of angles. */
  readonly names: readonly string[]
  /** Milliseconds in which half of what is to be bent away goes. */
  readonly halfLife: number
}

/** Where an own entity is ahead of the server: at the last step, and where the next one will bring it as far as can be seen now. */
interface Ahead {
  from: Values
  to: Values | undefined
  /** How much of the way to there was drawn in the last frame. */
  ratio: number
}

/** One entity of a view: what is known of its places, and what is drawn of it. */
export class ViewedEntity {
  readonly entity: Entity
  /** What people get: its fields are the drawn ones, set anew in each frame. */
  readonly entry: Record<string, unknown>
  key: unknown
  /** The server's times between which it is there, as far as they are known. */
  since = Infinity
  until = Infinity
  /** Whether it is in the mirror now, in what is ahead of the server too. */
  isHere = false
  readonly #options: DrawOptions
  readonly #bend: Bend
  #track: Track | undefined
  #ahead: Ahead | undefined
  /** Where it was in the last frame, without what is bent, and whether that was ahead. */
  #drawn: { readonly place: Values; readonly isAhead: boolean } | undefined
  /** Where it was before what is ahead was taken back. */
  #before: Values | undefined

  constructor(entity: Entity, key: unknown, options: DrawOptions) {
    this.entity = entity
    this.key = key
    this.entry = { entity }
    this.#options = options
    this.#bend = new Bend(options.space, options)
  }

  /** Whether it is drawn as it is ahead of the server. */
  get isAhead(): boolean {
    return this.#ahead !== undefined
  }

  /** Whether it is there ahead of the server, which may have removed it. */
  get isShownAhead(): boolean {
    return this.isAhead && this.isHere
  }

  /** How far what is drawn of it is from where it is. */
  get error(): number {
    return this.#bend.length
  }

  // ---- As the server tells it.

  /** The mirror holds what the server said of this time. `shown` is the time that was drawn last. */
  confirm(time: number, shown: number | undefined): void {
    const values = this.#read()
    if (this.#track === undefined) this.#track = new Track(this.#options.space, this.#options, time, values)
    else this.#learn(this.#track, shown, (track) => track.add(time, values))
    this.since = Math.min(this.since, time)
    this.until = Infinity
  }

  /** It is told to be where it was. */
  hold(time: number, shown: number | undefined): void {
    if (this.#track !== undefined && this.until === Infinity)
      this.#learn(this.#track, shown, (track) => track.hold(time))
  }

  /** What is learned may say of what was drawn already that it was elsewhere: from there it bends to where it is. */
  #learn(track: Track, shown: number | undefined, learn: (track: Track) => void): void {
    const before = shown === undefined || this.isAhead ? undefined : track.at(shown)
    learn(track)
    if (before !== undefined && shown !== undefined) this.#bend.add(before, track.at(shown))
  }

  // ---- Ahead of the server.

  /** Draws it ahead of the server from now on, or as the server tells it. */
  lead(isAhead: boolean): void {
    if (isAhead === this.isAhead) return
    this.#ahead = isAhead ? { from: this.#read(), to: undefined, ratio: 0 } : undefined
  }

  /** What the program did at once since the last frame or step, it wants to see at once: it is followed, not bent. */
  catchUp(): void {
    const ahead = this.#ahead
    if (ahead === undefined) return
    const now = this.#read()
    if (!sameValues(now, ahead.from)) this.#follow(ahead, now)
  }

  /** A step was taken. */
  stepped(): void {
    const ahead = this.#ahead
    if (ahead === undefined) return
    const values = this.#read()
    this.#redirect(ahead, values)
    this.#ahead = { from: values, to: undefined, ratio: 0 }
  }

  /** The mirror holds, for a moment, what the next step would bring. */
  previewed(): void {
    const ahead = this.#ahead
    if (ahead === undefined) return
    const values = this.#read()
    this.#redirect(ahead, values)
    ahead.to = values
  }

  /** It goes elsewhere than was drawn. What was drawn of the way bends to the other way. */
  #redirect(ahead: Ahead, to: Values): void {
    if (ahead.to !== undefined) this.#bend.add(this.#placeOf(ahead), this.#placeOf({ ...ahead, to }))
  }

  /** What is ahead of the server is about to be taken back. */
  takingBack(): void {
    if (this.#ahead !== undefined) this.#before = this.#read()
  }

  /**
   * It was done again on what the server said.
   *
   * @returns from where to where that brought it; nothing for an entity that is not ahead.
   */
  doneAgain(): readonly [from: Values, to: Values] | undefined {
    const from = this.#before
    this.#before = undefined
    if (from === undefined || this.#ahead === undefined) return undefined
    const to = this.#read()
    if (sameValues(from, to)) return undefined
    this.#bend.add(from, to)
    this.#follow(this.#ahead, to)
    return [from, to]
  }

  /** The place of the last step is another one now. So is where the next one will bring it. */
  #follow(ahead: Ahead, from: Values): void {
    const { space } = this.#options
    if (ahead.to !== undefined) ahead.to = space.along(ahead.to, space.way(ahead.from, from), 1)
    ahead.from = from
  }

  #placeOf({ from, to, ratio }: Ahead): Values {
    const { space, snap } = this.#options
    if (to === undefined || space.distance(from, to) > snap) return from
    return space.between(from, to, ratio)
  }

  // ---- Frames.

  /**
   * Sets the entry to what is to be drawn.
   *
   * @param time of the server that is drawn.
   * @param ratio How much of the next step has passed.
   * @param passed Milliseconds since the last frame.
   */
  draw(time: number, ratio: number, passed: number): void {
    const ahead = this.#ahead
    const isAhead = ahead !== undefined
    this.catchUp()
    if (ahead !== undefined) ahead.ratio = ratio
    this.#track?.forget(time)
    const place = ahead === undefined ? (this.#track?.at(time) ?? this.#read()) : this.#placeOf(ahead)
    this.#bend.pass(passed)
    const before = this.#drawn
    if (before !== undefined && before.isAhead !== isAhead) this.#bend.add(before.place, place)
    this.#drawn = { place, isAhead }
    const shown = this.#bend.shown(place)
    for (const [index, name] of this.#options.names.entries()) {
      const value = shown[index] ?? NaN
      this.entry[name] = Number.isNaN(value) ? undefined : value
    }
  }

  #read(): Values {
    return this.#options.names.map((name) => {
      const value = this.entity[name]
      return typeof value === 'number' ? value : NaN
    })
  }
}
