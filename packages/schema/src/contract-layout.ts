import { step } from './codec/fault.ts'
import type { AnyContract, AnyMessage, Call, Delivery, Event, RateLimit, Stream } from './contract.ts'
import { SchemaError } from './errors.ts'
import { explainLayoutFault } from './layout-faults.ts'
import { decodeLayout } from './layout-gate.ts'
import { encodeLayout } from './layout-wire.ts'
import { messageNameFault, nameFault } from './layout-bounds.ts'
import type { EventDef, Layout, MessageDef, TypeDef, TypeIndex, TypeKind } from './layout.ts'
import { isFrameworkCode } from './messages.ts'
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
    up: messages(reader, shape.clientToServer, 'clientToServer'),
    down: messages(reader, shape.serverToClient, 'serverToClient'),
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
  if (shape.input !== undefined) reader.read(shape.input, 'input', 'plain')
  return { namedTypes: reader.types, named }
}

function messages(
  reader: SchemaReader,
  declared: Readonly<Record<string, AnyMessage>>,
  path: string,
): readonly MessageDef[] {
  return Object.entries(declared).map(([name, message]) => {
    const at = path + step(name)
    const wrong = messageNameFault(name)
    if (wrong !== undefined) throw refusal(at, wrong)
    if (path === 'serverToClient' && readMessage(message, at).kind === 'stream') {
      throw refusal(at, 'is a stream, which only clients open: declare it in clientToServer, or send event()s')
    }
    if (path === 'serverToClient' && message.limit !== undefined) {
      throw refusal(`${at}.limit`, 'limits the server itself: limits are for what clients send')
    }
    return messageOf(reader, name, message, at)
  })
}

const deliveries: readonly Delivery[] = ['reliable', 'latest', 'volatile']

function messageOf(reader: SchemaReader, name: string, declared: AnyMessage, path: string): MessageDef {
  const maybe = (schema: unknown, part: string): TypeIndex | undefined =>
    schema === undefined ? undefined : reader.read(schema, `${path}.${part}`, 'plain')
  const message = readMessage(declared, path)
  checkLimit(message.limit, path)
  switch (message.kind) {
    case 'event': {
      const { delivery, priority, key, schemas } = message
      if (!deliveries.includes(delivery)) {
        throw refusal(`${path}.delivery`, `is ${JSON.stringify(delivery)}; write one of ${deliveries.join(', ')}`)
      }
      if (!Number.isSafeInteger(priority)) throw refusal(`${path}.priority`, 'is not a whole number')
      const def = { kind: 'event', name, payload: maybe(schemas.payload, 'payload'), delivery, priority } as const
      if (key === undefined) return def
      const wrong = keyFault(reader.types, def, key)
      if (wrong !== undefined) throw refusal(`${path}.key`, wrong)
      return { ...def, key }
    }
    case 'call': {
      const { timeout, idempotent, schemas } = message
      if (timeout !== undefined && !(timeout > 0)) {
        throw refusal(`${path}.timeout`, `is ${timeout}; write milliseconds above 0, or Infinity for no deadline`)
      }
      const errors = Object.entries(schemas.errors).map(([code, schema]) => {
        const at = `${path}.errors${step(code)}`
        const wrong = nameFault(code)
        if (wrong !== undefined) throw refusal(at, wrong)
        if (isFrameworkCode(code)) {
          throw refusal(at, `cannot be called "${code}": any call may fail so, and a caller could not tell them apart`)
        }
        return { code, type: reader.read(schema, at, 'plain') }
      })
      const params = maybe(schemas.params, 'params')
      return { kind: 'call', name, params, result: maybe(schemas.result, 'result'), errors, timeout, idempotent }
    }
    case 'stream': {
      const { schemas } = message
      const params = maybe(schemas.params, 'params')
      return { kind: 'stream', name, params, item: reader.read(schemas.item, `${path}.item`, 'plain') }
    }
  }
}

/** What a field cannot be by whose value events are told apart. */
const notKeys: readonly TypeKind[] = ['null', 'bytes', 'json', 'record', 'map', 'list', 'tuple', 'union', 'value']

function keyFault(types: readonly TypeDef[], { delivery, payload }: EventDef, key: string): string | undefined {
  if (delivery !== 'latest') return `is for events of the delivery 'latest'; this one is ${delivery}`
  const inner = (type: TypeIndex | undefined): TypeDef | undefined => {
    const def = types[type ?? -1]
    return def?.kind === 'optional' || def?.kind === 'value' ? inner(def.type) : def
  }
  const record = inner(payload)
  const field = record?.kind === 'record' ? record.fields.find(({ name }) => name === key) : undefined
  if (field === undefined) return `names no field of the payload: there is no "${key}"`
  const kind = inner(field.type)?.kind
  if (kind === undefined || !notKeys.includes(kind)) return undefined
  return `names a field of the kind ${kind}: take one that holds a string, a number or the like`
}

/** @throws SchemaError when a limit is none. */
function checkLimit(limit: RateLimit | undefined, path: string): void {
  if (limit === undefined) return
  const { rate, burst = 1 } = limit
  if (!(rate > 0)) throw refusal(`${path}.limit.rate`, `is ${rate}; write messages a second, above 0`)
  if (!(burst >= 1)) throw refusal(`${path}.limit.burst`, `is ${burst}; write how many may come at once, 1 or more`)
}

type KnownMessage = Call<unknown, unknown, unknown> | Event<unknown> | Stream<unknown, unknown>

/** A message of a contract as what its builder made. @throws SchemaError when none of them made it. */
export function readMessage(message: AnyMessage, path: string): KnownMessage {
  if (!isMessage(message)) throw refusal(path, 'is neither call(), event() nor stream()')
  return message
}

// The three builders set `schemas`, each with its kind: whoever has both was made by one of them.
function isMessage(message: unknown): message is KnownMessage {
  if (typeof message !== 'object' || message === null || !('schemas' in message && 'kind' in message)) return false
  return message.kind === 'call' || message.kind === 'event' || message.kind === 'stream'
}
