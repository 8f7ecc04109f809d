import { isDeclared, kindOf, codeOf } from './error-kinds.ts'
import type { ErrorCount, Figures } from './messages.ts'
import { UsageError } from './usage-error.ts'

/** What the tool measures by itself; of calls and mutations also under their names, `call.vote`. */
const ownMeasures = ['join', 'call', 'mutate', 'reconnect'] as const

/** What the tool counts by itself. */
export const ownCounters = [
  'botsStarted',
  'botsFailed',
  'errors',
  'unanswered',
  'drops',
  'resumed',
  'resynced',
  'lost',
  'corrections',
  'events',
  'eventsDropped',
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
] as const

/** A counter of the tool's own. */
export type OwnCounter = (typeof ownCounters)[number]

const ownNames: readonly string[] = [...ownMeasures, ...ownCounters, 'bot']

/** Milliseconds: who has waited for less when the run ends says nothing of the server. */
const longWait = 1_000
/** More kinds than a person reads; the rest is counted together. */
const mostKinds = 50
/** More names than a table holds: one for each bot, most likely. */
const mostNames = 200

/**
 * What the bots of one process measure, until it is taken away to be reported.
 *
 * A time is recorded for what was answered, and for what was waited for in vain until its deadline. What else failed has taken no time worth
 * knowing: it is only counted. What is still waited for when the run ends, and has been for long, counts with its time until then.
 */
export class Recorder {
  #times = new Map<string, number[]>()
  #failed = new Map<string, number>()
  #counts = new Map<string, number>()
  #errors = new Map<string, ErrorCount>()
  readonly #names = new Set<string>()
  readonly #waiting = new Set<{ readonly name: string; readonly began: number }>()
  readonly #now: () => number
  /** An error travels from a call through `measure` to the bot's end: it is one error. */
  readonly #told = new WeakSet<object>()
  #isOver = false

  /** @param now Milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** From now on nothing counts: what ends now, ends because the run does. */
  close(): void {
    const now = this.#now()
    for (const { name, began } of this.#waiting) {
      // Only what a server answers: what a scenario measures may well last as long as the run.
      if (now - began < longWait || !isOwn(name)) continue
      this.record(name, now - began)
      this.own('unanswered')
    }
    this.#isOver = true
  }

  /** Measures what a promise takes. */
  async time<T>(name: string, start: () => T | Promise<T>, where = name): Promise<T> {
    const began = this.#now()
    const waiting = { name, began }
    this.#waiting.add(waiting)
    try {
      const result = await start()
      this.record(name, this.#now() - began)
      return result
    } catch (error) {
      if (codeOf(error) === 'timeout' || isDeclared(error)) this.record(name, this.#now() - began)
      if (!isDeclared(error)) this.failed(name)
      this.error(where, error)
      throw error
    } finally {
      this.#waiting.delete(waiting)
    }
  }

  /** @throws UsageError when it is no time. */
  record(name: string, ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) throw new UsageError(`'${name}' takes milliseconds of 0 or more, not ${ms}`)
    if (this.#isOver) return
    const times = this.#times.get(name)
    if (times === undefined) this.#times.set(name, [ms])
    else times.push(ms)
  }

  /** One of this measure did not end well. */
  failed(name: string): void {
    if (!this.#isOver) add(this.#failed, name, 1)
  }

  /** @throws UsageError when it is no number. */
  count(name: string, by = 1): void {
    if (!Number.isFinite(by)) throw new UsageError(`'${name}' counts by a finite number, not by ${by}`)
    if (!this.#isOver) add(this.#counts, name, by)
  }

  own(counter: OwnCounter, by = 1): void {
    this.count(counter, by)
  }

  /**
   * Counts an error, once however often it is handed on. One that a call declares is an answer: it is listed, and does not count among
   * `errors`.
   *
   * @param where What failed.
   */
  error(where: string, error: unknown): void {
    if (this.#isOver) return
    if (typeof error === 'object' && error !== null) {
      if (this.#told.has(error)) return
      this.#told.add(error)
    }
    const declared = isDeclared(error)
    if (!declared) this.own('errors')
    this.#list(where, error, declared)
  }

  /** A name that the scenario gives. @throws UsageError when it cannot be one. */
  checkName(name: string): string {
    if (this.#names.has(name)) return name
    if (typeof name !== 'string' || !/^[A-Za-z][\w -]{0,59}$/.test(name)) {
      throw new UsageError(`'${name}' is no name for a measure: letters, digits, spaces, - and _, at most 60`)
    }
    if (ownNames.includes(name)) throw new UsageError(`'${name}' is measured by junto-load itself: take another name`)
    if (this.#names.size === mostNames) {
      throw new UsageError(
        `'${name}' is one name too many: there may be ${mostNames}. Leave the bot's number out of it`,
      )
    }
    this.#names.add(name)
    return name
  }

  /** What there is since the last time. */
  take(): Figures {
    const times = new Map([...this.#times].map(([name, values]) => [name, Float64Array.from(values)]))
    const taken = { times, failed: this.#failed, counts: this.#counts, errors: [...this.#errors.values()] }
    this.#times = new Map()
    this.#failed = new Map()
    this.#counts = new Map()
    this.#errors = new Map()
    return taken
  }

  #list(where: string, error: unknown, declared: boolean): void {
    const kind = kindOf(where, error)
    const known = this.#errors.get(kind.key)
    if (known !== undefined) {
      known.count++
      return
    }
    const isOne = this.#errors.size < mostKinds
    const other = { key: 'other', text: 'errors of other kinds', code: undefined, at: undefined }
    const { key, text, code, at } = isOne ? kind : other
    const rest = this.#errors.get(key)
    if (rest === undefined) this.#errors.set(key, { key, text, code, at, declared, count: 1 })
    else rest.count++
  }
}

function isOwn(name: string): boolean {
  return ownMeasures.some((own) => name === own || name.startsWith(`${own}.`))
}

function add(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}
