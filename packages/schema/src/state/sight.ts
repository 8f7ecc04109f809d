import type { NodeRegistry } from './node-registry.ts'

/** What viewers need of the state they look at. */
export interface Sight {
  readonly epoch: string
  /** The version of the first state. */
  readonly first: number
  readonly version: number
  /** The version in which the state itself last changed. */
  readonly written: number
  readonly registry: NodeRegistry
  /** The tags that can be granted. */
  readonly tags: ReadonlySet<string>
  /** Throws when there are changes that no version has yet. */
  beClosed(): void
}
