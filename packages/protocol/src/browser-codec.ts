import { JuntoError } from './errors.ts'
import { unlimited, type GateLimits } from './gate-limits.ts'
import { className, deepestValue, fits64, isPlain, refuseDepth, refuseValue } from './msgpack-refusal.ts'
import { widthOf, writeBinHead, writeHead, writeLength, writeUint } from './msgpack-heads.ts'

// The codec of browsers, where msgpackr would be more than half of a client's bundle. It has no extension types, since none
// travels. The codec of Node is msgpackr-codec.ts; both give the same bytes and refuse the same values.

// ---- writing

// Small values are written one after the other into an arena of 8 KiB that they share: a buffer for each costs more than its
// writing. What does not fit gets a buffer of its own, so that no small value keeps a large buffer alive.
const arenaSize = 8192
const leastRoom = 256
let target = new Uint8Array(0)
let view = new DataView(target.buffer)
let start = 0
let position = 0

const encoder = new TextEncoder()

/** See msgpack.ts. */
export function pack(value: unknown): Uint8Array {
  if (target.length !== arenaSize || position > arenaSize - leastRoom) {
    target = new Uint8Array(arenaSize)
    view = new DataView(target.buffer)
    position = 0
  }
  start = position
  try {
    write(value, 0)
    return target.length === arenaSize ? target.subarray(start, position) : target.slice(start, position)
  } catch (error) {
    position = start
    throw error
  }
}

/** Makes room for so many bytes more. */
function reserve(size: number): void {
  const used = position - start
  if (position + size <= target.length) return
  const larger = new Uint8Array(Math.max(2 * (used + size), 2 * arenaSize))
  larger.set(target.subarray(start, position))
  target = larger
  view = new DataView(target.buffer)
  start = 0
  position = used
}

function write(value: unknown, depth: number): void {
  // Room for any token with its number.
  if (position + 9 > target.length) reserve(9)
  switch (typeof value) {
    case 'number':
      return writeNumber(value)
    case 'string':
      return writeString(value)
    case 'boolean':
      target[position++] = value ? 0xc3 : 0xc2
      return
    case 'undefined':
      target[position++] = 0xc0
      return
    case 'bigint':
      return writeBigint(value)
    case 'object':
      if (value !== null) return writeObject(value, depth + 1)
      target[position++] = 0xc0
      return
    default:
      refuseValue(`a ${typeof value}`)
  }
}

function writeNumber(value: number): void {
  if (value >>> 0 === value) {
    position = writeUint(target, position, value)
  } else if (value >> 0 === value) {
    if (value >= -0x20) target[position++] = value
    else position = writeHead(target, position, 0xd0, value >= -0x80 ? 1 : value >= -0x8000 ? 2 : 4, value)
  } else {
    target[position++] = 0xcb
    view.setFloat64(position, value)
    position += 8
  }
}

function writeBigint(value: bigint): void {
  if (!fits64(value)) refuseValue('a bigint of more than 64 bits')
  target[position++] = value < 2n ** 63n ? 0xd3 : 0xcf
  // The same bits, signed or not.
  view.setBigUint64(position, value)
  position += 8
}

function writeString(value: string): void {
  const { length } = value
  // In UTF-8 a character has up to three bytes; where that leaves the width of the head open, the text is moved afterwards.
  reserve(5 + length * 3)
  const guess = stringHeadSize(length)
  const size = length < 24 ? writeAscii(value, position + guess) : -1
  const bytes = size >= 0 ? size : encoder.encodeInto(value, target.subarray(position + guess)).written
  const head = stringHeadSize(bytes)
  if (head !== guess) target.copyWithin(position + head, position + guess, position + guess + bytes)
  if (head === 1) target[position++] = 0xa0 | bytes
  else position = writeHead(target, position, 0xd9, head - 1, bytes)
  position += bytes
}

function stringHeadSize(length: number): number {
  return length < 0x20 ? 1 : 1 + widthOf(length)
}

/** For short texts calling the platform's encoder costs more than a loop. Returns -1 at a character beyond ASCII. */
function writeAscii(value: string, at: number): number {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code >= 0x80) return -1
    target[at + i] = code
  }
  return value.length
}

function writeObject(value: object, depth: number): void {
  if (depth > deepestValue) refuseDepth()
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    position = writeLength(target, position, 0x90, 0xdc, items.length)
    // By index: this is where large values spend their time.
    for (let i = 0; i < items.length; i++) write(items[i], depth)
  } else if (value instanceof Uint8Array) {
    reserve(5 + value.length)
    position = writeBinHead(target, position, value.length)
    target.set(value, position)
    position += value.length
  } else {
    if (!isPlain(value)) refuseValue(`a ${className(value)}`)
    const fields = value as Readonly<Record<string, unknown>>
    const keys = Object.keys(fields)
    position = writeLength(target, position, 0x80, 0xde, keys.length)
    for (const key of keys) {
      write(key, depth)
      write(fields[key], depth)
    }
  }
}

// ---- reading

// What comes in must keep the rules of the gate (gate.ts), which is asked while it is read, and not before: nothing that is
// built here is more than plain data, and nothing larger than the bytes it came in. What may stand at the outermost level
// (G2) is left to whoever takes these values for room numbers and frames.

let source: Uint8Array = target
let sourceView: DataView = view
let at = 0
let { maxDepth, maxElements } = unlimited
let elements = 0

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** See msgpack.ts. */
export function allocate(size: number): Uint8Array {
  return new Uint8Array(size)
}

/** See msgpack.ts. */
export function countValues(frame: Uint8Array): number {
  unpackSequence(frame)
  return elements
}

/** See msgpack.ts. */
export function unpackSequence(bytes: Uint8Array, limits: GateLimits = unlimited): readonly unknown[] {
  source = bytes
  sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  at = 0
  ;({ maxDepth, maxElements } = limits)
  const values: unknown[] = []
  if (bytes.length === 0) refuse('G1')
  try {
    while (at < bytes.length) {
      // Counted for each frame: so that its sender can tell, whatever else is in the message.
      elements = 0
      values.push(read(0))
    }
    return values
  } finally {
    // Not to keep a message alive.
    source = target
    sourceView = view
  }
}

function refuse(rule: string): never {
  throw new JuntoError('bad_message', `[${rule}] before byte ${at}`)
}

/** The position of so many bytes, which are behind it afterwards. */
function take(size: number): number {
  const from = at
  at += size
  if (at > source.length) refuse('G5')
  return from
}

/** @param depth How many containers it is in. */
function read(depth: number): unknown {
  const token = readUint(1)
  if (++elements > maxElements) refuse('G3')
  if (depth > maxDepth) refuse('G4')
  if (token < 0x80) return token
  if (token < 0x90) return readMap(token & 0x0f, depth)
  if (token < 0xa0) return readArray(token & 0x0f, depth)
  if (token < 0xc0) return readString(token & 0x1f)
  if (token >= 0xe0) return token - 0x100
  switch (token) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
    case 0xc5:
    case 0xc6: {
      const length = readUint(1 << (token - 0xc4))
      // Not the `slice` of a Buffer, which gives a view.
      return new Uint8Array(source.subarray(take(length), at))
    }
    case 0xca:
      return sourceView.getFloat32(take(4))
    case 0xcb:
      return sourceView.getFloat64(take(8))
    case 0xcc:
    case 0xcd:
    case 0xce:
      return readUint(1 << (token - 0xcc))
    case 0xcf:
      return exact(sourceView.getBigUint64(take(8)))
    case 0xd0:
    case 0xd1:
    case 0xd2: {
      const width = 1 << (token - 0xd0)
      const rest = 32 - 8 * width
      return (readUint(width) << rest) >> rest
    }
    case 0xd3:
      return exact(sourceView.getBigInt64(take(8)))
    case 0xd9:
    case 0xda:
    case 0xdb:
      return readString(readUint(1 << (token - 0xd9)))
    case 0xdc:
    case 0xdd:
      return readArray(readUint(2 << (token - 0xdc)), depth)
    case 0xde:
    case 0xdf:
      return readMap(readUint(2 << (token - 0xde)), depth)
    default:
      return refuse('G6')
  }
}

function readUint(width: number): number {
  const from = take(width)
  return width === 1 ? sourceView.getUint8(from) : width === 2 ? sourceView.getUint16(from) : sourceView.getUint32(from)
}

/** As a number where nothing is lost, as msgpackr does. */
function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Math.abs(number) <= 2 ** 53 && BigInt(number) === value ? number : value
}

function readString(length: number): string {
  const from = take(length)
  if (length < 16) {
    const codes: number[] = []
    for (let i = from; i < at; i++) {
      const code = source[i] ?? 0
      if (code >= 0x80) return decoder.decode(source.subarray(from, at))
      codes.push(code)
    }
    return String.fromCharCode(...codes)
  }
  return decoder.decode(source.subarray(from, at))
}

function readArray(length: number, depth: number): unknown[] {
  const items: unknown[] = []
  for (let i = 0; i < length; i++) items.push(read(depth + 1))
  return items
}

function readMap(size: number, depth: number): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (let i = 0; i < size; i++) {
    const key = read(depth + 1)
    if (typeof key !== 'string') refuse('G7')
    if (key === '__proto__') refuse('G8')
    map[key] = read(depth + 1)
  }
  return map
}
