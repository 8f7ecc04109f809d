import { hashEntries, hashItems, hashNode, hashValue, type IdOf } from '../patch/hash.ts'
import type { MirrorSpace } from './mirror-space.ts'

/** The sum of the hashes of the nodes whose id is from `first` to `first + count - 1`. */
export function hashNodes(space: MirrorSpace, first: number, count: number): number {
  const idOf: IdOf = (value) => space.of(value)?.id
  let sum = 0
  for (const node of space.nodes.slice(first, first + count)) {
    if (node === undefined) continue
    let hash = hashNode(node.id, node.type.index)
    if (node.kind === 'map') hash = hashEntries(hash, node.value.size, node.value, idOf)
    else if (node.kind === 'list') hash = hashItems(hash, node.value, idOf)
    else for (const { name } of node.type.fields) hash = hashValue(hash, node.value[name], idOf)
    sum += hash
  }
  return sum >>> 0
}
