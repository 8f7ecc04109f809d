/**
 * How a node stands in the body of a patch.
 *
 * - `change`: what changed since the version the patch is for; quantized numbers as differences.
 * - `whole`: all of it, for one who has an older version of the node, not necessarily the last.
 * - `birth`: all of a node that was not there; whatever had the id before is gone.
 */
export const Mode = { change: 0, whole: 1, birth: 2 } as const

/** One of {@link Mode}. */
export type Mode = (typeof Mode)[keyof typeof Mode]

/** What a group of nodes has in common. */
export interface GroupHeader {
  readonly type: number
  readonly mode: Mode
  /** The group is of one node, and its count is left out. */
  readonly single: boolean
}

/** The number a group begins with. */
export function groupCode(header: GroupHeader): number {
  return header.type * 8 + header.mode * 2 + (header.single ? 1 : 0)
}

/** The header of a group; nothing when the number begins none. */
export function groupHeader(code: number): GroupHeader | undefined {
  const mode = Math.floor(code / 2) % 4
  if (mode !== Mode.change && mode !== Mode.whole && mode !== Mode.birth) return undefined
  return { type: Math.floor(code / 8), mode, single: code % 2 === 1 }
}

/** The largest id of a node: ids are array indexes. */
export const maxNodeId = 2 ** 32 - 2

/** Of the version a patch is for, so much is told with it: a patch for another version is noticed unless off by a multiple. */
const baseWindow = 32

/** The number a patch begins with. */
export function versionCode(base: number, version: number): number {
  return (version - base - 1) * baseWindow + (base % baseWindow)
}

/** The version that a patch leads to, applied to `base`; nothing when it is for another version. */
export function versionAfter(base: number, code: number): number | undefined {
  if (code % baseWindow !== base % baseWindow) return undefined
  const version = base + 1 + Math.floor(code / baseWindow)
  return Number.isSafeInteger(version) ? version : undefined
}

/** Bytes of the set of fields of a record of that many. */
export function fieldSetLength(fields: number): number {
  return Math.ceil(fields / 8)
}

/** Whether a field is in a set of fields: one bit each, the first in the lowest bit of the first byte. */
export function isIn(set: readonly number[], index: number): boolean {
  return (((set[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
}
