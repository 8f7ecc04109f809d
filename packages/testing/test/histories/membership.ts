import { tags, type Tag } from './kinds.ts'
import type { Draws } from './model.ts'
import { Onlooker } from './onlooker.ts'
import type { Views } from './writes.ts'

/** `member.view`, whatever the contract. */
export interface AnyView {
  owner: string
  add(entity: unknown): boolean
  remove(entity: unknown): boolean
  has(entity: unknown): boolean
  filter(map: unknown, keep: ((entity: unknown, key: string) => boolean) | undefined): void
  update(): void
  grant(tag: Tag): void
  revoke(tag: Tag): void
}

/** A member, and what it may see: by its room, and by the model. */
export class Membership {
  readonly view: AnyView
  readonly onlooker = new Onlooker()
  readonly #known: ReadonlySet<Tag>
  /** Predicates say something else each time it grows. */
  #phase = 0

  /** @param known The tags that the contract names. */
  constructor(view: AnyView, known: ReadonlySet<Tag>) {
    this.view = view
    this.view.owner = ''
    this.#known = known
  }

  /** What it sees changes, so many times at most. */
  look(views: Views, draws: Draws, most: number): void {
    for (let looks = draws.integer(1, most); looks > 0; looks--) {
      this.#look(views, draws)
      const { live, model } = draws.of(views.entities) ?? {}
      if (live !== undefined) expectSame('has', this.view.has(live), this.onlooker.sees(model))
    }
  }

  #look({ maps, entities }: Views, draws: Draws): void {
    const { view, onlooker } = this
    const [tag, map, entity] = [draws.pick(tags), draws.of(maps), draws.of(entities)]
    switch (draws.integer(0, 9)) {
      case 0:
      case 1:
      case 2:
        // Several of one turn.
        for (const { live, model } of entities) {
          if (draws.chance(0.4)) expectSame('add', view.add(live), onlooker.see(model))
        }
        return
      case 3:
      case 4:
        if (entity !== undefined) expectSame('remove', view.remove(entity.live), onlooker.unsee(entity.model))
        return
      case 5: {
        const share = draws.integer(1, 4)
        const keep = (_: unknown, key: string): boolean => (key.length + key.charCodeAt(0) + this.#phase) % share === 0
        const chosen = draws.chance(0.7) ? keep : undefined
        if (map === undefined) return
        view.filter(map.live, chosen)
        return onlooker.filter(map.model, chosen)
      }
      case 6:
        this.#phase++
        view.update()
        return onlooker.update((known) => maps.some(({ model }) => model === known))
      case 7:
        // One that no field names is refused, which has a test of its own.
        if (!this.#known.has(tag)) return
        view.grant(tag)
        onlooker.tags.add(tag)
        return
      case 8:
        if (onlooker.tags.delete(tag)) view.revoke(tag)
        return
      default:
        view.owner = onlooker.owner = draws.owner()
    }
  }
}

function expectSame(method: string, said: boolean, right: boolean): void {
  if (said !== right) throw new Error(`view.${method} says ${said}`)
}
