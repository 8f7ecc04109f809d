import { JuntoError } from './errors.ts'
import { FrameType, type Frame, type JoinBy, type JoinFrame, type UnfitJoinFrame } from './frames.ts'
import { mostChecked, mostCredit } from './limits.ts'

/** The highest number of a room. */
export const highestRef = 0xffff_ffff

/** The highest id of a node of the state. */
const highestNode = 0xffff_fffe

/** The smallest message or frame that a peer may announce as its limit. */
export const leastLimit = 1024

/** Characters of a name: of a contract, an error code, a program. */
export const longestName = 128
const longestAddress = 256
const longestText = 4096
const mostLayouts = 64

/** Half a surrogate pair: UTF-8 cannot hold it, so that different keys would become the same. */
const surrogate = /\p{Surrogate}/u
const addressForm = `a string of 1 to ${longestAddress} characters, without half surrogate pairs`

/**
 * The frame in a decoded value. Elements beyond those that a type has are ignored: they are room for additions.
 *
 * @throws JuntoError `bad_message` naming the frame and what is wrong in it.
 */
export function parseFrame(value: unknown): Frame {
  if (!Array.isArray(value)) throw new JuntoError('bad_message', '[F1] a frame is an array')
  const parts: readonly unknown[] = value
  const type = parts[0]
  switch (type) {
    case FrameType.hello: {
      const from = new Fields('hello', parts[1])
      return {
        type,
        session: from.text('session', session, '32 hex digits'),
        auth: from.any('auth'),
        client: from.optionalText('client', longestName),
        maxMessage: from.optionalInteger('maxMessage', leastLimit),
        maxFrame: from.optionalInteger('maxFrame', leastLimit),
      }
    }
    case FrameType.welcome: {
      const from = new Fields('welcome', parts[1])
      return {
        type,
        session: from.text('session', session, '32 hex digits'),
        maxMessage: from.integer('maxMessage', leastLimit),
        maxFrame: from.integer('maxFrame', leastLimit),
        heartbeat: from.integer('heartbeat', 1),
      }
    }
    case FrameType.join:
      return parseJoin(ref('join', parts[1]), parts[2])
    case FrameType.joined: {
      const from = new Fields('joined', parts[2])
      return {
        type,
        ref: ref('joined', parts[1]),
        room: from.name('room', longestName),
        id: from.address('id'),
        key: from.optionalAddress('key'),
        member: from.address('member'),
        layout: from.text('layout', layout, '16 hex digits'),
        definition: from.any('definition'),
      }
    }
    case FrameType.refused:
      return {
        type,
        ref: ref('refused', parts[1]),
        code: text('refused', 'code', parts[2], longestName),
        message: text('refused', 'message', parts[3] ?? '', longestText),
        data: parts[4] ?? undefined,
      }
    case FrameType.leave:
      return { type, ref: ref('leave', parts[1]) }
    case FrameType.left:
      return {
        type,
        ref: ref('left', parts[1]),
        reason: text('left', 'reason', parts[2], longestName),
        message: parts[3] == null ? undefined : text('left', 'message', parts[3], longestText),
      }
    case FrameType.beat:
      return { type, time: milliseconds('beat', parts[1]) }
    case FrameType.part:
      return { type, more: flag('part', parts[1]), bytes: bytes('part', parts[2]) }
    case FrameType.notice:
      return {
        type,
        code: text('notice', 'code', parts[1], longestName),
        message: text('notice', 'message', parts[2] ?? '', longestText),
      }
    case FrameType.event:
      return { type, id: integer('event', 'id', parts[1], 0), payload: parts[2] ?? null }
    case FrameType.call:
      return {
        type,
        no: integer('call', 'number', parts[1], 1),
        id: integer('call', 'id', parts[2], 0),
        params: parts[3] ?? null,
        timeout: integer('call', 'timeout', parts[4] ?? 0, 0),
        settle: integer('call', 'settle', parts[5] ?? 0, 0) === 1 ? 'reply' : 'visible',
      }
    case FrameType.reply:
      return { type, no: integer('reply', 'number', parts[1], 1), result: parts[2] ?? null }
    case FrameType.failed:
      return {
        type,
        no: integer('failed', 'number', parts[1], 1),
        code:
          typeof parts[2] === 'string'
            ? text('failed', 'code', parts[2], longestName)
            : integer('failed', 'code', parts[2], 0),
        message: text('failed', 'message', parts[3] ?? '', longestText),
        data: parts[4] ?? null,
      }
    case FrameType.cancel:
      return { type, no: integer('cancel', 'number', parts[1], 1) }
    case FrameType.stream:
      return {
        type,
        no: integer('stream', 'number', parts[1], 1),
        id: integer('stream', 'id', parts[2], 0),
        params: parts[3] ?? null,
        credit: credit('stream', parts[4]),
      }
    case FrameType.item:
      return { type, no: integer('item', 'number', parts[1], 1), item: parts[2] ?? null }
    case FrameType.end:
      return { type, no: integer('end', 'number', parts[1], 1) }
    case FrameType.credit:
      return { type, no: integer('credit', 'number', parts[1], 1), credit: credit('credit', parts[2]) }
    case FrameType.patch:
      return { type, bytes: bytes('patch', parts[1]) }
    case FrameType.snapshot:
      return { type, bytes: bytes('snapshot', parts[1]) }
    case FrameType.check:
      return {
        type,
        version: integer('check', 'version', parts[1], 1),
        first: integer('check', 'first', parts[2], 0, highestNode),
        count: integer('check', 'count', parts[3], 1, mostChecked),
        hash: integer('check', 'hash', parts[4], 0, 0xffff_ffff),
      }
    case FrameType.resync:
      return { type }
    default:
      return { type: FrameType.unknown, wireType: integer('frame', 'type', type, 0) }
  }
}

/** Everything of a join but its ref, from the map that holds it. */
type JoinFields = Omit<JoinFrame, 'type' | 'ref'>

function parseJoin(ref: number, map: unknown): JoinFrame | UnfitJoinFrame {
  try {
    return { type: FrameType.join, ref, ...joinFields(map) }
  } catch (error) {
    if (error instanceof Misfit) return { type: FrameType.unfitJoin, ref, fault: error.message }
    throw error
  }
}

function joinFields(map: unknown): JoinFields {
  const from = new Fields('join', map)
  const by = from.by()
  return {
    by,
    room: from.name('room', longestName),
    key: by === 'open' ? from.address('key') : from.optionalAddress('key'),
    id: by === 'join' ? from.address('id') : from.optionalAddress('id'),
    where: from.any('where'),
    join: from.any('join'),
    options: from.any('options'),
    version: from.optionalInteger('version', 0),
    layouts: from.layouts(),
  }
}

/**
 * What a server would refuse in a join, in words; undefined when it is well said. For clients, which hold untyped programs and
 * keys out of URLs: the server asks the same.
 */
export function joinFault(fields: Readonly<Record<keyof JoinFields, unknown>>): string | undefined {
  try {
    joinFields(fields)
    return undefined
  } catch (error) {
    if (error instanceof Misfit) return error.fault
    throw error
  }
}

const session = /^[0-9a-f]{32}$/
const layout = /^[0-9a-f]{16}$/

/** The map of a frame whose values go by name. What it does not know, it does not look at. */
class Fields {
  readonly #frame: string
  readonly #map: ReadonlyMap<string, unknown>

  constructor(frame: string, value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      wrong(frame, 'its data', 'a map', value)
    }
    this.#frame = frame
    this.#map = new Map(Object.entries(value))
  }

  any(name: string): unknown {
    return this.#map.get(name) ?? undefined
  }

  text(name: string, pattern: RegExp, expected: string): string {
    const value = this.any(name)
    return typeof value === 'string' && pattern.test(value) ? value : wrong(this.#frame, name, expected, value)
  }

  name(name: string, longest: number): string {
    const value = this.any(name)
    if (value === '') wrong(this.#frame, name, 'not empty', value)
    return text(this.#frame, name, value, longest)
  }

  /** How a room or a member is told from others: a text that two sides cannot but spell alike. */
  address(name: string): string {
    return this.optionalAddress(name) ?? wrong(this.#frame, name, addressForm, undefined)
  }

  optionalAddress(name: string): string | undefined {
    const value = this.any(name)
    if (value === undefined) return undefined
    const fits = typeof value === 'string' && value !== '' && value.length <= longestAddress && !surrogate.test(value)
    return fits ? value : wrong(this.#frame, name, addressForm, value)
  }

  optionalText(name: string, longest: number): string | undefined {
    const value = this.any(name)
    return value === undefined ? undefined : text(this.#frame, name, value, longest)
  }

  integer(name: string, least: number): number {
    return integer(this.#frame, name, this.any(name), least)
  }

  optionalInteger(name: string, least: number): number | undefined {
    const value = this.any(name)
    return value === undefined ? undefined : integer(this.#frame, name, value, least)
  }

  by(): JoinBy {
    const value = this.any('by')
    if (value === 'open' || value === 'create' || value === 'join' || value === 'joinOrCreate') return value
    return wrong(this.#frame, 'by', "'open', 'create', 'join' or 'joinOrCreate'", value)
  }

  layouts(): readonly string[] {
    const value = this.any('layouts') ?? []
    if (!Array.isArray(value) || value.length > mostLayouts) {
      return wrong(this.#frame, 'layouts', `a list of at most ${mostLayouts} hashes`, value)
    }
    return value.map((hash: unknown) =>
      typeof hash === 'string' && layout.test(hash) ? hash : wrong(this.#frame, 'layouts', '16 hex digits each', hash),
    )
  }
}

function integer(frame: string, what: string, value: unknown, least: number, most = Infinity): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    return wrong(frame, what, `an integer from ${least} up`, value)
  }
  return value <= most ? value : wrong(frame, what, `at most ${most}`, value)
}

function ref(frame: string, value: unknown): number {
  return integer(frame, 'room number', value, 1, highestRef)
}

function credit(frame: string, value: unknown): number {
  return integer(frame, 'credit', value, 1, mostCredit)
}

function milliseconds(frame: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  return wrong(frame, 'time', 'milliseconds', value)
}

function flag(frame: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : wrong(frame, 'flag', 'true or false', value)
}

function bytes(frame: string, value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : wrong(frame, 'content', 'a bin', value)
}

function text(frame: string, what: string, value: unknown, longest: number): string {
  if (typeof value === 'string' && value.length <= longest) return value
  return wrong(frame, what, `a string of at most ${longest} characters`, value)
}

function wrong(frame: string, what: string, expected: string, value: unknown): never {
  throw new Misfit(frame, `${what} must be ${expected}, not ${shown(value)}`)
}

/** An element that is not what its frame needs. */
class Misfit extends JuntoError {
  /** What is wrong, without the frame. */
  readonly fault: string

  constructor(frame: string, fault: string) {
    super('bad_message', `[F4] ${frame}: ${fault}`)
    this.fault = fault
  }
}

/** What a value is, without its content: that is the peer's, may be long, and may be a secret. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (value instanceof Uint8Array) return 'a bin'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
