import type { TypeIndex } from '../layout.ts'
import { Handle, livePlain, liveType } from '../state/nodes/state-node.ts'
import { TrackedList } from '../state/nodes/tracked-list.ts'
import { TrackedMap } from '../state/nodes/tracked-map.ts'
import { samePlain } from './same-plain.ts'
import { latest } from './successors.ts'

/** A record, map or list as it was at some time, read from a state as a whole: what undo is compared with. */
export interface Captured {
  readonly handle: Handle
  readonly isList: boolean
  readonly type: TypeIndex | undefined
  /** By field, key or index: something captured, or a plain value. */
  readonly parts: Map<string | number, unknown>
}

/** Reads all of a state. */
export function capture(handle: Handle): Captured {
  const parts = new Map<string | number, unknown>()
  const read = (place: string | number, value: unknown): void => {
    if (value !== undefined) parts.set(place, value instanceof Handle ? capture(value) : handle[livePlain](place))
  }
  if (handle instanceof TrackedMap) for (const [key, entry] of handle) read(key, entry)
  else if (handle instanceof TrackedList) for (const [index, item] of handle.entries()) read(index, item)
  else for (const name of namesOf(handle)) read(name, Reflect.get(handle, name))
  return { handle, isList: handle instanceof TrackedList, type: handle[liveType], parts }
}

function namesOf(record: Handle): string[] {
  const names: string[] = []
  for (const name in record) names.push(name)
  return names
}

export function isCaptured(part: unknown): part is Captured {
  return typeof part === 'object' && part !== null && 'handle' in part && part.handle instanceof Handle
}

/** The plain value of what was captured. */
export function plainOf(part: unknown): unknown {
  if (!isCaptured(part)) return part
  if (part.isList) return itemsOf(part).map(plainOf)
  return Object.fromEntries([...part.parts].map(([place, value]) => [place, plainOf(value)]))
}

/** The items of a list. */
export function itemsOf({ parts }: Captured): unknown[] {
  return [...parts.values()]
}

/** A difference between two times: one place, or one list. */
export type Difference = PlaceDifference | ListDifference

export interface PlaceDifference {
  /** Of what it stands in. */
  readonly path: readonly (string | Handle)[]
  readonly type: TypeIndex | undefined
  readonly place: string
  readonly before: unknown
  readonly after: unknown
}

export interface ListDifference {
  readonly path: readonly (string | Handle)[]
  readonly items: true
  readonly before: Captured
  readonly after: Captured
}

/** What is different in a state between two times, found by looking at all of it. */
export function differences(before: Captured, after: Captured, path: readonly (string | Handle)[] = []): Difference[] {
  if (before.isList) return listDifferences(before, after, path)
  const found: Difference[] = []
  for (const place of new Set([...before.parts.keys(), ...after.parts.keys()])) {
    const [was, is] = [before.parts.get(place), after.parts.get(place)]
    if (isCaptured(was) && isCaptured(is) && was.handle === is.handle)
      found.push(...differences(was, is, [...path, String(place)]))
    else if (isCaptured(was) || isCaptured(is) || !samePlain(was, is)) {
      found.push({ path, type: before.type, place: String(place), before: plainOf(was), after: plainOf(is) })
    }
  }
  return found
}

function listDifferences(before: Captured, after: Captured, path: readonly (string | Handle)[]): Difference[] {
  const [old, next] = [itemsOf(before), itemsOf(after)]
  const same = old.length === next.length && old.every((item, index) => isSameItem(item, next[index]))
  const found: Difference[] = same ? [] : [{ path, items: true, before, after }]
  for (const item of next) {
    const was = old.find((each) => isCaptured(each) && isCaptured(item) && each.handle === item.handle)
    if (isCaptured(was) && isCaptured(item)) found.push(...differences(was, item, [...path, item.handle]))
  }
  return found
}

/** Whether two items are one: by identity, or where they have none, by value. */
export function isSameItem(one: unknown, other: unknown): boolean {
  if (isCaptured(one) || isCaptured(other)) return isCaptured(one) && isCaptured(other) && one.handle === other.handle
  return samePlain(one, other)
}

/** The same, to be changed. */
export function copyOf(captured: Captured): Captured {
  const parts = new Map([...captured.parts].map(([place, part]) => [place, isCaptured(part) ? copyOf(part) : part]))
  return { ...captured, parts }
}

/** What stands at a path; a step through a list is looked for among its items. */
export function partAt(root: Captured, path: readonly (string | Handle)[]): Captured | undefined {
  let at: unknown = root
  for (const step of path) {
    if (!isCaptured(at)) return undefined
    if (typeof step === 'string') at = at.isList ? undefined : at.parts.get(step)
    else at = itemsOf(at).find((item) => isCaptured(item) && item.handle === step)
  }
  return isCaptured(at) ? at : undefined
}

/** What a step of a path is now: an item may have been taken out and put back since. */
export function latestStep(step: string | Handle): string | Handle {
  return step instanceof Handle ? latest(step) : step
}
