import { compareBy, isCurrent, type Compare, type Entry, type Found } from './entry.ts'
import { SortedRooms } from './sorted-rooms.ts'
import { fitter, type Wish } from './wish.ts'

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

/** A room, as lists know it. */
export interface Listed extends Found {
  readonly id: string
}

/** What it took to bring a list up to date. */
export interface ListWork {
  /** Rows that the view was told. */
  readonly told: number
  /** Rooms that were looked at. */
  readonly looked: number
}

/** Besides those that are shown, so many are ready to take the places of those that go. */
const leastSpare = 8

/**
 * One list: the first of the rooms that fit, in their order. Of all others it keeps only some, which come next: it costs as much as it shows,
 * among however many rooms.
 */
export class RoomList<R extends Listed> {
  readonly #query: ListQuery
  readonly #view: ListView<R>
  /** All rooms that lists may show, as they are now. */
  readonly #rooms: ReadonlyMap<R, Entry<R>>
  readonly #onClose: () => void
  readonly #fits: (metadata: unknown) => boolean
  readonly #compare: Compare
  readonly #most: number
  /** Those that are kept, in order. */
  #sorted: SortedRooms<R>
  readonly #entries = new Map<R, Entry<R>>()
  /** The last one that was kept when others were left out; undefined: none were. */
  #horizon: Entry<R> | undefined
  /** Those that are shown, as they are shown. */
  readonly #shown = new Map<R, Entry<R>>()

  constructor(query: ListQuery, view: ListView<R>, rooms: ReadonlyMap<R, Entry<R>>, onClose: () => void) {
    this.#query = query
    this.#view = view
    this.#rooms = rooms
    this.#onClose = onClose
    this.#fits = fitter(query.where)
    this.#compare = compareBy(query.order)
    this.#most = query.limit + Math.max(query.limit, leastSpare)
    this.#sorted = new SortedRooms(this.#compare)
    this.#fill()
    for (const entry of this.#first()) this.#shown.set(entry.room, entry)
  }

  /** What is shown, in its order. */
  get shown(): Iterable<Entry<R>> {
    return this.#first()
  }

  /**
   * Tells the view what is different because of these rooms.
   *
   * @returns how much work that was: the rows that were told, and the rooms that were looked at.
   */
  refresh(rooms: readonly R[]): ListWork {
    const before = this.#last()
    for (const room of rooms) this.#place(room)
    const isShort = this.#horizon !== undefined && this.#sorted.size < this.#query.limit
    if (isShort) this.#fill()
    const last = this.#last()
    let told = 0
    const tell = (room: R, entry: Entry<R> | undefined): void => {
      if (this.#shown.get(room) === entry) return
      told++
      if (entry === undefined) {
        this.#shown.delete(room)
        this.#view.remove(room.id)
      } else {
        this.#shown.set(room, entry)
        this.#view.put(entry)
      }
    }
    const now = (room: R): Entry<R> | undefined => {
      const entry = this.#entries.get(room)
      return entry === undefined || isBehind(this.#compare, entry, last) ? undefined : entry
    }
    for (const room of rooms) tell(room, now(room))
    // Of the others those come and go that stand between where the list ended before, and where it ends now.
    if (before !== last) {
      for (const { room } of this.#sorted.between(before, last)) tell(room, now(room))
      for (const { room } of this.#sorted.between(last, before)) tell(room, now(room))
    }
    // Not before: what was shown has to be told to be gone.
    this.#trim()
    return { told, looked: rooms.length + (isShort ? this.#rooms.size : 0) }
  }

  close(): void {
    this.#onClose()
  }

  /** Puts a room where it belongs now. */
  #place(room: R): void {
    const before = this.#entries.get(room)
    const entry = this.#rooms.get(room)
    if (before === entry || (before !== undefined && entry !== undefined && isCurrent(before))) return
    if (before !== undefined) {
      this.#sorted.delete(before)
      this.#entries.delete(room)
    }
    if (entry !== undefined) this.#keep(entry)
  }

  #keep(entry: Entry<R>): void {
    if (!this.#fits(entry.metadata) || isBehind(this.#compare, entry, this.#horizon)) return
    this.#sorted.add(entry)
    this.#entries.set(entry.room, entry)
  }

  /** Leaves out what is more than is to be kept. */
  #trim(): void {
    if (this.#sorted.size <= this.#most) return
    this.#horizon = this.#sorted.at(this.#most - 1)
    for (let left = this.#sorted.at(this.#most); left !== undefined; left = this.#sorted.at(this.#most)) {
      this.#sorted.delete(left)
      this.#entries.delete(left.room)
    }
  }

  /** Looks for those that fit among all rooms. */
  #fill(): void {
    this.#sorted = new SortedRooms(this.#compare)
    this.#entries.clear()
    this.#horizon = undefined
    for (const entry of this.#rooms.values()) {
      this.#keep(entry)
      this.#trim()
    }
  }

  /** The last one that is to be shown, where there are as many as may be; undefined: all are. */
  #last(): Entry<R> | undefined {
    return this.#sorted.at(this.#query.limit - 1)
  }

  *#first(): Iterable<Entry<R>> {
    let left = this.#query.limit
    for (const entry of this.#sorted) {
      if (left-- <= 0) return
      yield entry
    }
  }
}

function isBehind(compare: Compare, entry: Found, last: Found | undefined): boolean {
  return last !== undefined && compare(entry, last) > 0
}
