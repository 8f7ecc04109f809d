import { step } from './codec/fault.ts'
import type { AnyMessage, Call, Delivery, Event, RateLimit, Stream } from './contract.ts'
import { messageNameFault, nameFault } from './layout-bounds.ts'
import type { CallDef, EventDef, MessageDef, TypeDef, TypeIndex, TypeKind } from './layout.ts'
import { isFrameworkCode } from './messages.ts'
import type { Mutation } from './mutation.ts'
import { refusal, type SchemaReader } from './schema-reader.ts'

/** The messages of one direction. @throws SchemaError naming what cannot travel. */
export function messagesOf(
  reader: SchemaReader,
  declared: Readonly<Record<string, AnyMessage>>,
  path: string,
): readonly MessageDef[] {
  return Object.entries(declared).map(([name, message]) => {
    const at = path + step(name)
    checkName(name, at)
    if (path === 'serverToClient' && readMessage(message, at).kind === 'stream') {
      throw refusal(at, 'is a stream, which only clients open: declare it in clientToServer, or send event()s')
    }
    if (path === 'serverToClient' && message.limit !== undefined) {
      throw refusal(`${at}.limit`, 'limits the server itself: limits are for what clients send')
    }
    return messageOf(reader, name, message, at)
  })
}

/** @throws SchemaError when a message cannot be called so. */
export function checkName(name: string, path: string): void {
  const wrong = messageNameFault(name)
  if (wrong !== undefined) throw refusal(path, wrong)
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
    case 'call':
      return callOf(reader, name, message, path, maybe(message.schemas.params, 'params'))
    case 'stream': {
      const { schemas } = message
      const params = maybe(schemas.params, 'params')
      return { kind: 'stream', name, params, item: reader.read(schemas.item, `${path}.item`, 'plain') }
    }
  }
}

/** A call, or a mutation, whose parameters have been read. */
export function callOf(
  reader: SchemaReader,
  name: string,
  message: Call<unknown, unknown, unknown> | Mutation<unknown, unknown, unknown>,
  path: string,
  params: TypeIndex | undefined,
): CallDef {
  const { timeout, idempotent, schemas } = message
  if (timeout !== undefined && !(timeout > 0)) {
    throw refusal(`${path}.timeout`, `is ${timeout}; write milliseconds above 0, or Infinity for no deadline`)
  }
  const result = schemas.result === undefined ? undefined : reader.read(schemas.result, `${path}.result`, 'plain')
  const errors = Object.entries(schemas.errors).map(([code, schema]) => {
    const at = `${path}.errors${step(code)}`
    const wrong = nameFault(code)
    if (wrong !== undefined) throw refusal(at, wrong)
    if (isFrameworkCode(code)) {
      throw refusal(at, `cannot be called "${code}": any call may fail so, and a caller could not tell them apart`)
    }
    return { code, type: reader.read(schema, at, 'plain') }
  })
  return { kind: 'call', name, params, result, errors, timeout, idempotent }
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
export function checkLimit(limit: RateLimit | undefined, path: string): void {
  if (limit === undefined) return
  const { rate, burst = 1 } = limit
  if (!(rate > 0)) throw refusal(`${path}.limit.rate`, `is ${rate}; write messages a second, above 0`)
  if (!(burst >= 1)) throw refusal(`${path}.limit.burst`, `is ${burst}; write how many may come at once, 1 or more`)
}

type KnownMessage = Call<unknown, unknown, unknown> | Event<unknown> | Stream<unknown, unknown>

/** A message of a contract as what its builder made. @throws SchemaError when none of them made it. */
export function readMessage(message: AnyMessage, path: string): KnownMessage {
  if (!isMessage(message)) {
    const fault =
      builtKind(message) === 'mutation'
        ? 'is a mutation(): declare it in mutations'
        : 'is neither call(), event() nor stream()'
    throw refusal(path, fault)
  }
  return message
}

function isMessage(message: unknown): message is KnownMessage {
  const kind = builtKind(message)
  return kind === 'call' || kind === 'event' || kind === 'stream'
}

/** The kind of what a builder made. All of them set `schemas`, each with its kind: whoever has both was made by one of them. */
export function builtKind(made: unknown): unknown {
  return typeof made === 'object' && made !== null && 'schemas' in made && 'kind' in made ? made.kind : undefined
}
