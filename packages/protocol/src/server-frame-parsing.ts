import { broken, JuntoError } from './errors.ts'
import {
  address,
  bytes,
  element,
  hex,
  integer,
  longestName,
  map,
  misfit,
  name,
  optional,
  ref,
  text,
  tuples,
  type Elements,
} from './frame-elements.ts'
import * as FrameType from './frame-type.ts'
import type { Frame, MissedFrames, PresenceEntry, Resumed } from './frames.ts'
import { mostChecked } from './limit-defaults.ts'

/** The smallest message or frame that a peer may announce as its limit. */
export const leastLimit = 1024

/** The highest id of a node of the state. */
const highestNode = 0xffff_fffe

/**
 * The frame in a decoded value, when it is one that a server sends; any other is of an unknown type. Elements beyond those
 * that a type has are ignored: they are room for additions.
 *
 * @throws JuntoError `bad_message` with the number of the frame's type and what is wrong in it.
 */
export function parseServerFrame(value: unknown): Frame {
  return inFrame(value, serverFrame)
}

/** Reads a decoded value as a frame. What does not fit makes a bad message. */
export function inFrame(value: unknown, read: (parts: readonly unknown[]) => Frame): Frame {
  if (!Array.isArray(value)) throw broken('F1')
  const parts: readonly unknown[] = value
  try {
    return read(parts)
  } catch (error) {
    if (error instanceof JuntoError)
      throw new JuntoError('bad_message', `[F4] frame ${String(parts[0])}: ${error.message}`)
    throw error
  }
}

/** A frame of those that a server sends, a client as well or not. */
export function serverFrame(parts: readonly unknown[]): Frame {
  const type = parts[0]
  switch (type) {
    case FrameType.welcome: {
      const data = map(parts, 1)
      return {
        type,
        session: hex(data, 'session', 32),
        maxMessage: integer(data, 'maxMessage', leastLimit),
        maxFrame: integer(data, 'maxFrame', leastLimit),
        heartbeat: integer(data, 'heartbeat', 1),
        activeHeartbeat: integer(data, 'activeHeartbeat', 1),
        resumeWindow: integer(data, 'resumeWindow'),
        messageRate: integer(data, 'messageRate', 1),
        resumed: optional(data, 'resumed', resumed),
      }
    }
    case FrameType.joined: {
      const data = map(parts, 2)
      return {
        type,
        ref: ref(parts, 1),
        room: name(data, 'room'),
        id: address(data, 'id'),
        key: optional(data, 'key', address),
        member: address(data, 'member'),
        layout: hex(data, 'layout', 16),
        definition: element(data, 'definition'),
        kept: element(data, 'kept') === true || undefined,
        // What divides by them needs no check of its own.
        tick: optional(data, 'tick', milliseconds) || undefined,
        patch: optional(data, 'patch', milliseconds) || undefined,
        repeats: element(data, 'repeats') === true || undefined,
        presence: optional(data, 'presence', milliseconds),
      }
    }
    case FrameType.refused:
      return { type, ref: ref(parts, 1), code: code(parts, 2), message: message(parts, 3), data: element(parts, 4) }
    case FrameType.left:
      return { type, ref: ref(parts, 1), reason: code(parts, 2), message: optional(parts, 3, text) }
    case FrameType.beat:
      return { type, time: milliseconds(parts, 1) }
    case FrameType.part:
      return { type, more: flag(parts, 1), bytes: bytes(parts, 2) }
    case FrameType.notice:
      return { type, code: code(parts, 1), message: message(parts, 2) }
    case FrameType.ack:
      return { type, received: integer(parts, 1), complete: parts[2] === true || undefined }
    case FrameType.echo:
      return { type, time: milliseconds(parts, 1), serverTime: milliseconds(parts, 2) }
    case FrameType.event:
    case FrameType.loose:
      return { type, id: integer(parts, 1), payload: parts[2] ?? null }
    case FrameType.call:
      return {
        type,
        no: number(parts),
        id: integer(parts, 2),
        params: parts[3] ?? null,
        timeout: optional(parts, 4, integer) ?? 0,
        settle: optional(parts, 5, integer) === 1 ? 'reply' : 'visible',
      }
    case FrameType.reply:
      return { type, no: number(parts), result: parts[2] ?? null }
    case FrameType.failed:
      return {
        type,
        no: number(parts),
        code: typeof parts[2] === 'string' ? code(parts, 2) : integer(parts, 2),
        message: message(parts, 3),
        data: parts[4] ?? null,
      }
    case FrameType.cancel:
    case FrameType.end:
      return { type, no: number(parts) }
    case FrameType.item:
      return { type, no: number(parts), item: parts[2] ?? null }
    case FrameType.patch:
    case FrameType.snapshot:
      return { type, bytes: bytes(parts, 1) }
    case FrameType.check:
      return {
        type,
        version: integer(parts, 1, 1),
        first: integer(parts, 2, 0, highestNode),
        count: integer(parts, 3, 1, mostChecked),
        hash: integer(parts, 4, 0, 0xffff_ffff),
      }
    case FrameType.presences:
      return { type, entries: tuples(parts, 1, presenceEntry), whole: parts[2] === true || undefined }
    case FrameType.stamp:
      return {
        type,
        tick: integer(parts, 1),
        time: milliseconds(parts, 2),
        mutation: uint(parts, 3),
        input: uint(parts, 4),
        waiting: uint(parts, 5),
        alone: parts[6] === true || undefined,
      }
    default:
      return { type: FrameType.unknown, wireType: integer(parts, 0) }
  }
}

function resumed(welcome: Elements): Resumed {
  const data = map(welcome, 'resumed')
  return {
    received: integer(data, 'received'),
    resynced: optional(data, 'resynced', missedFrames),
  }
}

function missedFrames(data: Elements, key: string): readonly MissedFrames[] {
  return tuples(data, key, (room) => [ref(room, 0), integer(room, 1, 1)])
}

function presenceEntry(entry: Elements): PresenceEntry {
  return [address(entry, 0), element(entry, 1) ?? null]
}

/** The number of a call or stream. */
export function number(parts: readonly unknown[]): number {
  return integer(parts, 1, 1)
}

function code(parts: readonly unknown[], position: number): string {
  return text(parts, position, 0, longestName)
}

function message(parts: readonly unknown[], position: number): string {
  return optional(parts, position, text) ?? ''
}

export function milliseconds(of: Elements, key: number | string): number {
  const value = element(of, key)
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw misfit(of, key, 'milliseconds')
}

/** A whole number that is 0 where nothing is said. */
function uint(parts: readonly unknown[], position: number): number {
  return optional(parts, position, integer) ?? 0
}

function flag(parts: readonly unknown[], position: number): boolean {
  const value = parts[position]
  if (typeof value === 'boolean') return value
  throw misfit(parts, position, 'true or false')
}
