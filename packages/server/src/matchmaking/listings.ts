import type { Clock } from '@junto/protocol'
import type { Logger } from '../observe/log.ts'
import { entryOf, isCurrent, type Entry } from './entry.ts'
import { RoomList, type Listed, type ListQuery, type ListView } from './room-list.ts'

/** A room, as lists see it. */
export interface Listable extends Listed {
  /** Whether lists show it: it is open, has no key, and is not private. Full and locked ones are shown as such. */
  readonly isListed: boolean
}

/** Milliseconds between two changes of the lists: nobody reads faster, and rooms that fill up change with each who joins. */
const interval = 250

/** Rows of lists that are brought up to date in one turn: some 5 ms with what is sent of them. */
const mostAtOnce = 500

/** To look at so many rooms costs as much as to tell one row. */
const lookedPerRow = 16

/** Milliseconds until the next turn of lists: they take a fifth of the server's time at most, and are told of less often where that is too little. */
const pause = 20

/**
 * The lists of the rooms of one type. They are brought up to date four times a second at most, and only when something changed: some of them,
 * then, after a pause for everybody else, the next ones.
 */
export class Listings<R extends Listable> {
  readonly #clock: Clock
  readonly #logger: Logger
  /** All rooms that lists may show, as they are now. */
  readonly #rooms = new Map<R, Entry<R>>()
  readonly #lists = new Set<RoomList<R>>()
  readonly #changed = new Set<R>()
  /** When the lists began to be brought up to date the last time. */
  #began = -Infinity
  /** When some of them were told the last time. */
  #turn = -Infinity
  /** What they are being told of, and those that have yet to be told. */
  #told: readonly R[] = []
  readonly #waiting = new Set<RoomList<R>>()
  #cancelTimer: (() => void) | undefined

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock
    this.#logger = logger
  }

  /** How many rooms lists may show: a new one looks at each. */
  get size(): number {
    return this.#rooms.size
  }

  /** A room is there, has changed, or has gone. */
  changed(room: R): void {
    const before = this.#rooms.get(room)
    if (room.isListed) {
      if (before !== undefined && isCurrent(before)) return
      this.#rooms.set(room, entryOf(room))
    } else if (!this.#rooms.delete(room)) return
    if (this.#lists.size === 0) return
    this.#changed.add(room)
    this.#schedule()
  }

  /** Begins a list, which is to be closed. */
  open(query: ListQuery, view: ListView<R>): RoomList<R> {
    const isolated: ListView<R> = {
      put: (entry) => this.#isolate(() => view.put(entry)),
      remove: (id) => this.#isolate(() => view.remove(id)),
    }
    const list = new RoomList(query, isolated, this.#rooms, () => this.#close(list))
    this.#lists.add(list)
    return list
  }

  #close(list: RoomList<R>): void {
    this.#lists.delete(list)
    this.#waiting.delete(list)
    if (this.#lists.size > 0) return
    this.#changed.clear()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined) return
    const isUnderWay = this.#waiting.size > 0
    const at = Math.max(this.#turn + pause, isUnderWay ? 0 : this.#began + interval)
    this.#cancelTimer = this.#clock.after(at - this.#clock.now(), () => this.#refresh())
  }

  #refresh(): void {
    this.#cancelTimer = undefined
    this.#turn = this.#clock.now()
    if (this.#waiting.size === 0) this.#begin()
    let rows = 0
    for (const list of this.#waiting) {
      if (rows >= mostAtOnce) break
      this.#waiting.delete(list)
      const { told, looked } = list.refresh(this.#told)
      rows += told + looked / lookedPerRow
    }
    if (this.#waiting.size > 0 || this.#changed.size > 0) this.#schedule()
  }

  #begin(): void {
    this.#began = this.#clock.now()
    this.#told = [...this.#changed]
    this.#changed.clear()
    for (const list of this.#lists) this.#waiting.add(list)
  }

  /** One row that cannot be told keeps neither the others nor other lists. */
  #isolate(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#logger.error('A list of rooms could not be brought up to date', { error })
    }
  }
}
