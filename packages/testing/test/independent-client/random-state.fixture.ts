import type { StateList, StateMap } from '@junto/schema'
import type { SeededRandom } from '../../src/index.ts'
import type { Type } from './layout.ts'

// Random values and random changes, drawn by a layout.

const texts = ['', 'a', 'é', '7', '0', '🦆', 'length', 'x'.repeat(63), 'ü'.repeat(64), 'y'.repeat(300)] as const
const numbers = [0, -0, 1, -1, 0.5, 0.1, 2 ** 51, 2 ** 51 - 1, 1 - 2 ** 51, 2 ** 53, 1e300, -5e-324] as const
const bigints = [0n, 1n, -1n, 63n, 64n, -64n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, -(2n ** 63n), 2n ** 64n - 1n] as const
const keys = ['', 'a', 'b', '7', '12', 'é', '🦆', 'constructor', 'k'.repeat(130)] as const

const whole: { readonly [kind: string]: readonly [least: number, most: number] } = {
  int: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  timestamp: [-8.64e15, 8.64e15],
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  uint32: [0, 0xffff_ffff],
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  int32: [-0x8000_0000, 0x7fff_ffff],
}

/** A plain value of a type; maps are objects. */
export function randomValue(type: Type, random: SeededRandom): unknown {
  switch (type.kind) {
    case 'null':
      return null
    case 'literal':
      return type.value
    case 'boolean':
      return random.chance(0.5)
    case 'string':
      return random.pick(texts)
    case 'int':
    case 'timestamp':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'int8':
    case 'int16':
    case 'int32': {
      const [least, most] = whole[type.kind] ?? [0, 0]
      return wholeNumber(least, most, random)
    }
    case 'number':
    case 'float64':
      return number(random)
    case 'float32':
      return random.pick([0, -0, 1.5, -3.402823e38, Math.fround(random.number()), random.number() * 1000])
    case 'bigint':
      return random.pick([...bigints, BigInt(random.integer(-1e9, 1e9)) * 4_294_967_291n])
    case 'angle':
      return random.pick([0, Math.PI, -Math.PI, 7, -100, (random.number() - 0.5) * 2 * Math.PI])
    case 'bytes':
      return random.bytes(random.pick([0, 0, 1, 5, 200]))
    case 'json':
      return json(random, 3)
    case 'quantized': {
      const { min, max } = type
      return random.pick([min, max, min + random.number() * (max - min), min + random.number() * (max - min)])
    }
    case 'enum':
      return random.pick(type.values as [unknown, ...unknown[]])
    case 'value':
      return randomValue(type.type, random)
    case 'optional':
      return random.chance(0.4) ? undefined : randomValue(type.type, random)
    case 'list':
      return Array.from({ length: random.integer(0, 3) }, () => randomValue(type.type, random))
    case 'map': {
      const map: { [key: string]: unknown } = {}
      for (let count = random.integer(0, 3); count > 0; count--) map[random.pick(keys)] = randomValue(type.type, random)
      return map
    }
    case 'tuple':
      return type.types.map((part) => randomValue(part, random))
    case 'record': {
      const record: { [name: string]: unknown } = {}
      for (const { name, type: of } of type.fields) {
        const value = randomValue(of, random)
        if (value !== undefined) record[name] = value
      }
      return record
    }
    case 'union':
      return randomValue(random.pick(type.types as [Type, ...Type[]]), random)
  }
}

function wholeNumber(least: number, most: number, random: SeededRandom): number {
  const picked = random.pick([0, -0, 1, 63, 64, least, most, 255, 2 ** 31, random.integer(-1000, 1000)])
  return picked >= least && picked <= most ? picked : random.integer(Math.max(least, -100), Math.min(most, 100))
}

function number(random: SeededRandom): number {
  const size = 2 ** random.integer(-40, 80)
  const drawn = random.number() * size
  return random.pick([...numbers, drawn, Math.round(drawn), -Math.round(drawn)])
}

function json(random: SeededRandom, levels: number): unknown {
  const kind = random.integer(0, levels > 0 ? 6 : 3)
  switch (kind) {
    case 0:
      return null
    case 1:
      return random.chance(0.5)
    case 2:
      return number(random)
    case 3:
      return random.pick(texts)
    case 4:
      return Array.from({ length: random.integer(0, 3) }, () => json(random, levels - 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.integer(0, 3) }, () => [random.pick(keys), json(random, levels - 1)]),
      )
  }
}

type Live = { [name: string]: unknown }

/** Changes something of a room's state: of a record, a map or a list. */
export function change(type: Type, live: unknown, random: SeededRandom): void {
  if (type.kind === 'record') {
    if (type.fields.length > 0) changeRecord(type, live as Live, random)
  } else if (type.kind === 'map') {
    changeMap(type.type, live as StateMap<unknown>, random)
  } else if (type.kind === 'list') {
    changeList(type.type, live as StateList<unknown>, random)
  }
}

function changeRecord({ fields }: Extract<Type, { kind: 'record' }>, live: Live, random: SeededRandom): void {
  const { name, type } = random.pick(fields as [(typeof fields)[0], ...typeof fields])
  const inner = nodeType(type, live[name])
  if (inner !== undefined && random.chance(0.85)) return change(inner, live[name], random)
  if (type.kind === 'quantized' || type.kind === 'angle') {
    // Often not far.
    const [least, most] = type.kind === 'quantized' ? [type.min, type.max] : [-10, 10]
    const moved = (live[name] as number) + (random.number() - 0.5) * (most - least) * random.pick([0.01, 1])
    live[name] = Math.min(most, Math.max(least, moved))
    return
  }
  live[name] = randomValue(type, random)
}

function changeMap(type: Type, live: StateMap<unknown>, random: SeededRandom): void {
  const used = [...live.keys()]
  const key = used.length > 0 && random.chance(0.6) ? random.pick(used as [string, ...string[]]) : random.pick(keys)
  const entry = live.get(key)
  const inner = nodeType(type, entry)
  const what = random.number()
  if (inner !== undefined && what < 0.5) change(inner, entry, random)
  else if (what < 0.75) live.set(key, randomValue(type, random) as never)
  else if (what < 0.8 && entry !== undefined) {
    // The same entry, at the end.
    live.delete(key)
    live.set(key, entry as never)
  } else if (what < 0.97) live.delete(key)
  else live.clear()
}

function changeList(type: Type, live: StateList<unknown>, random: SeededRandom): void {
  const value = () => randomValue(type, random) as never
  const at = random.integer(0, Math.max(0, live.length - 1))
  const item = live.at(at)
  const inner = nodeType(type, item)
  if (inner !== undefined && random.chance(0.4)) return change(inner, item, random)
  const what = live.length > 8 ? random.integer(4, 12) : random.integer(0, 12)
  if (what <= 1) live.push(value(), value())
  else if (what === 2) live.insert(at, value())
  else if (what === 3) live.unshift(value())
  else if (live.length === 0) live.push(value())
  else if (what <= 5) live.set(at, value())
  else if (what <= 7) live.move(at, random.integer(0, live.length - 1))
  else if (what === 8) live.splice(at, random.integer(0, 2), value())
  else if (what === 9) live.pop()
  else if (what === 10) live.shift()
  else if (what === 11) {
    const [taken] = live.splice(at, 1)
    live.insert(random.integer(0, live.length), taken as never)
  } else if (random.chance(0.3)) live.replace([value(), value(), value()])
  else live.sort((a, b) => (String(JSON.stringify(a)) < String(JSON.stringify(b)) ? -1 : 1))
}

/** The type of the record, map or list that stands at a place of such a type. */
function nodeType(type: Type, live: unknown): Type | undefined {
  if (live === undefined || live === null || typeof live !== 'object') return undefined
  switch (type.kind) {
    case 'record':
    case 'map':
    case 'list':
      return type
    case 'optional':
      return nodeType(type.type, live)
    case 'union':
      return type.types.find((variant) => isOf(variant, live as Live))
    default:
      return undefined
  }
}

function isOf(variant: Type, live: Live): boolean {
  if (variant.kind === 'map') return 'keys' in live && 'get' in live
  if (variant.kind === 'list') return 'push' in live
  if (variant.kind !== 'record') return false
  return variant.fields.every(({ name, type }) => type.kind !== 'literal' || live[name] === type.value)
}

/** The keys of all maps of nodes, in their order, by the path to each; of the room's state as of its mirror. */
export function keysOf(type: Type | undefined, value: unknown, path = '', found: string[] = []): string[] {
  if (type?.kind === 'record') {
    for (const field of type.fields) {
      const part = (value as Live)[field.name]
      keysOf(nodeType(field.type, part), part, `${path}/${field.name}`, found)
    }
  } else if (type?.kind === 'map') {
    const entries = [...(value as ReadonlyMap<string, unknown>)]
    found.push(`${path}: ${JSON.stringify(entries.map(([key]) => key))}`)
    for (const [key, part] of entries) keysOf(nodeType(type.type, part), part, `${path}/${key}`, found)
  } else if (type?.kind === 'list') {
    for (const [at, part] of [...(value as Iterable<unknown>)].entries()) {
      keysOf(nodeType(type.type, part), part, `${path}/${at}`, found)
    }
  }
  return found
}

/** Maps as objects, all the way down: as a room has plain values. */
export function withObjects(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...(value as Map<string, unknown>)].map(([key, part]) => [key, withObjects(part)]))
  }
  if (Array.isArray(value)) return value.map(withObjects)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withObjects(part)]))
}
