import { lower } from '../../codec/lower.ts'
import type { Layout, TypeIndex } from '../../layout.ts'
import { holdsNodes } from '../../patch/extent.ts'
import { adoptEntries, adoptFields, adoptItems, type Adopt } from '../../state/values/adoption.ts'
import { standingFault } from '../../state/nodes/refused-writes.ts'
import { copy } from '../../state/values/plain.ts'
import { variantChooser } from '../../state/values/variants.ts'
import { optionally, wholeTypes, type ChooseVariant, type WholeType } from '../../state/values/whole-value.ts'
import { makeNode, MapNode, RecordNode, type MirrorNode } from '../mirror-node.ts'
import type { MirrorCollectionType, MirrorRecordType, MirrorTypes } from '../mirror-type.ts'
import { EditedList } from './edited-list.ts'
import { EditedMap } from './edited-map.ts'
import { EditedNode } from './edited-node.ts'
import { EditedRecord, recordHandles, type RecordHandles } from './edited-record.ts'
import type { Editing } from './editing.ts'

/** A place that holds one value: a field, an entry of a map, an item of a list. */
export interface EditSlot {
  readonly type: TypeIndex
  /** Whether it can hold a node. */
  readonly holdsNodes: boolean
  /** Whether values that are equal on the wire can differ as written, so that an equal one is still kept. */
  readonly drifts: boolean
  /** Checks what somebody wants to put here; returns what is kept, or a node that stands nowhere yet. Throws a `Fault`. */
  readonly adopt: Adopt
  /** Whether two kept values that are no nodes are known to be the same on the wire. */
  readonly equal: (one: unknown, other: unknown) => boolean
  /** The plain value of what stands in a mirror, as the server sends it. */
  readonly plain: (shown: unknown) => unknown
}

/** A field of a record type. */
export interface EditField {
  readonly name: string
  readonly slot: EditSlot
}

/** What the types of a layout are to edits: slots that check and keep as the server's do, and handles. */
export class EditTypes {
  readonly mirror: MirrorTypes
  readonly layout: Layout
  readonly #editing: Editing
  readonly #choose: ChooseVariant
  readonly #whole: (index: TypeIndex) => WholeType
  readonly #slots: EditSlot[] = []
  readonly #records: RecordHandles[] = []

  constructor(mirror: MirrorTypes, editing: Editing) {
    this.mirror = mirror
    this.layout = mirror.layout
    this.#editing = editing
    this.#choose = variantChooser(mirror.layout)
    this.#whole = wholeTypes(mirror.layout.types, this.#choose)
  }

  /** What edits know of a node, which is of one of these types. */
  edited(node: MirrorNode): EditedNode {
    if (node.kind === 'record') return new EditedRecord(this.#editing, node, this.#record(node.type))
    const slot = this.#entry(node.type)
    return node.kind === 'map' ? new EditedMap(this.#editing, node, slot) : new EditedList(this.#editing, node, slot)
  }

  /** The slot of a type. */
  slot(index: TypeIndex): EditSlot {
    return (this.#slots[index] ??= this.#makeSlot(index))
  }

  #record(type: MirrorRecordType): RecordHandles {
    const { index } = type
    return (this.#records[index] ??= recordHandles(type, this.#fields(index)))
  }

  #fields(index: TypeIndex): EditField[] {
    const def = lower(this.layout.types, index)
    if (def.kind !== 'record') throw new TypeError(`Type ${index} is no record`)
    return def.fields.map(({ name, type }) => ({ name, slot: this.slot(type) }))
  }

  /** The slot of what stands in a map or list. */
  #entry({ index }: MirrorCollectionType): EditSlot {
    const def = lower(this.layout.types, index)
    if (def.kind !== 'map' && def.kind !== 'list') throw new TypeError(`Type ${index} is no map or list`)
    return this.slot(def.type)
  }

  #makeSlot(type: TypeIndex): EditSlot {
    const { types } = this.layout
    if (!holdsNodes(types, type)) {
      const { take, ...whole } = this.#whole(type)
      return { ...whole, type, adopt: take, holdsNodes: false }
    }
    const def = lower(types, type)
    const nodes = { type, holdsNodes: true, plain: (shown: unknown): unknown => this.#plain(type, shown) }
    switch (def.kind) {
      case 'optional': {
        const inner = this.slot(def.type)
        return {
          ...nodes,
          drifts: inner.drifts,
          adopt: optionally(inner.adopt),
          equal: (one, other) => one === other || (one !== undefined && other !== undefined && inner.equal(one, other)),
        }
      }
      case 'union': {
        const variants = def.types.map((variant) => this.slot(variant))
        return {
          ...nodes,
          drifts: variants.some(({ drifts }) => drifts),
          adopt: (value) => {
            refuseStanding(value)
            const plain = copy(value, (node) => node.plain())
            return variants[this.#choose(type, plain)]?.adopt(plain)
          },
          equal: (one, other) => {
            const variant = this.#choose(type, one)
            return variant === this.#choose(type, other) && variants[variant]?.equal(one, other) === true
          },
        }
      }
      default:
        return { ...nodes, drifts: false, adopt: (value) => this.#make(type, value), equal: () => false }
    }
  }

  /** A node made from a plain value, with all below it; it stands nowhere yet. Throws a `Fault`. */
  #make(index: TypeIndex, value: unknown): MirrorNode {
    refuseStanding(value)
    const type = this.mirror.at(index)
    if (type === undefined) throw new TypeError(`Type ${index} is not tracked`)
    const node = makeNode(-1, type)
    const { apart } = this.#editing
    const put = (kept: unknown, key: string): unknown => apart.place(kept, node, key)
    if (node instanceof RecordNode) {
      const { template, fields } = this.#record(node.type)
      const values = adoptFields(value, fields, [])
      node.value = { ...template }
      for (const [at, { name }] of fields.entries()) node.value[name] = put(values[at], name)
    } else {
      const { adopt } = this.#entry(node.type)
      if (node instanceof MapNode) adoptEntries(value, adopt, (key, kept) => node.value.set(key, put(kept, key)))
      else adoptItems(value, adopt, (kept) => node.value.push(put(kept, '')))
    }
    apart.hold(node)
    return node
  }

  #plain(type: TypeIndex, shown: unknown): unknown {
    const node = this.#editing.space.of(shown)
    if (node !== undefined) return this.#editing.edited(node).plain()
    const def = lower(this.layout.types, type)
    if (shown === undefined) return undefined
    if (def.kind === 'optional') return this.slot(def.type).plain(shown)
    return def.kind === 'union' ? this.slot(lower(def.types, this.#choose(type, shown))).plain(shown) : shown
  }
}

/** Refuses what stands somewhere already. What was taken out is copied, like a plain value. */
function refuseStanding(value: unknown): void {
  const edited = EditedNode.of(value)
  if (edited?.stands === true) throw standingFault(edited.path)
}
