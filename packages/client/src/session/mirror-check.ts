import type { CheckFrame } from '@junto/protocol/internal'
import type { MirrorTree } from '@junto/schema/internal'

/** @throws Error when the mirror is not what the server says it is. */
export function compare(mirror: MirrorTree, { version, first, count, hash }: CheckFrame): void {
  if (mirror.version === version && mirror.hash(first, count) === hash) return
  const last = first + count - 1
  throw new Error(`nodes ${first} to ${last} differ in version ${version} (here: ${mirror.version})`)
}
