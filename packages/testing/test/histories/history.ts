import fc from 'fast-check'
import { stateKinds, type RecordKind } from './kinds.ts'

/**
 * What happens in one step:
 *
 * - `write`: the room writes to its state.
 * - `view`: the room changes what a member sees.
 * - `join`, `leave`: a client comes, or goes.
 * - `cut`: a connection breaks, and is made again.
 * - `away`, `back`: a client loses its network; it has it again.
 * - `stall`, `resume`: a client stops to read, so that it falls behind; it goes on.
 * - `spoil`: a client's program writes to its mirror.
 * - `fail`: a handler fails, and what it throws is a secret.
 * - `restart`: the server ends, and another one goes on from what was saved.
 * - `wait`: some time passes.
 */
export type Happening =
  | 'write'
  | 'view'
  | 'join'
  | 'leave'
  | 'cut'
  | 'away'
  | 'back'
  | 'stall'
  | 'resume'
  | 'spoil'
  | 'fail'
  | 'restart'
  | 'wait'

export interface Step {
  readonly what: Happening
  /** To which client. */
  readonly who: number
  /** What it is, in particular, is drawn. */
  readonly seed: number
  /** Whether the next step falls into the same turn. */
  readonly on: boolean
}

export interface History {
  /** What the state is made of. */
  readonly state: RecordKind
  readonly seed: number
  /** Patches a second; `undefined`: one each turn. */
  readonly patchRate: number | undefined
  /** Milliseconds that a message takes. */
  readonly latency: number
  readonly steps: readonly Step[]
}

/** So often in so many steps. The first are what failing histories are reduced to. */
const weights: readonly (readonly [what: Happening, weight: number])[] = [
  ['write', 12],
  ['view', 12],
  ['join', 3],
  ['stall', 3],
  ['resume', 2],
  ['away', 3],
  ['back', 2],
  ['cut', 2],
  ['spoil', 2],
  ['leave', 1],
  ['fail', 1],
  ['wait', 1],
  ['restart', 1],
]

const steps: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { withCrossShrink: true },
    ...weights.map(([what, weight]) => ({ weight, arbitrary: fc.constant(what) })),
  ),
  who: fc.nat(7),
  seed: fc.nat(),
  on: fc.boolean(),
})

/** Random histories of a room of a random contract, its members, and what they see. */
export const histories: fc.Arbitrary<History> = fc.record({
  state: stateKinds,
  seed: fc.nat(),
  patchRate: fc.option(fc.constantFrom(10, 20), { nil: undefined, freq: 3 }),
  latency: fc.constantFrom(0, 0, 0, 25),
  steps: fc.array(steps, { maxLength: 30, size: 'max' }),
})
