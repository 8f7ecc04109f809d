import { knownTag } from './known-tag.ts'
import type { Present } from './present.ts'
import { entityScope } from './scope.ts'
import type { SharedUpdates } from './shared-updates.ts'
import { Handle } from '../nodes/state-node.ts'
import type { Update } from './update.ts'
import { removedEntity, viewedEntity } from './viewed-entity.ts'
import type { Viewer, ViewerOptions } from './viewer.ts'

/** One who sees everything. What is taken is shared by all who have the same version. */
export class OpenViewer implements Viewer {
  readonly tags = new Set<string>()
  owner: string
  readonly #present: Present
  readonly #updates: SharedUpdates
  readonly #all: Set<OpenViewer>
  #version = 0
  #closed = false

  /** @param all All who see everything, until they close. */
  constructor(present: Present, updates: SharedUpdates, all: Set<OpenViewer>, { owner = '' }: ViewerOptions) {
    this.#present = present
    this.#updates = updates
    this.#all = all
    this.owner = owner
    all.add(this)
  }

  get version(): number {
    return this.#version
  }

  /** Whether nothing is new for it. */
  get current(): boolean {
    return this.#version >= this.#present.written
  }

  take(): Update | undefined {
    this.#present.beClosed()
    if (this.#closed || this.current) return undefined
    const { version } = this.#present
    const update = this.#version === 0 ? this.#updates.snapshot(version) : this.#updates.since(this.#version, version)
    this.#version = version
    return update
  }

  resume(epoch: string, version: number): void {
    const { first, version: last } = this.#present
    const known = epoch === this.#present.epoch && Number.isInteger(version) && version >= first && version <= last
    this.#version = known ? version : 0
  }

  reset(): void {
    this.#version = 0
  }

  see(entity: unknown): boolean {
    if (!this.#closed && viewedEntity(this.#present.registry, entity) === undefined) throw removedEntity(entity)
    return false
  }

  unsee(entity: unknown): boolean {
    if (!this.#closed) viewedEntity(this.#present.registry, entity)
    return false
  }

  sees(entity: unknown): boolean {
    const scope = entityScope(Handle.node(entity))
    return !this.#closed && scope?.node.registry === this.#present.registry
  }

  grant(tag: string): void {
    if (!this.#closed) this.tags.add(knownTag(this.#present.tags, tag))
  }

  revoke(tag: string): void {
    this.tags.delete(knownTag(this.#present.tags, tag))
  }

  hash(first: number, count: number): number {
    return this.#present.hash(first, count)
  }

  close(): void {
    this.#closed = true
    this.#all.delete(this)
  }
}
