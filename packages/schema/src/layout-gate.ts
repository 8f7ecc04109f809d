import { rangeFault } from './codec/quantized.ts'
import { SchemaError } from './errors.ts'
import { isWellFormed, layoutBounds as bounds, nameFault } from './layout-bounds.ts'
import { deliveries, kinds, messageKinds, simpleKinds } from './layout-wire.ts'
import type { ErrorDef, Field, Layout, LiteralValue, MessageDef, TypeDef, TypeIndex } from './layout.ts'

/**
 * Reads a layout that came from anyone: bounded, without cycles, without names that are more than names.
 *
 * @throws SchemaError `invalid_layout` with the path of the first thing wrong.
 */
export function decodeLayout(wire: unknown): Layout {
  const [name, version, types, state, presence, up, down] = exactly(7, wire, '')
  const gate = new LayoutGate()
  return {
    name: gate.name(name, 'name'),
    version: whole(version, 'version', Number.MAX_SAFE_INTEGER),
    types: gate.types(types),
    state: gate.record(state, 'state'),
    presence: presence === null ? undefined : gate.record(presence, 'presence'),
    up: gate.messages(up, 'up'),
    down: gate.messages(down, 'down'),
  }
}

class LayoutGate {
  readonly #types: TypeDef[] = []
  /** Of each type, the nesting of its wire form. */
  readonly #depths: number[] = []
  #parts = 0

  types(wire: unknown): readonly TypeDef[] {
    for (const [index, item] of list(wire, 'types', bounds.types).entries()) {
      const path = `types[${index}]`
      const def = this.#type(item, path)
      const depth = this.#depthOf(def)
      if (depth > bounds.depth) throw fault(path, `nests ${depth} deep; ${bounds.depth} is the limit`)
      this.#types.push(def)
      this.#depths.push(depth)
    }
    return this.#types
  }

  #type(wire: unknown, path: string): TypeDef {
    if (typeof wire === 'number') {
      const kind = simpleKinds[wire]
      if (kind === undefined) throw fault(path, `is of the unknown kind ${wire}`)
      return { kind }
    }
    const [kind, ...rest] = list(wire, path, 1 + 2 * bounds.fields)
    this.#count(rest.length, path)
    switch (kind) {
      case kinds.quantized: {
        const [min, max, step] = exactly(3, rest, path)
        if (typeof min !== 'number' || typeof max !== 'number' || typeof step !== 'number') {
          throw fault(path, 'needs min, max and step as numbers')
        }
        const wrong = rangeFault({ min, max, step })
        if (wrong !== undefined) throw fault(path, wrong)
        return { kind: 'quantized', min, max, step }
      }
      case kinds.literal:
        return { kind: 'literal', value: literal(rest, path) }
      case kinds.enum:
        return { kind: 'enum', values: enumValues(rest, path) }
      case kinds.record:
        return { kind: 'record', fields: this.#fields(rest, path) }
      case kinds.tuple:
        return { kind: 'tuple', types: this.#members(rest, path, 0) }
      case kinds.union:
        return { kind: 'union', types: this.#variants(rest, path) }
      case kinds.optional:
        return { kind: 'optional', type: this.#inner(rest, path) }
      case kinds.map:
        return { kind: 'map', type: this.#inner(rest, path) }
      case kinds.list:
        return { kind: 'list', type: this.#inner(rest, path) }
      case kinds.value:
        return { kind: 'value', type: this.#inner(rest, path, 'value') }
      default:
        throw fault(path, `is of the unknown kind ${typeof kind === 'number' ? kind : typeof kind}`)
    }
  }

  #fields(wire: readonly unknown[], path: string): readonly Field[] {
    const names = new Set<string>()
    return this.#pairs(wire, path, bounds.fields).map(([key, type], index) => {
      const at = `${path}.fields[${index}]`
      const name = this.name(key, at)
      if (names.has(name)) throw fault(at, `is a second field "${name}"`)
      names.add(name)
      return { name, type: this.#lower(type, at, true) }
    })
  }

  #pairs(wire: readonly unknown[], path: string, limit: number): readonly (readonly [unknown, unknown])[] {
    if (wire.length % 2 !== 0) throw fault(path, 'has a name without a type')
    if (wire.length / 2 > limit) throw fault(path, `has ${wire.length / 2} names; ${limit} is the limit`)
    const pairs: [unknown, unknown][] = []
    for (let index = 0; index < wire.length; index += 2) pairs.push([wire[index], wire[index + 1]])
    return pairs
  }

  #members(wire: readonly unknown[], path: string, least: number): readonly TypeIndex[] {
    if (wire.length < least) throw fault(path, 'has no types')
    if (wire.length > bounds.members) throw fault(path, `has ${wire.length} types; ${bounds.members} is the limit`)
    return wire.map((type, index) => this.#lower(type, `${path}.types[${index}]`, false))
  }

  // Unions of unions could fan out until choosing a variant takes for ever; they say nothing that a flat one does not.
  #variants(wire: readonly unknown[], path: string): readonly TypeIndex[] {
    const types = this.#members(wire, path, 1)
    if (new Set(types).size !== types.length) throw fault(path, 'has a variant twice')
    for (const type of types) {
      const def = this.#types[type]
      const inner = def?.kind === 'value' ? this.#types[def.type] : def
      if (inner?.kind === 'union') throw fault(path, 'has a union for a variant')
    }
    return types
  }

  #inner(wire: readonly unknown[], path: string, not?: TypeDef['kind']): TypeIndex {
    const [wanted] = exactly(1, wire, path)
    const type = this.#lower(wanted, path, false)
    if (this.#types[type]?.kind === not) throw fault(path, `is a ${not} of a ${not}`)
    return type
  }

  /** A type that stands already. Only a field may be optional. */
  #lower(wire: unknown, path: string, optional: boolean): TypeIndex {
    const index = whole(wire, path, Number.MAX_SAFE_INTEGER)
    const def = this.#types[index]
    if (def === undefined) throw fault(path, `refers to type ${index}, which does not stand before it`)
    if (def.kind === 'optional' && !optional) throw fault(path, 'is optional, which only a field can be')
    return index
  }

  #depthOf(def: TypeDef): number {
    const below = (types: readonly TypeIndex[]): number =>
      types.reduce((most, t) => Math.max(most, this.#depths[t] ?? 0), 0)
    switch (def.kind) {
      case 'json':
        return bounds.jsonDepth
      case 'record':
        return 1 + below(def.fields.map(({ type }) => type))
      case 'tuple':
      case 'union':
        return 1 + below(def.types)
      // An optional of what can be nil is wrapped; counting it always is simpler and costs nobody anything.
      case 'optional':
      case 'map':
      case 'list':
        return 1 + below([def.type])
      case 'value':
        return below([def.type])
      default:
        return 0
    }
  }

  record(wire: unknown, path: string): TypeIndex {
    const index = this.#lower(wire, path, false)
    if (this.#types[index]?.kind !== 'record') throw fault(path, 'is not a record')
    return index
  }

  messages(wire: unknown, path: string): readonly MessageDef[] {
    const names = new Set<string>()
    return list(wire, path, bounds.messages).map((item, index) => {
      const at = `${path}[${index}]`
      const message = this.#message(item, at)
      if (names.has(message.name)) throw fault(at, `is a second message "${message.name}"`)
      names.add(message.name)
      return message
    })
  }

  #message(wire: unknown, path: string): MessageDef {
    const parts = list(wire, path, 7)
    this.#count(parts.length, path)
    switch (parts[0]) {
      case messageKinds.event: {
        const [, name, payload, delivery, priority] = exactly(5, parts, path)
        return {
          kind: 'event',
          name: this.name(name, path),
          payload: this.#maybe(payload, `${path}.payload`),
          delivery: deliveries[whole(delivery, `${path}.delivery`, 2)] ?? 'reliable',
          priority: priorityOf(priority, `${path}.priority`),
        }
      }
      case messageKinds.call: {
        const [, name, params, result, errors, timeout, idempotent] = exactly(7, parts, path)
        if (typeof idempotent !== 'boolean') throw fault(`${path}.idempotent`, 'is not a boolean')
        return {
          kind: 'call',
          name: this.name(name, path),
          params: this.#maybe(params, `${path}.params`),
          result: this.#maybe(result, `${path}.result`),
          errors: this.#errors(errors, `${path}.errors`),
          timeout: timeoutOf(timeout, `${path}.timeout`),
          idempotent,
        }
      }
      case messageKinds.stream: {
        const [, name, params, item] = exactly(4, parts, path)
        return {
          kind: 'stream',
          name: this.name(name, path),
          params: this.#maybe(params, `${path}.params`),
          item: this.#lower(item, `${path}.item`, false),
        }
      }
      default:
        throw fault(path, 'is of an unknown kind')
    }
  }

  #errors(wire: unknown, path: string): readonly ErrorDef[] {
    const codes = new Set<string>()
    const parts = list(wire, path, 2 * bounds.errors)
    this.#count(parts.length, path)
    return this.#pairs(parts, path, bounds.errors).map(([key, type], index) => {
      const at = `${path}[${index}]`
      const code = this.name(key, at)
      if (codes.has(code)) throw fault(at, `is a second error "${code}"`)
      codes.add(code)
      return { code, type: this.#lower(type, at, false) }
    })
  }

  #maybe(wire: unknown, path: string): TypeIndex | undefined {
    return wire === null ? undefined : this.#lower(wire, path, false)
  }

  name(wire: unknown, path: string): string {
    if (typeof wire !== 'string') throw fault(path, 'is not a name')
    const wrong = nameFault(wire)
    if (wrong !== undefined) throw fault(path, wrong)
    return wire
  }

  #count(parts: number, path: string): void {
    this.#parts += parts
    if (this.#parts > bounds.parts) throw fault(path, `makes the layout larger than ${bounds.parts} parts`)
  }
}

function fault(path: string, what: string): SchemaError {
  return new SchemaError('invalid_layout', path === '' ? 'layout' : `layout.${path}`, what)
}

function list(wire: unknown, path: string, limit: number): readonly unknown[] {
  if (!Array.isArray(wire)) throw fault(path, 'is not an array')
  if (wire.length > limit) throw fault(path, `has ${wire.length} elements; ${limit} is the limit`)
  return wire
}

function exactly(length: number, wire: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(wire) || wire.length !== length) throw fault(path, `is not an array of ${length} elements`)
  return wire
}

function whole(wire: unknown, path: string, max: number): number {
  if (typeof wire !== 'number' || !Number.isSafeInteger(wire) || wire < 0 || wire > max) {
    throw fault(path, `is not a whole number from 0 to ${max}`)
  }
  return wire
}

function priorityOf(wire: unknown, path: string): number {
  if (typeof wire !== 'number' || !Number.isSafeInteger(wire)) throw fault(path, 'is not a whole number')
  return wire
}

function timeoutOf(wire: unknown, path: string): number | undefined {
  if (wire === null) return undefined
  if (typeof wire !== 'number' || !Number.isFinite(wire) || wire < 0)
    throw fault(path, 'is not a number of milliseconds')
  return wire === 0 ? Infinity : wire
}

function literal(wire: readonly unknown[], path: string): LiteralValue {
  if (wire.length === 2) return bigintOf(wire, path)
  const [value] = exactly(1, wire, path)
  return typeof value === 'boolean' ? value : enumValue(value, path)
}

function bigintOf([digits, mark]: readonly unknown[], path: string): bigint {
  // The one way to write a number of at most 64 bits.
  if (mark !== true || typeof digits !== 'string' || !/^(0|-?[1-9]\d{0,19})$/.test(digits)) {
    throw fault(path, 'is not a bigint constant')
  }
  const value = BigInt(digits)
  if (value < -(2n ** 63n) || value >= 2n ** 64n) throw fault(path, 'is a bigint constant beyond 64 bits')
  return value
}

function enumValue(wire: unknown, path: string): string | number {
  if (typeof wire === 'number' && Number.isFinite(wire) && !Object.is(wire, -0)) return wire
  if (typeof wire !== 'string') throw fault(path, 'is not a constant')
  if (wire.length > bounds.literalLength) throw fault(path, `is a constant of ${wire.length} characters`)
  if (!isWellFormed(wire)) throw fault(path, 'is a constant with half a surrogate pair in it')
  return wire
}

function enumValues(wire: readonly unknown[], path: string): readonly (string | number)[] {
  if (wire.length === 0) throw fault(path, 'has no values')
  if (wire.length > bounds.members) throw fault(path, `has ${wire.length} values; ${bounds.members} is the limit`)
  const values = wire.map((value) => enumValue(value, path))
  if (new Set(values).size !== values.length) throw fault(path, 'has a value twice')
  return values
}
