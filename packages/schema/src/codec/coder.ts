import { expected } from './fault.ts'

/**
 * The codec of one type without paths: what the codecs of containers are composed of. Its methods throw a `Fault`, to
 * which each container adds its step.
 */
export interface Coder {
  /** What a person would call such a value: "a number", "an object". Reads on from "expected". */
  readonly expects: string
  /** Whether the wire form can be `nil`. An optional field then wraps it, so that absent and nil stay apart. */
  readonly nilable?: boolean
  /** Of what shape all its values are; absent when neither. */
  readonly shape?: 'object' | 'array'
  readonly encode: (value: unknown) => unknown
  readonly decode: (wire: unknown) => unknown
  /** Whether a plain value is of this type. With `exact`, fields that the type lacks count against it. */
  readonly matches: (value: unknown, exact: boolean) => boolean
  /** Of unions: the variant that a plain value is of. Throws a `Fault` when it is of none. */
  readonly variantOf?: (value: unknown) => number
}

/** A coder that only looks at values. */
interface Leaf<T> extends Coder {
  readonly encode: (value: unknown) => T
  readonly decode: (wire: unknown) => T
}

/** A coder of values that travel as they are. */
export function leaf<T>(expects: string, holds: (value: unknown) => value is T, nilable = false): Leaf<T> {
  function checked(value: unknown): T {
    if (!holds(value)) throw expected(expects, value)
    return value
  }
  return { expects, nilable, encode: checked, decode: checked, matches: holds }
}
