import type { Options } from './benchmark.ts'
import { Figures } from './figures.ts'
import { buildPackages } from './harness.ts'
import { installPeer, versionOfPeer } from './peers.ts'
import type { Progress } from './report.ts'

/** Whoever is measured. */
export interface Peer {
  readonly name: string
  /** The folder in peers/ with its packages, and those of them whose versions matter; none when it is of this repository. */
  readonly packages?: { readonly folder: string; readonly libraries: readonly string[] }
}

/** Which of them are to be measured. */
function choose(peers: readonly Peer[], { only }: Options): readonly Peer[] {
  const chosen = peers.filter(({ name }) => only.length === 0 || only.includes(name))
  if (chosen.length === 0) throw new Error(`--only: the peers are ${peers.map(({ name }) => name).join(', ')}`)
  return chosen
}

/** What was measured, and of which packages in peers/. */
export interface Played {
  readonly figures: Figures
  readonly versions: Readonly<Record<string, string>>
}

/**
 * Measures peers in rounds, interleaved, and each round begins with another one: what the machine does meanwhile hits all of them.
 *
 * @param peers The peers that there are. `junto` is built from the sources first, and packages of others are installed when they are missing.
 * @param measure One round of one peer.
 * @throws Error when none of the peers is one of those asked for, PeerUnavailable when packages cannot be fetched.
 */
export async function playRounds(
  peers: readonly Peer[],
  options: Options,
  progress: Progress,
  measure: (peer: string, options: Options, figures: Figures) => Promise<void>,
): Promise<Played> {
  const chosen = choose(peers, options)
  const versions: Record<string, string> = {}
  for (const { packages } of chosen) {
    if (!packages) continue
    installPeer(packages.folder, (text) => progress.say(text))
    for (const library of packages.libraries) versions[library] = versionOfPeer(packages.folder, library)
  }
  if (chosen.some(({ name }) => name === 'junto')) {
    progress.step(0, 'building the packages')
    buildPackages(['server', 'client'])
  }
  const figures = new Figures()
  const steps = options.rounds * chosen.length
  for (let round = 0, step = 0; round < options.rounds; round++) {
    for (let i = 0; i < chosen.length; i++) {
      const { name } = chosen[(i + round) % chosen.length]!
      progress.step(step++ / steps, `round ${round + 1} of ${options.rounds}: ${name}`)
      await measure(name, options, figures)
    }
  }
  return { figures, versions }
}
