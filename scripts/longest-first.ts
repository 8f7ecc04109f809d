import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes longest, the longest first. These wait more than they compute, for pages, processes and deadlines: begun early, they leave the
 * processors to the many short files behind them, and none of them is left over in the end with nothing beside it.
 */
const longest = [
  'examples/whiteboard/test/connection',
  'examples/whiteboard/test/whiteboard',
  'packages/testing/test/packages/',
  'packages/testing/test/simulation/',
  'packages/testing/test/faults',
  'examples/lobby/test/lobby',
  'examples/cards/test/cards',
  'examples/arena/test/arena',
  'packages/testing/test/',
]

function rank({ moduleId }: TestSpecification): number {
  const at = longest.findIndex((path) => moduleId.includes(`/${path}`))
  return at < 0 ? longest.length : at
}

/** Puts the files that take longest before all others; those keep vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
