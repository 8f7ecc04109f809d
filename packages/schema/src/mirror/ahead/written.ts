import type { Entry, Path, Source } from '../../undo/entry.ts'
import { listEntry } from '../../undo/list-entry.ts'
import { samePlain } from '../../undo/same-plain.ts'
import { Handle, livePlain } from '../../state/nodes/state-node.ts'
import { absent, type MirrorNode } from '../mirror-node.ts'
import type { EditedList } from './edited-list.ts'
import type { EditedMap } from './edited-map.ts'
import { EditedNode } from './edited-node.ts'
import type { EditedRecord } from './edited-record.ts'
import type { Editing } from './editing.ts'
import type { Journal } from './journal.ts'

interface WrittenPlace {
  readonly of: EditedRecord | EditedMap
  readonly key: string
  readonly path: Path
  readonly after: unknown
}

interface WrittenList {
  readonly of: EditedList
  readonly path: Path
  readonly items: readonly unknown[]
}

/**
 * What an edit has written, so that it can be taken back later as by an undo: read once while the state is as the edit left it, and once
 * when it is undone.
 */
export class Written {
  readonly #editing: Editing
  readonly #places: WrittenPlace[] = []
  readonly #lists: WrittenList[] = []
  /** What the edit had put into lists, as it left it. */
  readonly #came = new Map<unknown, unknown>()

  /** The state is as the edit left it. */
  constructor(editing: Editing, { steps, placed }: Journal) {
    this.#editing = editing
    const added = new Set(placed.map(({ node }) => node))
    const seen = new Map<EditedNode, Set<string>>()
    for (const { change } of steps) {
      if (change === undefined || !change.of.stands || isWithin(change.of.node, added)) continue
      const { of, key = '' } = change
      const keys = seen.get(of) ?? new Set()
      seen.set(of, keys)
      if (keys.has(key)) continue
      keys.add(key)
      const path = pathOf(editing, of.node)
      if (change.key === undefined) this.#lists.push({ of: change.of, path, items: this.#itemsOf(change.of) })
      else this.#places.push({ of: change.of, key, path, after: change.of.plainAt(key) })
    }
    for (const { parent, node } of placed) {
      const { handle } = editing.edited(node)
      if (parent.kind === 'list') this.#came.set(handle, handle[livePlain]())
    }
  }

  /** The edit has been undone. */
  entries(): readonly Entry[] {
    const entries: Entry[] = []
    for (const { of, key, path, after } of this.#places) {
      const shown = of.valueAt(key)
      const stood = this.#editing.live(shown === absent ? undefined : shown)
      if (!(stood instanceof Handle) && samePlain(of.plainAt(key), after)) continue
      const [before, source] = [this.#valueOf(stood), this.#itemsIn(stood)]
      entries.push({ kind: 'place', path, type: of.type.index, place: key, before, after, source })
    }
    for (const { of, path, items } of this.#lists) {
      const entry = listEntry(
        path,
        of.type.index,
        {
          items: this.#itemsOf(of),
          valueOf: (item) => this.#valueOf(item),
          sourceOf: (item) => this.#sourceOf(item),
        },
        { items, valueOf: (item) => this.#came.get(item) },
      )
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  #itemsOf(list: EditedList): readonly unknown[] {
    return list.node.value.map((value, index) => {
      const item = this.#editing.live(value)
      return item instanceof Handle ? item : list.plainAt(index)
    })
  }

  /** A copy that can be written: maps keep their order. */
  #valueOf(live: unknown): unknown {
    const node = this.#nodeOf(live)
    const inside = (value: unknown): unknown => this.#valueOf(this.#editing.live(value))
    switch (node?.kind) {
      case 'record':
        return Object.fromEntries(
          Object.entries(node.value).flatMap(([name, value]) => (value === undefined ? [] : [[name, inside(value)]])),
        )
      case 'map':
        return new Map(Array.from(node.value, ([key, value]) => [key, inside(value)]))
      case 'list':
        return node.value.map(inside)
      default:
        return live
    }
  }

  /** What stood in a place, as far as items of lists are concerned. */
  #itemsIn(live: unknown): Source | undefined {
    if (!(live instanceof Handle)) return undefined
    const source = this.#sourceOf(live)
    return source.parts.size === 0 ? undefined : source
  }

  #sourceOf(handle: Handle): Source {
    const parts = new Map<string | number, Source>()
    const node = this.#nodeOf(handle)
    const add = (place: string | number, value: unknown): void => {
      const live = this.#editing.live(value)
      const part = node?.kind === 'list' && live instanceof Handle ? this.#sourceOf(live) : this.#itemsIn(live)
      if (part !== undefined) parts.set(place, part)
    }
    if (node?.kind === 'record') for (const [name, value] of Object.entries(node.value)) add(name, value)
    else for (const [place, value] of node?.value.entries() ?? []) add(place, value)
    return { handle, parts }
  }

  #nodeOf(live: unknown): MirrorNode | undefined {
    return EditedNode.of(live)?.node
  }
}

function isWithin(node: MirrorNode, added: ReadonlySet<MirrorNode>): boolean {
  for (let at: MirrorNode | undefined = node; at !== undefined; at = at.parent) if (added.has(at)) return true
  return false
}

/** Where a node stands. */
function pathOf(editing: Editing, node: MirrorNode): Path {
  const path: (string | Handle)[] = []
  for (let at = node, { parent } = at; parent !== undefined; at = parent, { parent } = at) {
    path.unshift(parent.kind === 'list' ? editing.edited(at).handle : at.key)
  }
  return path
}
