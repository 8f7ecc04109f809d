import type { StateTree } from './state-tree.ts'
import type { Viewer } from './viewers/viewer.ts'

const followers = new WeakMap<StateTree, Viewer>()

/** Closes the turn: the patch for those who have all before it; nothing when nothing is different. */
export function nextPatch(tree: StateTree): Uint8Array | undefined {
  let follower = followers.get(tree)
  if (follower === undefined) {
    follower = tree.viewer({ everything: true })
    followers.set(tree, follower)
  }
  follower.resume(tree.epoch, tree.version)
  return tree.close() ? patchFor(follower) : undefined
}

/** The patch for those who have an earlier version. */
export function patchSince(tree: StateTree, version: number): Uint8Array | undefined {
  const viewer = tree.viewer({ everything: true })
  viewer.resume(tree.epoch, version)
  const patch = patchFor(viewer)
  viewer.close()
  return patch
}

function patchFor(viewer: Viewer): Uint8Array | undefined {
  const update = viewer.take()
  if (update?.kind === 'snapshot') throw new Error('It cannot go on from that version')
  return update?.bytes
}
