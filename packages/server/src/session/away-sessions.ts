import type { Clock } from '@junto/protocol'
import { addressKey } from '../limits/address.ts'
import { DueQueue } from './due-queue.ts'

/** Something that waits for its client to come back. */
export interface Away {
  /** Bytes kept for its client. */
  readonly kept: number
}

/**
 * Those who are away, until they are due. Where there are too many, or too much is kept for them, those make way of whose address most are
 * away, or for which most is kept: nobody pays for what comes from elsewhere.
 */
export class AwaySessions<T extends Away> {
  readonly #due: DueQueue<T>
  readonly #addresses = new Map<T, string>()
  /** By address, those who went first at the front. */
  readonly #byAddress = new Map<string, Set<T>>()

  /** @param due See {@link DueQueue}. */
  constructor(clock: Clock, delay: number, due: (one: T) => void) {
    this.#due = new DueQueue(clock, delay, (one) => {
      this.#forget(one)
      due(one)
    })
  }

  get size(): number {
    return this.#due.size
  }

  /** Puts somebody in, unless it is in already. */
  add(one: T, remoteAddress: string): void {
    if (this.#addresses.has(one)) return
    const address = addressKey(remoteAddress)
    let others = this.#byAddress.get(address)
    if (others === undefined) this.#byAddress.set(address, (others = new Set()))
    others.add(one)
    this.#addresses.set(one, address)
    this.#due.add(one)
  }

  /** @returns whether it was in. */
  delete(one: T): boolean {
    this.#forget(one)
    return this.#due.delete(one)
  }

  /** Who is to make way, where there are too many: it went first of those from the address that has most away. */
  get surplus(): T | undefined {
    let most: ReadonlySet<T> | undefined
    for (const group of this.#byAddress.values()) if (most === undefined || group.size > most.size) most = group
    for (const one of most ?? []) return one
    return undefined
  }

  /** All for whom something is kept: first those of the address with most of that, and of each those who went first. */
  byKept(): readonly T[] {
    const groups = [...this.#byAddress.values()].map((group) => {
      const keeping = [...group].filter(({ kept }) => kept > 0)
      return { keeping, bytes: keeping.reduce((sum, { kept }) => sum + kept, 0) }
    })
    return groups.toSorted((a, b) => b.bytes - a.bytes).flatMap(({ keeping }) => keeping)
  }

  #forget(one: T): void {
    const address = this.#addresses.get(one)
    if (address === undefined) return
    this.#addresses.delete(one)
    const others = this.#byAddress.get(address)
    others?.delete(one)
    if (others?.size === 0) this.#byAddress.delete(address)
  }
}
