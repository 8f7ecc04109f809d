import { optimistic, sampleInputs } from '@junto/client'
import { defineRoom, t, type Mutators } from '@junto/schema'
import { Room, type Member } from '@junto/server'
import { expect, it } from 'vitest'
import { createWorld } from '../../src/index.ts'

const Track = defineRoom('track', {
  version: 1,
  state: t.Object({ runners: t.Map(t.Object({ x: t.Float64() })) }),
  input: t.Object({ dx: t.Int8() }),
  clientToServer: {},
  serverToClient: {},
})

const mutators: Mutators<typeof Track> = {
  input({ runners }, { dx }, { by }) {
    const runner = runners.get(by)
    if (runner !== undefined) runner.x += dx
  },
}

class TrackRoom extends Room(Track) {
  readonly mutators = mutators

  onCreate() {
    return { runners: {} }
  }

  override onJoin(member: Member<typeof Track>) {
    this.state.runners.set(member.id, { x: 0 })
  }

  override onTick() {}
}

it('who joins a ticking room again as another member goes on playing at once', async () => {
  const world = createWorld({ seed: 1, rooms: [[Track, TrackRoom, { tickRate: 60, patchRate: 20 }]] })
  const opening = world.client().open(Track, { key: 'a', mutators: optimistic(mutators) })
  const room = await world.until(opening)
  const inputs = sampleInputs(room, () => ({ dx: 1 }))
  const play = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000 / 60) {
      inputs.frame()
      await world.advance(1000 / 60)
    }
  }
  await play(5_000)
  const before = room.memberId
  // Nothing was saved: the room and its members are forgotten.
  await world.restart()
  await play(5_000)
  expect(room.status.value.state).toBe('joined')
  expect(room.memberId).not.toBe(before)
  const x = room.state.runners.get(room.memberId)?.x ?? 0
  await play(1_000)
  const gone = (room.state.runners.get(room.memberId)?.x ?? 0) - x
  expect(gone).toBeGreaterThan(55)
  expect(gone).toBeLessThan(65)
  expect(inputs.pending).toBeLessThan(10)
  await world.end()
})
