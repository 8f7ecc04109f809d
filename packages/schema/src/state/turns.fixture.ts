import { Draws, drawValue, layoutOfSpec, type Spec } from './random-state.fixture.ts'
import { writeSomething } from './random-writes.fixture.ts'
import { modelOf } from './random-state.fixture.ts'
import { StateTree } from './state-tree.ts'

/** All that is sent of a random state under random writes, in hex: to one who follows, to one who is behind, to newcomers. */
export function bytesOfTurns(spec: Spec & { kind: 'record' }, seed: number, turns: number): string[] {
  const draws = new Draws(seed)
  const first = drawValue(spec, draws)
  const tree = StateTree.create(layoutOfSpec(spec), undefined, first, { epoch: '00112233445566ff' })
  const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
  const [follower, behind] = [tree.viewer(), tree.viewer()]
  behind.take()
  const sent: string[] = []
  for (let turn = 0; turn < turns; turn++) {
    for (let writes = draws.below(6); writes > 0; writes--) writeSomething(pair, draws)
    tree.close()
    const updates = [follower.take(), draws.chance(0.3) ? behind.take() : undefined]
    for (const update of updates) if (update !== undefined) sent.push(hex(update.bytes))
    sent.push(hex(tree.snapshot()), String(follower.hash(0, 1000)))
  }
  return sent
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
