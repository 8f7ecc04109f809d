import { Handle } from '../state/nodes/state-node.ts'
import type { Source } from './entry.ts'
import { valueAt } from './value-at.ts'

/** What was taken out of a state and put back comes back as a copy: which one. */
const successors = new WeakMap<Handle, Handle>()

/** What something is now, that may have been taken out and put back since. */
export function latest(handle: Handle): Handle {
  let now = handle
  for (let next = successors.get(now); next !== undefined; next = successors.get(now)) now = next
  return now
}

/** Something was put back as a copy, with all that stood in it. */
export function succeed({ handle, parts }: Source, now: unknown): void {
  if (!(now instanceof Handle) || handle === now) return
  successors.set(handle, now)
  for (const [place, part] of parts) succeed(part, valueAt(now, place))
}
