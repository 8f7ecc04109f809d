import { parseArgs } from 'node:util'
import { millisecondsOf } from './durations.ts'
import type { GivenSettings } from './plan.ts'
import { wholeNumber } from './scenario.ts'
import { suggestion } from './suggest.ts'
import { thresholdOf } from './thresholds.ts'
import { UsageError } from './usage-error.ts'

/** What the command line asks for. */
export interface Arguments {
  readonly file: string
  readonly given: GivenSettings
  /** Where the figures are written to, too. */
  readonly json: string | undefined
  readonly tsconfig: string | undefined
  readonly quiet: boolean
}

const options = {
  url: { type: 'string', short: 'u' },
  bots: { type: 'string', short: 'n' },
  ramp: { type: 'string' },
  hold: { type: 'string' },
  processes: { type: 'string' },
  threshold: { type: 'string', multiple: true },
  seed: { type: 'string' },
  json: { type: 'string' },
  tsconfig: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

export const help = `Usage: junto-load SCENARIO [options]

Runs the bots of a scenario file (TypeScript or JavaScript) against a Junto server.

  -u, --url URL          the server: ws://localhost:1727
  -n, --bots N           how many bots (10)
      --ramp TIME        until the last of them has started (5s)
      --hold TIME        how long all of them stay (20s)
      --threshold RULE   what must hold at the end, such as 'call.p99<50ms'; may be repeated
      --processes N      in how many processes the bots run (processors - 1, with 50 bots and more in each)
      --seed N           repeats a run's random numbers
      --json FILE        writes all figures into a file, too
      --tsconfig FILE    the tsconfig.json of the scenario (the nearest one above it)
  -q, --quiet            only the figures at the end
  -h, --help             this
      --version          the version of junto-load

Times have a unit: 500ms, 30s, 2m, 1h. Options go before what the scenario says itself; thresholds are added to its own.
Ends with 0 when all thresholds were met, 1 when one was missed, 2 when the run could not be made.
`

/**
 * Reads the command line, without the program's own name.
 *
 * @throws UsageError naming what is wrong with it.
 */
export function argumentsOf(argv: readonly string[]): Arguments | 'help' | 'version' {
  // Not strict: what is wrong is said below, with what may have been meant.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const values = new Map<string, string[]>()
  const files: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    if (!isOption(name)) {
      const names = Object.keys(options).map((each) => `--${each}`)
      throw new UsageError(`there is no option ${rawName}${suggestion(`--${name}`, names)}`)
    }
    const isFlag = options[name].type === 'boolean'
    if (isFlag && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (!isFlag && (value === undefined || value === '' || (!token.inlineValue && value.startsWith('-')))) {
      throw new UsageError(
        `${rawName} needs a value${value === undefined || value === '' ? '' : `, and '${value}' is none`}`,
      )
    }
    values.set(name, [...(values.get(name) ?? []), value ?? ''])
  }
  const last = (name: keyof typeof options): string | undefined => values.get(name)?.at(-1)
  if (values.has('help')) return 'help'
  if (values.has('version')) return 'version'

  const [file, ...more] = files
  if (file === undefined) throw new UsageError('which scenario? junto-load scenario.ts --url ws://localhost:1727')
  if (more.length > 0) throw new UsageError(`one scenario at a time: ${file}, and then ${more.join(', ')}?`)
  const number = (name: 'bots' | 'processes' | 'seed', least: number): number | undefined => {
    const value = last(name)
    return value === undefined ? undefined : wholeNumber(value, `--${name}`, least)
  }
  const time = (name: 'ramp' | 'hold'): number | undefined => {
    const value = last(name)
    return value === undefined ? undefined : millisecondsOf(value, `--${name}`)
  }
  const thresholds = values.get('threshold') ?? []
  for (const each of thresholds) thresholdOf(each)
  return {
    file,
    given: {
      url: last('url'),
      bots: number('bots', 1),
      ramp: time('ramp'),
      hold: time('hold'),
      processes: number('processes', 1),
      seed: number('seed', 0),
      thresholds,
    },
    json: last('json'),
    tsconfig: last('tsconfig'),
    quiet: values.has('quiet'),
  }
}

function isOption(name: string): name is keyof typeof options {
  return Object.hasOwn(options, name)
}
