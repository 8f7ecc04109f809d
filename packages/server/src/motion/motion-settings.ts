import { JuntoError } from '@junto/protocol'
import type { CompiledLayout } from '@junto/schema/internal'
import type { Validate, Validators } from '@junto/schema/validate'
import type { Codec } from '@junto/schema/internal'
import { checkOptionNames } from '../option-names.ts'
import type { InputPolicy } from './input-buffer.ts'

/** How the inputs of members are taken. Only where the contract declares an input. */
export interface InputOptions {
  /**
   * How many of one member wait at most, and how far it can be ahead of the ticks that have passed when it makes up for a stall. Default: 32, half a
   * second at 60 ticks a second. From 1 to 1,000.
   */
  readonly buffer?: number
  /** How many of one member are applied in one tick at most, when several wait: how fast a stall is made up for. Default: 2. */
  readonly perTick?: number
  /**
   * What becomes of a tick for which no input of a member has come. `skip`: nothing; what comes late is applied later. `repeat`: its last one
   * is applied once more, for as many ticks as the buffer holds, and what comes late is dropped. Default: `skip`.
   */
  readonly missing?: 'skip' | 'repeat'
  /**
   * Who applies them. `mutator`: before each `onTick`, those that are due go through `mutators.input`. `manual`: the room takes them, with
   * `this.inputs.drain(member)`. Default: `mutator`.
   */
  readonly apply?: 'mutator' | 'manual'
}

/** How a room ticks. */
export interface MotionOptions {
  readonly tickRate?: number
  readonly tickWhenEmpty?: boolean
  readonly maxCatchUp?: number
  readonly inputs?: InputOptions
}

/** What is known of the inputs of a contract. */
export interface InputSettings {
  readonly policy: InputPolicy
  readonly isManual: boolean
  readonly codec: Codec
  readonly check: Validate | undefined
}

/** How rooms of a definition tick. */
export interface MotionSettings {
  /** Milliseconds of one tick. */
  readonly interval: number
  readonly maxCatchUp: number
  readonly whenEmpty: boolean
  /** `undefined`: the contract declares none. */
  readonly inputs: InputSettings | undefined
}

/** The contract of which these are. */
export interface MotionContract {
  readonly name: string
  readonly compiled: CompiledLayout
  readonly validators: Validators
}

const inputDefaults = {
  buffer: 32,
  perTick: 2,
  missing: 'skip',
  apply: 'mutator',
} as const satisfies Required<InputOptions>

/**
 * Reads the options of a definition.
 *
 * @param interval Milliseconds of one tick, as read from `tickRate`; 0: none.
 * @throws JuntoError `misuse` naming the option.
 */
export function motionSettings(
  contract: MotionContract,
  interval: number,
  { tickWhenEmpty, maxCatchUp, inputs }: MotionOptions,
): MotionSettings | undefined {
  const { name } = contract
  if (interval === 0) {
    if (contract.compiled.input !== undefined) {
      throw misuse(name, 'the contract declares an input, which is applied at ticks: give it a tickRate')
    }
    const given = Object.entries({ tickWhenEmpty, maxCatchUp, inputs }).find(([, value]) => value !== undefined)
    if (given === undefined) return undefined
    throw misuse(name, `the option ${given[0]} is of rooms that tick: give it a tickRate, too`)
  }
  return {
    interval,
    maxCatchUp: whole(name, 'maxCatchUp', maxCatchUp ?? 5, 1000),
    whenEmpty: tickWhenEmpty ?? false,
    inputs: inputSettings(contract, interval, inputs),
  }
}

function inputSettings(
  { name, compiled, validators }: MotionContract,
  interval: number,
  given: InputOptions | undefined,
): InputSettings | undefined {
  const { input: codec } = compiled
  if (codec === undefined) {
    if (given === undefined) return undefined
    throw misuse(name, 'the option inputs needs an input in the contract: add input: t.Object({ … }) to defineRoom')
  }
  if (given !== undefined) checkOptionNames(given, inputDefaults, `inputs of define(${name}, …)`)
  const { buffer, perTick, missing, apply } = { ...inputDefaults, ...given }
  oneOf(name, 'inputs.missing', missing, ['skip', 'repeat'])
  oneOf(name, 'inputs.apply', apply, ['mutator', 'manual'])
  return {
    policy: {
      buffer: whole(name, 'inputs.buffer', buffer, 1000),
      perTick: whole(name, 'inputs.perTick', perTick, 1000),
      missing,
      interval,
    },
    isManual: apply === 'manual',
    codec,
    check: validators.input,
  }
}

function whole(room: string, option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw misuse(room, `the option ${option} must be a whole number from 1 to ${most}, not ${String(value)}`)
}

function oneOf(room: string, option: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return
  throw misuse(room, `the option ${option} must be '${words.join("' or '")}', not ${String(value)}`)
}

function misuse(room: string, what: string): JuntoError {
  return new JuntoError('misuse', `define(${room}, …): ${what}`)
}
