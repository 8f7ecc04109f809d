import { importPeer } from '../../peers.ts'
import type { Client, Server, View, ViewServer } from '../side.ts'
import { besides, reach, type Entity, type Kind } from '../workload.ts'
import type { ColyseusSchema, Decoder, Encoder, MapSchema, StateView, Structure } from './colyseus-schema.ts'

type Moving = Entity & typeof besides
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface State {
  entities: MapSchema<Mutable<Entity>>
}

const {
  schema,
  t,
  Encoder: SchemaEncoder,
  Decoder: SchemaDecoder,
  StateView: SchemaView,
} = await importPeer<ColyseusSchema>('colyseus-schema')
// The default is too small for 1,000 entities, and each encoder would grow its buffer with a warning.
SchemaEncoder.BUFFER_SIZE = 256 * 1024

// 16 bits are the least that its numbers in steps can have here: steps of 0.03.
const coordinates = { float32: () => t.float32(), quantized: () => t.quantized({ min: -reach, max: reach, bits: 16 }) }

function define(kind: Kind) {
  const entity =
    kind === 'published' || kind === 'published-integer'
      ? schema<Mutable<Entity>>({ name: t.string(), x: t.number(), y: t.number() }, 'Player')
      : schema<Mutable<Moving>>(
          {
            name: t.string(),
            x: coordinates[kind](),
            y: coordinates[kind](),
            vx: t.float32(),
            vy: t.float32(),
            hp: t.uint8(),
          },
          'Entity',
        )
  return { Entity: entity, State: schema<State>({ entities: t.map(entity) }, 'State') }
}

function defineViewed() {
  const { Entity: entity } = define('float32')
  return { Entity: entity, State: schema<State>({ entities: t.map(entity).view() }, 'State') }
}

export function createServer(kind: Kind): Server {
  return new ColyseusServer(kind)
}

export function createClient(kind: Kind): Client {
  return new ColyseusClient(new (define(kind).State)())
}

function write(
  entities: MapSchema<Mutable<Entity>>,
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

class ColyseusServer implements Server {
  private readonly encoder: Encoder
  private readonly entities: MapSchema<Mutable<Entity>>
  private readonly made: (entity: Entity) => Mutable<Entity>

  constructor(kind: Kind) {
    const { Entity: EntityClass, State } = define(kind)
    const state = new State()
    this.encoder = new SchemaEncoder(state)
    this.entities = state.entities
    const more = kind === 'float32' || kind === 'quantized' ? besides : {}
    this.made = (entity) => (new EntityClass() as Mutable<Entity> & Structure<Entity>).assign({ ...entity, ...more })
  }

  add(key: string, entity: Entity): void {
    this.entities.set(key, this.made(entity))
  }

  remove(key: string): void {
    this.entities.delete(key)
  }

  write(keys: readonly string[], xs: Float64Array, ys: Float64Array, from: number, to: number): void {
    write(this.entities, keys, xs, ys, from, to)
  }

  encode(): Uint8Array {
    const bytes = this.encoder.encode()
    this.encoder.discardChanges()
    return bytes
  }

  snapshot(): Uint8Array {
    return this.encoder.encodeAll()
  }

  bookkeeping(): number {
    return Object.keys(this.encoder.root.refCount).length
  }
}

class ColyseusClient implements Client {
  private readonly decoder: Decoder
  private held: readonly Entity[] = []

  constructor(private readonly state: State) {
    this.decoder = new SchemaDecoder(state)
  }

  applySnapshot(bytes: Uint8Array): void {
    this.decoder.decode(bytes)
  }

  apply(patch: Uint8Array): void {
    this.decoder.decode(patch)
  }

  has(key: string): boolean {
    return this.state.entities.get(key) !== undefined
  }

  hold(keys: readonly string[]): void {
    this.held = keys.map((key) => this.state.entities.get(key)!)
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

export function createViewServer(): ViewServer {
  return new ColyseusViewServer()
}

export function createViewClient(): Client {
  return new ColyseusClient(new (defineViewed().State)())
}

/** As Colyseus's own server does it: what all see is encoded once, and behind it for each view what only some see. */
class ColyseusViewServer implements ViewServer {
  private readonly encoder: Encoder
  private readonly entities: MapSchema<Mutable<Entity>>
  private readonly made: (entity: Entity) => Mutable<Entity>
  private readonly views: StateView[] = []

  constructor() {
    const { Entity: EntityClass, State } = defineViewed()
    const state = new State()
    this.encoder = new SchemaEncoder(state)
    this.entities = state.entities
    this.made = (entity) => new EntityClass().assign({ ...entity, ...besides })
  }

  add(key: string, entity: Entity): void {
    this.entities.set(key, this.made(entity))
  }

  join(): View {
    const { encoder, entities } = this
    const view = new SchemaView()
    this.views.push(view)
    return {
      see(key) {
        view.add(entities.get(key)!)
      },
      unsee(key) {
        view.remove(entities.get(key)!)
      },
      snapshot() {
        const it = { offset: 0 }
        encoder.encodeAll(it)
        return encoder.encodeAllView(view, it.offset, it)
      },
    }
  }

  write(keys: readonly string[], xs: Float64Array, ys: Float64Array, from: number, to: number): void {
    write(this.entities, keys, xs, ys, from, to)
  }

  tick(take: (patch: Uint8Array, view: number) => void): void {
    const { encoder, views } = this
    const it = { offset: 0 }
    encoder.encode(it)
    const shared = it.offset
    for (let i = 0; i < views.length; i++) take(encoder.encodeView(views[i]!, shared, it), i)
    encoder.discardChanges()
  }
}
