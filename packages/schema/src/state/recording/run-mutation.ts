import { Handle } from '../nodes/state-node.ts'
import type { StateTree } from '../state-tree.ts'
import { Recorder } from './recorder.ts'
import { shortcut } from './shortcut.ts'

/** What came of a mutation that ran. */
export interface Ran<R> {
  readonly value: R
  /** All that it wrote, for {@link entriesOf}; to be asked before anything else is written. */
  readonly record: Recorder
}

/**
 * Runs code that writes to a state as a whole or not at all: when it throws, all that it wrote is put back, and the error goes on. The
 * state is then as before, down to the identity of what it removed, and mirrors hear nothing.
 *
 * Not put back are server-only fields, and what was done to views and tags: they are not part of what the state tells.
 *
 * It may run within another, which then puts back both.
 *
 * @param code Is given the record, too, as far as that is then.
 */
export function runMutation<R>(tree: StateTree, code: (record: Recorder) => R): Ran<R> {
  const registry = Handle.node(tree.root)?.registry
  if (registry === undefined) throw new TypeError('The root of a state belongs to it')
  const outer = registry.recorder
  const record = new Recorder()
  registry.recorder = record
  const { open } = shortcut
  shortcut.open = false
  try {
    const value = code(record)
    outer?.absorb(record)
    return { value, record }
  } catch (error) {
    record.putBack(registry)
    throw error
  } finally {
    registry.recorder = outer
    shortcut.open = open
  }
}
