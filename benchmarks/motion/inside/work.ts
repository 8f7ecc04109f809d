import { compileLayout, entriesOf, layoutOf, runMutation, StateTree, UndoLog } from '@junto/schema/internal'
import type { Live, StateOf } from '@junto/schema'
import type { Part } from '../../harness.ts'
import { Game, rules } from '../contract.ts'
import { Board, boardMutators, idOf } from '../edits/contract.ts'

// Parts of the server that a room cannot time from outside: in a process of their own.

/** What of packages/server is timed. Not imported by name: it is not for others. */
interface ServerParts {
  readonly Rewindables: new (interval: number) => Rewindables
  readonly ToldTicks: new (times: unknown) => { add(tick: number): void }
}

interface Rewindables {
  readonly times: unknown
  add(select: (state: unknown) => unknown, fields: readonly string[], options: object): Look
  begin(state: { readonly tree: StateTree; readonly compiled: unknown }): void
  sample(tick: number, time: number): void
}

type Look = (
  look: { readonly told: unknown; readonly time: number },
  timeAt: (time: number) => number,
) => { get(key: string): unknown }

export interface LookingBack {
  readonly entities: number
  /** Ticks, and looks at each of them. */
  readonly ticks: number
  readonly looks: number
}

/** µs. */
export interface LookedBack {
  readonly sample: number
  readonly look: number
}

export interface TakingBack {
  /** Mutations of one thing. */
  readonly mutations: number
  readonly times: number
}

/** µs. */
export interface TakenBack {
  /** A mutation that is only run. */
  readonly run: number
  /** One that is run so that it can be taken back, and kept. */
  readonly keep: number
  /** Taking back all of them. */
  readonly undo: number
}

export async function work(): Promise<Part> {
  const built = (file: string): string =>
    new URL(`../../../packages/server/dist/motion/${file}.js`, import.meta.url).href
  const { Rewindables }: ServerParts = await import(built('rewindables'))
  const { ToldTicks }: ServerParts = await import(built('tick-times'))

  function lookBack({ entities, ticks, looks }: LookingBack): LookedBack {
    const compiled = compileLayout(layoutOf(Game))
    const keys = Array.from({ length: entities }, (_, n) => `member-${n}`)
    const players = Object.fromEntries(keys.map((key, n) => [key, { x: n, y: -n, aim: n / entities }]))
    const tree = StateTree.create(compiled, Game, { players, mark: 0 }, { epoch: '0123456789abcdef' })
    // The tree is of the contract.
    const state = tree.root as Live<StateOf<typeof Game>>
    const interval = 1000 / rules.tickRate
    const rewindables = new Rewindables(interval)
    const look = rewindables.add((root) => Object(root).players, ['x', 'y', 'aim'], {})
    rewindables.begin({ tree, compiled })
    const told = new ToldTicks(rewindables.times)
    const now = (time: number): number => time
    let sampling = 0
    let looking = 0
    for (let tick = 1; tick <= ticks; tick++) {
      for (const player of state.players.values()) player.x += 0.25
      const time = tick * interval
      const began = performance.now()
      rewindables.sample(tick, time)
      const sampled = performance.now()
      if (tick % 3 === 0) told.add(tick)
      for (let n = 0; n < looks; n++) {
        const key = keys[(n * 7 + tick) % entities] ?? ''
        // 60 to 160 ms ago.
        const past = look({ told, time: time - 60 - (n % 100) }, now).get(key)
        if (past === undefined && tick > 12) throw new Error(`${key} was not there`)
      }
      looking += performance.now() - sampled
      sampling += sampled - began
    }
    return { sample: (sampling * 1000) / ticks, look: (looking * 1000) / ticks / looks }
  }

  function takeBack({ mutations, times }: TakingBack): TakenBack {
    const compiled = compileLayout(layoutOf(Board))
    const things = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [idOf(n), { x: n, y: n, color: n }]))
    const tree = StateTree.create(compiled, Board, { things, moves: 0 }, { epoch: '0123456789abcdef' })
    // The tree is of the contract.
    const state = tree.root as Live<StateOf<typeof Board>>
    // What the mutator asks its context for: nothing.
    const context = {} as Parameters<typeof boardMutators.move>[2]
    const move = (n: number) => boardMutators.move(state, { id: idOf(3), x: n, y: n / 2 }, context)
    const viewer = tree.viewer()
    const patch = (): void => {
      tree.close()
      viewer.take()
    }
    const sum = { run: 0, keep: 0, undo: 0 }
    for (let time = 0; time < times; time++) {
      let began = performance.now()
      for (let n = 0; n < mutations; n++) runMutation(tree, () => move(n))
      sum.run += performance.now() - began
      patch()

      const log = new UndoLog({ steps: 1_000, bytes: 262_144 })
      const before = state.moves
      began = performance.now()
      for (let n = 0; n < mutations; n++) log.keep(n + 1, entriesOf(runMutation(tree, () => move(n + 1000)).record))
      sum.keep += performance.now() - began
      patch()

      const of = Array.from({ length: mutations }, (_, n) => mutations - n)
      began = performance.now()
      const { value } = runMutation(tree, () => log.undo(tree.root, { of, force: false }))
      sum.undo += performance.now() - began
      patch()
      if (value.skipped + value.forgotten > 0 || state.moves !== before)
        throw new Error(`not all was taken back: ${JSON.stringify(value)}`)
    }
    const each = (ms: number): number => (ms * 1000) / times
    return { run: each(sum.run) / mutations, keep: each(sum.keep) / mutations, undo: each(sum.undo) }
  }

  return {
    commands: {
      lookBack: (how) => lookBack(how as LookingBack), // commands come from measure.ts
      takeBack: (how) => takeBack(how as TakingBack),
    },
    close() {},
  }
}
