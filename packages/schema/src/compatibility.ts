import { joinPath, step } from './codec/fault.ts'
import type { CallDef, Field, Layout, LiteralValue, MessageDef, StreamDef, TypeDef, TypeIndex } from './layout.ts'
import { constantsOf, describeType, isNumeric, optionalOf } from './type-description.ts'

/** Differences listed; a contract that differs in more is another contract. */
const listed = 20

/**
 * What stands between a client's contract and a server's, each a sentence that begins with the path. None: they work
 * together.
 *
 * Everything travels by the server's layout. So what the server sends must be what the client's types promise its user,
 * and what the client's user may send must be what the server takes. Additions pass: state, results and payloads of the
 * server may have further fields; parameters may have further optional ones; either side may have further messages. All
 * kinds of numbers but bigint are one here; a value out of range is refused when it is sent.
 *
 * @param words How it is said of what the server sends. Default: as to a client.
 */
export function differences(own: Layout, server: Layout, words: Words = clientWords): readonly string[] {
  const found: string[] = []
  const state = new Comparison(server, own, 'down', true, found, words)
  const down = new Comparison(server, own, 'down', false, found, words)
  const up = new Comparison(own, server, 'up', false, found)

  state.compare(server.state, own.state, 'state')
  if (own.presence !== undefined) {
    up.compare(own.presence, server.presence, 'presence')
    if (server.presence !== undefined) down.compare(server.presence, own.presence, 'presence')
  }
  // A server goes without the inputs of a client that has none.
  if (own.input !== undefined) up.compare(own.input, server.input, 'input')
  compareMessages('clientToServer', asDeclared(own), asDeclared(server), up, down, found)
  compareMessages('serverToClient', own.down, server.down, down, up, found)

  if (found.length <= listed) return found
  return [...found.slice(0, listed), `and ${found.length - listed} more`]
}

/** What a client sends; of mutations with the parameters that the contract declares. */
function asDeclared({ up, types }: Layout): readonly MessageDef[] {
  return up.map((message) => {
    if (!isMutation(message)) return message
    const issued = types[message.params ?? -1]
    const fields = issued?.kind === 'record' ? issued.fields : []
    return { ...message, params: fields.find(({ name }) => name === 'params')?.type }
  })
}

function isMutation(message: MessageDef): message is CallDef {
  return message.kind === 'call' && message.mutation !== undefined
}

/** `there` is the way of parameters and payloads, `back` that of results, items and errors. */
function compareMessages(
  group: string,
  own: readonly MessageDef[],
  server: readonly MessageDef[],
  there: Comparison,
  back: Comparison,
  found: string[],
): void {
  const byName = new Map(server.map((message) => [message.name, message]))
  for (const message of own) {
    const other = byName.get(message.name)
    // Without a counterpart nothing can be misread: a call to it fails with `unsupported`.
    if (other === undefined) continue
    const path = (isMutation(message) ? 'mutations' : group) + step(message.name)
    const pair = (mine: TypeIndex | undefined, theirs: TypeIndex | undefined, way: Comparison, part: string): void => {
      if (way.direction === 'up') way.compare(mine, theirs, `${path}.${part}`)
      else way.compare(theirs, mine, `${path}.${part}`)
    }
    const [kind, otherKind] = [aKind(message), aKind(other)]
    if (kind !== otherKind) {
      found.push(`${path}: this client's contract has ${kind}, the server has ${otherKind}`)
    } else if (message.kind === 'event' && other.kind === 'event') {
      pair(message.payload, other.payload, there, 'payload')
    } else if (message.kind === 'call' && other.kind === 'call') {
      pair(message.params, other.params, there, 'params')
      pair(message.result, other.result, back, 'result')
      compareErrors(message, other, (mine, theirs, code) => pair(mine, theirs, back, `errors${step(code)}`))
    } else if (message.kind === 'stream' && other.kind === 'stream') {
      compareStreams(message, other, pair, there, back)
    }
  }
}

function compareStreams(
  own: StreamDef,
  server: StreamDef,
  pair: (mine: TypeIndex | undefined, theirs: TypeIndex | undefined, way: Comparison, part: string) => void,
  there: Comparison,
  back: Comparison,
): void {
  pair(own.params, server.params, there, 'params')
  pair(own.item, server.item, back, 'item')
}

// A code that only one side declares is an error like any other to the other side.
function compareErrors(
  own: CallDef,
  server: CallDef,
  pair: (mine: TypeIndex, theirs: TypeIndex, code: string) => void,
): void {
  for (const { code, type } of own.errors) {
    const other = server.errors.find((error) => error.code === code)
    if (other !== undefined) pair(type, other.type, code)
  }
}

function aKind(message: MessageDef): string {
  if (isMutation(message)) return 'a mutation'
  return message.kind === 'event' ? 'an event' : `a ${message.kind}`
}

/** Compares what one side sends with what the other takes. */
class Comparison {
  readonly direction: 'up' | 'down'
  readonly #from: readonly TypeDef[]
  readonly #to: readonly TypeDef[]
  /** In state a value kept whole has another shape than a tracked one; in messages they are the same. */
  readonly #tracked: boolean
  readonly #found: string[]
  readonly #words: Words
  readonly #fits = new Map<number, boolean>()
  readonly #explained = new Set<number>()

  constructor(
    from: Layout,
    to: Layout,
    direction: 'up' | 'down',
    tracked: boolean,
    found: string[],
    words: Words = direction === 'up' ? serverWords : clientWords,
  ) {
    this.#words = words
    this.#from = from.types
    this.#to = to.types
    this.direction = direction
    this.#tracked = tracked
    this.#found = found
  }

  compare(from: TypeIndex | undefined, to: TypeIndex | undefined, path: string): void {
    if (from !== undefined && to !== undefined) this.#explain(from, to, path)
    else if (to !== undefined) {
      this.#add(
        path,
        this.direction === 'up' ? 'the server needs it, this client has none' : 'the server sends none any more',
      )
    } else if (from !== undefined && this.direction === 'up') {
      this.#add(path, 'this client sends it, the server takes none any more')
    }
  }

  #pair(from: TypeIndex, to: TypeIndex): number {
    return from * this.#to.length + to
  }

  /** Whether each value of the one type is one of the other. Each pair is looked at once, however often it occurs. */
  #fit(from: TypeIndex, to: TypeIndex): boolean {
    const pair = this.#pair(from, to)
    const known = this.#fits.get(pair)
    if (known !== undefined) return known
    const fits = this.#compare(from, to)
    this.#fits.set(pair, fits)
    return fits
  }

  #compare(fromIndex: TypeIndex, toIndex: TypeIndex): boolean {
    const from = this.#plain(this.#from, fromIndex)
    const to = this.#plain(this.#to, toIndex)
    if (from === undefined || to === undefined) return false
    if (from.kind === 'union') return from.types.every((type) => this.#fit(type, toIndex))
    const constants = constantsOf(from)
    if (constants !== undefined) return constants.every((constant) => this.#holds(to, constant))
    if (to.kind === 'union') return to.types.some((type) => this.#fit(fromIndex, type))
    if (isNumeric(from) && isNumeric(to)) return true
    switch (from.kind) {
      case 'record':
        return to.kind === 'record' && this.#fieldFaults(from.fields, to.fields).next().done === true
      case 'map':
      case 'list':
      case 'value':
        return to.kind === from.kind && this.#fit(from.type, to.type)
      case 'tuple':
        return (
          to.kind === 'tuple' &&
          from.types.length === to.types.length &&
          from.types.every((type, index) => this.#fit(type, to.types[index] ?? -1))
        )
      default:
        return to.kind === from.kind
    }
  }

  /** What is wrong with the fields of a pair of records. */
  *#fieldFaults(from: readonly Field[], to: readonly Field[]): Generator<FieldFault> {
    const sent = new Map(from.map((field) => [field.name, field.type]))
    for (const { name, type } of to) {
      const wanted = optionalOf(this.#to, type)
      const other = sent.get(name)
      sent.delete(name)
      if (other === undefined) {
        if (!wanted.optional) yield { name, fault: 'missing' }
        continue
      }
      const given = optionalOf(this.#from, other)
      if (given.optional && !wanted.optional) yield { name, fault: 'optional' }
      else if (!this.#fit(given.type, wanted.type)) yield { name, fault: { from: given.type, to: wanted.type } }
    }
    // What a server has beyond is nobody's loss. What a client must send and the server does not take is.
    if (this.direction === 'down') return
    for (const [name, type] of sent) if (!optionalOf(this.#from, type).optional) yield { name, fault: 'unknown' }
  }

  #holds(to: TypeDef, constant: LiteralValue | null): boolean {
    switch (to.kind) {
      case 'null':
        return constant === null
      case 'literal':
        return constant === to.value
      case 'enum':
        return to.values.some((value) => value === constant)
      case 'union':
        return to.types.some((type) => {
          const variant = this.#plain(this.#to, type)
          return variant !== undefined && this.#holds(variant, constant)
        })
      case 'string':
      case 'boolean':
      case 'bigint':
        return typeof constant === to.kind
      default:
        return typeof constant === 'number' && isNumeric(to)
    }
  }

  #plain(types: readonly TypeDef[], index: TypeIndex): TypeDef | undefined {
    let def = types[index]
    while (!this.#tracked && def?.kind === 'value') def = types[def.type]
    return def
  }

  /** Says where a pair does not fit, as deep down as it can be told. */
  #explain(fromIndex: TypeIndex, toIndex: TypeIndex, path: string): void {
    if (this.#fit(fromIndex, toIndex)) return
    const pair = this.#pair(fromIndex, toIndex)
    // The same pair elsewhere was explained where it was met first.
    if (this.#explained.has(pair)) return
    this.#explained.add(pair)
    const from = this.#plain(this.#from, fromIndex)
    const to = this.#plain(this.#to, toIndex)
    if (from?.kind === 'record' && to?.kind === 'record') {
      for (const { name, fault } of this.#fieldFaults(from.fields, to.fields)) {
        const at = joinPath(path, step(name))
        if (typeof fault === 'object') this.#explain(fault.from, fault.to, at)
        else this.#add(at, this.#words[fault])
      }
    } else if (from?.kind === 'map' && to?.kind === 'map') {
      this.#explain(from.type, to.type, `${path}.*`)
    } else if (from?.kind === 'list' && to?.kind === 'list') {
      this.#explain(from.type, to.type, `${path}[]`)
    } else if (from?.kind === 'value' && to?.kind === 'value') {
      this.#explain(from.type, to.type, path)
    } else if (from?.kind === 'tuple' && to?.kind === 'tuple' && from.types.length === to.types.length) {
      for (const [index, type] of from.types.entries()) this.#explain(type, to.types[index] ?? -1, `${path}[${index}]`)
    } else {
      const given = describeType(this.#from, fromIndex)
      const wanted = describeType(this.#to, toIndex)
      this.#add(path, this.#words.types(given, wanted))
    }
  }

  #add(path: string, sentence: string): void {
    this.#found.push(`${path}: ${sentence}`)
  }
}

interface FieldFault {
  readonly name: string
  /** Named in the words of a sender; or the pair of types that do not fit. */
  readonly fault: 'missing' | 'optional' | 'unknown' | { readonly from: TypeIndex; readonly to: TypeIndex }
}

/** What is said of a field or type that does not fit. */
export interface Words {
  readonly missing: string
  readonly optional: string
  readonly unknown: string
  types(given: string, wanted: string): string
}

const serverWords: Words = {
  missing: 'the server needs this field, this client does not send it',
  optional: 'the server needs this field, this client may leave it out',
  unknown: 'this client sends this field, the server does not know it',
  types: (given, wanted) => `this client sends ${given}, the server takes ${wanted}`,
}

const clientWords: Words = {
  missing: "the server does not have this field, which this client's contract needs",
  optional: "the server may leave out this field, which this client's contract needs",
  unknown: 'the server has this field, this client does not know it',
  types: (given, wanted) => `the server has ${given}, this client's contract says ${wanted}`,
}
