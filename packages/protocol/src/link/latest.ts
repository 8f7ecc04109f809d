import type { LinkFrame } from './link.ts'

interface Slot {
  readonly room: number
  frame: Uint8Array
}

/**
 * What waits for one peer of the class `latest`: of each key only the newest, in the place of the oldest, so that what changes
 * all the time has its turn as well.
 */
export class LatestSlots {
  readonly #most: number
  readonly #mostBytes: number
  /** By priority, and then in the order of waiting. */
  readonly #waiting = new Map<number, Map<string, Slot>>()
  #size = 0
  #bytes = 0

  /**
   * With more than may wait, the oldest of the lowest priority goes.
   *
   * @param most How many frames may wait; see the limit `maxLatest`.
   * @param mostBytes How many bytes they may have together.
   */
  constructor(most: number, mostBytes = Infinity) {
    this.#most = most
    this.#mostBytes = mostBytes
  }

  /** How many frames wait. */
  get size(): number {
    return this.#size
  }

  /** Bytes of the frames that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Puts a frame in the place of what waits under its key.
   *
   * @param key Tells what replaces what in this room: an event, or one value of its key field. Always with the same priority.
   */
  set(room: number, key: string, frame: Uint8Array, priority: number): void {
    let slots = this.#waiting.get(priority)
    if (slots === undefined) this.#waiting.set(priority, (slots = new Map<string, Slot>()))
    const place = `${room}/${key}`
    const slot = slots.get(place)
    this.#bytes += frame.length
    if (slot === undefined) {
      slots.set(place, { room, frame })
      this.#size++
    } else {
      this.#bytes -= slot.frame.length
      slot.frame = frame
    }
    while (this.#size > this.#most || this.#bytes > this.#mostBytes) this.#takeOldest(Math.min(...this.#waiting.keys()))
  }

  /** The oldest of the highest priority, which no longer waits. Undefined when nothing does. */
  take(): LinkFrame | undefined {
    return this.#size === 0 ? undefined : this.#takeOldest(Math.max(...this.#waiting.keys()))
  }

  /** Drops what waits for a room. */
  dropRoom(room: number): void {
    for (const [priority, slots] of this.#waiting) {
      for (const [place, slot] of slots) if (slot.room === room) this.#drop(priority, place, slot)
    }
  }

  /** Drops what waits. */
  clear(): void {
    this.#waiting.clear()
    this.#size = 0
    this.#bytes = 0
  }

  #takeOldest(priority: number): LinkFrame | undefined {
    for (const [place, slot] of this.#waiting.get(priority) ?? []) {
      this.#drop(priority, place, slot)
      return slot
    }
    return undefined
  }

  #drop(priority: number, place: string, slot: Slot): void {
    const slots = this.#waiting.get(priority)
    slots?.delete(place)
    if (slots?.size === 0) this.#waiting.delete(priority)
    this.#size--
    this.#bytes -= slot.frame.length
  }
}
