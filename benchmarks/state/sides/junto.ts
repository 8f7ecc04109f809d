import type { Live, Mirror, Plain, StateMap, StateOf } from '@junto/schema'
import { compileLayout, layoutOf, MirrorTree, StateTree, type Viewer } from '@junto/schema/internal'
import { contracts, Viewed } from '../contract.ts'
import type { Client, Server, View, ViewServer } from '../side.ts'
import { besides, type Entity, type Kind } from '../workload.ts'

type Moving = StateOf<(typeof contracts)['float32']>
type Published = StateOf<(typeof contracts)['published']>
/** What is used of either. */
type Entities = Pick<StateMap<Position>, 'get' | 'delete'>
interface Position {
  x: number
  y: number
}

const epoch = '0123456789abcdef'
const empty = new Uint8Array(0)

export function createServer(kind: Kind): Server {
  return new JuntoServer(kind)
}

export function createClient(kind: Kind): Client {
  return new JuntoClient(new MirrorTree(compileLayout(layoutOf(contracts[kind]))))
}

export function createViewServer(): ViewServer {
  return new JuntoViewServer()
}

export function createViewClient(): Client {
  return new JuntoClient(new MirrorTree(compileLayout(layoutOf(Viewed))))
}

function write(
  entities: Pick<StateMap<Position>, 'get'>,
  keys: readonly string[],
  xs: Float64Array,
  ys: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const entity = entities.get(keys[i]!)!
    entity.x = xs[i]!
    entity.y = ys[i]!
  }
}

class JuntoServer implements Server {
  private readonly tree: StateTree
  /** One who is there already. */
  private readonly viewer: Viewer
  private readonly entities: Entities
  private readonly set: (key: string, entity: Entity) => void

  constructor(kind: Kind) {
    const contract = contracts[kind]
    const first: Plain<Published> = { entities: {} }
    this.tree = StateTree.create(compileLayout(layoutOf(contract)), contract, first, { epoch })
    this.viewer = this.tree.viewer()
    this.viewer.take()
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
    write(this.entities, keys, xs, ys, from, to)
  }

  encode(): Uint8Array {
    return this.tree.close() ? (this.viewer.take()?.bytes ?? empty) : empty
  }

  snapshot(): Uint8Array {
    const viewer = this.tree.viewer()
    const update = viewer.take()
    viewer.close()
    return update?.bytes ?? empty
  }

  bookkeeping(): number {
    return this.tree.bookkeeping
  }
}

class JuntoClient implements Client {
  private held: readonly Mirror<Published['entities']['~map']>[] = []

  constructor(private readonly tree: MirrorTree<Mirror<Published>>) {}

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

class JuntoViewServer implements ViewServer {
  private readonly tree: StateTree
  private readonly entities: Live<StateOf<typeof Viewed>>['entities']
  private readonly viewers: Viewer[] = []

  constructor() {
    const first: Plain<StateOf<typeof Viewed>> = { entities: {} }
    this.tree = StateTree.create(compileLayout(layoutOf(Viewed)), Viewed, first, { epoch })
    // The tree is of the contract.
    this.entities = (this.tree.root as Live<StateOf<typeof Viewed>>).entities
  }

  add(key: string, entity: Entity): void {
    this.entities.set(key, { ...entity, ...besides })
  }

  join(): View {
    const { entities } = this
    const viewer = this.tree.viewer()
    this.viewers.push(viewer)
    return {
      see(key) {
        viewer.see(entities.get(key))
      },
      unsee(key) {
        viewer.unsee(entities.get(key))
      },
      snapshot() {
        viewer.reset()
        return viewer.take()?.bytes ?? empty
      },
    }
  }

  write(keys: readonly string[], xs: Float64Array, ys: Float64Array, from: number, to: number): void {
    write(this.entities, keys, xs, ys, from, to)
  }

  tick(take: (patch: Uint8Array, view: number) => void): void {
    const { viewers } = this
    this.tree.close()
    for (let i = 0; i < viewers.length; i++) take(viewers[i]!.take()?.bytes ?? empty, i)
  }
}
