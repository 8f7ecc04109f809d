import type { Options } from './benchmark.ts'
import { Figures } from './figures.ts'
import { buildPackages } from './harness.ts'
import type { Progress } from './report.ts'

/**
 * Measures peers in rounds, interleaved, and each round begins with another one: what the machine does meanwhile hits all of them.
 *
 * @param peers Names of the peers that there are. `junto` is built from the sources first.
 * @param measure One round of one peer.
 * @throws Error when none of the peers is one of those asked for.
 */
export async function playRounds(
  peers: readonly string[],
  options: Options,
  progress: Progress,
  measure: (peer: string, options: Options, figures: Figures) => Promise<void>,
): Promise<Figures> {
  const chosen = peers.filter((name) => options.only.length === 0 || options.only.includes(name))
  if (chosen.length === 0) throw new Error(`--only: the peers are ${peers.join(', ')}`)
  if (chosen.includes('junto')) {
    progress.step(0, 'building the packages')
    buildPackages(['server', 'client'])
  }
  const figures = new Figures()
  const steps = options.rounds * chosen.length
  for (let round = 0, step = 0; round < options.rounds; round++) {
    for (let i = 0; i < chosen.length; i++) {
      const peer = chosen[(i + round) % chosen.length]!
      progress.step(step++ / steps, `round ${round + 1} of ${options.rounds}: ${peer}`)
      await measure(peer, options, figures)
    }
  }
  return figures
}
