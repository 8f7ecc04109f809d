import { optimistic, sampleInputs, viewOf, type Inputs, type JoinedRoom, type JuntoClient } from '@junto/client'
import { createWorld, type World } from '../../src/index.ts'
import { Field, FieldRoom, fieldMutators, type Held, type Place } from './field.ts'

/** Milliseconds of a frame, of sixty a second. */
export const frame = 1000 / 60

/** What a page is like. */
export interface PlayOptions {
  readonly tickRate?: number
  readonly patchRate?: number
  /** Of the network, each way: ms, and up to how many more. */
  readonly latency?: number
  readonly jitter?: number
  readonly seed?: number
}

/** A field, 150 ms ± 50 there and back. */
export function fieldWorld({
  tickRate = 60,
  patchRate = 20,
  latency = 50,
  jitter = 50,
  seed = 1,
}: PlayOptions = {}): World {
  return createWorld({ seed, rooms: [[Field, FieldRoom, { tickRate, patchRate }]], network: { latency, jitter } })
}

/** What is drawn in one frame. */
export interface Frame {
  /** The world's time: ms. */
  readonly at: number
  readonly held: Held
  /** The last input that was taken, and how much of the next step has passed. */
  readonly seq: number
  readonly alpha: number
  /** Where the own runner is predicted, and where it is drawn. */
  readonly own: Place
  readonly drawn: Place
  /** Where the mirror has each other runner, and where it is drawn. */
  readonly others: ReadonlyMap<string, { readonly mirror: Place; readonly drawn: Place | undefined }>
}

/** Somebody who plays, with a page that draws sixty frames a second. */
export class Player {
  readonly client: JuntoClient
  readonly room: JoinedRoom<typeof Field>
  readonly inputs: Inputs
  readonly view: ReturnType<typeof viewIn>
  readonly frames: Frame[] = []
  held: Held = { dx: 0, dy: 0, aim: 0 }

  private constructor(client: JuntoClient, room: JoinedRoom<typeof Field>) {
    this.client = client
    this.room = room
    this.inputs = sampleInputs(room, () => this.held, { peek: true })
    this.view = viewIn(room)
  }

  static async join(world: World): Promise<Player> {
    const client = world.client()
    const joining = client.open(Field, { key: 'a', mutators: optimistic(fieldMutators) })
    return new Player(client, await world.until(joining))
  }

  get id(): string {
    return this.room.memberId
  }

  /** The last frame. */
  get last(): Frame {
    const last = this.frames.at(-1)
    if (last === undefined) throw new Error('nothing has been drawn')
    return last
  }

  frame(at: number): void {
    const { inputs, view, held, room } = this
    inputs.frame()
    view.frame()
    const others = new Map<string, { readonly mirror: Place; readonly drawn: Place | undefined }>()
    for (const [key, mirror] of room.state.runners) {
      if (key !== this.id) others.set(key, { mirror: placeOf(mirror), drawn: placeOf(view.get(key)) })
    }
    const own = placeOf(room.state.runners.get(this.id))
    const drawn = placeOf(view.get(this.id))
    if (own === undefined || drawn === undefined) throw new Error('its runner is not there')
    this.frames.push({ at, held, seq: inputs.seq, alpha: inputs.alpha, own, drawn, others })
  }
}

function viewIn(room: JoinedRoom<typeof Field>) {
  return viewOf(room, (state) => state.runners, {
    fields: ['x', 'y'],
    angles: ['aim'],
    own: (_runner, key) => key === room.memberId,
  })
}

function placeOf<P extends Place | undefined>(place: P): Place | (P extends undefined ? undefined : never)
function placeOf(place: Place | undefined): Place | undefined {
  return place && { x: place.x, y: place.y }
}

/** So many milliseconds of frames of all these pages. Before each of them `each` is called, with what has passed. */
export async function play(
  world: World,
  ms: number,
  players: readonly Player[],
  each: (passed: number) => void = () => {},
): Promise<void> {
  for (let passed = 0; passed < ms; passed += frame) {
    await world.advance(frame)
    each(passed)
    for (const player of players) player.frame(world.clock.now())
  }
}

/** How far two places are apart. */
export function distance(one: Place, other: Place): number {
  return Math.hypot(one.x - other.x, one.y - other.y)
}
