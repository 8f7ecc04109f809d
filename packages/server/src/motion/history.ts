import type { Between, TickTimes } from './tick-times.ts'

/** How a field is between two ticks: `held` as it was at the older one. */
export type Course = 'linear' | 'angle' | 'held'

/** A field of which the past is kept. */
export interface SampledField {
  readonly name: string
  readonly course: Course
}

/** Entities by key, as the state has them. */
export interface Entities {
  forEach(visit: (entity: object, key: string) => void): void
}

/** The past of one entity: from the tick in which it came to the last in which it was there, without gaps. */
class Track {
  key = ''
  /** `undefined` once it is gone. */
  entity: object | undefined
  first = 0
  last = 0
  /** The one before under the same key, and the one after. */
  older: Track | undefined
  newer: Track | undefined
  /** Of so many ticks there is room: a ring. */
  rows: number
  /** Numbers of the linear fields and angles, by tick and field. An absent one is NaN. */
  numbers: Float64Array
  /** What the others held, by tick and field. */
  held: unknown[]

  constructor(rows: number, numbers: number, held: number) {
    this.rows = rows
    this.numbers = new Float64Array(rows * numbers)
    this.held = Array.from({ length: rows * held })
  }

  /** Makes room for more ticks. All since the first are there. */
  grow(rows: number): void {
    const { numbers, held, first, rows: before } = this
    const [perTick, heldPerTick] = [numbers.length / before, held.length / before]
    this.rows = rows
    this.numbers = new Float64Array(rows * perTick)
    this.held = Array.from({ length: rows * heldPerTick })
    for (let tick = first; tick < first + before; tick++) {
      const [from, to] = [tick % before, tick % rows]
      for (let at = 0; at < perTick; at++) this.numbers[to * perTick + at] = numbers[from * perTick + at] ?? NaN
      for (let at = 0; at < heldPerTick; at++) this.held[to * heldPerTick + at] = held[from * heldPerTick + at]
    }
  }
}

/** Rows of a new track. Some rooms replace an entity in each tick: with room for all ticks from the beginning, each of these would cost what one that stays does. */
const firstRows = 4

/**
 * What some fields of a map's entries were after each of the last ticks. Sampling makes nothing new, unless there are more entities than ever before
 * within the time that is kept, or one stays for longer than any that had its room before.
 */
export class History {
  readonly #times: TickTimes
  readonly #numeric: readonly SampledField[]
  readonly #other: readonly SampledField[]
  /** The newest track of each key that has one. */
  readonly #tracks = new Map<string, Track>()
  /** Those that are gone, the first to go in front, up to `#gone`. */
  #ended: (Track | undefined)[] = []
  #forgotten = 0
  /** Tracks to be used again. */
  readonly #free: Track[] = []
  #tick = 0
  #living = 0
  #seen = 0
  #rows = 0
  readonly #sampleOne = (entity: object, key: string) => this.#sample(entity, key)

  constructor(times: TickTimes, fields: readonly SampledField[]) {
    this.#times = times
    this.#numeric = fields.filter(({ course }) => course !== 'held')
    this.#other = fields.filter(({ course }) => course === 'held')
  }

  /** Rows there are, those that are kept to be used again included: what the memory is proportional to. */
  get rows(): number {
    return this.#rows
  }

  /** Takes down how everything is after a tick. To be called after each. @throws what reading a field throws. */
  sample(tick: number, entities: Entities): void {
    this.#tick = tick
    this.#seen = 0
    entities.forEach(this.#sampleOne)
    if (this.#seen < this.#living) this.#endAbsent()
    this.#forgetOld()
  }

  /** How an entity was. `undefined`: it was not there. */
  at(key: string, between: Between): Record<string, unknown> | undefined {
    for (let track = this.#tracks.get(key); track !== undefined; track = track.older) {
      if (track.first <= between.from) return track.last >= between.from ? this.#read(track, between) : undefined
    }
    return undefined
  }

  /** All that were there. */
  *entriesAt(between: Between): IterableIterator<[string, Record<string, unknown>], void, unknown> {
    for (const key of this.#tracks.keys()) {
      const entity = this.at(key, between)
      if (entity !== undefined) yield [key, entity]
    }
  }

  #sample(entity: object, key: string): void {
    const tick = this.#tick
    let track = this.#tracks.get(key)
    // Also where it was not looked at in between, since that failed.
    if (track?.entity !== entity || track.last !== tick - 1) track = this.#begin(entity, key, track)
    track.last = tick
    this.#seen++
    if (tick - track.first === track.rows && track.rows < this.#times.size) this.#grow(track)
    const row = tick % track.rows
    // What is read are the accessors of a record, or its server-only fields.
    const values = entity as Readonly<Record<string, unknown>>
    const { numbers, held } = track
    let at = row * this.#numeric.length
    for (const { name } of this.#numeric) {
      const value = values[name]
      numbers[at++] = typeof value === 'number' ? value : NaN
    }
    at = row * this.#other.length
    for (const { name } of this.#other) held[at++] = values[name]
  }

  #begin(entity: object, key: string, older: Track | undefined): Track {
    if (older?.entity !== undefined) this.#end(older)
    const track = this.#free.pop() ?? this.#newTrack()
    track.key = key
    track.entity = entity
    track.first = this.#tick
    track.older = older
    if (older !== undefined) older.newer = track
    this.#tracks.set(key, track)
    this.#living++
    return track
  }

  #newTrack(): Track {
    const rows = Math.min(firstRows, this.#times.size)
    this.#rows += rows
    return new Track(rows, this.#numeric.length, this.#other.length)
  }

  /** It is full; with room for as many ticks as are known, it begins to forget. */
  #grow(track: Track): void {
    const { rows } = track
    track.grow(Math.min(2 * rows, this.#times.size))
    this.#rows += track.rows - rows
  }

  #end(track: Track): void {
    track.entity = undefined
    this.#living--
    this.#ended.push(track)
  }

  #endAbsent(): void {
    for (const track of this.#tracks.values()) {
      if (track.entity !== undefined && track.last !== this.#tick) this.#end(track)
    }
  }

  /** Of what is gone for longer than ticks are known, nothing is left. */
  #forgetOld(): void {
    const oldest = this.#tick - this.#times.size
    for (let track = this.#ended[this.#forgotten]; track !== undefined; track = this.#ended[this.#forgotten]) {
      if (track.last > oldest) break
      this.#ended[this.#forgotten++] = undefined
      this.#forget(track)
    }
    if (this.#forgotten * 2 > this.#ended.length) {
      this.#ended.splice(0, this.#forgotten)
      this.#forgotten = 0
    }
    // What has been many is let go of.
    while (this.#free.length > this.#living + 16) this.#rows -= this.#free.pop()?.rows ?? 0
  }

  #forget(track: Track): void {
    // Those before it went before it, and are forgotten.
    if (track.newer === undefined) this.#tracks.delete(track.key)
    else track.newer.older = undefined
    track.newer = undefined
    track.held.fill(undefined)
    this.#free.push(track)
  }

  #read(track: Track, { from, to, part }: Between): Record<string, unknown> {
    const { rows } = track
    const values: Record<string, unknown> = {}
    // What is gone by then is seen as it was.
    const next = track.last >= to ? to : from
    let before = (from % rows) * this.#numeric.length
    let after = (next % rows) * this.#numeric.length
    for (const { name, course } of this.#numeric) {
      const value = blend(course, track.numbers[before++] ?? NaN, track.numbers[after++] ?? NaN, part)
      if (!Number.isNaN(value)) values[name] = value
    }
    before = (from % rows) * this.#other.length
    for (const { name } of this.#other) {
      const value = track.held[before++]
      if (value !== undefined) values[name] = value
    }
    return values
  }
}

const turn = 2 * Math.PI

/** A number on its way from one to another. One that is absent by then, or was not there yet, is held. */
function blend(course: Course, from: number, to: number, part: number): number {
  if (part === 0 || Number.isNaN(from) || Number.isNaN(to)) return from
  if (course === 'linear') return from + (to - from) * part
  // The shorter way round.
  const way = modulo(to - from + Math.PI, turn) - Math.PI
  return modulo(from + way * part + Math.PI, turn) - Math.PI
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
