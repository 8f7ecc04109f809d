// Reads the state of a room by docs/protocol-state.md and the layout, and by nothing of ours.

/** A type of a layout as it travels: the number of a kind, or an array that begins with it. */
type Type = number | readonly unknown[]

const simple =
  'null boolean string number int uint8 uint16 uint32 int8 int16 int32 float32 float64 bigint angle bytes timestamp json'.split(
    ' ',
  )
const composed = ['quantized', 'literal', 'enum', 'optional', 'record', 'map', 'list', 'tuple', 'union', 'value']

const kindOf = (type: Type): string | undefined =>
  typeof type === 'number' ? simple[type] : composed[Number(type[0]) - 32]

/** What another node is referred to by, where a value stands. */
class Reference {
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

interface Node {
  readonly type: number
  /** Of a record: the fields by index. Absent ones are missing. */
  readonly fields: Map<number, unknown>
  /** Counts of quantized numbers and angles among the fields. */
  readonly counts: Map<number, number>
  readonly entries: Map<string, unknown>
  items: unknown[]
}

/** [S3] to [S5] */
class Bytes {
  #at = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Error('bytes are missing')
    return byte
  }

  varint(): number {
    return Number(this.#wide())
  }

  #wide(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  signedWide(): { negative: boolean; size: bigint } {
    const first = this.byte()
    const low = BigInt((first >> 1) & 0x3f)
    return { negative: (first & 1) === 1, size: first < 0x80 ? low : low + (this.#wide() << 6n) }
  }

  signed(): number {
    const { negative, size } = this.signedWide()
    return negative ? -Number(size) : Number(size)
  }

  take(length: number): Uint8Array {
    const from = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) throw new Error('bytes are missing')
    return this.#bytes.slice(from, this.#at)
  }

  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(this.varint()))
  }

  float64(): number {
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8, true)
  }

  float32(): number {
    this.#at += 4
    return this.#view.getFloat32(this.#at - 4, true)
  }
}

/** A copy of a room's state, kept by its snapshot and patches. */
export class PlainState {
  epoch = ''
  version = 0
  readonly #types: readonly Type[]
  #nodes = new Map<number, Node>()

  /** @param definition the layout, as it came with joined */
  constructor(definition: unknown) {
    const [, , types] = definition as readonly [unknown, unknown, readonly Type[]]
    this.#types = types
  }

  /** [S6] */
  snapshot(bin: Uint8Array): void {
    const bytes = new Bytes(bin)
    this.epoch = Buffer.from(bytes.take(8)).toString('hex')
    this.version = bytes.varint()
    this.#nodes = new Map()
    this.#body(bytes)
  }

  /** [S7] */
  patch(bin: Uint8Array): void {
    const bytes = new Bytes(bin)
    const head = bytes.varint()
    if (head % 32 !== this.version % 32) throw new Error(`a patch from another version than ${this.version}`)
    this.version += Math.floor(head / 32) + 1
    this.#body(bytes)
    this.#forget()
  }

  /** The whole state: records and maps as objects, absent fields left out. */
  get value(): unknown {
    return this.#plain(new Reference(0))
  }

  /** How many nodes there are. */
  get size(): number {
    return this.#nodes.size
  }

  /** [S8] to [S10] */
  #body(bytes: Bytes): void {
    while (!bytes.done) {
      const head = bytes.varint()
      const type = Math.floor(head / 8)
      const mode = (head >> 1) & 3
      const fields = kindOf(this.#type(type)) === 'record' ? this.#fieldSet(bytes, type) : []
      const count = (head & 1) === 1 ? 1 : bytes.varint()
      let id = -1
      for (let i = 0; i < count; i++) {
        id += bytes.varint() + 1
        this.#node(bytes, id, type, mode, fields)
      }
    }
  }

  /** [S12] */
  #fieldSet(bytes: Bytes, type: number): number[] {
    const count = this.#fields(type).length
    const bits = bytes.take(Math.ceil(count / 8))
    return Array.from({ length: count }, (_, index) => index).filter(
      (index) => ((bits[index >> 3] ?? 0) >> (index & 7)) & 1,
    )
  }

  /** [S11] [S14] to [S19] */
  #node(bytes: Bytes, id: number, type: number, mode: number, fields: readonly number[]): void {
    const known = this.#nodes.get(id)
    const empty = { type, fields: new Map(), counts: new Map(), entries: new Map(), items: [] }
    const node: Node = mode === 2 || known === undefined ? empty : known
    if (mode !== 2 && known === undefined) throw new Error(`node ${id} is not known`)
    if (node.type !== type) throw new Error(`node ${id} is of another type`)
    this.#nodes.set(id, node)
    const value = this.#reader(bytes, id)
    switch (kindOf(this.#type(type))) {
      case 'record':
        for (const index of fields) this.#field(bytes, node, index, mode, value)
        return
      case 'map':
        if (mode === 0) for (let n = bytes.varint(); n > 0; n--) node.entries.delete(bytes.text())
        else node.entries.clear()
        for (let n = bytes.varint(); n > 0; n--) node.entries.set(bytes.text(), value(this.#inner(type)))
        return
      case 'list':
        node.items = mode === 0 ? this.#runs(bytes, node.items, type, value) : this.#items(bytes, type, value)
        return
      default:
        throw new Error(`type ${type} is none of a node`)
    }
  }

  #field(bytes: Bytes, node: Node, index: number, mode: number, value: (type: number) => unknown): void {
    const type = Number(this.#fields(node.type)[index])
    const kind = kindOf(this.#type(type))
    if (kind === 'quantized' || kind === 'angle') {
      // [S21]
      const before = node.counts.get(index) ?? 0
      const moved = mode === 0 ? before + bytes.signed() : kind === 'angle' ? this.#angleCount(bytes) : bytes.varint()
      const count = kind === 'angle' ? moved & 0xffff : moved
      node.counts.set(index, count)
      node.fields.set(index, this.#number(type, count))
    } else {
      const read = value(type)
      if (read === undefined) node.fields.delete(index)
      else node.fields.set(index, read)
    }
  }

  #items(bytes: Bytes, type: number, value: (type: number) => unknown): unknown[] {
    return Array.from({ length: bytes.varint() }, () => this.#item(bytes, this.#inner(type), value))
  }

  /** [S24] */
  #item(bytes: Bytes, type: number, value: (type: number) => unknown): unknown {
    if (this.#takesNone(type, false)) bytes.byte()
    return value(type)
  }

  #takesNone(index: number, inside: boolean): boolean {
    const kind = kindOf(this.#type(index))
    if (kind === 'null' || kind === 'literal') return true
    if (kind === 'record') return inside && this.#fields(index).every((field) => this.#takesNone(Number(field), true))
    if (kind !== 'tuple' && kind !== 'value') return false
    const type = this.#type(index)
    return typeof type !== 'number' && type.slice(1).every((part) => this.#takesNone(Number(part), true))
  }

  /** [S19] */
  #runs(bytes: Bytes, old: readonly unknown[], type: number, value: (type: number) => unknown): unknown[] {
    const items: unknown[] = []
    let end = 0
    for (let runs = bytes.varint(); runs > 0; runs--) {
      const head = bytes.varint()
      const count = Math.floor(head / 2)
      if (head % 2 === 1) {
        for (let n = 0; n < count; n++) items.push(this.#item(bytes, this.#inner(type), value))
      } else {
        const from = end + bytes.signed()
        end = from + count
        items.push(...old.slice(from, end))
      }
    }
    return items
  }

  /** [S13] [S20] [S22]: reads values of one node's content. */
  #reader(bytes: Bytes, owner: number): (type: number) => unknown {
    let last = owner
    const read = (type: number, inside: boolean): unknown => {
      const def = this.#type(type)
      const kind = kindOf(def)
      const rest = typeof def === 'number' ? [] : def.slice(1)
      switch (kind) {
        case 'null':
          return null
        case 'literal':
          return rest[1] === true ? BigInt(String(rest[0])) : rest[0]
        case 'boolean':
          return bytes.byte() === 1
        case 'string':
          return bytes.text()
        case 'bytes':
          return bytes.take(bytes.varint())
        case 'int':
        case 'int8':
        case 'int16':
        case 'int32':
        case 'timestamp':
          return bytes.signed()
        case 'uint8': {
          const byte = bytes.byte()
          return byte < 255 ? byte : bytes.byte() === 0 ? 255 : -0
        }
        case 'uint16':
        case 'uint32': {
          const number = bytes.varint()
          return number === (kind === 'uint16' ? 2 ** 16 : 2 ** 32) ? -0 : number
        }
        case 'float32':
          return bytes.float32()
        case 'float64':
          return bytes.float64()
        case 'number': {
          const head = bytes.varint()
          if (head === 1) return bytes.float64()
          if (head === 3) return bytes.float32()
          const size = Math.floor(head / 4)
          return Math.floor(head / 2) % 2 === 1 ? -size : size
        }
        case 'bigint': {
          const { negative, size } = bytes.signedWide()
          return negative ? -size : size
        }
        case 'quantized':
          return this.#number(type, bytes.varint())
        case 'angle':
          return this.#number(type, this.#angleCount(bytes))
        case 'enum':
          return rest[bytes.varint()]
        case 'optional':
          return bytes.byte() === 1 ? read(Number(rest[0]), inside) : undefined
        case 'union':
          return read(Number(rest[bytes.varint()]), inside)
        case 'tuple':
          return rest.map((element) => read(Number(element), true))
        case 'value':
          return read(Number(rest[0]), true)
        case 'json':
          return this.#json(bytes)
        case 'record':
        case 'map':
        case 'list':
          if (!inside) return new Reference((last += bytes.signed()))
          return this.#whole(bytes, type, kind, (inner) => read(inner, true))
        default:
          throw new Error(`a type of unknown kind: ${String(kind)}`)
      }
    }
    return (type) => read(type, false)
  }

  #whole(bytes: Bytes, type: number, kind: string, value: (type: number) => unknown): unknown {
    if (kind === 'list') return this.#items(bytes, type, value)
    if (kind === 'map') {
      return Object.fromEntries(Array.from({ length: bytes.varint() }, () => [bytes.text(), value(this.#inner(type))]))
    }
    const fields = this.#fields(type).map(
      (field, index) => [this.#fieldName(type, index), value(Number(field))] as const,
    )
    return Object.fromEntries(fields.filter(([, field]) => field !== undefined))
  }

  /** [S23] */
  #json(bytes: Bytes): unknown {
    switch (bytes.byte()) {
      case 0:
        return null
      case 1:
        return false
      case 2:
        return true
      case 3:
        return bytes.signed()
      case 4:
        return bytes.float64()
      case 5:
        return bytes.text()
      case 6:
        return Array.from({ length: bytes.varint() }, () => this.#json(bytes))
      default:
        return Object.fromEntries(Array.from({ length: bytes.varint() }, () => [bytes.text(), this.#json(bytes)]))
    }
  }

  #angleCount(bytes: Bytes): number {
    return bytes.byte() + 256 * bytes.byte()
  }

  /** [S21] */
  #number(type: number, count: number): number {
    const def = this.#type(type)
    if (typeof def === 'number') return ((count < 32_768 ? count : count - 65_536) / 65_536) * 2 * Math.PI
    const [min, max, step] = def.slice(1).map(Number)
    if (min === undefined || max === undefined || step === undefined) throw new Error('no range')
    const parts = Math.round(1 / step)
    const value = Math.abs(parts * step - 1) < 1e-12 ? (Math.round(min * parts) + count) / parts : min + count * step
    return Math.min(value, max)
  }

  /** [S2] */
  #forget(): void {
    const reached = new Set<number>()
    const reach = (value: unknown): void => {
      if (!(value instanceof Reference)) return
      reached.add(value.id)
      const node = this.#nodes.get(value.id)
      for (const part of [...(node?.fields.values() ?? []), ...(node?.entries.values() ?? []), ...(node?.items ?? [])])
        reach(part)
    }
    reach(new Reference(0))
    for (const id of this.#nodes.keys()) if (!reached.has(id)) this.#nodes.delete(id)
  }

  #plain(value: unknown): unknown {
    if (!(value instanceof Reference)) return value
    const node = this.#nodes.get(value.id)
    if (node === undefined) throw new Error(`node ${value.id} is not known`)
    switch (kindOf(this.#type(node.type))) {
      case 'record':
        return Object.fromEntries(
          Array.from(node.fields, ([index, field]) => [this.#fieldName(node.type, index), this.#plain(field)]),
        )
      case 'map':
        return Object.fromEntries(Array.from(node.entries, ([key, entry]) => [key, this.#plain(entry)]))
      default:
        return node.items.map((item) => this.#plain(item))
    }
  }

  #type(index: number): Type {
    const type = this.#types[index]
    if (type === undefined) throw new Error(`there is no type ${index}`)
    return type
  }

  #inner(index: number): number {
    const type = this.#type(index)
    return typeof type === 'number' ? type : Number(type[1])
  }

  /** The types of a record's fields; their names stand before them. */
  #fields(index: number): readonly unknown[] {
    const type = this.#type(index)
    return typeof type === 'number' ? [] : type.filter((_, at) => at > 0 && at % 2 === 0)
  }

  #fieldName(type: number, index: number): string {
    const def = this.#type(type)
    return typeof def === 'number' ? '' : String(def[1 + 2 * index])
  }
}
