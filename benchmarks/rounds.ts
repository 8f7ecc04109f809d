import type { Options } from './benchmark.ts'
import { Figures } from './figures.ts'
import { buildPackages } from './harness.ts'
import { importPeer, installPeer, versionOfPeer } from './peers.ts'
import type { Progress } from './progress.ts'

/** Whoever is measured. */
export interface Peer {
  readonly name: string
  /** It runs the packages of this repository: they are built first, and it is measured without `--peers`, too. */
  readonly ours?: true
  /** The packages that it needs; none when those of node_modules do. */
  readonly packages?: readonly PeerPackages[]
}

/** A folder in peers/. */
export interface PeerPackages {
  readonly folder: string
  /** Those whose versions matter. */
  readonly libraries: readonly string[]
  /**
   * The name of a binary that not every machine can load. The folder's index.js throws where it cannot, and exports its `version`, which is
   * said under that name.
   */
  readonly loads?: string
}

/**
 * Which of them are to be measured.
 *
 * @throws Error when none is.
 */
export function choose(peers: readonly Peer[], { only, peers: who }: Options): readonly Peer[] {
  const chosen = peers.filter(({ name, ours }) =>
    only.length > 0 ? only.includes(name) : who === 'all' || ours === true,
  )
  if (chosen.length === 0)
    throw new Error(`of these peers, none is to be measured: ${peers.map(({ name }) => name).join(', ')}`)
  return chosen
}

/** Keeps account of peers that cannot be measured: the others go on. */
export class Availability {
  /** Why, by their names. */
  readonly unavailable: Record<string, string> = {}

  constructor(private readonly progress: Progress) {}

  has(peer: string): boolean {
    return this.unavailable[peer] === undefined
  }

  /** Does something with a peer. When that fails, the peer is said to be unavailable, and there is no result. */
  async attempt<T>(peer: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      this.lose(peer, error)
      return undefined
    }
  }

  /** The peer cannot be measured, or no longer. The first reason stays. */
  lose(peer: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.unavailable[peer] ??= reason
    this.progress.say(`${peer} cannot be measured: ${reason}`)
  }
}

/** Who is there to be measured. */
export interface Prepared {
  /** Those that were asked for, without those whose packages cannot be installed. */
  readonly chosen: readonly Peer[]
  /** Of packages in peers/. */
  readonly versions: Readonly<Record<string, string>>
  readonly availability: Availability
}

/**
 * Installs packages of peers when they are missing, and builds ours. For benchmarks that do not use {@link playRounds}.
 *
 * @param packages Of this repository, which are built with those that they depend on.
 * @throws Error when none of the peers is one of those asked for.
 */
export async function prepare(
  peers: readonly Peer[],
  options: Options,
  progress: Progress,
  packages: readonly string[] = ['server', 'client'],
): Promise<Prepared> {
  const asked = choose(peers, options)
  const availability = new Availability(progress)
  const versions: Record<string, string> = {}
  for (const { name, packages = [] } of asked) {
    await availability.attempt(name, async () => {
      for (const { folder, libraries, loads } of packages) {
        installPeer(folder, (text) => progress.say(text))
        for (const library of libraries) versions[library] = versionOfPeer(folder, library)
        if (loads !== undefined) versions[loads] = (await importPeer<{ version: string }>(folder)).version
      }
    })
  }
  if (asked.some(({ ours }) => ours)) {
    progress.step(0, 'building the packages')
    buildPackages(packages)
  }
  return { chosen: asked.filter(({ name }) => availability.has(name)), versions, availability }
}

/** What was measured, and of which packages in peers/. */
export interface Played {
  readonly figures: Figures
  readonly versions: Readonly<Record<string, string>>
  /** Why peers are missing, or have fewer rounds than others. */
  readonly unavailable: Readonly<Record<string, string>>
}

/**
 * Measures peers in rounds, interleaved, and each round begins with another one: what the machine does meanwhile hits all of them. A peer
 * whose round fails is left out of those that follow.
 *
 * @param peers The peers that there are. Ours are built from the sources first, and packages of others are installed when they are missing.
 * @param measure One round of one peer.
 * @throws Error when none of the peers is one of those asked for.
 */
export async function playRounds(
  peers: readonly Peer[],
  options: Options,
  progress: Progress,
  measure: (peer: string, options: Options, figures: Figures) => Promise<void>,
): Promise<Played> {
  const { chosen, versions, availability } = await prepare(peers, options, progress)
  const figures = new Figures()
  const steps = options.rounds * chosen.length
  for (let round = 0, step = 0; round < options.rounds; round++) {
    for (let i = 0; i < chosen.length; i++, step++) {
      const { name } = chosen[(i + round) % chosen.length]!
      if (!availability.has(name)) continue
      progress.step(step / steps, `round ${round + 1} of ${options.rounds}: ${name}`)
      await availability.attempt(name, () => measure(name, options, figures))
    }
  }
  return { figures, versions, unavailable: availability.unavailable }
}
