import type { Clock } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import { compareBy, entryOf, isCurrent, type Entry, type Found } from './entry.ts'
import { SortedRooms } from './sorted-rooms.ts'
import { fits, type Wish } from './wish.ts'

/** A room, as lists see it. */
export interface Listable extends Found {
  readonly id: string
  /** Whether lists show it: it is open, has no key, and is not private. Full and locked ones are shown as such. */
  readonly isListed: boolean
}

/** What a list shows. */
export interface ListQuery extends Wish {
  /** The most rooms that it shows: the first ones. */
  readonly limit: number
}

/** Who shows a list. */
export interface ListView<R> {
  /** A room has come into the list, or has changed. */
  put(entry: Entry<R>): void
  remove(id: string): void
}

/** Milliseconds between two changes of the lists: nobody reads faster, and rooms that fill up change with each who joins. */
const interval = 250

/** The lists of the rooms of one type. All of them are brought up to date together, at most four times a second, and only when something changed. */
export class Listings<R extends Listable> {
  readonly #clock: Clock
  readonly #logger: Logger
  /** All rooms that lists may show. */
  readonly #rooms = new Set<R>()
  readonly #lists = new Set<RoomList<R>>()
  readonly #changed = new Set<R>()
  #last = -Infinity
  #cancelTimer: (() => void) | undefined

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock
    this.#logger = logger
  }

  /** A room is there, has changed, or has gone. */
  changed(room: R): void {
    if (room.isListed) this.#rooms.add(room)
    else if (!this.#rooms.delete(room)) return
    if (this.#lists.size === 0) return
    this.#changed.add(room)
    this.#cancelTimer ??= this.#clock.after(Math.max(0, this.#last + interval - this.#clock.now()), () =>
      this.#refresh(),
    )
  }

  /** Begins a list, which is to be closed. */
  open(query: ListQuery, view: ListView<R>): RoomList<R> {
    const list = new RoomList(query, view, this.#rooms, () => this.#close(list))
    this.#lists.add(list)
    return list
  }

  #close(list: RoomList<R>): void {
    this.#lists.delete(list)
    if (this.#lists.size > 0) return
    this.#changed.clear()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #refresh(): void {
    this.#cancelTimer = undefined
    this.#last = this.#clock.now()
    const rooms = [...this.#changed]
    this.#changed.clear()
    for (const list of this.#lists) {
      try {
        list.refresh(rooms)
      } catch (error) {
        this.#logger.error('A list of rooms could not be brought up to date', { error })
      }
    }
  }
}

/** One list: all rooms that fit in their order, of which the first ones are shown. */
export class RoomList<R extends Listable> {
  readonly #query: ListQuery
  readonly #view: ListView<R>
  readonly #onClose: () => void
  readonly #sorted: SortedRooms<R>
  /** Those that fit. */
  readonly #entries = new Map<R, Entry<R>>()
  /** Those that are shown, as they are shown. */
  #shown: ReadonlyMap<R, Entry<R>>

  constructor(query: ListQuery, view: ListView<R>, rooms: Iterable<R>, onClose: () => void) {
    this.#query = query
    this.#view = view
    this.#onClose = onClose
    this.#sorted = new SortedRooms(compareBy(query.order))
    for (const room of rooms) this.#place(room)
    this.#shown = this.#first()
  }

  /** What is shown, in its order. */
  get shown(): Iterable<Entry<R>> {
    return this.#shown.values()
  }

  /** Tells the view what is different because of these rooms. */
  refresh(rooms: Iterable<R>): void {
    for (const room of rooms) this.#place(room)
    const before = this.#shown
    this.#shown = this.#first()
    for (const room of before.keys()) if (!this.#shown.has(room)) this.#view.remove(room.id)
    for (const [room, entry] of this.#shown) if (before.get(room) !== entry) this.#view.put(entry)
  }

  close(): void {
    this.#onClose()
  }

  /** Puts a room where it belongs now. */
  #place(room: R): void {
    const before = this.#entries.get(room)
    const belongs = room.isListed && fits(room.metadata, this.#query.where)
    if (before !== undefined) {
      if (belongs && isCurrent(before)) return
      this.#sorted.delete(before)
      this.#entries.delete(room)
    }
    if (!belongs) return
    const entry = entryOf(room)
    this.#entries.set(room, entry)
    this.#sorted.add(entry)
  }

  #first(): ReadonlyMap<R, Entry<R>> {
    const first = new Map<R, Entry<R>>()
    for (const entry of this.#sorted) {
      if (first.size >= this.#query.limit) break
      first.set(entry.room, entry)
    }
    return first
  }
}
