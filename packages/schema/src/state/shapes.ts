import { angleToSteps, quantizer } from '../codec/quantized.ts'
import type { CompiledLayout } from '../compiled-layout.ts'
import { readContract } from '../contract-layout.ts'
import type { AnyContract } from '../contract.ts'
import type { Field, Layout, TypeDef, TypeIndex } from '../layout.ts'
import { lower } from '../codec/lower.ts'
import { holdsNodes } from '../patch/extent.ts'
import { hashValue } from '../patch/hash.ts'
import { Packs } from '../patch/pack.ts'
import type { Steps, TrackedField } from './nodes/field-set.ts'
import { ListType } from './nodes/list-node.ts'
import { MapType } from './nodes/map-node.ts'
import { RecordType, refuseStanding } from './nodes/record-node.ts'
import { copy } from './values/plain.ts'
import type { Slot } from './values/slot.ts'
import { Handle, type StateNode } from './nodes/state-node.ts'
import { variantChooser } from './values/variants.ts'
import { optionally, wholeTypes, type ChooseVariant, type WholeType } from './values/whole-value.ts'

type NodeType = RecordType | MapType | ListType

/** What a contract says of its record types that is not in the layout. */
interface BesideLayout {
  /** Server-only fields. */
  readonly locals?: ReadonlyMap<TypeIndex, readonly string[]>
  /** Fields that are optional in the layout only, because they may be hidden: here they are always there. */
  readonly required?: ReadonlyMap<TypeIndex, ReadonlySet<string>>
}

/** The contract of a state without one: nothing stands beside its layout. */
const noContract = {}

/**
 * What the types of a layout are to a tracked state: slots that check and keep, and the types of nodes. All states of a
 * contract share it.
 */
export class Shapes {
  static readonly #made = new WeakMap<CompiledLayout, WeakMap<object, Shapes>>()

  /** The shapes of a layout; with the contract it comes from, if there is one. */
  static of(layout: CompiledLayout, contract: AnyContract | undefined): Shapes {
    const known = Shapes.#made.get(layout)
    const made = known ?? new WeakMap<object, Shapes>()
    if (known === undefined) Shapes.#made.set(layout, made)
    let shapes = made.get(contract ?? noContract)
    if (shapes === undefined) {
      const reading = contract === undefined ? undefined : readContract(contract)
      shapes = new Shapes(layout.layout, { ...reading, ...reading?.visibility })
      made.set(contract ?? noContract, shapes)
    }
    return shapes
  }

  readonly #types: readonly TypeDef[]
  readonly #beside: BesideLayout
  readonly #packs: Packs
  readonly #choose: ChooseVariant
  readonly #whole: (index: TypeIndex) => WholeType
  readonly #nodeTypes: NodeType[] = []
  readonly #slots: Slot[] = []
  readonly #nodeVariants: ReadonlyMap<TypeIndex, number>[] = []

  private constructor(layout: Layout, beside: BesideLayout) {
    this.#types = layout.types
    this.#beside = beside
    this.#choose = variantChooser(layout)
    this.#whole = wholeTypes(layout.types, this.#choose)
    this.#packs = new Packs(layout.types, {
      idOf: (kept) => idOf(kept) ?? 0,
      variantOf: (union, value) => this.#variantOf(union, value),
    })
  }

  /** The slot of a type: of a field, an entry, the root. */
  slot(index: TypeIndex): Slot {
    return (this.#slots[index] ??= this.#makeSlot(index))
  }

  /** The root made from a plain value. Throws a `Fault`. */
  root(index: TypeIndex, value: unknown): Handle {
    refuseStanding(value)
    return this.nodeType(index).adopt(value)
  }

  #makeSlot(index: TypeIndex): Slot {
    const pack = this.#packs.slot(index)
    if (!holdsNodes(this.#types, index)) {
      const { take, ...whole } = this.#whole(index)
      const { plain } = whole
      return {
        ...whole,
        adopt: take,
        holdsNodes: false,
        pack,
        hash: (hash, kept) => hashValue(hash, plain(kept), idOf),
      }
    }
    const def = lower(this.#types, index)
    switch (def.kind) {
      case 'optional': {
        const inner = this.slot(def.type)
        return {
          ...inner,
          pack,
          adopt: optionally(inner.adopt),
          equal: (one, other) => one === other || (one !== undefined && other !== undefined && inner.equal(one, other)),
          plain: (kept) => (kept === undefined ? undefined : inner.plain(kept)),
          hash: (hash, kept) => (kept === undefined ? hashValue(hash, kept, idOf) : inner.hash(hash, kept)),
        }
      }
      case 'union': {
        const variants = def.types.map((variant) => this.slot(variant))
        const variantOf = (kept: unknown): Slot | undefined => variants[this.#variantOf(index, kept)]
        return {
          holdsNodes: true,
          drifts: variants.some((variant) => variant.drifts),
          pack,
          adopt: (value) => {
            refuseStanding(value)
            const known = Handle.node(value) === undefined ? -1 : this.#variantOf(index, value)
            if (known !== -1) return variants[known]?.adopt(value)
            const plain = copy(value, plainUnlessStanding)
            return variants[this.#choose(index, plain)]?.adopt(plain)
          },
          equal: (one, other) => {
            const variant = variantOf(one)
            return variant === variantOf(other) && variant?.equal(one, other) === true
          },
          plain: (kept) => variantOf(kept)?.plain(kept),
          hash: (hash, kept) => variantOf(kept)?.hash(hash, kept) ?? hash,
        }
      }
      default: {
        const type = this.nodeType(index)
        return {
          holdsNodes: true,
          drifts: false,
          pack,
          adopt: (value) => {
            refuseStanding(value)
            return type.adopt(value)
          },
          equal: () => false,
          plain: (kept) => Handle.node(kept)?.plain(),
          hash: (hash, kept) => hashValue(hash, kept, idOf),
        }
      }
    }
  }

  /** The type of the nodes that stand in slots of a record, map or list type. */
  nodeType(index: TypeIndex): NodeType {
    return (this.#nodeTypes[index] ??= this.#makeNodeType(index))
  }

  #makeNodeType(index: TypeIndex): NodeType {
    const def = lower(this.#types, index)
    switch (def.kind) {
      case 'record':
        return new RecordType(
          index,
          this.#fields(def.fields, this.#beside.required?.get(index)),
          this.#beside.locals?.get(index) ?? [],
        )
      case 'map':
        return new MapType(index, this.slot(def.type))
      case 'list':
        return new ListType(index, { ...this.slot(def.type), pack: this.#packs.item(def.type, false) })
      default:
        throw new TypeError(`A state cannot be a ${def.kind}: only a record, a map or a list is tracked`)
    }
  }

  #fields(fields: readonly Field[], required: ReadonlySet<string> | undefined): TrackedField[] {
    return fields.map(({ name, type }, index) => {
      const def = lower(this.#types, type)
      const slot = this.slot(type)
      if (def.kind !== 'optional') return { name, index, slot, def, optional: false, steps: stepsOf(def) }
      const inner = this.slot(def.type)
      const kept = required?.has(name) === true ? { ...slot, adopt: inner.adopt } : slot
      return { name, index, slot: kept, def: lower(this.#types, def.type), optional: true, steps: undefined }
    })
  }

  /** The variant of a kept value: a node is of its type, for other values it is found as when they were adopted. */
  #variantOf(union: TypeIndex, kept: unknown): number {
    const node = Handle.node(kept)
    if (node === undefined) return this.#choose(union, kept)
    // A node that was taken out of another room's state is of none of these types.
    if (node.type !== this.#nodeTypes[node.type.index]) return -1
    return (this.#nodeVariants[union] ??= nodeVariants(this.#types, union)).get(node.type.index) ?? -1
  }
}

/** The variant of a union in which nodes of each type stand. */
function nodeVariants(types: readonly TypeDef[], union: TypeIndex): ReadonlyMap<TypeIndex, number> {
  const variants = new Map<TypeIndex, number>()
  const collect = (index: TypeIndex, variant: number): void => {
    const def = lower(types, index)
    // A variant can be a union itself.
    if (def.kind === 'union') for (const inner of def.types) collect(inner, variant)
    else if (!variants.has(index)) variants.set(index, variant)
  }
  const def = lower(types, union)
  if (def.kind === 'union') for (const [variant, index] of def.types.entries()) collect(index, variant)
  return variants
}

function plainUnlessStanding(node: StateNode): unknown {
  refuseStanding(node.handle)
  return node.plain()
}

function idOf(kept: unknown): number | undefined {
  return Handle.node(kept)?.id
}

function stepsOf(def: TypeDef): Steps | undefined {
  if (def.kind === 'quantized') {
    const { toSteps, steps } = quantizer(def)
    return { count: toSteps, most: steps, difference: (count, sent) => count - sent }
  }
  if (def.kind === 'angle') {
    // The shorter way round.
    return { count: angleToSteps, most: 0xffff, difference: (count, sent) => ((count - sent) << 16) >> 16 }
  }
  return undefined
}
