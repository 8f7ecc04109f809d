import { setMaxListeners } from 'node:events'
import type { JuntoClient, JuntoClientOptions, OpenSocket } from '@junto/client'
import type { Clock } from '@junto/protocol'
import { chanceOf } from './chance.ts'
import { measureClient } from './measured-client.ts'
import { measuredSocket } from './measured-socket.ts'
import { botsOf, startOf, type Plan } from './plan.ts'
import type { Recorder } from './recorder.ts'
import { clientOf, type Bot, type Scenario } from './scenario.ts'

/** What the bots of one process are made from. */
export interface CrewOptions {
  readonly scenario: Scenario
  readonly plan: Pick<Plan, 'url' | 'bots' | 'ramp' | 'processes' | 'seed'>
  /** Which of the processes this is, from 0. */
  readonly index: number
  readonly clock: Clock
  readonly recorder: Recorder
  readonly openSocket: OpenSocket
  /** What clients need to run in virtual time: a test's. */
  readonly client?: Pick<JuntoClientOptions, 'clock' | 'random'>
}

/** Milliseconds for bots to end by themselves before their clients are closed. */
const patience = 500
/** Then for them to notice it. */
const lastPatience = 1_500

/** Why a run's signal is aborted. */
export class RunEnded extends Error {
  constructor() {
    super('the run has ended')
  }
}

/** The bots of one process: starts them as planned, and ends them. */
export class Crew {
  readonly #options: CrewOptions
  readonly #ending = new AbortController()
  readonly #clients = new Set<JuntoClient>()
  readonly #running = new Set<Promise<void>>()
  readonly #cancels: (() => void)[] = []
  #up = 0
  #ended = 0

  constructor(options: CrewOptions) {
    this.#options = options
    // Many listen: each bot, and each of its waits.
    setMaxListeners(0, this.#ending.signal)
    this.#ending.signal.addEventListener('abort', () => this.#options.recorder.close())
  }

  /** Bots that are there. */
  get up(): number {
    return this.#up
  }

  /** Bots that have ended before the run did. */
  get ended(): number {
    return this.#ended
  }

  /** Begins the ramp. */
  start(): void {
    const { plan, index, clock } = this.#options
    for (const number of botsOf(index, plan)) {
      this.#cancels.push(clock.after(startOf(number, plan), () => this.#begin(number)))
    }
  }

  /**
   * Ends all bots: by the signal, then by closing their clients.
   *
   * @returns how many went on nevertheless, in code of their own that waits for something else.
   */
  async stop(): Promise<number> {
    for (const cancel of this.#cancels) cancel()
    this.#ending.abort(new RunEnded())
    await this.#ends(patience)
    for (const client of this.#clients) void client.close()
    await this.#ends(lastPatience)
    return this.#running.size
  }

  #ends(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      void Promise.all(this.#running).then(() => {
        cancel()
        resolve()
      })
    })
  }

  #begin(number: number): void {
    const { recorder } = this.#options
    this.#up++
    recorder.own('botsStarted')
    const running = this.#run(number).then(() => {
      this.#up--
      if (!this.#ending.signal.aborted) this.#ended++
      this.#running.delete(running)
    })
    this.#running.add(running)
  }

  /** Never rejects. */
  async #run(number: number): Promise<void> {
    const { scenario, recorder } = this.#options
    const { signal } = this.#ending
    let client: JuntoClient | undefined
    try {
      const random = chanceOf(this.#options.plan.seed, number)
      client = this.#clientOf(number, random)
      this.#clients.add(client)
      const watched = measureClient(client, recorder)
      const bot = this.#botOf(number, client, random)
      await scenario.bot(bot)
      // It stays where it is, as one who only looks on.
      if (!signal.aborted && watched.rooms > 0) await Promise.race([watched.whenOut(), aborted(signal)])
    } catch (error) {
      if (!signal.aborted) {
        recorder.own('botsFailed')
        recorder.error('bot', error)
      }
    } finally {
      if (client !== undefined) {
        this.#clients.delete(client)
        await client.close()
      }
    }
  }

  #clientOf(number: number, random: () => number): JuntoClient {
    const { scenario, plan, recorder, openSocket } = this.#options
    const { auth, client = {} } = scenario
    const traffic = {
      received: (bytes: number) => {
        recorder.own('messagesIn')
        recorder.own('bytesIn', bytes)
      },
      sent: (bytes: number) => {
        recorder.own('messagesOut')
        recorder.own('bytesOut', bytes)
      },
    }
    const Client = clientOf(scenario)
    return new Client({
      program: 'junto-load',
      onWarning: ({ code, message, error }) => {
        // A bot need not listen to all that it is told.
        if (code !== 'unheard' && code !== 'overflow') recorder.error('client', error ?? new Error(message))
      },
      ...client,
      ...this.#options.client,
      ...(auth === undefined ? {} : { auth: () => auth({ number, random }) }),
      url: plan.url,
      socket: measuredSocket(openSocket, traffic),
    })
  }

  #botOf(number: number, client: JuntoClient, random: () => number): Bot {
    const { plan, clock, recorder } = this.#options
    const { signal } = this.#ending
    return {
      client,
      number,
      bots: plan.bots,
      signal,
      random,
      sleep: (ms) => sleep(ms, clock, signal),
      every: (ms, fn) => every(ms, fn, clock, signal),
      measure: async (name, fn) => recorder.time(recorder.checkName(name), fn),
      record: (name, ms) => recorder.record(recorder.checkName(name), ms),
      count: (name, by) => recorder.count(recorder.checkName(name), by),
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function sleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // An Error, as all reasons of ours.
    const end = (): void => {
      cancel()
      reject(new RunEnded())
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', end)
      resolve()
    })
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

/** On beats that are counted from the first: one that comes late does not put off those after it. */
function every(ms: number, fn: () => unknown, clock: Clock, signal: AbortSignal): Promise<void> {
  if (!(ms > 0)) throw new RangeError(`every() needs milliseconds above 0, not ${ms}`)
  return new Promise((resolve, reject) => {
    const began = clock.now()
    let beats = 0
    let cancel = (): void => {}
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    // What comes after the end is of no matter: it has resolved then.
    const fail = (error: unknown): void => {
      cancel()
      signal.removeEventListener('abort', end)
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    const beat = (): void => {
      cancel = clock.after(Math.max(0, began + ++beats * ms - clock.now()), beat)
      try {
        void Promise.resolve(fn()).catch(fail)
      } catch (error) {
        fail(error)
      }
    }
    if (signal.aborted) resolve()
    else {
      signal.addEventListener('abort', end, { once: true })
      beat()
    }
  })
}
