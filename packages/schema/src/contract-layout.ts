import type { AnyContract } from './contract.ts'
import { SchemaError } from './errors.ts'
import { explainLayoutFault } from './layout-faults.ts'
import { decodeLayout } from './layout-gate.ts'
import { encodeLayout } from './layout-wire.ts'
import { nameFault } from './layout-bounds.ts'
import type { Layout, TypeDef, TypeIndex } from './layout.ts'
import { messagesOf } from './message-layout.ts'
import { mutationsOf } from './mutation-layout.ts'
import { hasAmbiguousUnion } from './named-ambiguity.ts'
import { refusal, SchemaReader, type Place } from './schema-reader.ts'
import type { Visibility } from './visibility-marks.ts'

/** The parts of a contract that travel as maps by name, before a layout is known. */
export type NamedPart = 'join' | 'options' | 'metadata' | 'user'

/** Everything that is read from a contract once. */
export interface ContractReading {
  readonly layout: Layout
  /** Of the state's records that have server-only fields: their names, by type. */
  readonly locals: ReadonlyMap<TypeIndex, readonly string[]>
  /** What of the state depends on who looks, by type; `undefined` when all see all. */
  readonly visibility: Visibility | undefined
  /** Types of the parts that travel by name; none of these is in the layout. */
  readonly namedTypes: readonly TypeDef[]
  readonly named: { readonly [P in NamedPart]?: TypeIndex }
}

const readings = new WeakMap<AnyContract, ContractReading>()

/**
 * Reads a contract. Done once per contract.
 *
 * @throws SchemaError `invalid_contract` with the path of whatever cannot travel.
 */
export function readContract(contract: AnyContract): ContractReading {
  const known = readings.get(contract)
  if (known !== undefined) return known
  const reading = { ...readLayout(contract), ...readNamed(contract) }
  readings.set(contract, reading)
  return reading
}

/**
 * The layout of a contract. Made once per contract.
 *
 * @throws SchemaError `invalid_contract` with the path of whatever cannot travel.
 */
export function layoutOf(contract: AnyContract): Layout {
  return readContract(contract).layout
}

/** What of a contract's state depends on who looks; nothing when all see all. */
export function visibilityOf(contract: AnyContract): Visibility | undefined {
  return readContract(contract).visibility
}

function readLayout({ name, version, shape }: AnyContract): Pick<ContractReading, 'layout' | 'locals' | 'visibility'> {
  const wrong = nameFault(name)
  if (wrong !== undefined) throw refusal('name', wrong)
  if (!Number.isSafeInteger(version) || version < 0) {
    throw refusal('version', `is ${String(version)}; versions are whole numbers: 1, 2, 3, …`)
  }
  const reader = new SchemaReader()
  const record = (schema: unknown, path: string, place: Place): TypeIndex => {
    const type = reader.read(schema, path, place)
    if (reader.types[type]?.kind !== 'record') throw refusal(path, 'is not an object: write t.Object({ … })')
    return type
  }
  const layout: Layout = {
    name,
    version,
    state: record(shape.state, 'state', 'state'),
    presence: shape.presence === undefined ? undefined : record(shape.presence, 'presence', 'plain'),
    input: shape.input === undefined ? undefined : record(shape.input, 'input', 'plain'),
    up: [...messagesOf(reader, shape.clientToServer, 'clientToServer'), ...mutationsOf(reader, shape)],
    down: messagesOf(reader, shape.serverToClient, 'serverToClient'),
    types: reader.types,
  }
  return { layout: bounded(layout), locals: reader.locals, visibility: reader.visibility }
}

// What a client would refuse is refused here, where somebody can mend it.
function bounded(layout: Layout): Layout {
  try {
    return decodeLayout(encodeLayout(layout), explainLayoutFault)
  } catch (error) {
    if (error instanceof SchemaError) throw new SchemaError('invalid_contract', layout.name, error.message)
    throw error
  }
}

function readNamed({ shape }: AnyContract): Pick<ContractReading, 'namedTypes' | 'named'> {
  const reader = new SchemaReader()
  const named: { [P in NamedPart]?: TypeIndex } = {}
  for (const part of ['join', 'options', 'metadata', 'user'] as const) {
    const schema = shape[part]
    if (schema === undefined) continue
    const known = reader.types.length
    named[part] = reader.read(schema, part, part === 'user' ? 'user' : 'plain')
    if (part !== 'user' && hasAmbiguousUnion(reader.types, known)) {
      throw refusal(
        part,
        'has a union of numbers with bytes or bigints. This part travels by name, where some of these look alike: make the variants objects with a literal field that differs',
      )
    }
  }
  return { namedTypes: reader.types, named }
}
