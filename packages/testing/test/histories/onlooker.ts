import type { Audience, Kind, RecordKind } from './kinds.ts'
import { listOf, mapOf, variantOf } from './model.ts'

/** Who of the model's entities shall be in view. */
export type Keep = (entity: unknown, key: string) => boolean

/** What a member may see, said of the model: a few plain sets, and a walk that leaves out what is hidden. */
export class Onlooker {
  owner = ''
  readonly tags = new Set<Audience>()
  /** Entities of viewed maps, in the order in which they came into view. */
  readonly #view = new Set<unknown>()
  /** Of these, those that leave with the turn. One that is seen again before that has not left. */
  readonly #leaving = new Set<unknown>()
  /** In view since the turn before. */
  #settled: ReadonlySet<unknown> = new Set()
  readonly #filters = new Map<Map<string, unknown>, Keep>()

  sees(entity: unknown): boolean {
    return this.#view.has(entity) && !this.#leaving.has(entity)
  }

  see(entity: unknown): boolean {
    if (this.sees(entity)) return false
    this.#leaving.delete(entity)
    this.#view.add(entity)
    return true
  }

  unsee(entity: unknown): boolean {
    if (!this.sees(entity)) return false
    if (this.#settled.has(entity)) this.#leaving.add(entity)
    else this.#view.delete(entity)
    return true
  }

  filter(map: Map<string, unknown>, keep: Keep | undefined): void {
    if (keep === undefined) this.#filters.delete(map)
    else {
      this.#ask([[map, keep]])
      this.#filters.set(map, keep)
    }
  }

  /** @param there Whether a map still stands in the state. */
  update(there: (map: unknown) => boolean): void {
    for (const map of this.#filters.keys()) if (!there(map)) this.#filters.delete(map)
    this.#ask([...this.#filters])
  }

  #ask(filters: readonly (readonly [Map<string, unknown>, Keep])[]): void {
    for (const [map, keep] of filters) for (const [key, entity] of map) if (!keep(entity, key)) this.unsee(entity)
    for (const [map, keep] of filters) for (const [key, entity] of map) if (keep(entity, key)) this.see(entity)
  }

  /** A turn has ended. */
  settle(): void {
    for (const entity of this.#leaving) this.#view.delete(entity)
    this.#leaving.clear()
    this.#settled = new Set(this.#view)
  }

  /** What this member has of a part of the state. */
  of(kind: Kind, model: unknown): unknown {
    switch (kind.kind) {
      case 'atom':
        return model
      case 'record':
        return this.#ofRecord(kind, Object(model))
      case 'union':
        return this.#ofRecord(variantOf(kind, model), Object(model))
      case 'nullable':
        return model === null ? null : this.#ofRecord(kind.of, Object(model))
      case 'list':
        return listOf(model).map((item) => this.of(kind.of, item))
      case 'map': {
        const entries = [...mapOf(model)]
        const seen = kind.viewed ? this.#inOrder(entries) : entries
        return new Map(seen.map(([key, part]) => [key, this.of(kind.of, part)]))
      }
    }
  }

  #ofRecord({ fields }: RecordKind, model: Readonly<Record<string, unknown>>): unknown {
    const seen: Record<string, unknown> = { ...model }
    for (const { name, of, to } of fields) {
      if (to !== undefined && !to.some((word) => this.#is(word, model['by']))) delete seen[name]
      else if (seen[name] !== undefined) seen[name] = this.of(of, seen[name])
    }
    return seen
  }

  #is(word: Audience, by: unknown): boolean {
    return word === 'owner' ? by !== '' && by === this.owner : this.tags.has(word)
  }

  #inOrder(entries: readonly [string, unknown][]): [string, unknown][] {
    const order = [...this.#view]
    return entries
      .filter(([, entity]) => this.sees(entity))
      .toSorted(([, one], [, other]) => order.indexOf(one) - order.indexOf(other))
  }
}
