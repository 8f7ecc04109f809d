import { Bytes } from './bytes.ts'
import { entriesOf, hashOf, wordsOf } from './hash.ts'
import { type Layout, type RecordType, type Type, wrong } from './layout.ts'
import { angleOf, highest, quantizedOf } from './steps.ts'

/**
 * The copy of a room's state, kept by snapshots and patches (docs/protocol-state.md). Records are objects, maps are `Map`,
 * lists and tuples are arrays.
 */
export class Mirror {
  readonly #layout: Layout
  #nodes = new Map<number, Node>()
  version = 0
  /** In hex digits. */
  epoch = ''
  /** How many versions the last patch went through. */
  steps = 0

  constructor(layout: Layout, snapshot: Uint8Array) {
    this.#layout = layout
    this.restart(snapshot)
  }

  /** The state as it is. */
  get state(): unknown {
    return plain(this.#nodes.get(0))
  }

  /** Applies a snapshot (S6). */
  restart(snapshot: Uint8Array): void {
    const bytes = new Bytes(snapshot)
    this.epoch = Buffer.from(bytes.take(8)).toString('hex')
    this.version = bytes.varint()
    this.#nodes.clear()
    this.#body(bytes, true)
  }

  /** Applies a patch (S7). */
  apply(patch: Uint8Array): void {
    const bytes = new Bytes(patch)
    const head = bytes.varint()
    if (head % 32 !== this.version % 32) wrong('a patch to another version')
    this.#body(bytes, false)
    this.steps = Math.floor(head / 32) + 1
    this.version += this.steps
  }

  /** The hash of the nodes whose ids are from `first` to `first + count - 1` (S27). */
  hash(first: number, count: number): number {
    let sum = 0
    for (const [id, node] of this.#nodes) {
      if (id >= first && id < first + count) sum += hashOf([id, node.type.index, ...node.words()])
    }
    return sum % 2 ** 32
  }

  #body(bytes: Bytes, isSnapshot: boolean): void {
    const seen = new Set<number>()
    while (bytes.left > 0) this.#group(bytes, isSnapshot, seen)
    const root = this.#nodes.get(0)
    if (root?.type !== this.#layout.state) return wrong('no root')
    // What is in no place any more is gone (S2).
    const placed = new Map<number, Node>()
    place(root, placed)
    for (const [id, node] of placed) if (this.#nodes.get(id) !== node) wrong('an old node under the id of a new one')
    this.#nodes = placed
  }

  /** One group (S8 to S12). */
  #group(bytes: Bytes, isSnapshot: boolean, seen: Set<number>): void {
    const head = bytes.varint()
    const single = head % 2 === 1
    const mode = Math.floor(head / 2) % 4
    const type = this.#layout.types[Math.floor(head / 8)]
    if (mode > 2 || (isSnapshot && mode !== 2)) wrong(`mode ${mode}`)
    if (type?.kind !== 'record' && type?.kind !== 'map' && type?.kind !== 'list') return wrong('no type of nodes')
    const fields = type.kind === 'record' ? fieldSet(bytes, type) : []
    const count = single ? 1 : bytes.count()
    let id = -1
    for (let i = 0; i < count; i++) {
      id += bytes.varint() + 1
      if (id > 0xffff_fffe) wrong('an id that is too large')
      if (seen.has(id)) wrong('a node twice')
      seen.add(id)
      if (mode === 2) this.#nodes.set(id, make(id, type))
      const node = this.#nodes.get(id)
      if (node?.type !== type) return wrong('a node that is not known')
      this.#content(node, fields, mode, new Content(bytes, id, this.#nodes))
    }
  }

  #content(node: Node, fields: readonly number[], mode: number, content: Content): void {
    if (node instanceof RecordNode) node.read(content, fields, mode)
    else if (node instanceof MapNode) node.read(content, mode)
    else node.read(content, mode)
  }
}

function make(id: number, type: Type): Node {
  if (type.kind === 'record') return new RecordNode(id, type)
  if (type.kind === 'map') return new MapNode(id, type, type.type)
  if (type.kind === 'list') return new ListNode(id, type, type.type)
  return wrong('no type of nodes')
}

function fieldSet(bytes: Bytes, type: RecordType): number[] {
  const set = bytes.take(Math.ceil(type.fields.length / 8))
  const chosen: number[] = []
  for (let bit = 0; bit < set.length * 8; bit++) {
    if (((set[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) continue
    if (bit >= type.fields.length) wrong('a spare bit')
    chosen.push(bit)
  }
  return chosen
}

type Node = RecordNode | MapNode | ListNode

class RecordNode {
  readonly id: number
  readonly type: RecordType
  /** By the number of the field. Quantized numbers and angles are counts, since they change by differences. */
  readonly values = new Map<number, unknown>()

  constructor(id: number, type: RecordType) {
    this.id = id
    this.type = type
  }

  read(content: Content, fields: readonly number[], mode: number): void {
    for (const at of fields) {
      const type = this.type.fields[at]?.type ?? wrong('no field')
      const isCount = type.kind === 'quantized' || type.kind === 'angle'
      if (isCount && mode === 0) {
        const sum = (this.values.get(at) as number) + content.bytes.signed()
        this.values.set(at, type.kind === 'angle' ? (sum + 65_536) % 65_536 : checked(type, sum))
      } else if (isCount) {
        this.values.set(at, content.count(type))
      } else {
        const value = content.value(type)
        if (value === undefined) this.values.delete(at)
        else this.values.set(at, value)
      }
    }
    if (mode !== 2) return
    this.type.fields.forEach(({ type }, at) => {
      if (type.kind !== 'optional' && !fields.includes(at)) wrong('a required field is missing from a birth')
    })
  }

  get children(): Iterable<unknown> {
    return this.values.values()
  }

  *words(): Iterable<number> {
    for (const at of this.type.fields.keys()) yield* wordsOf(this.#value(at), nodeIn)
  }

  get plain(): unknown {
    const record: { [name: string]: unknown } = {}
    this.type.fields.forEach(({ name }, at) => {
      const value = this.#value(at)
      if (value !== undefined) record[name] = plain(value)
    })
    return record
  }

  /** What a count stands for, and everything else as it is. */
  #value(at: number): unknown {
    const value = this.values.get(at)
    const type = this.type.fields[at]?.type
    if (type?.kind === 'quantized') return quantizedOf(type, value as number)
    return type?.kind === 'angle' ? angleOf(value as number) : value
  }
}

class MapNode {
  readonly id: number
  readonly type: Type
  readonly of: Type
  readonly entries = new Map<string, unknown>()

  constructor(id: number, type: Type, of: Type) {
    this.id = id
    this.type = type
    this.of = of
  }

  /** S16, S17. */
  read(content: Content, mode: number): void {
    if (mode !== 0) this.entries.clear()
    else {
      for (let deleted = content.bytes.count(); deleted > 0; deleted--) {
        if (!this.entries.delete(content.bytes.text())) wrong('a key to delete that is not there')
      }
    }
    for (let set = content.bytes.count(); set > 0; set--) {
      this.entries.set(content.key(), content.value(this.of))
    }
  }

  get children(): Iterable<unknown> {
    return this.entries.values()
  }

  words(): Iterable<number> {
    return entriesOf([...this.entries], nodeIn)
  }

  get plain(): unknown {
    return new Map([...this.entries].map(([key, value]) => [key, plain(value)]))
  }
}

class ListNode {
  readonly id: number
  readonly type: Type
  readonly of: Type
  items: unknown[] = []

  constructor(id: number, type: Type, of: Type) {
    this.id = id
    this.type = type
    this.of = of
  }

  /** S18, S19. */
  read(content: Content, mode: number): void {
    const { bytes } = content
    if (mode !== 0) {
      this.items = content.items(this.of, bytes.count())
      return
    }
    const items: unknown[] = []
    const taken = new Set<number>()
    let end = 0
    for (let runs = bytes.count(); runs > 0; runs--) {
      const head = bytes.varint()
      const count = Math.floor(head / 2)
      if (count === 0) wrong('an empty run')
      if (head % 2 === 1) {
        items.push(...content.items(this.of, count))
        continue
      }
      const begin = end + bytes.signed()
      end = begin + count
      if (begin < 0 || end > this.items.length) wrong('a run outside of the list')
      for (let at = begin; at < end; at++) {
        if (taken.has(at)) wrong('an item in two runs')
        taken.add(at)
        items.push(this.items[at])
      }
    }
    this.items = items
  }

  get children(): Iterable<unknown> {
    return this.items
  }

  words(): Iterable<number> {
    return wordsOf(this.items, nodeIn)
  }

  get plain(): unknown {
    return this.items.map(plain)
  }
}

/** The values of one node's content, or of one value that is sent whole (S13, S20 to S24). */
class Content {
  readonly bytes: Bytes
  readonly #nodes: ReadonlyMap<number, Node> | undefined
  #before: number

  constructor(bytes: Bytes, id: number, nodes?: ReadonlyMap<number, Node>) {
    this.bytes = bytes
    this.#before = id
    this.#nodes = nodes
  }

  /** A value, or the node that it refers to; `undefined` for an absent one. */
  value(type: Type): unknown {
    const { bytes } = this
    switch (type.kind) {
      case 'null':
        return null
      case 'literal':
        return type.value
      case 'boolean': {
        const byte = bytes.byte()
        return byte > 1 ? wrong('no boolean') : byte === 1
      }
      case 'string':
        return bytes.text()
      case 'bytes':
        return bytes.take(bytes.varint())
      case 'int':
      case 'timestamp':
        return bytes.signed()
      case 'int8':
        return ranged(bytes.signed(), 0x80)
      case 'int16':
        return ranged(bytes.signed(), 0x8000)
      case 'int32':
        return ranged(bytes.signed(), 0x8000_0000)
      case 'uint8': {
        const byte = bytes.byte()
        if (byte < 0xff) return byte
        const more = bytes.byte()
        return more > 1 ? wrong('no uint8') : more === 0 ? 255 : -0
      }
      case 'uint16':
        return unsigned(bytes.varint(), 0xffff)
      case 'uint32':
        return unsigned(bytes.varint(), 0xffff_ffff)
      case 'float32':
        return finite(bytes.float32())
      case 'float64':
        return finite(bytes.float64())
      case 'number':
        return this.#number()
      case 'bigint':
        return bytes.bigint()
      case 'quantized':
        return quantizedOf(type, this.count(type))
      case 'angle':
        return angleOf(this.count(type))
      case 'enum':
        return type.values[bytes.varint()] ?? wrong('no such value')
      case 'optional': {
        const byte = bytes.byte()
        return byte > 1 ? wrong('no optional') : byte === 1 ? this.value(type.type) : undefined
      }
      case 'union':
        return this.value(type.types[bytes.varint()] ?? wrong('no such variant'))
      case 'tuple':
      case 'value':
        return new Content(bytes, 0).#whole(type)
      case 'json':
        return this.#json(1)
      case 'record':
      case 'map':
      case 'list':
        return this.#nodes === undefined ? this.#whole(type) : this.#reference(type)
    }
  }

  count(type: Type): number {
    return type.kind === 'angle' ? this.bytes.uint16() : checked(type, this.bytes.varint())
  }

  key(): string {
    const key = this.bytes.text()
    return key === '__proto__' ? wrong('__proto__ is no key') : key
  }

  items(type: Type, count: number): unknown[] {
    if (count > this.bytes.left) wrong('a count greater than the bytes left')
    return Array.from({ length: count }, () => {
      if (takesNothing(type) && this.bytes.byte() !== 0) wrong('no zero byte')
      return this.value(type)
    })
  }

  /** S13. */
  #reference(type: Type): Node {
    this.#before += this.bytes.signed()
    const node = this.#nodes?.get(this.#before)
    return node?.type === type ? node : wrong('a reference to what is not there')
  }

  /** S22. */
  #whole(type: Type): unknown {
    switch (type.kind) {
      case 'value':
        return this.value(type.type)
      case 'tuple':
        return type.types.map((part) => this.value(part))
      case 'list':
        return this.items(type.type, this.bytes.count())
      case 'map': {
        const map = new Map<string, unknown>()
        for (let count = this.bytes.count(); count > 0; count--) map.set(this.key(), this.value(type.type))
        return map
      }
      case 'record': {
        const record: { [name: string]: unknown } = {}
        for (const field of type.fields) {
          const value = this.value(field.type)
          if (value !== undefined) record[field.name] = value
        }
        return record
      }
      default:
        return wrong(`a ${type.kind} is no whole`)
    }
  }

  #number(): number {
    const head = this.bytes.varint()
    if (head === 1) return finite(this.bytes.float64())
    if (head === 3) return finite(this.bytes.float32())
    if (head % 2 === 1) wrong('no number')
    const half = head / 2
    const absolute = Math.floor(half / 2)
    return half % 2 === 1 ? -absolute : absolute
  }

  /** S23. */
  #json(level: number): unknown {
    const { bytes } = this
    const kind = bytes.byte()
    switch (kind) {
      case 0:
        return null
      case 1:
        return false
      case 2:
        return true
      case 3:
        return bytes.signed()
      case 4:
        return finite(bytes.float64())
      case 5:
        return bytes.text()
      case 6:
      case 7: {
        if (level > 16) wrong('json that nests too deep')
        const count = bytes.count()
        if (kind === 6) return Array.from({ length: count }, () => this.#json(level + 1))
        return Object.fromEntries(Array.from({ length: count }, () => [this.key(), this.#json(level + 1)]))
      }
      default:
        return wrong('no json')
    }
  }
}

/** S24. */
function takesNothing(type: Type): boolean {
  switch (type.kind) {
    case 'null':
    case 'literal':
      return true
    case 'value':
      return takesNothingWhole(type.type)
    case 'tuple':
      return takesNothingWhole(type)
    default:
      return false
  }
}
function takesNothingWhole(type: Type): boolean {
  if (type.kind === 'record') return type.fields.every((field) => takesNothingWhole(field.type))
  if (type.kind === 'tuple') return type.types.every(takesNothingWhole)
  return takesNothing(type)
}

function checked(type: Type, count: number): number {
  if (type.kind !== 'quantized' || count < 0 || count > highest(type)) wrong(`count ${count}`)
  return count
}
function ranged(value: number, half: number): number {
  return value >= -half && value < half ? value : wrong('a number out of its range')
}
function unsigned(value: number, most: number): number {
  if (value > most + 1) wrong('a number out of its range')
  return value > most ? -0 : value
}
function finite(value: number): number {
  return Number.isFinite(value) ? value : wrong('no finite number')
}

function isNode(value: unknown): value is Node {
  return value instanceof RecordNode || value instanceof MapNode || value instanceof ListNode
}

function nodeIn(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined
}

function plain(value: unknown): unknown {
  return isNode(value) ? value.plain : value
}

/** Collects what hangs on a node, and sees to it that nothing hangs in two places. */
function place(node: Node, placed: Map<number, Node>): void {
  if (placed.has(node.id)) wrong('a node in two places')
  placed.set(node.id, node)
  for (const child of node.children) if (isNode(child)) place(child, placed)
}
