import type { NodeRegistry } from './node-registry.ts'
import type { SharedUpdates } from './shared-updates.ts'
import type { Update } from './update.ts'
import { removedEntity, unviewed, viewedEntity } from './viewed-entity.ts'
import type { Viewer, ViewerOptions } from './viewer.ts'

/** What a viewer needs of the state it looks at. */
export interface Sight {
  readonly epoch: string
  /** The version of the first state. */
  readonly first: number
  readonly version: number
  readonly registry: NodeRegistry
  readonly updates: SharedUpdates
  /** The tags that can be granted. */
  readonly tags: ReadonlySet<string>
  /** Throws when there are changes that no version has yet. */
  beClosed(): void
  /** The hash of all nodes whose ids are from `first` to `first + count - 1`. */
  hash(first: number, count: number): number
}

/** One who sees everything. What is taken is shared by all who have the same version. */
export class OpenViewer implements Viewer {
  readonly tags = new Set<string>()
  owner: string
  readonly #sight: Sight
  readonly #forget: (viewer: OpenViewer) => void
  #version = 0
  #closed = false

  constructor(sight: Sight, { owner = '' }: ViewerOptions, forget: (viewer: OpenViewer) => void) {
    this.#sight = sight
    this.#forget = forget
    this.owner = owner
  }

  get version(): number {
    return this.#version
  }

  /** Whether it has the present version. */
  get current(): boolean {
    return this.#version === this.#sight.version
  }

  take(): Update | undefined {
    const { version, updates } = this.#sight
    this.#sight.beClosed()
    if (this.#closed || this.#version === version) return undefined
    const update = this.#version === 0 ? updates.snapshot(version) : updates.since(this.#version, version)
    this.#version = version
    return update
  }

  resume(epoch: string, version: number): void {
    const { epoch: present, first, version: last } = this.#sight
    const known = epoch === present && Number.isInteger(version) && version >= first && version <= last
    this.#version = known ? version : 0
  }

  reset(): void {
    this.#version = 0
  }

  see(entity: unknown): boolean {
    if (!this.#closed && !this.#isViewed(entity)) throw removedEntity(entity)
    return false
  }

  unsee(entity: unknown): boolean {
    if (!this.#closed) this.#isViewed(entity)
    return false
  }

  sees(): boolean {
    return false
  }

  grant(tag: string): void {
    if (!this.#closed) this.tags.add(knownTag(this.#sight.tags, tag))
  }

  revoke(tag: string): void {
    this.tags.delete(knownTag(this.#sight.tags, tag))
  }

  hash(first: number, count: number): number {
    return this.#sight.hash(first, count)
  }

  close(): void {
    this.#closed = true
    this.#forget(this)
  }

  #isViewed(entity: unknown): boolean {
    const node = viewedEntity(this.#sight.registry, entity)
    if (node === undefined) return false
    throw unviewed(node)
  }
}

/** A tag that some field is visible to. @throws TypeError for any other. */
export function knownTag(tags: ReadonlySet<string>, tag: string): string {
  if (tags.has(tag)) return tag
  const known = [...tags].map((name) => JSON.stringify(name)).join(', ')
  throw new TypeError(
    `No field of this state is visible to the tag ${JSON.stringify(tag)}. ` +
      (known === '' ? 'There are no tags in its contract: t.Visible names them.' : `Its tags are ${known}.`),
  )
}
