/**
 * The checks beyond a type's form: `maxLength`, `pattern`, `minimum`, `t.Refine` and the like. Run by the server on
 * what it received, after decoding. Apart from the rest of the package, because a browser has no use for TypeBox's
 * compiler.
 */
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Check, Errors } from 'typebox/value'
import { joinPath, step } from './codec/fault.ts'
import type { AnyContract, AnyMessage, Schema } from './contract.ts'
import { SchemaError } from './errors.ts'
import { readMessage } from './message-layout.ts'
import { readMutation } from './mutation-layout.ts'
import type { AnyMutation } from './mutation.ts'
import { checkPatterns } from './pattern-check.ts'

/** Throws a SchemaError `invalid_value` with the path and what was expected, when the value is not what it must be. */
export type Validate = (value: unknown, path: string) => void

/** The checks of a contract. What has no schema has no check. */
export interface Validators {
  readonly join?: Validate
  readonly options?: Validate
  readonly metadata?: Validate
  readonly user?: Validate
  readonly presence?: Validate
  /** Of the first state. */
  readonly state?: Validate
  readonly input?: Validate
  /** Client to server, by id: of parameters and payloads. Of mutations: of the parameters that the contract declares. */
  readonly up: readonly (Validate | undefined)[]
  /** Server to client, by id: of what clients answer. */
  readonly down: readonly AnswerValidators[]
}

/** The checks of what a client answers to a call. */
export interface AnswerValidators {
  readonly result?: Validate
  /** Of declared errors' data, by index. */
  readonly errors: readonly Validate[]
}

/**
 * Compiles the check of a schema.
 *
 * @throws SyntaxError when a `pattern` in it is no regular expression.
 */
export function compileValidator(schema: Schema): Validate {
  // The compiler's own types would compute what the schema infers; nobody asks here.
  const validator = Compile<TSchema>(schema)
  // TypeBox 1.4 compiles the constant 5n to `=== 5`, which no bigint is. Uncompiled it compares rightly.
  const uncompiled = hasBigIntConstant(schema)
  return (value, path) => {
    if (uncompiled ? Check<TSchema>(schema, value) : validator.Check(value)) return
    const { at, what } = deepest(uncompiled ? Errors<TSchema>(schema, value) : validator.Errors(value))
    throw new SchemaError('invalid_value', joinPath(path, at), what)
  }
}

function hasBigIntConstant(schema: unknown, seen: Set<unknown> = new Set()): boolean {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return false
  seen.add(schema)
  if ('const' in schema && typeof schema.const === 'bigint') return true
  return Object.values(schema).some((part) => hasBigIntConstant(part, seen))
}

const compiled = new WeakMap<AnyContract, Validators>()

/** The checks of a contract, compiled once. @throws SchemaError `invalid_contract` naming a check that cannot be compiled. */
export function validatorsOf(contract: AnyContract): Validators {
  const known = compiled.get(contract)
  if (known !== undefined) return known
  const { shape } = contract
  const validators: { -readonly [K in keyof Validators]: Validators[K] } = {
    up: [
      ...Object.entries(shape.clientToServer).map(([name, message]) =>
        incoming(message, `clientToServer${step(name)}`),
      ),
      ...Object.entries(shape.mutations ?? {}).map(([name, mutation]) => issued(mutation, `mutations${step(name)}`)),
    ],
    down: Object.entries(shape.serverToClient).map(([name, message]) =>
      answers(message, `serverToClient${step(name)}`),
    ),
  }
  for (const part of ['join', 'options', 'metadata', 'user', 'presence', 'input', 'state'] as const) {
    const schema = shape[part]
    if (schema !== undefined) validators[part] = compiledAt(schema, part)
  }
  compiled.set(contract, validators)
  return validators
}

function incoming(message: AnyMessage, path: string): Validate | undefined {
  const known = readMessage(message, path)
  const schema = known.kind === 'event' ? known.schemas.payload : known.schemas.params
  return schema === undefined ? undefined : compiledAt(schema, path)
}

function issued(mutation: AnyMutation, path: string): Validate | undefined {
  const { params } = readMutation(mutation, path).schemas
  return params === undefined ? undefined : compiledAt(params, path)
}

function answers(message: AnyMessage, path: string): AnswerValidators {
  const known = readMessage(message, path)
  if (known.kind !== 'call') return { errors: [] }
  const { result, errors } = known.schemas
  const data = Object.entries(errors).map(([code, schema]) => compiledAt(schema, `${path}.errors${step(code)}`))
  return result === undefined ? { errors: data } : { result: compiledAt(result, `${path}.result`), errors: data }
}

function compiledAt(schema: Schema, path: string): Validate {
  try {
    checkPatterns(schema, path)
    return compileValidator(schema)
  } catch (error) {
    if (error instanceof SchemaError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new SchemaError('invalid_contract', path, `has a check that cannot be compiled: ${reason}`)
  }
}

interface Found {
  readonly instancePath: string
  readonly message: string
}

// Of a union every variant complains, and what contains a value complains after it: the deepest is the most telling.
function deepest(errors: readonly Found[]): { readonly at: string; readonly what: string } {
  let found: Found | undefined
  for (const error of errors) {
    if (found === undefined || depthOf(error) > depthOf(found)) found = error
  }
  if (found === undefined) return { at: '', what: 'is not what its type says' }
  return { at: steps(found.instancePath), what: found.message }
}

function depthOf({ instancePath }: Found): number {
  return instancePath.split('/').length
}

/** A JSON pointer as steps of a path. Indexes and keys look alike in it: what is a number is taken for an index. */
function steps(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => step(/^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : part))
    .join('')
}
