import { isSafePattern } from 'redos-detector'
import { joinPath, step } from './codec/fault.ts'
import { SchemaError } from './errors.ts'

/**
 * How many ways of matching one string the engine may have to try, at most. Beyond that, or where it grows with the string, a
 * client could hold up a server with a text of a few dozen letters.
 */
const mostAttempts = 200

/** Steps and milliseconds after which a pattern counts as one of which that cannot be told. Usual ones take a few. */
const effort = { maxSteps: 2_000, timeout: 5_000 }

/** What was found out about patterns: contracts repeat them, and finding out can take a second. */
const known = new Map<string, boolean>()

/**
 * Refuses patterns in a schema that can take long on some string. The search for them errs on the safe side: it finds all of them,
 * and some that are harmless.
 *
 * @throws SchemaError `invalid_contract` naming the path and the pattern.
 */
export function checkPatterns(schema: unknown, path: string): void {
  visit(schema, path, new Set())
}

function visit(schema: unknown, path: string, seen: Set<object>): void {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return
  seen.add(schema)
  if ('pattern' in schema) checkPattern(schema.pattern, path)
  for (const [keyword, part] of Object.entries(schema)) {
    switch (keyword) {
      case 'properties':
        for (const [name, field] of entriesOf(part)) visit(field, joinPath(path, step(name)), seen)
        break
      case 'patternProperties':
        for (const [pattern, value] of entriesOf(part)) {
          checkPattern(pattern, path)
          visit(value, `${path}[*]`, seen)
        }
        break
      case 'items':
      case 'additionalProperties':
        visit(part, `${path}[*]`, seen)
        break
      default:
        visit(part, path, seen)
    }
  }
}

function entriesOf(part: unknown): readonly (readonly [string, unknown])[] {
  return typeof part === 'object' && part !== null ? Object.entries(part) : []
}

function checkPattern(pattern: unknown, path: string): void {
  const source = pattern instanceof RegExp ? pattern.source : pattern
  if (typeof source !== 'string') return
  const flags = pattern instanceof RegExp ? pattern.flags : 'u'
  if (!isHarmless(source, flags)) {
    throw new SchemaError(
      'invalid_contract',
      path,
      `has a pattern that can take very long on some strings: ${source}. Make sure that a string can be matched in one way only: begin ` +
        'with ^, let no two repetitions that follow or hold each other begin with the same signs, and repeat up to a number {1,40}; or ' +
        'check it by t.Refine',
    )
  }
}

function isHarmless(source: string, flags: string): boolean {
  const name = `${flags}/${source}`
  let harmless = known.get(name)
  if (harmless === undefined) {
    const has = (flag: string): boolean => flags.includes(flag)
    // What is no pattern at all, whoever compiles it will say.
    new RegExp(source, flags)
    const result = isSafePattern(source, {
      ...effort,
      maxScore: mostAttempts,
      caseInsensitive: has('i'),
      dotAll: has('s'),
      multiLine: has('m'),
      unicode: has('u') || has('v'),
    })
    known.set(name, (harmless = result.safe))
  }
  return harmless
}
