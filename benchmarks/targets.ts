import { readFileSync } from 'node:fs'
import type { Row } from './benchmark.ts'
import { median } from './statistics.ts'

/**
 * What the median of a peer shall be at most: times the median of `against`, both of one run, or in the row's unit. They stand in
 * targets.json, by benchmark.
 *
 * Bounds are written there by hand, and not by a command: a bound that follows what was measured holds nothing. Whoever raises one says in
 * the commit what made that right.
 */
export interface Target {
  readonly row: string
  readonly peer: string
  readonly against?: string
  /** What is wanted. */
  readonly target: number
  /** Why it is that much. */
  readonly why?: string
  /** What `--check` enforces where the target is missed: the recorded figure and the noise of a run. The target itself when absent. */
  readonly bound?: number
  /** Why the target is missed, in one line, and where more is said. There is one exactly when there is a bound. */
  readonly missed?: string
}

export type Targets = Readonly<Record<string, readonly Target[]>>

/** A target beside what was measured. */
export interface Judged extends Target {
  /** The median, in the row's unit or divided by that of the other peer. */
  readonly measured: number
  /** The same in the best and in the worst round. */
  readonly best: number
  readonly worst: number
  /** A target that is missed may have a bound that holds. */
  readonly verdict: 'met' | 'missed' | 'broken'
}

/** A target that a run says nothing about. */
export interface Unjudged extends Target {
  readonly verdict: 'unknown'
  readonly reason: string
}

export type Verdict = Judged | Unjudged

export const isJudged = (verdict: Verdict): verdict is Judged => verdict.verdict !== 'unknown'

/** Compares figures with targets, one after the other. */
export function judge(
  targets: readonly Target[],
  { rows, unavailable = {} }: { rows: readonly Row[]; unavailable?: Readonly<Record<string, string>> | undefined },
): Verdict[] {
  return targets.map((target) => {
    const peers = rows.find(({ id }) => id === target.row)?.peers
    const unknown = (reason: string): Unjudged => ({ ...target, verdict: 'unknown', reason })
    const needed = target.against === undefined ? [target.peer] : [target.peer, target.against]
    // One that failed midway has figures, but not of all rounds.
    for (const name of needed) {
      if (unavailable[name] !== undefined) return unknown(`${name} could not be measured`)
      if ((peers?.[name]?.values.length ?? 0) > 0) continue
      return unknown(
        peers === undefined ? `no row '${target.row}' was measured` : `${name} has no figure in '${target.row}'`,
      )
    }
    const own = peers?.[target.peer]?.values ?? []
    const other = target.against === undefined ? own.map(() => 1) : (peers?.[target.against]?.values ?? [])
    const measured = median(own) / median(other)
    const rounds = own.flatMap((value, round) => (other[round] === undefined ? [] : [value / other[round]]))
    const verdict =
      measured <= target.target ? 'met' : measured <= (target.bound ?? target.target) ? 'missed' : 'broken'
    return { ...target, measured, best: Math.min(...rounds), worst: Math.max(...rounds), verdict }
  })
}

/**
 * The targets of all benchmarks.
 *
 * @throws Error when targets.json is not as {@link Target} says: with the place, and what was expected.
 */
export function readTargets(file: URL = new URL('./targets.json', import.meta.url)): Targets {
  const targets: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isRecord(targets))
    throw new Error('targets.json: an object with a list of targets for each benchmark is expected')
  return Object.fromEntries(
    Object.entries(targets).map(([name, list]) => {
      if (!Array.isArray(list)) throw new Error(`targets.json, ${name}: a list of targets is expected`)
      return [name, list.map((target: unknown, index) => checked(target, `targets.json, ${name}[${index}]`))]
    }),
  )
}

function checked(target: unknown, where: string): Target {
  if (!isRecord(target)) throw new Error(`${where}: an object is expected`)
  const { row, peer, against, target: wanted, why, bound, missed, ...rest } = target
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw new Error(
      `${where}: '${unknown}' means nothing here. There are row, peer, against, target, why, bound, missed`,
    )
  const text = (name: string, value: unknown): string => {
    if (typeof value !== 'string' || value === '') throw new Error(`${where}: ${name} must be a text`)
    return value
  }
  const figure = (name: string, value: unknown): number => {
    if (typeof value !== 'number') throw new Error(`${where}: ${name} must be a number`)
    return value
  }
  const checkedTarget: Target = {
    row: text('row', row),
    peer: text('peer', peer),
    ...(against !== undefined && { against: text('against', against) }),
    target: figure('target', wanted),
    ...(why !== undefined && { why: text('why', why) }),
    ...(bound !== undefined && { bound: figure('bound', bound) }),
    ...(missed !== undefined && { missed: text('missed', missed) }),
  }
  if ((bound === undefined) !== (missed === undefined))
    throw new Error(`${where}: a bound needs 'missed', which says why the target is, and 'missed' needs a bound`)
  if (checkedTarget.bound !== undefined && checkedTarget.bound <= checkedTarget.target)
    throw new Error(`${where}: the bound ${checkedTarget.bound} must be above the target ${checkedTarget.target}`)
  return checkedTarget
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
