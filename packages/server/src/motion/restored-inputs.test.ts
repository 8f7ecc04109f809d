import { describe, expect, test } from 'vitest'
import type { SessionInfo } from '../room/seat.ts'
import { SessionSecret } from '../session/secret.ts'
import { MemoryStore } from '../store/memory-store.ts'
import { Driver, Track, TrackWorld, type TrackScript } from './track.fixture.ts'

/** Ada, as she is known to each of the processes. */
function ada(): SessionInfo {
  return {
    session: 'ada',
    connection: { auth: undefined, remoteAddress: '10.0.0.1' },
    abandoned: { count: 0 },
    proof: new SessionSecret('secret of ada'),
  }
}

const car = { x: 0, aim: 0, lights: false }

/** A process, over what those before it have saved. */
function processOn(store: MemoryStore, script: TrackScript = {}) {
  const world = new TrackWorld({ car, persist: true, ...script }, { store })
  const enter = async (): Promise<Driver> => {
    const client = world.client(Track, ada())
    client.join({ key: 'a' })
    await world.clock.settle()
    return new Driver(world, client)
  }
  const stop = () => world.settled(world.registry.close())
  return { world, enter, stop }
}

describe('[U10] inputs of a member whose room was saved', () => {
  test('that the saved state has are not applied again, and their client is told which those are', async () => {
    const store = new MemoryStore()
    const first = processOn(store)
    const before = await first.enter()
    before.drive(Array.from({ length: 20 }, () => ({ dx: 1 })))
    await first.world.clock.advance(200)
    expect(before.x).toBe(20)
    await first.stop()

    const second = processOn(store)
    const after = await second.enter()
    expect(after.client.seat.joined).toMatchObject({ member: before.id, kept: true })
    expect(after.x).toBe(20)
    expect(after.stamps[0]?.[1]).toBe(20)
    // Its client does not know that 18 to 20 have arrived.
    after.drive([{ dx: 1 }, { dx: 1 }, { dx: 1 }, { dx: 1 }, { dx: 1 }], { first: 18 })
    await second.world.clock.advance(100)
    expect(after.x).toBe(22)
    expect(after.stamps.at(-1)).toEqual([expect.any(Number), 22, 0])
  })

  test('count with the state in which they are, whenever that is saved', async () => {
    const store = new MemoryStore()
    let saved: Promise<void> | undefined
    const first = processOn(store, {
      // In the middle of a tick, whose inputs are in the state already.
      onTick: (room) => {
        if ([...room.state.cars.values()].some(({ x }) => x === 3)) saved ??= room.save()
      },
    })
    const before = await first.enter()
    before.drive(Array.from({ length: 9 }, () => ({ dx: 1 })))
    await first.world.clock.advance(90)
    if (saved === undefined) throw new Error('it was not saved')
    await first.world.settled(saved)
    // The process is killed here.
    const second = processOn(store)
    const after = await second.enter()
    expect([after.x, after.stamps[0]?.[1]]).toEqual([3, 3])
  })

  test('go on where they are, however far the saved state is behind that', async () => {
    const store = new MemoryStore()
    const first = processOn(store)
    const before = await first.enter()
    before.drive([{ dx: 1 }])
    await first.world.clock.advance(50)
    await first.stop()

    const second = processOn(store)
    const after = await second.enter()
    for (let seq = 1001; seq <= 1005; seq++) {
      after.drive([{ dx: 1 }], { first: seq })
      await second.world.clock.advance(10)
    }
    expect(after.x).toBe(6)
    expect(after.stamps.at(-1)?.[1]).toBe(1005)
  })
})
