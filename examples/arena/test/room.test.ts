import { optimistic, sampleInputs, viewOf, type Inputs, type JoinedRoom } from '@junto/client'
import { provide } from '@junto/server'
import { createWorld, type World } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { Arena } from '../contract.ts'
import { isFree } from '../field.ts'
import { arenaMutators } from '../mutators.ts'
import { ArenaRoom, Company } from '../room.ts'
import { dash, goal, health, mostFighters, patchRate, rifle, speed, tickRate, times } from '../rules.ts'
import type { Input } from '../step.ts'

const tick = 1000 / tickRate
const still: Input = { dx: 0, dy: 0, aim: 0, fire: false, dash: false }

interface Options {
  readonly fewest?: number
  /** Of the network, each way: ms. */
  readonly latency?: number
  readonly jitter?: number
  readonly seed?: number
}

function arena({ fewest = 0, latency = 0, jitter = 0, seed = 1 }: Options = {}): World {
  return createWorld({
    seed,
    rooms: [[Arena, ArenaRoom, { maxMembers: mostFighters, tickRate, patchRate }]],
    network: { latency, jitter },
    server: { services: [provide(Company, new Company(fewest))] },
  })
}

/** Somebody with a page: what it shows is computed with each frame. */
class Player {
  readonly room: JoinedRoom<typeof Arena>
  readonly inputs: Inputs
  readonly view: ReturnType<typeof viewIn>
  /** What is held down. */
  held: Input = still
  /** Shots of this one that have hit. */
  hits = 0

  private constructor(room: JoinedRoom<typeof Arena>) {
    this.room = room
    this.inputs = sampleInputs(room, () => this.held, { peek: true })
    this.view = viewIn(room)
    room.on('hit', () => this.hits++)
    room.on('shot', () => {})
    room.on('fell', () => {})
  }

  static async join(world: World, name: string): Promise<Player> {
    const joining = world.client().open(Arena, { key: 'a', join: { name }, mutators: optimistic(arenaMutators) })
    return new Player(await world.until(joining))
  }

  get id(): string {
    return this.room.memberId
  }

  /** What this page's mirror has of its own fighter. */
  get own() {
    return this.room.state.fighters.get(this.id)
  }

  frame(): void {
    this.inputs.frame()
    this.view.frame()
  }
}

function viewIn(room: JoinedRoom<typeof Arena>) {
  return viewOf(room, (state) => state.fighters, {
    fields: ['x', 'y'],
    angles: ['aim'],
    own: (_fighter, key) => key === room.memberId,
  })
}

/** So many milliseconds of frames of all these pages. */
async function play(world: World, ms: number, players: readonly Player[], each?: () => void): Promise<void> {
  for (let passed = 0; passed < ms; passed += tick) {
    for (const player of players) player.frame()
    each?.()
    await world.advance(tick)
  }
}

function state(world: World) {
  return world.room(ArenaRoom, 'a').state
}

function fighterOf(world: World, id: string) {
  const fighter = state(world).fighters.get(id)
  if (fighter === undefined) throw new Error(`${id} is not on the field`)
  return fighter
}

describe('a player', () => {
  it('moves on the own page in the same frame, and is where the server says when all is quiet', async () => {
    const world = arena({ latency: 75 })
    const ada = await Player.join(world, 'Ada')
    await play(world, 1_000, [ada])
    Object.assign(fighterOf(world, ada.id), { x: 400, y: 100, safe: false })
    await play(world, 500, [ada])
    expect(ada.own?.x).toBeCloseTo(400, 1)
    const { corrections } = ada.view

    ada.held = { ...still, dx: 100 }
    ada.frame()
    const shown = ada.view.get(ada.id)?.x ?? 0
    await world.advance(tick)
    ada.frame()
    // No message can have come back.
    expect(ada.view.get(ada.id)?.x).toBeGreaterThan(shown)
    expect(fighterOf(world, ada.id).x).toBeCloseTo(400, 1)

    await play(world, 400, [ada])
    const ahead = (ada.own?.x ?? 0) - fighterOf(world, ada.id).x
    // By what the way there takes, and a tick or two.
    expect(ahead).toBeGreaterThan(0.075 * speed)
    expect(ahead).toBeLessThan(0.15 * speed)
    ada.held = { ...still, dash: true }
    await play(world, 300, [ada])
    ada.held = still
    await play(world, 1_000, [ada])
    expect(fighterOf(world, ada.id).dashes).toBe(1)
    expect(ada.own?.x).toBeCloseTo(fighterOf(world, ada.id).x, 1)
    expect(ada.own?.x).toBeGreaterThan(400 + speed * 0.4 + (dash.speed * dash.lasts) / tickRate / 2)
    // Nobody was in the way: what was predicted is what came.
    expect(ada.view.corrections).toBe(corrections)
    await world.end()
  })

  it('is pushed by a hit, which the page learns later and bends to', async () => {
    const world = arena({ latency: 60 })
    const ada = await Player.join(world, 'Ada')
    const bo = await Player.join(world, 'Bo')
    Object.assign(fighterOf(world, ada.id), { x: 300, y: 100 })
    Object.assign(fighterOf(world, bo.id), { x: 500, y: 100 })
    await play(world, times.safe + 200, [ada, bo])
    ada.held = { ...still, fire: true }
    await play(world, 600, [ada, bo])
    ada.held = still
    await play(world, 600, [ada, bo])
    const hits = Math.round((health.full - fighterOf(world, bo.id).hp) / rifle.damage)
    expect(hits).toBeGreaterThanOrEqual(3)
    expect(ada.hits).toBe(hits)
    expect(fighterOf(world, bo.id).x).toBeCloseTo(500 + hits * rifle.push, 1)
    expect(bo.own?.x).toBeCloseTo(500 + hits * rifle.push, 1)
    expect(bo.view.corrections).toBeGreaterThan(0)
    expect(bo.view.error).toBeLessThan(0.1)
    await world.end()
  })

  it('gets nothing for inputs that come too fast, and cannot walk through walls', async () => {
    const world = arena()
    const ada = await Player.join(world, 'Ada')
    Object.assign(fighterOf(world, ada.id), { x: 700, y: 300 })
    await play(world, 200, [ada])
    ada.held = { ...still, dy: 127, dx: 127 }
    const before = fighterOf(world, ada.id).x
    await play(world, 1_000, [ada], () => expect(isFree(fighterOf(world, ada.id))).toBe(true))
    // Along the wall, with what is left of full speed.
    expect(fighterOf(world, ada.id).x - before).toBeLessThan(speed * 1.05)
    ada.held = still
    await play(world, 300, [ada])
    await world.end()
  })
})

describe('a shot', () => {
  /** Ada stands and shoots at where her page shows Bo, who runs to and fro before her. Returns shots and hits. */
  async function duel(rewind: boolean): Promise<{ shots: number; hits: number }> {
    const world = arena({ latency: 75, jitter: 50 })
    const [ada, bo] = [await Player.join(world, 'Ada'), await Player.join(world, 'Bo')]
    await world.until(ada.room.call.rewind({ on: rewind }))
    Object.assign(fighterOf(world, ada.id), { x: 100, y: 500 })
    Object.assign(fighterOf(world, bo.id), { x: 190, y: 200 })
    await play(world, times.safe + 500, [ada, bo])
    const shots = (): number => ada.own?.shots ?? 0
    const before = shots()
    let down = true
    await play(world, 4_000, [ada, bo], () => {
      const own = bo.own
      if (own !== undefined && (own.y > 800 || own.y < 200)) down = own.y < 200
      bo.held = { ...still, dy: down ? 100 : -100 }
      const seen = ada.view.get(bo.id)
      if (seen === undefined || ada.own === undefined) return
      // Bo is not to be shot down in the middle of it, or pushed away.
      Object.assign(fighterOf(world, bo.id), { hp: health.full, x: 190 })
      ada.held = { ...still, aim: Math.atan2(seen.y - ada.own.y, seen.x - ada.own.x), fire: true }
    })
    ada.held = bo.held = still
    await play(world, 1_000, [ada, bo])
    const fired = shots() - before
    const { hits } = ada
    await world.end()
    return { shots: fired, hits }
  }

  it('hits what the player saw, at 150 ms with jitter; and next to nothing without rewind', async () => {
    const judged = await duel(true)
    expect(judged.shots).toBeGreaterThan(20)
    expect(judged.hits / judged.shots).toBeGreaterThan(0.9)
    const unjudged = await duel(false)
    expect(unjudged.shots).toBeGreaterThan(20)
    expect(unjudged.hits / unjudged.shots).toBeLessThan(0.35)
  })

  it('ends at a wall, and does nothing to who has just come in', async () => {
    const world = arena()
    const [ada, bo] = [await Player.join(world, 'Ada'), await Player.join(world, 'Bo')]
    await play(world, 200, [ada, bo])
    Object.assign(fighterOf(world, ada.id), { x: 450, y: 500 })
    Object.assign(fighterOf(world, bo.id), { x: 640, y: 500, safe: false })
    ada.held = { ...still, fire: true }
    await play(world, 500, [ada, bo])
    expect(ada.own?.shots).toBeGreaterThan(1)
    expect(fighterOf(world, bo.id).hp).toBe(health.full)
    Object.assign(fighterOf(world, ada.id), { x: 600, y: 460, aim: 0 })
    Object.assign(fighterOf(world, bo.id), { x: 760, y: 460, safe: true, returns: world.clock.time() })
    await play(world, 500, [ada, bo])
    expect(ada.hits).toBeGreaterThan(1)
    expect(fighterOf(world, bo.id).hp).toBe(health.full)
    await world.end()
  })
})

describe('a round', () => {
  it('counts who shoots whom, has them stand again, and ends with the goal', async () => {
    const world = arena()
    const [ada, bo] = [await Player.join(world, 'Ada'), await Player.join(world, 'Bo')]
    await play(world, times.safe + 200, [ada, bo])
    const place = (): void => {
      Object.assign(fighterOf(world, ada.id), { x: 300, y: 100 })
      Object.assign(fighterOf(world, bo.id), { x: 500, y: 100, safe: false })
    }
    place()
    ada.held = { ...still, fire: true }
    await play(world, 1_600, [ada, bo])
    expect(fighterOf(world, bo.id)).toMatchObject({ hp: 0, deaths: 1 })
    expect(fighterOf(world, ada.id)).toMatchObject({ kills: 1 })
    await play(world, times.respawn, [ada, bo])
    expect(fighterOf(world, bo.id)).toMatchObject({ hp: health.full, safe: true })

    fighterOf(world, ada.id).kills = goal - 1
    place()
    await play(world, 1_600, [ada, bo])
    expect(state(world).winner).toBe(ada.id)
    expect(ada.room.state.winner).toBe(ada.id)
    await play(world, times.rest, [ada, bo])
    expect(state(world).winner).toBe('')
    for (const player of [ada, bo]) expect(player.own).toMatchObject({ kills: 0, deaths: 0, hp: health.full })
    await world.end()
  })

  it('ends when its time is over, and who has most wins', async () => {
    const world = arena()
    const [ada, bo] = [await Player.join(world, 'Ada'), await Player.join(world, 'Bo')]
    fighterOf(world, bo.id).kills = 3
    await world.advance(times.round)
    expect(ada.room.state.winner).toBe(bo.id)
    await world.end()
  })

  it('has packs that give strength back, and lie there again later', async () => {
    const world = arena()
    const ada = await Player.join(world, 'Ada')
    await play(world, 200, [ada])
    Object.assign(fighterOf(world, ada.id), { x: 800, y: 500, hp: 30 })
    await play(world, 200, [ada])
    expect(ada.own?.hp).toBe(30 + health.pack)
    expect(ada.room.state.packs.get('middle')?.there).toBe(false)
    Object.assign(fighterOf(world, ada.id), { x: 100, y: 100 })
    await world.advance(times.pack + 200)
    expect(ada.room.state.packs.get('middle')?.there).toBe(true)
    await world.end()
  })
})

describe('company', () => {
  it('is bots, as many as are lacking, who fight each other and stay on the field', async () => {
    const world = arena({ fewest: 5 })
    const ada = await Player.join(world, 'Ada')
    expect(state(world).fighters.size).toBe(5)
    const bo = await Player.join(world, 'Bo')
    expect(state(world).fighters.size).toBe(5)
    expect([...state(world).fighters.values()].filter(({ bot }) => bot)).toHaveLength(3)
    for (let seconds = 0; seconds < 14; seconds++) {
      await play(world, 1_000, [ada, bo])
      for (const fighter of state(world).fighters.values()) if (fighter.hp > 0) expect(isFree(fighter)).toBe(true)
    }
    const fighters = [...state(world).fighters.values()]
    expect(fighters.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(0)
    expect(new Set(fighters.map(({ color }) => color)).size).toBe(5)
    await world.until(bo.room.leave())
    expect(state(world).fighters.size).toBe(5)
    await world.until(ada.room.leave())
    await world.end()
  })

  it('takes off the field who has lost the connection, until they are back', async () => {
    const world = arena()
    const ada = await Player.join(world, 'Ada')
    const client = world.client()
    const bo = await world.until(client.open(Arena, { key: 'a', join: { name: 'Bo' } }))
    for (const event of ['shot', 'hit', 'fell'] as const) bo.on(event, () => {})
    world.cut(client)
    await world.settle()
    expect(fighterOf(world, bo.memberId).hp).toBe(0)
    await world.advance('3s')
    expect(fighterOf(world, bo.memberId)).toMatchObject({ hp: health.full, deaths: 0 })
    expect(ada.room.state.fighters.size).toBe(2)
    await world.end()
  })
})
