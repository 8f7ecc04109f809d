import { Handle, livePlain } from '../state/nodes/state-node.ts'
import { TrackedList } from '../state/nodes/tracked-list.ts'
import { TrackedMap } from '../state/nodes/tracked-map.ts'

/** What was taken out of a state and put back comes back as a copy: which one. */
const successors = new WeakMap<Handle, Handle>()

/** What something is now, that may have been taken out and put back since. */
export function latest(handle: Handle): Handle {
  let now = handle
  for (let next = successors.get(now); next !== undefined; next = successors.get(now)) now = next
  return now
}

/** Something was put back as a copy, with all that stands in it. */
export function succeed(before: Handle, now: unknown): void {
  if (!(now instanceof Handle) || before === now) return
  successors.set(before, now)
  if (before instanceof TrackedList && now instanceof TrackedList) {
    for (let index = 0; index < Math.min(before.length, now.length); index++) follow(before.at(index), now.at(index))
  } else if (before instanceof TrackedMap && now instanceof TrackedMap) {
    for (const [key, entry] of before) follow(entry, now.get(key))
  } else {
    const plain = now[livePlain]()
    if (typeof plain !== 'object' || plain === null) return
    for (const name of Object.keys(plain)) follow(Reflect.get(before, name), Reflect.get(now, name))
  }
}

function follow(before: unknown, now: unknown): void {
  if (before instanceof Handle) succeed(before, now)
}
