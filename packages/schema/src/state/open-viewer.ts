import { knownTag } from './known-tag.ts'
import { entityScope } from './scope.ts'
import type { SharedUpdates } from './shared-updates.ts'
import type { Sight } from './sight.ts'
import { Handle } from './state-node.ts'
import type { Update } from './update.ts'
import { removedEntity, viewedEntity } from './viewed-entity.ts'
import type { Viewer, ViewerOptions } from './viewer.ts'

/** What viewers that see everything ask of their state. */
export interface OpenHost {
  readonly updates: SharedUpdates
  /** The hash of all nodes whose ids are from `first` to `first + count - 1`. */
  hash(first: number, count: number): number
  forget(viewer: OpenViewer): void
}

/** One who sees everything. What is taken is shared by all who have the same version. */
export class OpenViewer implements Viewer {
  readonly tags = new Set<string>()
  owner: string
  readonly #sight: Sight
  readonly #host: OpenHost
  #version = 0
  #closed = false

  constructor(sight: Sight, host: OpenHost, { owner = '' }: ViewerOptions) {
    this.#sight = sight
    this.#host = host
    this.owner = owner
  }

  get version(): number {
    return this.#version
  }

  /** Whether nothing is new for it. */
  get current(): boolean {
    return this.#version >= this.#sight.written
  }

  take(): Update | undefined {
    this.#sight.beClosed()
    if (this.#closed || this.current) return undefined
    const { updates } = this.#host
    const { version } = this.#sight
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
    if (!this.#closed && viewedEntity(this.#sight.registry, entity) === undefined) throw removedEntity(entity)
    return false
  }

  unsee(entity: unknown): boolean {
    if (!this.#closed) viewedEntity(this.#sight.registry, entity)
    return false
  }

  sees(entity: unknown): boolean {
    const scope = entityScope(Handle.node(entity))
    return !this.#closed && scope?.node.registry === this.#sight.registry
  }

  grant(tag: string): void {
    if (!this.#closed) this.tags.add(knownTag(this.#sight.tags, tag))
  }

  revoke(tag: string): void {
    this.tags.delete(knownTag(this.#sight.tags, tag))
  }

  hash(first: number, count: number): number {
    return this.#host.hash(first, count)
  }

  close(): void {
    this.#closed = true
    this.#host.forget(this)
  }
}
