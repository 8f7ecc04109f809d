import { open, writeFile } from 'node:fs/promises'
import type { Clock } from '@junto/protocol'
import type { Arguments } from './arguments.ts'
import { duration } from './durations.ts'
import { GeneratorWatch } from './generator.ts'
import { jsonOf } from './json-report.ts'
import { Live, type Screen } from './live.ts'
import type { FromWorker } from './messages.ts'
import { planOf, type Plan, type ScenarioSettings } from './plan.ts'
import { reportOf, type Outcome } from './report.ts'
import { judge } from './thresholds.ts'
import { Totals, type Interval } from './totals.ts'
import { UsageError } from './usage-error.ts'
import type { StartWorker, Worker } from './workers.ts'

/** What a run needs of the world around it. */
export interface Surroundings {
  readonly clock: Clock
  readonly startWorker: StartWorker
  readonly processors: number
  /** How busy this machine was since it was asked last: a part of 1. */
  readonly machine: () => number
  readonly freshSeed: () => number
  /** Where progress goes. */
  readonly screen: Screen
  /** Where the figures go. */
  readonly print: (text: string) => void
  readonly isColored: boolean
  /** Aborted when the run shall end now, with the figures so far. */
  readonly interrupt: AbortSignal
}

/** Codes that the program ends with. */
export const exitCodes = { met: 0, missed: 1, fault: 2, /** As shells say it. */ interrupted: 130 } as const

/** Milliseconds from one line of progress to the next. */
const interval = 1_000
/** Milliseconds for a scenario to load before that is told, and before it is given up. */
const loadNotice = 5_000
const loadPatience = 60_000
/** For processes to end; longer than a crew takes to end stubborn bots. */
const endPatience = 5_000

/**
 * Runs a load test.
 *
 * @returns the program's exit code.
 * @throws UsageError when there is nothing to run: the scenario or the address is of no use.
 */
export async function run(args: Arguments, surroundings: Surroundings): Promise<number> {
  const { clock, screen, print, isColored, interrupt } = surroundings
  const quiet: Screen = { ...screen, write: () => {} }
  const live = new Live(args.quiet ? quiet : screen)
  const team = new Team(args, surroundings, (line) => live.print(line))
  const cancels: (() => void)[] = []
  try {
    if (args.json !== undefined) await writing(args.json, async (file) => (await open(file, 'a')).close())
    const tooLong = new Promise<never>((_resolve, reject) => {
      const how = `Does it wait for something, or compute, as it is imported?`
      cancels.push(
        clock.after(loadNotice, () => live.print(`${args.file} is still loading.`)),
        clock.after(loadPatience, () =>
          reject(new UsageError(`${args.file} was not loaded within ${loadPatience / 1_000} s. ${how}`)),
        ),
      )
    })
    const loaded = (): void => {
      for (const cancel of cancels.splice(0)) cancel()
    }
    const plan = await Promise.race([team.prepare(loaded), whenAborted(interrupt), tooLong])
    loaded()
    if (plan === undefined) {
      live.print('Interrupted before the first bot has started.')
      return exitCodes.interrupted
    }
    const { bots, processes, ramp, hold, seed } = plan
    const where = processes === 1 ? '' : ` in ${processes} processes`
    live.print(
      `${args.file}: ${bots} bots${where} on ${plan.url}, ${duration(ramp + hold)}, seed ${seed}. Ctrl+C ends it early.`,
    )
    const began = clock.now()
    const startedAt = new Date(clock.time())
    const intervals: Interval[] = []
    const endedEarly = await play(team, plan, surroundings, (seconds, at) => {
      const figures = team.totals.endInterval(seconds, at, team.up)
      intervals.push(figures)
      live.show({ ...figures, allBots: bots, total: (ramp + hold) / 1_000 })
    })
    const seconds = (clock.now() - began) / 1_000
    live.end()
    await team.stop(interrupt)
    const { totals } = team
    const outcome: Outcome = {
      file: args.file,
      plan,
      totals,
      seconds,
      endedEarly,
      generator: team.watch.figures,
      processors: surroundings.processors,
      verdicts: judge(plan.thresholds, (name) => totals.find(name), totals.names, seconds),
      faults: team.faults,
    }
    const exitCode =
      team.faults.length > 0
        ? exitCodes.fault
        : outcome.verdicts.every(({ met }) => met)
          ? exitCodes.met
          : exitCodes.missed
    print(reportOf(outcome, isColored))
    if (args.json !== undefined) {
      const text = jsonOf(outcome, intervals, exitCode, startedAt)
      await writing(args.json, (file) => writeFile(file, text))
    }
    return exitCode
  } finally {
    for (const cancel of cancels) cancel()
    live.end()
    team.kill()
  }
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
}

/** Until the time is over, or there is no reason to go on. Returns that reason. */
function play(
  team: Team,
  { ramp, hold }: Plan,
  { clock, interrupt, machine }: Surroundings,
  show: (seconds: number, at: number) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const began = clock.now()
    let last = began
    machine()
    const look = (): void => {
      const now = clock.now()
      team.watch.machine(machine())
      show((now - last) / 1_000, (now - began) / 1_000)
      last = now
    }
    let cancelLook = (): void => {}
    const beat = (): void => {
      cancelLook = clock.after(interval, beat)
      look()
    }
    cancelLook = clock.after(interval, beat)
    const end = (why: string | undefined): void => {
      cancelLook()
      cancelEnd()
      interrupt.removeEventListener('abort', interrupted)
      team.whenIdle = () => {}
      if (clock.now() > last) look()
      resolve(why)
    }
    const interrupted = (): void => end('it was interrupted')
    const cancelEnd = clock.after(ramp + hold, () => end(undefined))
    team.whenIdle = end
    team.begin()
    if (interrupt.aborted) interrupted()
    else interrupt.addEventListener('abort', interrupted, { once: true })
  })
}

/** @throws UsageError when the file cannot be written. */
async function writing(file: string, write: (file: string) => Promise<void>): Promise<void> {
  try {
    await write(file)
  } catch (error) {
    throw new UsageError(`--json ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

interface Member {
  readonly index: number
  readonly worker: Worker
  up: number
  ended: number
  isGone: boolean
  isDone: boolean
  /** Who waits for its next word. Undefined when it is gone. */
  tell: ((message: FromWorker | undefined) => void) | undefined
}

/** The processes with bots. */
class Team {
  readonly totals = new Totals()
  readonly watch = new GeneratorWatch()
  readonly faults: string[] = []
  /** Called when no bot is left. */
  whenIdle: (why: string) => void = () => {}
  readonly #args: Arguments
  readonly #surroundings: Surroundings
  readonly #print: (line: string) => void
  readonly #members: Member[] = []
  #plan: Plan | undefined
  #isEnding = false
  #allGone = (): void => {}

  constructor(args: Arguments, surroundings: Surroundings, print: (line: string) => void) {
    this.#args = args
    this.#surroundings = surroundings
    this.#print = print
  }

  /** Bots that are there. */
  get up(): number {
    return this.#members.reduce((sum, { up }) => sum + up, 0)
  }

  /**
   * Loads the scenario in all processes and looks whether the server is there.
   *
   * @param loaded Called when the first process has it.
   * @throws UsageError
   */
  async prepare(loaded: () => void): Promise<Plan> {
    const { processors, freshSeed } = this.#surroundings
    const first = this.#start(0)
    const settings = await this.#loaded(first)
    loaded()
    const plan = planOf(settings, this.#args.given, processors, freshSeed)
    this.#plan = plan
    const others = Array.from({ length: plan.processes - 1 }, (_, index) => this.#start(index + 1))
    const loading = Promise.all(others.map((each) => this.#loaded(each)))
    first.worker.tell({ kind: 'reach', url: plan.url })
    const [answer] = await Promise.all([this.#next(first), loading])
    if (answer?.kind !== 'reached') throw faultOf(answer)
    return plan
  }

  /** Begins the ramp. */
  begin(): void {
    const plan = this.#plan
    if (plan === undefined) return
    const { thresholds: _thresholds, ...rest } = plan
    for (const { index, worker } of this.#members) worker.tell({ kind: 'run', index, plan: rest })
  }

  /** Ends all bots. Resolves when their processes have told all. */
  async stop(interrupt: AbortSignal): Promise<void> {
    this.#isEnding = true
    for (const { worker } of this.#members) worker.tell({ kind: 'stop' })
    await new Promise<void>((resolve) => {
      const cancel = this.#surroundings.clock.after(endPatience, () => this.#allGone())
      this.#allGone = () => {
        cancel()
        resolve()
      }
      this.#lookWhoIsLeft()
    })
    const silent = this.#members.filter(({ isDone, isGone }) => !isDone && !isGone).length
    if (silent > 0 && !interrupt.aborted) {
      this.faults.push(
        `${silent === 1 ? 'One process' : `${silent} processes`} did not end: its scenario never waits for anything. Its last figures are missing.`,
      )
    }
  }

  kill(): void {
    this.#isEnding = true
    for (const { worker, isGone } of this.#members) {
      if (!isGone) worker.kill()
    }
  }

  #start(index: number): Member {
    const { file, tsconfig } = this.#args
    const worker = this.#surroundings.startWorker(file, tsconfig, {
      message: (message) => this.#take(member, message),
      line: this.#print,
      exit: (how) => this.#exited(member, how),
    })
    const member: Member = { index, worker, up: 0, ended: 0, isGone: false, isDone: false, tell: undefined }
    this.#members.push(member)
    return member
  }

  #take(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'report':
        member.up = message.up
        member.ended = message.ended
        this.totals.take(message.figures)
        this.watch.take(member.index, message.usage)
        if (this.#members.reduce((sum, { ended }) => sum + ended, 0) === this.#plan?.bots) {
          this.whenIdle('all bots had ended')
        }
        break
      case 'done':
        member.isDone = true
        if (message.stuck > 0) {
          const bots = message.stuck === 1 ? 'One bot' : `${message.stuck} bots`
          this.#print(`${bots} did not end with the run, but waited for something that does not end with \`signal\`.`)
        }
        this.#lookWhoIsLeft()
        break
      case 'loaded':
      case 'reached':
      case 'fault':
        member.tell?.(message)
    }
  }

  #exited(member: Member, how: string): void {
    if (member.isGone) return
    member.isGone = true
    member.up = 0
    member.tell?.(undefined)
    if (!this.#isEnding && this.#plan !== undefined) {
      const fault = `A process with bots has ended by itself (${how}): its bots are gone, and the figures incomplete.`
      this.faults.push(fault)
      this.#print(fault)
      if (this.#members.every(({ isGone }) => isGone)) this.whenIdle('no process with bots is left')
    }
    this.#lookWhoIsLeft()
  }

  #lookWhoIsLeft(): void {
    if (this.#members.every(({ isDone, isGone }) => isDone || isGone)) this.#allGone()
  }

  #next(member: Member): Promise<FromWorker | undefined> {
    return new Promise((resolve) => {
      member.tell = resolve
    })
  }

  async #loaded(member: Member): Promise<ScenarioSettings> {
    const message = await this.#next(member)
    if (message?.kind === 'loaded') return message.settings
    throw faultOf(message)
  }
}

function faultOf(message: FromWorker | undefined): UsageError {
  return new UsageError(
    message?.kind === 'fault' ? message.message : 'the scenario has ended its process: it must not call process.exit()',
  )
}
