import { JuntoError } from '@junto/protocol'
import { numberRanges, type CompiledLayout, type StateTree, type TypeIndex } from '@junto/schema/internal'
import { History, type Entities, type SampledField } from './history.ts'
import type { Past, RewindOptions } from './rewind.ts'
import { TickTimes, type Between, type ToldTicks } from './tick-times.ts'

/** Milliseconds that are known beyond the window, for members whose patches are that far apart. */
const slack = 250

const mostWindow = 10_000

/** What a room looks back at: a map of its state, and fields of its entries. */
interface Rewindable {
  readonly select: (state: unknown) => unknown
  readonly fields: readonly string[]
  readonly angles: readonly string[]
  readonly window: number
  history: History | undefined
}

/** The state of which samples are taken. */
export interface SampledState {
  readonly tree: StateTree
  readonly compiled: CompiledLayout
}

/** What a member asks about: when, by the clock, and what it was told. */
export interface Look {
  readonly told: ToldTicks | undefined
  readonly time: number
}

/** All that a room looks back at. */
export class Rewindables {
  readonly #interval: number
  readonly #all: Rewindable[] = []
  #times: TickTimes | undefined
  #state: SampledState | undefined

  /** @param interval Milliseconds of one tick. */
  constructor(interval: number) {
    this.#interval = interval
  }

  /**
   * One more.
   *
   * @returns what looks back at it. `timeAt` makes a time on the clock one since 1970.
   * @throws JuntoError `misuse`.
   */
  add(
    select: (state: unknown) => unknown,
    fields: readonly string[],
    { window = 500, angles = [] }: RewindOptions,
  ): (look: Look, timeAt: (time: number) => number) => Past<unknown> {
    if (this.#state !== undefined) {
      throw new JuntoError('misuse', 'rewindable() comes too late: write it as a field of the room class')
    }
    if (typeof select !== 'function') {
      throw new JuntoError(
        'misuse',
        'rewindable(select, fields): select must be a function that yields a map of the state',
      )
    }
    if (!Array.isArray(fields) || fields.length === 0) {
      throw new JuntoError('misuse', 'rewindable(select, fields): name the fields that are looked back at')
    }
    if (!(window > 0 && window <= mostWindow)) {
      throw new JuntoError(
        'misuse',
        `the window of rewindable() must be above 0 and up to ${mostWindow} ms, not ${window}`,
      )
    }
    const one: Rewindable = { select, fields, angles, window, history: undefined }
    this.#all.push(one)
    return (look, timeAt) => this.#past(one, look, timeAt)
  }

  /** The state stands: samples can be taken. */
  begin(state: SampledState): void {
    this.#state = state
    if (this.#all.length === 0) return
    const longest = Math.max(...this.#all.map(({ window }) => window))
    this.#times = new TickTimes(Math.ceil((longest + slack) / this.#interval) + 2)
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#all.length > 0
  }

  /** When ticks were; `undefined` where nobody looks back. */
  get times(): TickTimes | undefined {
    return this.#times
  }

  /** A tick is over. @throws whatever is wrong with what the room chose. */
  sample(tick: number, time: number): void {
    if (this.#times === undefined || this.#state === undefined) return
    this.#times.add(tick, time)
    for (const one of this.#all) {
      const entities = one.select(this.#state.tree.root)
      one.history ??= new History(this.#times, fieldsOf(this.#state, entities, one))
      // It is a map of the state: else there was no history.
      one.history.sample(tick, entities as Entities)
    }
  }

  #past({ window, history }: Rewindable, { told, time }: Look, timeAt: (time: number) => number): Past<unknown> {
    const times = this.#times
    if (times === undefined || history === undefined) return nothing(timeAt(time))
    const oldest = times.at(times.last) - window
    const between = told?.between(time, oldest) ?? latest(times)
    return new SampledPast(history, between, timeAt(between.time), times)
  }
}

/** How entities were at a moment. Good until the next tick. */
class SampledPast implements Past<unknown> {
  readonly time: number
  readonly #history: History
  readonly #between: Between
  readonly #times: TickTimes
  readonly #tick: number

  constructor(history: History, between: Between, time: number, times: TickTimes) {
    this.time = time
    this.#history = history
    this.#between = between
    this.#times = times
    this.#tick = times.last
  }

  get(key: string): unknown {
    this.#beCurrent()
    return this.#history.at(key, this.#between)
  }

  entries(): IterableIterator<[string, unknown], void, unknown> {
    this.#beCurrent()
    return this.#history.entriesAt(this.#between)
  }

  #beCurrent(): void {
    if (this.#times.last === this.#tick) return
    throw new JuntoError('misuse', 'what rewind(member) yields is good until the next tick: ask again')
  }
}

function nothing(time: number): Past<unknown> {
  return { time, get: () => undefined, entries: () => new Map<string, unknown>().entries() }
}

function latest(times: TickTimes): Between {
  const { last } = times
  return { from: last, to: last, part: 0, time: times.at(last) }
}

/** How each of the fields is between two ticks. @throws JuntoError `misuse` when these are no entries of the state's. */
function fieldsOf({ tree, compiled }: SampledState, entities: unknown, { fields, angles }: Rewindable): SampledField[] {
  const { types } = compiled.layout
  const index = tree.typeOf(entities)
  const def = index === undefined ? undefined : types[index]
  if (def?.kind !== 'map') {
    throw new JuntoError(
      'misuse',
      'rewindable(select, fields): select must yield a map of the state: (state) => state.players',
    )
  }
  return fields.map((name) => {
    const kind = kindOf(compiled, def.type, name)
    if (kind === 'angle' || angles.includes(name)) return { name, course: 'angle' }
    return { name, course: isNumber(kind) ? 'linear' : 'held' }
  })
}

function isNumber(kind: string | undefined): boolean {
  return kind === 'quantized' || (kind !== undefined && Object.hasOwn(numberRanges, kind))
}

/** The kind of a field of an entry; `undefined` for one that is on the server only, or not of one kind. */
function kindOf(compiled: CompiledLayout, entry: TypeIndex, name: string): string | undefined {
  const { types } = compiled.layout
  const def = types[entry]
  if (def?.kind !== 'record') return undefined
  const field = def.fields.find((each) => each.name === name)
  let kind = field && types[field.type]
  while (kind?.kind === 'optional' || kind?.kind === 'value') kind = types[kind.type]
  return kind?.kind
}
