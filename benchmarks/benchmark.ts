import type { Progress } from './progress.ts'
import type { Peer } from './rounds.ts'

/** One workload family: `npm run bench -- NAME` runs the `benchmark` that NAME/benchmark.ts exports. */
export interface Benchmark {
  readonly name: string
  /** One line: what is measured, in which unit. */
  readonly title: string
  /** Packages of node_modules whose versions matter. */
  readonly libraries: readonly string[]
  /** All who can be measured. */
  readonly peers: readonly Peer[]
  /** Measured rounds of a run of our own peers, unless `--rounds` says otherwise: 3 when absent. */
  readonly roundsAlone?: number
  /** About how long it takes on two cores, for the progress of a whole run. */
  readonly seconds: {
    /** All rounds of our own peers. */
    readonly alone: number
    /** One round of all peers. */
    readonly round: number
  }
  run(options: Options, progress: Progress): Promise<Result>
}

export interface Options {
  /** Measured rounds per peer, each in fresh processes. */
  readonly rounds: number
  /** `ours`: our own peers alone, in a run that shall be short. `all`: everyone, or those in `only`, for as long as is good for the figures. */
  readonly peers: 'ours' | 'all'
  /** Peers to measure; empty for everyone. */
  readonly only: readonly string[]
  /** Rows that are wanted, which are those that bounds are about; all of them when absent. What comes with them is measured, too. */
  readonly rows?: readonly string[]
  /** A folder for CPU profiles of the server processes, when they are wanted. */
  readonly profile: string | undefined
}

/** Whether a row is to be measured. */
export const isWanted = ({ rows }: Options, row: string): boolean => rows === undefined || rows.includes(row)

export interface Result {
  readonly rows: readonly Row[]
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[]
  readonly settings: Readonly<Record<string, unknown>>
  /** Versions of libraries that are not in node_modules. */
  readonly versions?: Readonly<Record<string, string>>
  /** Why peers are missing, or have fewer rounds than others, by their names. */
  readonly unavailable?: Readonly<Record<string, string>>
}

/** One figure of all peers. */
export interface Row {
  readonly id: string
  /** A heading above this row and those that follow with the same. */
  readonly section?: string
  readonly title: string
  readonly unit: string
  /** The load generator is full on purpose, and the server has time to spare: nothing need be said about that. */
  readonly isLoadFull?: true
  readonly peers: Readonly<Record<string, Measured>>
}

/** One figure of one peer: a value per round. */
export interface Measured {
  readonly values: readonly number[]
  /** Share of a core that each round used in the server and in the load generator, where that was measured. */
  readonly serverShare?: readonly number[]
  readonly loadShare?: readonly number[]
}
