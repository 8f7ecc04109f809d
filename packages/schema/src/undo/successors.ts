import { Handle } from '../state/nodes/state-node.ts'
import type { Source } from './entry.ts'
import { valueAt } from './value-at.ts'

/**
 * What was taken out of a state and put back comes back as a copy: which one is there now. All copies of one thing share this, so that
 * however often it comes and goes, those before are not kept.
 */
const incarnations = new WeakMap<Handle, { now: Handle }>()

/** What something is now, that may have been taken out and put back since. */
export function latest(handle: Handle): Handle {
  return incarnations.get(handle)?.now ?? handle
}

/** Something was put back as a copy, with all that stood in it. */
export function succeed({ handle, parts }: Source, now: unknown): void {
  if (!(now instanceof Handle) || handle === now) return
  const known = incarnations.get(handle)
  // Of what had been put back already there are two now, each with what comes after it.
  const incarnation = known?.now === handle ? known : { now }
  incarnation.now = now
  incarnations.set(handle, incarnation)
  incarnations.set(now, incarnation)
  for (const [place, part] of parts) succeed(part, valueAt(now, place))
}
