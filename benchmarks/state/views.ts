import type { Part } from '../harness.ts'
import { cpuTime, sideOf } from './processes.ts'
import type { Side, View, ViewServer } from './side.ts'
import { keyOf, Random, Walk } from './workload.ts'

// Clients that each see some of the entities. See processes.ts for how both sides take turns.

export interface Scene {
  readonly clients: number
  readonly entities: number
  /** Entities that each client sees. */
  readonly seen: number
  /** Entities that move each tick: another part of them each time. */
  readonly moving: number
  /** For each client so many entities enter its view each tick, and as many leave it. */
  readonly turnover: number
}

export interface SceneSettings {
  readonly side: string
  readonly scene: Scene
}

/** A server with clients who look. Its CPU times are per tick, in µs. */
export async function viewing({ side, scene }: SceneSettings): Promise<Part> {
  const stage = new Stage(await sideOf(side), scene)
  let sent = 0
  return {
    commands: {
      tick(count): number {
        const ticks = Number(count)
        const before = cpuTime()
        for (let i = ticks; i > 0; i--) {
          stage.play()
          stage.server.tick((patch) => (sent += patch.length))
        }
        return (cpuTime() - before) / ticks
      },
    },
    counters: () => ({ sent }),
    close() {},
  }
}

/**
 * Bytes that each client gets per tick.
 *
 * @throws Error when a client does not have what it sees, or has what it does not see.
 */
export async function viewSizes({ side, scene }: SceneSettings): Promise<Part> {
  const library = await sideOf(side)
  const stage = new Stage(library, scene)
  const mirrors = stage.viewers.map(({ view }) => {
    const client = library.createViewClient()
    client.applySnapshot(view.snapshot().slice())
    return client
  })
  const ticks = 20
  let bytes = 0
  for (let tick = 0; tick < ticks; tick++) {
    stage.play()
    stage.server.tick((patch, index) => {
      bytes += patch.length
      if (patch.length > 0) mirrors[index]!.apply(patch)
    })
  }
  stage.viewers.forEach(({ sees }, index) => {
    const mirror = mirrors[index]!
    const keys = Array.from(sees, (entity) => stage.keys[entity]!)
    const [xs, ys] = [new Float64Array(keys.length), new Float64Array(keys.length)]
    mirror.hold(keys)
    mirror.read(xs, ys)
    Array.from(sees).forEach((entity, at) => {
      if (xs[at] !== Math.fround(stage.walk.xs[entity]!) || ys[at] !== Math.fround(stage.walk.ys[entity]!))
        throw new Error(`${side}: client ${index} has entity ${entity} at another place than the server`)
    })
    const unseen = stage.keys.find((key, entity) => !sees.has(entity) && mirror.has(key))
    if (unseen !== undefined) throw new Error(`${side}: client ${index} has entity ${unseen}, which it does not see`)
  })
  return { ready: bytes / ticks / scene.clients, close() {} }
}

interface Viewer {
  readonly view: View
  /** Indexes of entities. */
  readonly sees: Set<number>
}

/** A server, its entities and its viewers. Everything happens by a seed, the same on each side. */
class Stage {
  readonly server: ViewServer
  readonly walk: Walk
  readonly keys: readonly string[]
  readonly viewers: readonly Viewer[]
  private readonly random = new Random(2)
  private ticks = 0

  constructor(
    side: Side,
    private readonly scene: Scene,
  ) {
    this.server = side.createViewServer()
    this.walk = new Walk(scene.entities, 0.6)
    this.keys = Array.from({ length: scene.entities }, (_, index) => keyOf(index))
    this.keys.forEach((key, index) => this.server.add(key, this.walk.entity(index)))
    this.viewers = Array.from({ length: scene.clients }, () => ({ view: this.server.join(), sees: new Set<number>() }))
    for (const viewer of this.viewers) while (viewer.sees.size < scene.seen) this.enter(viewer)
    this.server.tick(() => {})
  }

  /** What happens in a tick, up to its end. */
  play(): void {
    const { moving, entities, turnover } = this.scene
    const from = (this.ticks++ * moving) % entities
    this.walk.move(from, from + moving)
    this.server.write(this.keys, this.walk.xs, this.walk.ys, from, from + moving)
    for (let i = 0; i < turnover; i++) {
      for (const viewer of this.viewers) {
        const [longest] = viewer.sees
        this.enter(viewer)
        viewer.sees.delete(longest!)
        viewer.view.unsee(this.keys[longest!]!)
      }
    }
  }

  private enter({ view, sees }: Viewer): void {
    let entity: number
    do entity = this.random.below(this.scene.entities)
    while (sees.has(entity))
    sees.add(entity)
    view.see(this.keys[entity]!)
  }
}
