import { FrameType, type CheckFrame } from '@junto/protocol/internal'
import { describe, expect, test } from 'vitest'
import type { TestClient } from '../room/rooms.fixture.ts'
import { busy, plaza } from './plaza.fixture.ts'

const checksOf = ({ frames }: TestClient) =>
  frames.filter((frame): frame is CheckFrame => frame.type === FrameType.check)

describe('checks of mirrors', () => {
  test('[M3] [F31] go behind a patch, and not more often than the limit says', async () => {
    const all = await plaza()
    const { world, ada } = all
    await world.clock.advance('4s')
    await busy(all, 99)
    expect(checksOf(ada)).toEqual([])
    await busy(all, 1000)
    expect(checksOf(ada)).toHaveLength(2)
    for (const [index, frame] of ada.log.entries()) {
      if (frame === 'check') expect(ada.log[index - 1]).toBe('patch')
    }
    expect(ada.checks).toEqual([true, true])
  })

  test('[M3] need no timer, and none comes where nothing changes', async () => {
    const all = await plaza()
    const { world, ada } = all
    await busy(all, 1)
    expect(world.clock.pendingTimers).toBe(0)
    await world.clock.advance('1h')
    expect(checksOf(ada)).toEqual([])
    await busy(all, 1)
    expect(checksOf(ada)).toHaveLength(1)
  })

  test('[M3] go round over all nodes, 64 at a time, and begin anew', async () => {
    const all = await plaza({}, { limits: { checkInterval: 0 } })
    const { room, ada } = all
    for (let n = 0; n < 150; n++) room.state.things.set(`t${n}`, { name: `${n}` })
    await busy(all, 5)
    expect(checksOf(ada).map(({ first, count }) => [first, count])).toEqual([
      [0, 64],
      [64, 64],
      [128, 64],
      [0, 64],
      [64, 64],
    ])
    expect(ada.checks).toEqual([true, true, true, true, true])
  })

  test('are the same bytes for everybody where everybody sees the same', async () => {
    const all = await plaza({}, { limits: { checkInterval: 0 } })
    const { ada, bob } = all
    await busy(all, 1)
    expect(ada.bytes).toHaveLength(2)
    expect(bob.bytes[1]).toBe(ada.bytes[1])
  })

  test('do not go to a member that is behind, nor to one that has just come', async () => {
    const all = await plaza({}, { limits: { checkInterval: 0 } })
    const { world, ada, bob } = all
    ada.congested = true
    await busy(all, 3)
    expect(checksOf(ada)).toEqual([])
    expect(bob.checks).toEqual([true, true, true])
    ada.drain()
    await world.clock.settle()
    await busy(all, 1)
    expect(ada.log).toEqual(['patch', 'patch', 'check'])
    expect(ada.checks).toEqual([true])
  })
})
