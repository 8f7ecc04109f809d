import type { TSchema } from 'typebox'
import { nearest } from './nearest.ts'

/** Options of `t.Map`. */
export interface MapOptions {
  /** Whether a member has only the entries that are in its view (`member.view`). For the state, and for objects. Default: false. */
  readonly view?: boolean
  /** How many entries there may be, at least and at most. The server checks these, as it does the next ones. */
  readonly minProperties?: number
  readonly maxProperties?: number
  /** What the keys must be: `t.String({ maxLength: 16 })`. */
  readonly propertyNames?: TSchema
  /** Keys that must be there. */
  readonly required?: readonly string[]
  /** What other programs may want to know of a JSON Schema; nothing here has an effect. */
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: unknown
  readonly deprecated?: boolean
  readonly readOnly?: boolean
  readonly writeOnly?: boolean
  readonly $id?: string
  readonly $comment?: string
}

const known = [
  'view',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'required',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$id',
  '$comment',
] as const satisfies readonly (keyof MapOptions)[]

/**
 * What is wrong with the options of a map, if anything is. An option that nobody reads is refused: misspelt, `view` would show to
 * everybody what was meant to be hidden.
 */
export function mapOptionsFault(options: unknown): string | undefined {
  if (typeof options !== 'object' || options === null) {
    return `has ${String(options)} for its options: write t.Map(T, { view: true })`
  }
  for (const key of Object.keys(options)) {
    const names: readonly string[] = known
    if (names.includes(key)) continue
    const meant = nearest(key, names)
    return `has no option '${key}': ${meant === undefined ? `those of t.Map are ${names.join(', ')}` : `did you mean '${meant}'?`}`
  }
  const view = 'view' in options ? options.view : undefined
  return view === undefined || typeof view === 'boolean'
    ? undefined
    : "has an option 'view' that is neither true nor false"
}
