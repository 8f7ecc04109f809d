import { Mode } from '../../patch/body.ts'
import type { BodyWriter } from './body-writer.ts'
import { RecordNode } from '../nodes/record-node.ts'
import type { StateNode } from '../nodes/state-node.ts'

/**
 * Makes what was done to nodes part of a version.
 *
 * @param body Takes in what is different, where somebody is to be told of it.
 * @returns false when nothing is different.
 */
export function closeNodes(nodes: readonly StateNode[], version: number, body: BodyWriter | undefined): boolean {
  let changed = false
  let index = 0
  while (index < nodes.length) {
    const first = index++
    const node = nodes[first]
    // Those taken out meanwhile went with what they stood in.
    if (node?.registry === undefined) continue
    const mode = node.born === 0 ? Mode.birth : node.pending()
    if (mode === undefined) continue
    changed = true
    node.changed = version
    if (mode === Mode.birth) node.born = version
    if (body === undefined) continue
    if (mode === Mode.change && node instanceof RecordNode) index = body.addAlike(node, nodes, index, version)
    else body.add(node, mode)
  }
  return changed
}
