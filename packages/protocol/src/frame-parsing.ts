import { JuntoError } from './errors.ts'
import {
  element,
  hex,
  integer,
  longestName,
  map,
  misfit,
  name,
  optional,
  ref,
  roomAddress,
  tuples,
  type Elements,
} from './frame-elements.ts'
import * as FrameType from './frame-type.ts'
import type { Frame, HeldState, HelloFrame, JoinBy, JoinFrame, ResumeRequest, UnfitJoinFrame } from './frames.ts'
import { mostCredit, mostInputs } from './limit-defaults.ts'
import { inFrame, leastLimit, milliseconds, number, serverFrame } from './server-frame-parsing.ts'

const mostLayouts = 64

const waysToJoin: readonly JoinBy[] = ['open', 'create', 'join', 'joinOrCreate', 'code', 'list']

/**
 * The frame in a decoded value, whoever sends it. Elements beyond those that a type has are ignored: they are room for
 * additions.
 *
 * @throws JuntoError `bad_message` with the number of the frame's type and what is wrong in it.
 */
export function parseFrame(value: unknown): Frame {
  return inFrame(value, anyFrame)
}

function anyFrame(parts: readonly unknown[]): Frame {
  switch (parts[0]) {
    case FrameType.hello:
      return hello(map(parts, 1))
    case FrameType.join:
      return join(ref(parts, 1), parts)
    case FrameType.leave:
      return { type: FrameType.leave, ref: ref(parts, 1) }
    case FrameType.stream:
      return {
        type: FrameType.stream,
        no: number(parts),
        id: integer(parts, 2),
        params: parts[3] ?? null,
        credit: credit(parts, 4),
      }
    case FrameType.credit:
      return { type: FrameType.credit, no: number(parts), credit: credit(parts, 2) }
    case FrameType.resync:
      return { type: FrameType.resync }
    case FrameType.probe:
      return { type: FrameType.probe, time: milliseconds(parts, 1) }
    case FrameType.presence:
      return { type: FrameType.presence, value: parts[1] ?? null, expires: optional(parts, 2, expiry) }
    case FrameType.inputs:
      return {
        type: FrameType.inputs,
        first: integer(parts, 1, 1, highestInput),
        at: milliseconds(parts, 2),
        behind: optional(parts, 3, integer),
        payloads: inputs(parts, 4),
      }
    default:
      return serverFrame(parts)
  }
}

/** Numbers of inputs are counted with: a player has some for two years. */
const highestInput = 0xffff_ffff

function credit(parts: readonly unknown[], position: number): number {
  return integer(parts, position, 1, mostCredit)
}

function expiry(parts: Elements, position: number): number {
  return integer(parts, position, 1)
}

function inputs(parts: readonly unknown[], position: number): readonly unknown[] {
  const value = parts[position]
  if (Array.isArray(value) && value.length >= 1 && value.length <= mostInputs) return value
  throw misfit(parts, position, `an array of 1 to ${mostInputs} inputs`)
}

function hello(data: Elements): HelloFrame {
  const resume = optional(data, 'resume', resumeRequest)
  return {
    type: FrameType.hello,
    session: hex(data, 'session', 32),
    secret: resume === undefined ? optional(data, 'secret', secret) : secret(data, 'secret'),
    auth: element(data, 'auth'),
    client: optional(data, 'client', name),
    maxMessage: optional(data, 'maxMessage', limit),
    maxFrame: optional(data, 'maxFrame', limit),
    resume,
  }
}

function secret(data: Elements, key: string): string {
  return hex(data, key, 32)
}

function resumeRequest(hello: Elements): ResumeRequest {
  const data = map(hello, 'resume')
  return {
    next: secret(data, 'next'),
    received: optional(data, 'received', integer),
    from: optional(data, 'from', atLeastOne),
    rooms: optional(data, 'rooms', heldStates),
  }
}

function atLeastOne(data: Elements, key: string): number {
  return integer(data, key, 1)
}

function heldStates(data: Elements, key: string): readonly HeldState[] {
  return tuples(data, key, (room) => [ref(room, 0), hex(room, 1, 16), integer(room, 2, 1)])
}

function limit(data: Elements, key: string): number {
  return integer(data, key, leastLimit)
}

/** What of a join cannot be used does not concern the other rooms of the connection. */
function join(ref: number, parts: readonly unknown[]): JoinFrame | UnfitJoinFrame {
  try {
    const data = map(parts, 2)
    const by = wayToJoin(data)
    return {
      type: FrameType.join,
      ref,
      by,
      ...roomAddress(by, data),
      where: element(data, 'where'),
      join: element(data, 'join'),
      options: element(data, 'options'),
      layouts: optional(data, 'layouts', hashes) ?? [],
      order: optional(data, 'order', order),
      limit: optional(data, 'limit', atLeastOne),
    }
  } catch (error) {
    if (error instanceof JuntoError) return { type: FrameType.unfitJoin, ref, fault: `[F4] join: ${error.message}` }
    throw error
  }
}

function wayToJoin(data: Elements): JoinBy {
  const by = element(data, 'by')
  const way = waysToJoin.find((each) => each === by)
  if (way !== undefined) return way
  throw misfit(data, 'by', `one of ${waysToJoin.join(', ')}`)
}

/** One field with its direction. */
function order(data: Elements, key: string): JoinFrame['order'] {
  const entries = Object.entries(map(data, key))
  const [[field, direction] = []] = entries
  const known = direction === 'asc' || direction === 'desc'
  if (entries.length === 1 && field !== undefined && field.length <= longestName && known) return { [field]: direction }
  throw new JuntoError('invalid', `${key} must map one field to 'asc' or 'desc'`)
}

function hashes(data: Elements, key: string): readonly string[] {
  const value = element(data, key)
  if (!Array.isArray(value) || value.length > mostLayouts)
    throw misfit(data, key, `a list of at most ${mostLayouts} hashes`)
  const list: readonly unknown[] = value
  return list.map((_, index) => hex(list, index, 16))
}
