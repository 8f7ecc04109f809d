import type { NodeRegistry } from '../nodes/node-registry.ts'

/** A state as those find it who look at it: its nodes, and the version that they are of. */
export class Present {
  readonly epoch: string
  /** The version of the first state. */
  readonly first: number
  readonly registry: NodeRegistry
  /** The tags that viewers can be granted. */
  readonly tags: ReadonlySet<string>
  /** The version last closed. */
  version: number
  /** The version in which the state itself last changed, and not only who sees what of it. */
  written: number

  constructor(epoch: string, version: number, registry: NodeRegistry, tags: ReadonlySet<string>) {
    this.epoch = epoch
    this.first = version
    this.registry = registry
    this.tags = tags
    this.version = version
    this.written = version
  }

  /** Throws when there are changes that no version has yet. */
  beClosed(): void {
    if (this.registry.dirty) throw new Error('There are changes that belong to no version yet: call close first')
  }

  /** The hash of all nodes whose ids are from `first` to `first + count - 1`. */
  hash(first: number, count: number): number {
    let sum = 0
    const end = Math.min(first + count, this.registry.idBound)
    for (let id = first; id < end; id++) sum = (sum + (this.registry.at(id)?.hash() ?? 0)) | 0
    return sum >>> 0
  }
}
