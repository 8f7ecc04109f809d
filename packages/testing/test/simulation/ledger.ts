import type { Channel, ChannelOptions, History } from '../../src/index.ts'

/** How often what happened in a run, or in many: what a simulation is worth shows here. */
export type Account = Map<string, number>

/** Adds to an account. */
export function count(account: Account, what: string, by = 1): void {
  account.set(what, (account.get(what) ?? 0) + by)
}

/** What one side sends to the other, by class; each message is known by its channel and number. */
export class Lanes {
  /** The name that messages carry. */
  readonly name: string
  readonly #history: History
  readonly #fewMayWait: boolean
  #n = 0

  constructor(history: History, name: string, fewMayWait: boolean) {
    this.#history = history
    this.#fewMayWait = fewMayWait
    this.name = name
  }

  /** The channel of reliable events and calls that must run once: all in one order. */
  get reliable(): Lane {
    return this.#lane('')
  }

  /** The same calls, by how they ended. */
  get calls(): Lane {
    return this.#lane(' calls', { answered: true })
  }

  /** Calls that may run again. */
  get repeatable(): Lane {
    return this.#lane(' idempotent', { answered: true, repeatable: true })
  }

  /** Where few may wait, the newest of a key may make way for that of another. */
  get latest(): Lane {
    return this.#lane(' latest', { promised: this.#fewMayWait ? 'volatile' : 'latest' })
  }

  get volatile(): Lane {
    return this.#lane(' volatile', { promised: 'volatile' })
  }

  /** A number that no message of these has had. */
  next(): { readonly channel: string; readonly n: number } {
    return { channel: this.name, n: ++this.#n }
  }

  /** The end of what is promised: one of both sides is gone for good. */
  close(): void {
    for (const lane of [this.reliable, this.calls, this.repeatable, this.latest, this.volatile]) lane.close()
  }

  #lane(suffix: string, options?: ChannelOptions): Lane {
    return this.#history.channel(`${this.name}${suffix}`, options)
  }
}

type Lane = Channel<string | number>

/** Both sides find the lanes of a message by the name that it carries. */
export class Ledger {
  readonly account: Account = new Map()
  readonly history: History
  readonly #lanes = new Map<string, Lanes>()
  readonly #fewMayWait: boolean

  /** @param fewMayWait Whether a server keeps less than the newest of each key. */
  constructor(history: History, fewMayWait: boolean) {
    this.history = history
    this.#fewMayWait = fewMayWait
  }

  lanes(name: string): Lanes {
    let lanes = this.#lanes.get(name)
    if (lanes === undefined)
      this.#lanes.set(name, (lanes = new Lanes(this.history, name, this.#fewMayWait && !name.startsWith('p'))))
    return lanes
  }

  /** Closes all lanes that begin in a room, but for those that somebody still listens to. */
  closeUnheard(heard: ReadonlySet<string>): void {
    for (const lanes of this.#lanes.values()) if (!lanes.name.startsWith('p') && !heard.has(lanes.name)) lanes.close()
  }

  count(what: string, by = 1): void {
    count(this.account, what, by)
  }

  fault(what: string): void {
    this.history.fault(what)
  }
}
