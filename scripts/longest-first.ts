import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes longest, by the beginnings of paths. Begun early, none of it is left over in the end with nothing beside it. Most of it waits more
 * than it computes, for pages, processes and deadlines; what does nothing but compute stands between, so that always somebody can.
 */
export const longest: readonly string[] = [
  'examples/whiteboard/test/connection',
  'examples/whiteboard/test/whiteboard',
  'packages/testing/test/simulation/share-1',
  'packages/testing/test/packages/',
  'examples/lobby/test/lobby',
  'packages/testing/test/simulation/share-2',
  'examples/cards/test/cards',
  'packages/testing/test/faults',
  'packages/testing/test/simulation/share-3',
  'examples/arena/test/arena',
  'examples/arena/test/page',
  'packages/testing/test/simulation/share-4',
  'packages/testing/test/restarts/',
  'packages/testing/test/histories/',
  'packages/load/src/main',
  'packages/testing/test/',
]

function rank({ moduleId }: TestSpecification): number {
  const at = longest.findIndex((path) => moduleId.includes(`/${path}`))
  return at < 0 ? longest.length : at
}

/** Puts the files that take longest before all others. Beyond that vitest's own order holds. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
