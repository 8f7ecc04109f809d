import type { Progress } from './report.ts'

/** One workload family: `npm run bench -- NAME` runs the `benchmark` that NAME/benchmark.ts exports. */
export interface Benchmark {
  readonly name: string
  /** One line: what is measured, in which unit. */
  readonly title: string
  /** Packages of node_modules whose versions matter. */
  readonly libraries: readonly string[]
  run(options: Options, progress: Progress): Promise<Result>
}

export interface Options {
  /** Measured rounds per peer, each in fresh processes. */
  readonly rounds: number
  /** Peers to measure; all when empty. */
  readonly only: readonly string[]
  /** A folder for CPU profiles of the server processes, when they are wanted. */
  readonly profile: string | undefined
}

export interface Result {
  readonly rows: readonly Row[]
  readonly targets: readonly Target[]
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[]
  readonly settings: Readonly<Record<string, unknown>>
  /** Versions of libraries that are not in node_modules. */
  readonly versions?: Readonly<Record<string, string>>
}

/** One figure of all peers. */
export interface Row {
  readonly id: string
  /** A heading above this row and those that follow with the same. */
  readonly section?: string
  readonly title: string
  readonly unit: string
  readonly peers: Readonly<Record<string, Measured>>
}

/** One figure of one peer: a value per round. */
export interface Measured {
  readonly values: readonly number[]
  /** Share of a core that each round used in the server and in the load generator, where that was measured. */
  readonly serverShare?: readonly number[]
  readonly loadShare?: readonly number[]
}

/** The median of `peer` shall be at most `atMost`: times the median of `against`, both of this run, or in the row's unit. */
export interface Target {
  readonly row: string
  readonly peer: string
  readonly against?: string
  readonly atMost: number
}
