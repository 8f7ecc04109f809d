import { assignEntries, assignItems, type MirrorNode } from '../mirror-node.ts'
import type { MirrorSpace } from '../mirror-space.ts'
import type { Editing } from './editing.ts'
import type { Journal, Placed } from './journal.ts'

/** What an edit had put somewhere, and still stands there. */
export interface Left {
  readonly placed: Placed
  /** Has it hold again what it holds now, when it has been taken out of the state. */
  readonly restore: () => void
}

/**
 * What edits had put somewhere, where it stands still. The state is as the last of them left it: as the server's is to be when it has run them all.
 *
 * @returns the outer before the inner, and items of a list in their order.
 */
export function leftBy(editing: Editing, edits: readonly { readonly journal: Journal }[]): Left[] {
  const left = []
  for (const placed of edits.flatMap(({ journal }) => journal.placed)) {
    const { parent, node } = placed
    if (!editing.edited(node).stands) continue
    const index = parent.kind === 'list' ? parent.value.indexOf(node.value) : 0
    left.push({ placed, depth: depthOf(node), index, restore: contentOf(editing.space, node) })
  }
  return left.sort((one, other) => one.depth - other.depth || one.index - other.index)
}

function depthOf({ parent }: MirrorNode): number {
  return parent === undefined ? 0 : 1 + depthOf(parent)
}

/** Remembers what a node holds, and all below it; returns what has it hold that again. */
function contentOf(space: MirrorSpace, node: MirrorNode): () => void {
  const all = [ownContentOf(node)]
  space.eachChild(node, (child) => void all.push(contentOf(space, child)))
  return () => {
    for (const restore of all) restore()
  }
}

function ownContentOf(node: MirrorNode): () => void {
  if (node.kind === 'record') {
    const fields = { ...node.value }
    return () => void Object.assign(node.value, fields)
  }
  if (node.kind === 'map') {
    const entries = new Map(node.value)
    return () => void assignEntries(node, entries)
  }
  const items = node.value.slice()
  return () => void assignItems(node, items)
}
