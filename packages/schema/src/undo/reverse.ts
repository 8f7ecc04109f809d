import { Handle, livePlain, liveType } from '../state/nodes/state-node.ts'
import { TrackedList } from '../state/nodes/tracked-list.ts'
import { TrackedMap } from '../state/nodes/tracked-map.ts'
import type { Entry, PlaceEntry } from './entry.ts'
import { reverseList } from './list-reversal.ts'
import { samePlain } from './same-plain.ts'
import { latest, succeed } from './successors.ts'
import { valueAt } from './value-at.ts'

/** What came of taking something back. */
export interface Reversal {
  /** Changes that were taken back. */
  done: number
  /** Changes that stand, because somebody has changed since what they had changed. */
  skipped: number
}

/**
 * Takes back what a mutation did: each place gets what stood there before, if there still stands what the mutation left there. What
 * was removed comes back as a copy.
 *
 * @param state What is written to: the state of a room, or what a client shows ahead of it.
 * @param force Also where something else stands by now.
 */
export function reverse(state: unknown, entries: readonly Entry[], force = false): Reversal {
  const reversal = { done: 0, skipped: 0 }
  for (const entry of entries) {
    const { done, skipped } = reverseOne(find(state, entry), entry, force)
    reversal.done += done
    reversal.skipped += skipped
  }
  return reversal
}

function reverseOne(container: Handle | undefined, entry: Entry, force: boolean): Reversal {
  if (container === undefined) return nothing
  if (entry.kind === 'place') return reversePlace(container, entry, force)
  return container instanceof TrackedList ? reverseList(container, entry, force) : nothing
}

/** Where it stood is gone. */
const nothing: Reversal = { done: 0, skipped: 1 }

/** The record, map or list that something was changed in. */
function find(state: unknown, { path, type }: Entry): Handle | undefined {
  let at = state
  for (const step of path) {
    if (step instanceof Handle) {
      const item = latest(step)
      at = at instanceof TrackedList && at.includes(item) ? item : undefined
    } else at = at instanceof Handle ? valueAt(at, step) : undefined
  }
  return at instanceof Handle && at[liveType] === type ? at : undefined
}

function reversePlace(container: Handle, { place, before, after, source }: PlaceEntry, force: boolean): Reversal {
  if (!force && !samePlain(container[livePlain](place), after)) return nothing
  if (!(container instanceof TrackedMap)) Reflect.set(container, place, before)
  else if (before === undefined) container.delete(place)
  else container.set(place, before)
  if (source !== undefined) succeed(source, valueAt(container, place))
  return { done: 1, skipped: 0 }
}
