import { JuntoClient, type JuntoClientOptions } from '@junto/client'
import { millisecondsOf, type Duration } from './durations.ts'
import { suggestion } from './suggest.ts'
import { thresholdOf } from './thresholds.ts'
import { UsageError } from './usage-error.ts'

/** What a bot is given: its client, and what measures. */
export interface Bot {
  /** A client of its own: url and credentials are set, and what it does is measured. It is closed when the bot ends. */
  readonly client: JuntoClient
  /** Which bot this is, from 0: for names, and to spread bots over rooms. */
  readonly number: number
  /** How many bots there are in all. */
  readonly bots: number
  /** Aborted when the run ends. */
  readonly signal: AbortSignal
  /** A number from 0 up to, and not including, 1. The same row of them for each run with the same seed. */
  readonly random: () => number
  /**
   * Waits.
   *
   * @param ms Milliseconds.
   * @throws the signal's reason when the run ends meanwhile. Let it pass: it is not counted as an error.
   */
  readonly sleep: (ms: number) => Promise<void>
  /**
   * Runs `fn` each `ms` milliseconds, the first time at once, until the run ends: then it resolves. It does not wait for what `fn` began
   * before, so that a server that becomes slow is asked as often as before. When `fn` throws or rejects, so does this.
   */
  readonly every: (ms: number, fn: () => unknown) => Promise<void>
  /**
   * Runs `fn`, and measures how long that takes, under a name of your own: `measure('load level', …)` is `load level` in tables and thresholds.
   * When `fn` throws or rejects, that is counted as an error of this name, and goes on to the caller.
   */
  readonly measure: <T>(name: string, fn: () => T | Promise<T>) => Promise<T>
  /** Records milliseconds that you have measured yourself. */
  readonly record: (name: string, ms: number) => void
  /** Counts something, `by` of it at once. Default: 1. */
  readonly count: (name: string, by?: number) => void
}

/** What every bot's client is made with, besides url, credentials and what the tool needs for itself. */
export type ClientSettings = Pick<JuntoClientOptions, 'program' | 'callTimeout' | 'limits' | 'readers' | 'onWarning'>

/** What bots do, and how many of them. The options of the command line go before what stands here. */
export interface Scenario {
  /** The server's address: `ws://localhost:1727`. */
  readonly url?: string
  /** How many bots. Default: 10. */
  readonly bots?: number
  /** Until the last of them has started, one after the other. Default: `'5s'`. */
  readonly ramp?: Duration
  /** How long all of them stay. Default: `'20s'`. */
  readonly hold?: Duration
  /** In how many processes they run. Default: as many as the machine has processors but one, with at least 50 bots in each. */
  readonly processes?: number
  /** What must hold at the end: `'call.p99<50ms'`, `'errors.count=0'`. Default: `botsFailed`, `errors` and `unanswered` with `.count=0`. */
  readonly thresholds?: readonly string[]
  /** Where the bots' random numbers begin. Default: each run another one, which it prints. */
  readonly seed?: number
  /** Yields the credentials of a bot, before each attempt to connect. Default: none. */
  readonly auth?: (bot: Pick<Bot, 'number' | 'random'>) => unknown
  /** Other settings of the bots' clients. */
  readonly client?: ClientSettings
  /**
   * What one bot does. When it returns, the bot stays in its rooms until the run ends; when it throws, that is counted, the bot is over, and
   * the others go on.
   */
  readonly bot: (bot: Bot) => unknown
}

/** The same in each copy of this package. */
const clientClass = Symbol.for('junto-load client')

const keys: { readonly [name in keyof Required<Scenario>]: 1 } = {
  url: 1,
  bots: 1,
  ramp: 1,
  hold: 1,
  processes: 1,
  thresholds: 1,
  seed: 1,
  auth: 1,
  client: 1,
  bot: 1,
}

/**
 * Describes a load test: `export default scenario({ … })` in a file for `junto-load`.
 *
 * ```ts
 * import { scenario } from 'junto-load'
 * import { Poll } from './contract.ts'
 *
 * export default scenario({
 *   bots: 100,
 *   ramp: '10s',
 *   hold: '1m',
 *   thresholds: ['call.p99<50ms', 'errors.count=0'],
 *   async bot({ client, number, random, every }) {
 *     const room = await client.open(Poll, { key: `poll-${number % 10}`, join: { name: `bot ${number}` } })
 *     await every(1_000, () => room.call.vote({ answer: random() < 0.5 ? 'tea' : 'coffee' }))
 *   },
 * })
 * ```
 *
 * @throws UsageError naming what is wrong.
 */
export function scenario(given: Scenario): Scenario {
  checkScenario(given)
  return Object.defineProperty({ ...given }, clientClass, { value: JuntoClient })
}

/**
 * The client that a scenario's own imports belong to. Node loads a package a second time for what is loaded as CommonJS: rooms of one
 * copy are no rooms for `select` or `sampleInputs` of the other.
 */
export function clientOf(given: Scenario): typeof JuntoClient {
  const found: unknown = Reflect.get(given, clientClass)
  // Put there by `scenario`, of this copy of the package or of another.
  return typeof found === 'function' ? (found as typeof JuntoClient) : JuntoClient
}

/** For files in JavaScript, and for what a type does not say. @throws UsageError */
export function checkScenario(given: unknown): asserts given is Scenario {
  if (typeof given !== 'object' || given === null) throw new UsageError(`a scenario is an object with a function 'bot'`)
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(keys, name)) {
      throw new UsageError(`a scenario has no '${name}'${suggestion(name, Object.keys(keys))}`)
    }
  }
  const fields: Partial<Record<keyof Scenario, unknown>> = given
  const { url, bots, ramp, hold, processes, thresholds = [], seed, auth, client, bot } = fields
  if (typeof bot !== 'function')
    throw new UsageError(`the scenario needs a function 'bot': async bot({ client }) { … }`)
  if (auth !== undefined && typeof auth !== 'function') throw new UsageError(`'auth' must be a function`)
  if (client !== undefined && (typeof client !== 'object' || client === null)) {
    throw new UsageError(`'client' must be an object of settings, such as { callTimeout: 5_000 }`)
  }
  if (url !== undefined && typeof url !== 'string') throw new UsageError(`'url' must be a text`)
  if (bots !== undefined) wholeNumber(bots, `'bots'`)
  if (processes !== undefined) wholeNumber(processes, `'processes'`)
  if (seed !== undefined) wholeNumber(seed, `'seed'`, 0)
  if (ramp !== undefined) millisecondsOf(ramp, `'ramp'`)
  if (hold !== undefined) millisecondsOf(hold, `'hold'`)
  if (!Array.isArray(thresholds)) throw new UsageError(`'thresholds' must be a list: ['call.p99<50ms']`)
  for (const each of thresholds) thresholdOf(String(each))
}

/** @throws UsageError */
export function wholeNumber(given: unknown, what: string, least = 1): number {
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least) return number
  throw new UsageError(`${what} must be a whole number of at least ${least}, not '${String(given)}'`)
}
