import { JuntoError } from '@junto/protocol'
import { checkDrawnFields } from './drawn-fields.ts'
import { PlayOut } from './play-out.ts'
import type { MotionView, RoomMotion } from './room-motion.ts'
import { Space } from './space.ts'
import { Tolerances } from './tolerance.ts'
import type { View } from './view.ts'
import { ViewedEntity, type DrawOptions, type Entity } from './viewed-entity.ts'

/** The options of a view, with their defaults. */
export interface ReadViewOptions extends Omit<DrawOptions, 'space'> {
  /** How many of the names are those of lengths. */
  readonly lengths: number
  readonly own: ((entity: unknown, key: unknown) => boolean) | undefined
  /** Undefined: as much as it takes. */
  readonly delay: number | undefined
}

/** A {@link View} without its types. */
export class EntityView implements View<unknown, unknown>, MotionView {
  /** No later than what is known, and what is taken to have gone on. */
  time: number | undefined
  corrections = 0
  lastCorrection = 0
  readonly #motion: RoomMotion
  readonly #selector: (state: unknown) => unknown
  readonly #options: ReadViewOptions
  readonly #draw: DrawOptions
  readonly #playOut: PlayOut
  readonly #tolerances: Tolerances
  /** By the mirror's record: another one under the same key is another entity. */
  readonly #entities = new Map<Entity, ViewedEntity>()
  readonly #entries = new Map<unknown, Record<string, unknown>>()
  /** The server's time of the newest that is known. */
  #newest = 0
  /** The server's time that is drawn as far as it is known, and when that was, by the client's clock. */
  #even: number | undefined
  #drawnAt: number | undefined
  /** Whether it has been found out what is selected, and whether that has the fields. */
  #isChecked = false

  constructor(motion: RoomMotion, selector: (state: unknown) => unknown, options: ReadViewOptions) {
    this.#motion = motion
    this.#selector = selector
    this.#options = options
    this.#draw = { ...options, space: new Space(options.lengths) }
    this.#playOut = new PlayOut(options.delay)
    this.#tolerances = new Tolerances(options.names)
    const { room, now } = motion
    this.#sample(room.stamp?.time ?? now ?? 0)
    // What is there already has been there: it is drawn at once.
    for (const viewed of this.#entities.values()) viewed.since = -Infinity
    motion.views.add(this)
  }

  get size(): number {
    return this.#entries.size
  }

  get delay(): number {
    return this.#playOut.delay
  }

  get error(): number {
    let most = 0
    for (const viewed of this.#entities.values()) if (viewed.isAhead) most = Math.max(most, viewed.error)
    return most
  }

  get(key?: unknown): unknown {
    return this.#entries.get(key)
  }

  [Symbol.iterator](): Iterator<[unknown, unknown]> {
    return this.#entries.entries()
  }

  close(): void {
    this.#motion.views.delete(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  frame(): void {
    const { room, now, inputs, predicts } = this.#motion
    const { extrapolate } = this.#options
    const at = room.options.clock.now()
    const passed = at - (this.#drawnAt ?? at)
    this.#drawnAt = at
    // Until the server's time is known, the first that came is shown.
    const time = now === undefined ? (this.#even ?? this.#newest) : this.#playOut.advance(now)
    this.#even = time
    this.time = Math.min(time, this.#newest + extrapolate)
    this.#findOwn(predicts)
    const ratio = inputs?.alpha ?? 0
    for (const viewed of this.#entities.values()) {
      const { isAhead, isHere, isShownAhead, since, until, entity, key, entry } = viewed
      viewed.draw(time, ratio, passed)
      if (isAhead ? isHere : since <= time && time < until) this.#entries.set(key, entry)
      else if (this.#entries.get(key) === entry) this.#entries.delete(key)
      if (!isShownAhead && (time >= until || (since === Infinity && !isHere))) this.#entities.delete(entity)
    }
  }

  // ---- What the server says.

  confirmed(time: number): void {
    this.#came(time)
    const before = new Set(this.#entities.values())
    for (const viewed of this.#sample(time)) before.delete(viewed)
    for (const viewed of before) {
      if (viewed.until === Infinity && viewed.since !== Infinity) viewed.until = time
      // Nobody draws: what is gone for so long would not be drawn any more.
      else if (viewed.until < time - 10_000 && !viewed.isShownAhead) this.#entities.delete(viewed.entity)
    }
  }

  held(time: number): void {
    this.#came(time)
    for (const viewed of this.#entities.values()) viewed.hold(time, this.#even)
  }

  #came(time: number): void {
    this.#playOut.came(time, this.#motion.now)
    this.#newest = time
  }

  #sample(time: number): ViewedEntity[] {
    this.#newest = time
    return this.#select().map(([key, entity]) => {
      const viewed = this.#viewed(key, entity)
      viewed.confirm(time, this.#even)
      return viewed
    })
  }

  // ---- What is ahead of it.

  takingBack(): void {
    for (const viewed of this.#entities.values()) viewed.takingBack()
  }

  doneAgain(): void {
    const { room } = this.#motion
    let furthest: number | undefined
    for (const viewed of this.#entities.values()) {
      const way = viewed.doneAgain()
      if (way === undefined) continue
      const type = room.mirror.space.of(viewed.entity)?.type.index
      if (this.#tolerances.covers(room.seat?.layout, type, ...way)) continue
      furthest = Math.max(furthest ?? 0, this.#draw.space.distance(...way))
    }
    if (furthest === undefined) return
    this.corrections++
    this.lastCorrection = furthest
  }

  catchUp(): void {
    for (const viewed of this.#entities.values()) viewed.catchUp()
  }

  stepped(): void {
    for (const viewed of this.#entities.values()) viewed.stepped()
  }

  previewed(): void {
    for (const viewed of this.#entities.values()) viewed.previewed()
  }

  /** Finds out which entities are one's own, in what is ahead of the server too. */
  #findOwn(predicts: boolean): void {
    const { own } = this.#options
    if (own === undefined) return
    for (const viewed of this.#entities.values()) viewed.isHere = false
    for (const [key, entity] of this.#select()) {
      const isOwn = predicts && own(entity, key)
      if (!isOwn && !this.#entities.has(entity)) continue
      const viewed = this.#viewed(key, entity)
      viewed.isHere = true
      viewed.lead(isOwn)
    }
  }

  #viewed(key: unknown, entity: Entity): ViewedEntity {
    const known = this.#entities.get(entity)
    const viewed = known ?? new ViewedEntity(entity, key, this.#draw)
    if (known === undefined) this.#entities.set(entity, viewed)
    viewed.key = key
    return viewed
  }

  #select(): readonly (readonly [key: unknown, entity: Entity])[] {
    const { mirror } = this.#motion.room
    const selected: unknown = mirror.ready ? this.#selector(mirror.state) : undefined
    if (selected === undefined || selected === null) return []
    this.#check(selected)
    if (selected instanceof Map) return [...selected].filter(isEntry)
    if (isEntity(selected)) return [[undefined, selected]]
    const what = Array.isArray(selected) ? 'a list' : typeof selected
    throw new JuntoError(
      'misuse',
      `a view is of a map of records, or of one record, not of ${what}: what moves needs a key`,
    )
  }

  /** Once, and where something stands: a server that comes back with another state does not end the loop that draws. */
  #check(selected: unknown): void {
    const { mirror, seat } = this.#motion.room
    const type = mirror.space.of(selected)?.type.index
    if (this.#isChecked || type === undefined || seat === undefined) return
    this.#isChecked = true
    checkDrawnFields(seat.layout.layout.types, type, this.#options.names)
  }
}

function isEntry(entry: readonly [unknown, unknown]): entry is readonly [unknown, Entity] {
  return isEntity(entry[1])
}

function isEntity(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
