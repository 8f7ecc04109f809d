import { millisecondsOf } from './durations.ts'
import { type Scenario, wholeNumber } from './scenario.ts'
import { thresholdOf, type Threshold } from './thresholds.ts'
import { UsageError } from './usage-error.ts'

/** What of a scenario is data: the process that has loaded it tells the others. */
export type ScenarioSettings = Pick<Scenario, 'url' | 'bots' | 'ramp' | 'hold' | 'processes' | 'thresholds' | 'seed'>

/** What the command line says instead. */
export interface GivenSettings {
  readonly url?: string | undefined
  readonly bots?: number | undefined
  readonly ramp?: number | undefined
  readonly hold?: number | undefined
  readonly processes?: number | undefined
  readonly seed?: number | undefined
  /** Beside those of the scenario. */
  readonly thresholds: readonly string[]
}

/** How a run goes. Times in milliseconds. */
export interface Plan {
  readonly url: string
  readonly bots: number
  readonly ramp: number
  readonly hold: number
  readonly processes: number
  readonly seed: number
  readonly thresholds: readonly Threshold[]
  /** Whether `thresholds` are what holds where nobody says anything. */
  readonly isDefaultThreshold: boolean
}

const defaults = {
  bots: 10,
  ramp: '5s',
  hold: '20s',
  thresholds: ['botsFailed.count=0', 'errors.count=0', 'unanswered.count=0'],
}

/** A process for fewer bots takes longer to start than it saves. */
const fewestPerProcess = 50

/** Beyond it, all the ports that a machine has for connections to one address are taken. */
const mostBots = 100_000
/** More only take the processors from each other. */
const mostPerProcessor = 4

/**
 * Puts the scenario and the command line together.
 *
 * @param processors How many this machine has.
 * @param freshSeed The seed where none is given.
 * @throws UsageError when there is no address, or one that cannot work.
 */
export function planOf(
  settings: ScenarioSettings,
  given: GivenSettings,
  processors: number,
  freshSeed: () => number,
): Plan {
  const url = checkedUrl(given.url ?? settings.url)
  const bots = given.bots ?? settings.bots ?? defaults.bots
  const processes = wholeNumber(
    given.processes ?? settings.processes ?? Math.min(Math.max(1, processors - 1), Math.ceil(bots / fewestPerProcess)),
    'processes',
  )
  if (bots > mostBots)
    throw new UsageError(`one machine runs at most ${mostBots.toLocaleString('en')} bots, not ${bots}`)
  if (processes > mostPerProcessor * processors) {
    throw new UsageError(
      `processes are at most ${mostPerProcessor * processors} on these ${processors} processors, not ${processes}`,
    )
  }
  const thresholds = [...(settings.thresholds ?? []), ...given.thresholds]
  const isDefaultThreshold = thresholds.length === 0
  const ramp = given.ramp ?? millisecondsOf(settings.ramp ?? defaults.ramp, `'ramp'`)
  const hold = given.hold ?? millisecondsOf(settings.hold ?? defaults.hold, `'hold'`)
  if (ramp + hold === 0) throw new UsageError('a run without ramp and hold is over before it begins: --hold 20s')
  return {
    url,
    bots,
    ramp,
    hold,
    processes: Math.min(processes, bots),
    seed: given.seed ?? settings.seed ?? freshSeed(),
    thresholds: (isDefaultThreshold ? defaults.thresholds : thresholds).map(thresholdOf),
    isDefaultThreshold,
  }
}

function checkedUrl(url: string | undefined): string {
  if (url === undefined) {
    throw new UsageError(`where is the server? --url ws://localhost:1727, or 'url' in the scenario`)
  }
  if (/^https?:/i.test(url)) throw new UsageError(`--url is a WebSocket's address: ${url.replace(/^http/i, 'ws')}`)
  if (!/^wss?:\/\/[^/]/i.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--url must be an address such as ws://localhost:1727, not '${url}'`)
  }
  if (url.includes('#')) throw new UsageError(`--url has a part behind '#', which no server is told: ${url}`)
  return url
}

/** When a bot starts, in milliseconds since the run began: evenly over the ramp, the first one at once. */
export function startOf(bot: number, { bots, ramp }: Pick<Plan, 'bots' | 'ramp'>): number {
  return bots <= 1 ? 0 : (ramp * bot) / (bots - 1)
}

/** The numbers of the bots of one process: every so-manieth, so that each process has some from the beginning. */
export function botsOf(index: number, { bots, processes }: Pick<Plan, 'bots' | 'processes'>): number[] {
  return Array.from({ length: Math.ceil((bots - index) / processes) }, (_, turn) => index + turn * processes)
}
