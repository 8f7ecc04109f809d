import { ArgumentError, type Command } from './arguments.ts'
import type { Benchmark, Options } from './benchmark.ts'
import type { Peer } from './rounds.ts'
import type { Targets } from './targets.ts'

export type Measuring = Extract<Command, { kind: 'measure' }>

/** A benchmark, and what is asked of it. */
export interface Planned {
  readonly benchmark: Benchmark
  readonly options: Options
  /** About how long it will take. */
  readonly seconds: number
}

const usualRounds = 3

/**
 * What a run is to measure. Benchmarks in which there is nothing of what was asked for are left out.
 *
 * @param profiles The folder for profiles.
 * @throws ArgumentError when no benchmark has a peer that was asked for.
 */
export function plan(
  command: Measuring,
  benchmarks: readonly Benchmark[],
  targets: Targets,
  profiles: string,
): Planned[] {
  const known = Array.from(new Set(benchmarks.flatMap(({ peers }) => peers.map(({ name }) => name))))
  const stranger = command.only.find((name) => !known.includes(name))
  if (stranger !== undefined) {
    const where = benchmarks.map(({ name }) => name).join(', ')
    throw new ArgumentError(`--only ${stranger}: there is no such peer in ${where}. There are ${known.join(', ')}`)
  }
  return benchmarks.flatMap((benchmark) => {
    const { peers, seconds, roundsAlone = usualRounds } = benchmark
    const wanted = wantedBy(command, benchmark, targets)
    if (wanted.length === 0) return []
    // A run of our own peers is a short one, and those of others are none.
    const isAlone = command.peers === 'ours' && command.only.length === 0 && !command.check
    const rounds = command.rounds ?? (isAlone ? roundsAlone : usualRounds)
    const expected = isAlone
      ? (seconds.alone * rounds) / roundsAlone
      : (seconds.round * rounds * wanted.length) / peers.length
    const options: Options = {
      rounds,
      peers: isAlone ? 'ours' : 'all',
      ...(command.check && command.peers === 'ours' && { rows: (targets[benchmark.name] ?? []).map(({ row }) => row) }),
      only: isAlone || wanted.length === peers.length ? [] : wanted.map(({ name }) => name),
      profile: command.profile ? profiles : undefined,
    }
    return [{ benchmark, options, seconds: expected }]
  })
}

function wantedBy(command: Measuring, { name, peers }: Benchmark, targets: Targets): readonly Peer[] {
  if (command.only.length > 0) return peers.filter((peer) => command.only.includes(peer.name))
  if (!command.check) return peers.filter(({ ours }) => command.peers === 'all' || ours)
  // Whom the bounds are about, and nobody else, unless all were asked for.
  const judged = (targets[name] ?? []).flatMap(({ peer, against }) => [peer, against])
  if (judged.length === 0) return []
  return peers.filter((peer) => command.peers === 'all' || judged.includes(peer.name))
}
