import { parseArgs } from 'node:util'

/** What `npm run bench -- …` was asked for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'draw' }
  /** Judges what is recorded, and measures nothing. */
  | { readonly kind: 'check-recorded'; readonly names: readonly string[] }
  | {
      readonly kind: 'measure'
      readonly names: readonly string[]
      readonly peers: 'ours' | 'all'
      readonly only: readonly string[]
      /** As many as suit when absent. */
      readonly rounds: number | undefined
      readonly profile: boolean
      readonly check: boolean
    }

/** The arguments are not understood: the message says what is wrong with which of them. */
export class ArgumentError extends Error {}

export const usage = (available: readonly string[]): string => `usage: npm run bench -- [NAME…] [options]

  NAME          ${available.join(', ')}; all of them when none is named

  --peers       measures the peers of other projects, too (in all, this takes half an hour)
  --only PEER   measures this peer only; may be given several times
  --rounds N    measured rounds per peer (3; without --peers as few as fit into five minutes)
  --profile     writes a CPU profile of each measured process to benchmarks/results/profiles/
  --check       measures what the bounds of benchmarks/targets.json are about, and compares (12 minutes)
  --check --recorded   compares what is recorded in benchmarks/results/, and measures nothing
  --draw        draws charts and tables of docs/benchmarks.md from what is recorded

  A run writes benchmarks/results/latest/NAME.json. One of all peers in 3 or more rounds is recorded in
  benchmarks/results/NAME.json.

  Exits with 0; 1 when a bound is broken, or something of our own could not be measured or written; 2 for arguments
  that mean nothing, or while another run goes on; 3 when a bound could not be judged.`

/**
 * Reads the arguments.
 *
 * @param available Names of benchmarks.
 * @throws ArgumentError
 */
export function readArguments(args: readonly string[], available: readonly string[]): Command {
  const { values, positionals: names } = parse(args)
  if (values.help) return { kind: 'help' }
  for (const name of names) {
    if (!available.includes(name))
      throw new ArgumentError(`there is no benchmark '${name}', only ${available.join(', ')}`)
  }
  const { only, rounds, profile, peers, check, recorded, draw } = values
  const given = (...options: (keyof typeof values)[]): string | undefined => {
    const found = options.find((option) => {
      const value = values[option]
      return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
    })
    return found && `--${found}`
  }
  const alone = (option: string, other: string | undefined, why: string): void => {
    if (other !== undefined) throw new ArgumentError(`${option} and ${other} do not go together: ${why}`)
  }
  if (draw) {
    const other = given('check', 'recorded', 'peers', 'only', 'rounds', 'profile') ?? names[0]
    alone('--draw', other, 'it draws all that is recorded, and measures nothing')
    return { kind: 'draw' }
  }
  if (recorded) {
    if (!check) throw new ArgumentError('--recorded belongs to --check: use --check --recorded')
    alone('--recorded', given('peers', 'only', 'rounds', 'profile'), 'it measures nothing')
    return { kind: 'check-recorded', names: names.length > 0 ? names : available }
  }
  if (check) alone('--check', given('only', 'profile'), 'it measures whom the bounds are about')
  if (peers) alone('--peers', given('only'), 'one means all peers, the other some')
  return {
    kind: 'measure',
    names: names.length > 0 ? Array.from(new Set(names)) : available,
    peers: peers ? 'all' : 'ours',
    only,
    rounds: rounds === undefined ? undefined : wholeNumber('--rounds', rounds),
    profile,
    check,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: Array.from(args),
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        profile: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        recorded: { type: 'boolean', default: false },
        draw: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || text.trim() === '')
    throw new ArgumentError(`${option} ${text}: a whole number from 1 up is expected`)
  return number
}
