/**
 * What a channel promises.
 *
 * - `reliable`: each message once and in order, or its loss is signalled.
 * - `latest`: no message twice, none after a newer one, and the newest arrives, or its loss is signalled. With keys: of each key.
 * - `volatile`: no message twice, none after a newer one; any may be missing.
 */
export type Promised = 'reliable' | 'latest' | 'volatile'

/** How a {@link Channel} is to be looked at. */
export interface ChannelOptions {
  /** Default: `reliable`. */
  readonly promised?: Promised
  /** Each message is a question: its sender hears how it ended. One that never ends is a fault. Default: false. */
  readonly answered?: boolean
  /** A message may be handled again after its loss was signalled or its line was lost, as calls declared `idempotent`. Default: false. */
  readonly repeatable?: boolean
}

/** How a message ended for its sender, who was told. */
type Ending = 'acknowledged' | 'refused' | 'unknown'

interface Sent<M> {
  readonly message: M
  readonly number: number
  readonly key: string | undefined
  seen: number
  ending: Ending | undefined
  /** Its loss was signalled to one side or the other: it may be missing. */
  excused: boolean
}

/**
 * What one sender sent to one receiver, and what each of them was told of it. Messages are told apart by their value as a key of a
 * `Map`: give each a number or a text of its own.
 */
export class Channel<M extends string | number> {
  readonly name: string
  readonly #promised: Promised
  readonly #answered: boolean
  readonly #repeatable: boolean
  readonly #sent = new Map<M, Sent<M>>()
  readonly #faults: string[] = []
  #newest = -1
  readonly #newestOfKey = new Map<string, number>()
  /** Losses that somebody was told of by number alone: which messages these are is not known. */
  #signalled = 0
  #closed = false

  /** @internal */
  constructor(name: string, { promised = 'reliable', answered = false, repeatable = false }: ChannelOptions) {
    this.name = name
    this.#promised = promised
    this.#answered = answered
    this.#repeatable = repeatable
  }

  /** How many messages were sent, and how many of them were seen. */
  get counts(): { readonly sent: number; readonly seen: number } {
    let seen = 0
    for (const each of this.#sent.values()) if (each.seen > 0) seen++
    return { sent: this.#sent.size, seen }
  }

  /**
   * The sender sent it.
   *
   * @param key what messages of class `latest` are told apart by.
   */
  sent(message: M, key?: string): void {
    if (this.#sent.has(message)) this.#fault(`${message} was sent twice: give each message a value of its own`)
    const number = this.#sent.size
    this.#sent.set(message, { message, number, key, seen: 0, ending: undefined, excused: false })
  }

  /** The receiver got it. */
  seen(message: M): void {
    const sent = this.#sent.get(message)
    if (sent === undefined) return this.#fault(`${message} was seen, and nobody had sent it`)
    sent.seen++
    if (sent.seen > 1 && !this.#repeatable) return this.#fault(`${message} was seen ${ordinal(sent.seen)}`)
    if (sent.seen > 1) return
    if (sent.ending === 'refused') this.#fault(`${message} was seen, and its sender was told that it would not be`)
    // A key has an order of its own: of messages that wait, the more important leaves first.
    const before = sent.key === undefined ? this.#newest : (this.#newestOfKey.get(sent.key) ?? -1)
    if (sent.number < before && !this.#repeatable) {
      const other = [...this.#sent.values()][before]
      this.#fault(`${message} was seen behind ${other?.message ?? '?'}, which had been sent later`)
    }
    if (sent.key === undefined) this.#newest = Math.max(before, sent.number)
    else this.#newestOfKey.set(sent.key, Math.max(before, sent.number))
  }

  /** The sender was told that it arrived, and what it asks for was done. */
  acknowledged(message: M): void {
    const sent = this.#end(message, 'acknowledged')
    if (sent?.seen === 0) this.#fault(`${message} was acknowledged, and its receiver had not seen it`)
  }

  /** The sender was told that it did not arrive, and will not. */
  refused(message: M): void {
    const sent = this.#end(message, 'refused')
    if (sent !== undefined && sent.seen > 0) this.#fault(`${message} was refused, and its receiver had seen it`)
  }

  /** The sender was told that it may have arrived or not. */
  unknown(message: M): void {
    const sent = this.#end(message, 'unknown')
    if (sent !== undefined) sent.excused = true
  }

  /**
   * One side or the other was told that messages are missing: some of those that were sent by now and not seen.
   *
   * @param count how many, at most. Default: any number.
   */
  signalled(count = Infinity): void {
    if (count === Infinity) {
      for (const sent of this.#sent.values()) if (sent.seen === 0) sent.excused = true
    } else this.#signalled += count
  }

  /** One side or the other is gone for good, and the one that is left knows: from now on nothing needs to arrive, or to end. */
  close(): void {
    this.#closed = true
  }

  /** What is not as it was promised. To be asked when nothing is under way; what came before is always looked at. */
  faults(): readonly string[] {
    const missing: Sent<M>[] = []
    const newest = new Map<string | undefined, Sent<M>>()
    const faults = [...this.#faults]
    if (this.#closed) return faults
    for (const sent of this.#sent.values()) {
      newest.set(sent.key, sent)
      if (sent.seen === 0 && sent.ending !== 'refused' && !sent.excused) missing.push(sent)
      if (this.#answered && sent.ending === undefined) faults.push(`${this.name}: ${sent.message} never ended`)
    }
    const counted =
      this.#promised === 'reliable'
        ? missing
        : missing.filter((sent) => this.#promised === 'latest' && newest.get(sent.key) === sent)
    if (counted.length > this.#signalled) {
      const which = counted
        .slice(0, 5)
        .map(({ message }) => message)
        .join(', ')
      const more = counted.length > 5 ? ` and ${counted.length - 5} more` : ''
      const told = this.#signalled === 0 ? 'nobody was told' : `only ${this.#signalled} were said to be missing`
      faults.push(`${this.name}: ${which}${more} never arrived, and ${told}`)
    }
    return faults
  }

  #end(message: M, ending: Ending): Sent<M> | undefined {
    const sent = this.#sent.get(message)
    if (sent === undefined) this.#fault(`${message} was ${ending}, and nobody had sent it`)
    else if (sent.ending !== undefined) {
      this.#fault(`${message} ended twice: ${sent.ending}, then ${ending}`)
    } else sent.ending = ending
    return sent
  }

  #fault(what: string): void {
    this.#faults.push(`${this.name}: ${what}`)
  }
}

/**
 * What was sent, acknowledged and seen in a run, and whether that is what was promised. Whoever sends and whoever receives records it:
 *
 * ```ts
 * import { History } from '@junto/testing'
 *
 * const history = new History()
 * const moves = history.channel('moves of ada')
 * moves.sent(1)
 * moves.sent(2)
 * moves.seen(1)
 * console.log(history.faults()) // [ 'moves of ada: 2 never arrived, and nobody was told' ]
 * ```
 */
export class History {
  readonly #channels = new Map<string, Channel<string | number>>()
  readonly #faults: string[] = []

  /** The channel of this name; made when it is first asked for, with these options. */
  channel(name: string, options: ChannelOptions = {}): Channel<string | number> {
    let channel = this.#channels.get(name)
    if (channel === undefined) this.#channels.set(name, (channel = new Channel(name, options)))
    return channel
  }

  /** All channels, in the order in which they were made. */
  get channels(): readonly Channel<string | number>[] {
    return [...this.#channels.values()]
  }

  /** Something else is not as it should be. */
  fault(what: string): void {
    this.#faults.push(what)
  }

  /** What is not as it was promised, a sentence each. To be asked when nothing is under way. */
  faults(): readonly string[] {
    return [...this.#faults, ...this.channels.flatMap((channel) => channel.faults())]
  }
}

function ordinal(count: number): string {
  return count === 2 ? 'twice' : `${count} times`
}
