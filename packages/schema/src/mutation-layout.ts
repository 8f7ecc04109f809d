import { step } from './codec/fault.ts'
import type { RoomShape } from './contract.ts'
import type { CallDef, Field, SimpleKind, TypeIndex } from './layout.ts'
import { builtKind, callOf, checkLimit, checkName } from './message-layout.ts'
import type { AnyMutation, Mutation } from './mutation.ts'
import { refusal, type SchemaReader } from './schema-reader.ts'

/** The parameters of any mutation on the wire. */
export interface IssuedMutation {
  /** Its number: the mutations of a membership are counted from 1. */
  readonly n: number
  /** When it was issued, in milliseconds since 1970 by the server's clock, as far as the client can tell. */
  readonly at: number
  /** Of what a mutator gets at random. A whole number of 32 bits. */
  readonly seed: number
  /** Those of the contract; not there where the mutation takes none. */
  readonly params?: unknown
}

/** The name of the mutation that takes back others. It stands at the end of the table, where any other is undoable. */
export const undoName = 'undo'

/** The parameters of {@link undoName}. */
export interface UndoParams {
  /** The numbers of the client's own mutations that it takes back, the newest first. */
  readonly of: readonly number[]
  /** Whether to take back also what somebody else has changed since. */
  readonly force: boolean
}

/** The result of {@link undoName}. */
export interface UndoResult {
  /** Changes that were taken back. */
  readonly done: number
  /** Changes that stand, because somebody has changed since what they had changed. */
  readonly skipped: number
  /** Mutations that were asked for, and of which the server does not know any more what they changed. */
  readonly forgotten: number
}

/** The mutations of a contract, as the last calls of its client's. @throws SchemaError naming what cannot travel. */
export function mutationsOf(reader: SchemaReader, { mutations, clientToServer }: RoomShape): readonly CallDef[] {
  if (mutations === undefined) return []
  const issued = issuedIn(reader)
  const defs = Object.entries(mutations).map(([name, declared]): CallDef => {
    const at = `mutations${step(name)}`
    checkName(name, at)
    if (name === 'input') throw refusal(at, "cannot be called 'input': that is the mutator of the contract's input")
    if (name === undoName) throw refusal(at, `cannot be called '${name}': clients take back mutations by that name`)
    if (Object.hasOwn(clientToServer, name)) {
      throw refusal(at, 'is in clientToServer, too: one of the two needs another name')
    }
    const message = readMutation(declared, at)
    const { schemas, undoable } = message
    checkLimit(message.limit, at)
    const params = schemas.params === undefined ? undefined : reader.read(schemas.params, `${at}.params`, 'plain')
    return { ...callOf(reader, name, message, at, issued(params)), mutation: { undoable } }
  })
  if (!defs.some(({ mutation }) => mutation?.undoable)) return defs
  if (Object.hasOwn(clientToServer, undoName)) {
    throw refusal(
      `clientToServer.${undoName}`,
      `needs another name: in a contract with undoable mutations, clients take them back by '${undoName}'`,
    )
  }
  return [...defs, undoOf(reader, issued)]
}

function undoOf(reader: SchemaReader, issued: (params: TypeIndex) => TypeIndex): CallDef {
  const uint32 = reader.add({ kind: 'uint32' })
  const of = reader.add({ kind: 'list', type: uint32 })
  const params = record(reader, { of, force: reader.add({ kind: 'boolean' }) })
  const result = record(reader, { done: uint32, skipped: uint32, forgotten: uint32 })
  return {
    kind: 'call',
    name: undoName,
    params: issued(params),
    result,
    errors: [],
    timeout: undefined,
    idempotent: false,
    mutation: { undoable: true },
  }
}

/** Makes the type of an {@link IssuedMutation} with parameters of some type. */
function issuedIn(reader: SchemaReader): (params: TypeIndex | undefined) => TypeIndex {
  const simple = (kind: SimpleKind): TypeIndex => reader.add({ kind })
  const always = { n: simple('uint32'), at: simple('float64'), seed: simple('uint32') }
  return (params) => record(reader, params === undefined ? always : { ...always, params })
}

function record(reader: SchemaReader, types: Readonly<Record<string, TypeIndex>>): TypeIndex {
  const fields = Object.entries(types).map(([name, type]): Field => ({ name, type }))
  return reader.add({ kind: 'record', fields })
}

/** A mutation of a contract as what its builder made. @throws SchemaError when it did not make it. */
export function readMutation(declared: AnyMutation, path: string): Mutation<unknown, unknown, unknown> {
  if (!isMutation(declared)) throw refusal(path, 'is no mutation(): write { name: mutation({ … }) }')
  return declared
}

function isMutation(declared: unknown): declared is Mutation<unknown, unknown, unknown> {
  return builtKind(declared) === 'mutation'
}
