import { fits64 } from './codec/numbers.ts'
import { isRange } from './codec/quantized.ts'
import { SchemaError } from './errors.ts'
import { isName, isWellFormed, layoutBounds as bounds } from './layout-bounds.ts'
import { deliveries, firstParameterKind, messageKinds, parameterKinds, simpleKinds } from './layout-wire.ts'
import type { Field, Layout, LiteralValue, MessageDef, TypeDef, TypeIndex } from './layout.ts'

/** What the parts of a layout keep to: the bounds, and else the form that docs/protocol.md gives them. */
export type LayoutRule = keyof typeof bounds | 'form'

/** What it means that a rule is broken, as a sentence that begins with the path. `amount`: what exceeds a bound. */
export type ExplainFault = (rule: LayoutRule, amount: number) => string

// A page gets a broken layout from a broken server only, and who mends that can look it up. The sentences are for those who
// make layouts: layout-faults.ts.
const nameRule: ExplainFault = (rule) => `breaks '${rule}' of V2 in docs/protocol.md`

/**
 * Reads a layout that came from anyone: bounded, without cycles, without names that are more than names.
 *
 * @throws SchemaError `invalid_layout` with the path of the first thing wrong.
 */
export function decodeLayout(layout: unknown, explain = nameRule): Layout {
  const types: TypeDef[] = []
  /** Of each type, the nesting of its wire form. */
  const depths: number[] = []
  /** The deepest of those that the type being read refers to. */
  let below = 0
  /** Elements of types and messages so far. */
  let parts = 0
  /** What is being read. */
  let path = 'layout'

  const [name, version, defs, state, presence, up, down, input] = exactly(7, layout, 1)
  each('types', defs, 'types', (wire) => {
    below = 0
    const def = type(wire)
    const depth = depthOf(def)
    within('depth', depth)
    types.push(def)
    depths.push(depth)
  })
  return {
    name: at('name', name, nameOf),
    version: at('version', version, integer),
    types,
    state: at('state', state, record),
    presence: presence === null ? undefined : at('presence', presence, record),
    up: messages('up', up),
    down: messages('down', down),
    input: input === undefined ? undefined : at('input', input, record),
  }

  // ---- what is in any part

  function check(good: boolean, rule: LayoutRule = 'form', amount = 0): asserts good {
    if (!good) throw new SchemaError('invalid_layout', path, explain(rule, amount))
  }

  function within(bound: keyof typeof bounds, amount: number): void {
    check(amount <= bounds[bound], bound, amount)
  }

  function at<W, T>(part: string, wire: W, read: (wire: W) => T): T {
    path = `layout.${part}`
    return read(wire)
  }

  function each<T>(part: string, wire: unknown, bound: 'types' | 'messages', read: (wire: unknown) => T): T[] {
    const elements = at(part, wire, (all) => list(all, bound))
    return elements.map((element, index) => at(`${part}[${index}]`, element, read))
  }

  function list(wire: unknown, bound: keyof typeof bounds): readonly unknown[] {
    check(Array.isArray(wire))
    within(bound, wire.length)
    return wire
  }

  function counted(wire: unknown): readonly unknown[] {
    const elements = list(wire, 'parts')
    within('parts', (parts += elements.length - 1))
    return elements
  }

  function exactly(length: number, wire: unknown, more = 0): readonly unknown[] {
    check(Array.isArray(wire) && wire.length >= length && wire.length <= length + more)
    return wire
  }

  function distinct<T>(elements: readonly T[]): readonly T[] {
    check(new Set(elements).size === elements.length)
    return elements
  }

  function integer(wire: unknown, least = 0): number {
    check(typeof wire === 'number' && Number.isSafeInteger(wire) && wire >= least)
    return wire
  }

  function nameOf(wire: unknown): string {
    check(typeof wire === 'string' && isName(wire))
    return wire
  }

  /** A type that stands already. Only a field may be optional. */
  function lower(wire: unknown, optional = false): TypeIndex {
    const index = integer(wire)
    const def = types[index]
    check(def !== undefined)
    check(optional || def.kind !== 'optional')
    below = Math.max(below, depths[index] ?? 0)
    return index
  }

  function maybe(wire: unknown): TypeIndex | undefined {
    return wire === null ? undefined : lower(wire)
  }

  function record(wire: unknown): TypeIndex {
    const index = lower(wire)
    check(types[index]?.kind === 'record')
    return index
  }

  function fieldsOf(index: TypeIndex | undefined): readonly Field[] {
    const def = types[index ?? -1]
    if (def?.kind === 'value') return fieldsOf(def.type)
    return def?.kind === 'record' ? def.fields : []
  }

  /** Names, each with its type behind it. */
  function pairs<T>(
    wire: readonly unknown[],
    bound: 'fields' | 'errors',
    make: (name: string, type: unknown) => T,
  ): T[] {
    check(wire.length % 2 === 0)
    within(bound, wire.length / 2)
    const names = distinct(wire.filter((_, index) => index % 2 === 0).map(nameOf))
    return names.map((name, index) => make(name, wire[2 * index + 1]))
  }

  // ---- types

  function type(wire: unknown): TypeDef {
    if (typeof wire === 'number') {
      const kind = simpleKinds[wire]
      check(kind !== undefined)
      return { kind }
    }
    const [number, ...rest] = counted(wire)
    const kind = parameterKinds[integer(number) - firstParameterKind]
    check(kind !== undefined)
    switch (kind) {
      case 'quantized': {
        const [min, max, step] = exactly(3, rest)
        const range = { min, max, step }
        check(isRange(range))
        return { kind, ...range }
      }
      case 'literal':
        return { kind, value: literal(rest) }
      case 'enum':
        check(rest.length > 0)
        return { kind, values: distinct(list(rest, 'members').map(constant)) }
      case 'record':
        return { kind, fields: pairs(rest, 'fields', (name, field) => ({ name, type: lower(field, true) })) }
      case 'tuple':
        return { kind, types: list(rest, 'members').map((member) => lower(member)) }
      case 'union':
        check(rest.length > 0)
        return { kind, types: distinct(list(rest, 'members').map(variant)) }
      default: {
        const inner = lower(exactly(1, rest)[0])
        check(kind !== 'value' || types[inner]?.kind !== kind)
        return { kind, type: inner }
      }
    }
  }

  // Unions of unions could fan out until choosing a variant takes for ever; they say nothing that a flat one does not.
  function variant(wire: unknown): TypeIndex {
    const index = lower(wire)
    const def = types[index]
    const inner = def?.kind === 'value' ? types[def.type] : def
    check(inner?.kind !== 'union')
    return index
  }

  function literal(wire: readonly unknown[]): LiteralValue {
    const [value, isBigint] = wire
    if (wire.length === 1) return typeof value === 'boolean' ? value : constant(value)
    // The one way to write it.
    const isDigits = typeof value === 'string' && /^(0|-?[1-9]\d{0,19})$/.test(value)
    check(wire.length === 2 && isBigint === true && isDigits && fits64(BigInt(value)))
    return BigInt(value)
  }

  function constant(wire: unknown): string | number {
    if (typeof wire === 'number' && Number.isFinite(wire) && !Object.is(wire, -0)) return wire
    check(typeof wire === 'string' && isWellFormed(wire))
    within('literalLength', wire.length)
    return wire
  }

  /** The nesting of a type's wire form. */
  function depthOf(def: TypeDef): number {
    if (def.kind === 'json') return bounds.jsonDepth
    if (def.kind === 'value') return below
    // An optional of what can be nil is wrapped; counting it always is simpler and costs nobody anything.
    return 'type' in def || 'types' in def || 'fields' in def ? 1 + below : 0
  }

  // ---- messages

  function messages(direction: 'up' | 'down', wire: unknown): readonly MessageDef[] {
    const read = each(direction, wire, 'messages', message)
    at(
      direction,
      read.map((def) => def.name),
      distinct,
    )
    return read
  }

  function message(wire: unknown): MessageDef {
    const [number, text, ...rest] = counted(wire)
    const kind = messageKinds[integer(number)]
    check(kind !== undefined)
    const name = nameOf(text)
    switch (kind) {
      case 'event': {
        const [payload, way, priority, key] = exactly(3, rest, 1)
        const delivery = deliveries[integer(way)]
        check(delivery !== undefined)
        const event = { kind, name, payload: maybe(payload), delivery, priority: integer(priority, -Infinity) }
        if (key === undefined) return event
        check(delivery === 'latest' && fieldsOf(event.payload).some((field) => field.name === key))
        return { ...event, key: nameOf(key) }
      }
      case 'call': {
        const [params, result, errors, timeout, idempotent, undoable] = exactly(5, rest, 1)
        check(typeof idempotent === 'boolean')
        const call = {
          kind,
          name,
          params: maybe(params),
          result: maybe(result),
          errors: pairs(counted(errors), 'errors', (code, data) => ({ code, type: lower(data) })),
          timeout: deadline(timeout),
          idempotent,
        }
        if (undoable === undefined) return call
        check(typeof undoable === 'boolean')
        return { ...call, mutation: { undoable } }
      }
      case 'stream': {
        const [params, item] = exactly(2, rest)
        return { kind, name, params: maybe(params), item: lower(item) }
      }
    }
  }

  function deadline(wire: unknown): number | undefined {
    if (wire === null) return undefined
    check(typeof wire === 'number' && Number.isFinite(wire) && wire >= 0)
    return wire === 0 ? Infinity : wire
  }
}
