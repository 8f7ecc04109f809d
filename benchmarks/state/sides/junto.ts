import type { Live, Mirror, Plain, StateOf } from '@junto/schema'
import { compileLayout, layoutOf, MirrorTree, StateTree } from '@junto/schema/internal'
import { contracts } from '../contract.ts'
import type { Client, Server } from '../side.ts'
import { besides, type Entity, type Kind } from '../workload.ts'

type Moving = StateOf<(typeof contracts)['float32']>
type Published = StateOf<(typeof contracts)['published']>
/** What is used of either. */
type Entities = Pick<Live<Published>['entities'], 'get' | 'delete'>

const empty = new Uint8Array(0)

export function createServer(kind: Kind): Server {
  return new JuntoServer(kind)
}

export function createClient(kind: Kind): Client {
  return new JuntoClient(kind)
}

class JuntoServer implements Server {
  private readonly tree: StateTree
  private readonly entities: Entities
  private readonly set: (key: string, entity: Entity) => void

  constructor(kind: Kind) {
    const contract = contracts[kind]
    const first: Plain<Published> = { entities: {} }
    this.tree = StateTree.create(compileLayout(layoutOf(contract)), contract, first, { epoch: '0123456789abcdef' })
    // The tree is of the contract.
    if (kind === 'published' || kind === 'published-integer') {
      const { entities } = this.tree.root as Live<Published>
      this.entities = entities
      this.set = (key, entity) => entities.set(key, entity)
    } else {
      const { entities } = this.tree.root as Live<Moving>
      this.entities = entities
      this.set = (key, entity) => entities.set(key, { ...entity, ...besides })
    }
  }

  add(key: string, entity: Entity): void {
    this.set(key, entity)
  }

  remove(key: string): void {
    this.entities.delete(key)
  }

  write(keys: readonly string[], xs: Float64Array, ys: Float64Array, from: number, to: number): void {
    const { entities } = this
    for (let i = from; i < to; i++) {
      const entity = entities.get(keys[i]!)!
      entity.x = xs[i]!
      entity.y = ys[i]!
    }
  }

  encode(): Uint8Array {
    return this.tree.takePatch() ?? empty
  }

  snapshot(): Uint8Array {
    return this.tree.snapshot()
  }

  bookkeeping(): number {
    return this.tree.bookkeeping
  }
}

class JuntoClient implements Client {
  private readonly tree: MirrorTree<Mirror<Published>>
  private held: readonly Mirror<Published['entities']['~map']>[] = []

  constructor(kind: Kind) {
    this.tree = new MirrorTree(compileLayout(layoutOf(contracts[kind])))
  }

  applySnapshot(bytes: Uint8Array): void {
    this.tree.applySnapshot(bytes)
  }

  apply(patch: Uint8Array): void {
    this.tree.applyPatch(patch)
  }

  has(key: string): boolean {
    return this.tree.state.entities.has(key)
  }

  hold(keys: readonly string[]): void {
    this.held = keys.map((key) => this.tree.state.entities.get(key)!)
  }

  read(xs: Float64Array, ys: Float64Array): void {
    const { held } = this
    for (let i = 0; i < held.length; i++) {
      const entity = held[i]!
      xs[i] = entity.x
      ys[i] = entity.y
    }
  }
}
