import { Handle } from '../state/nodes/state-node.ts'
import type { Source } from './entry.ts'
import { valueAt } from './value-at.ts'

/**
 * What was taken out of a state and put back comes back as a copy: which one is there now. All copies of one thing share this, so that
 * however often it comes and goes, those before are not kept.
 */
const incarnations = new WeakMap<Handle, { now: Handle }>()

/** While what is put back may come to nothing: told how each that {@link succeed} was told of is forgotten again. */
let note: ((forget: () => void) => void) | undefined

/** What something is now, that may have been taken out and put back since. */
export function latest(handle: Handle): Handle {
  return incarnations.get(handle)?.now ?? handle
}

/** Something was put back as a copy, with all that stood in it. */
export function succeed({ handle, parts }: Source, now: unknown): void {
  if (!(now instanceof Handle) || handle === now) return
  const known = incarnations.get(handle)
  const former = known?.now
  note?.(() => {
    incarnations.delete(now)
    if (known === undefined || former === undefined) incarnations.delete(handle)
    else {
      known.now = former
      incarnations.set(handle, known)
    }
  })
  // Of what had been put back already there are two now, each with what comes after it.
  const incarnation = known?.now === handle ? known : { now }
  incarnation.now = now
  incarnations.set(handle, incarnation)
  incarnations.set(now, incarnation)
  for (const [place, part] of parts) succeed(part, valueAt(now, place))
}

/**
 * Runs code that puts things back, which may be undone later.
 *
 * @param noted Told of each that is put back how that is forgotten again: the last first.
 */
export function noteSuccession<T>(noted: (forget: () => void) => void, code: () => T): T {
  note = noted
  try {
    return code()
  } finally {
    note = undefined
  }
}

/** Runs code that puts things back. Where it throws, so that the state is as it was, none of them was. */
export function atomicSuccession<T>(code: () => T): T {
  const own: (() => void)[] = []
  try {
    return noteSuccession((forget) => void own.push(forget), code)
  } catch (error) {
    for (const forget of own.reverse()) forget()
    throw error
  }
}
