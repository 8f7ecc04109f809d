import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { frameRows } from './faults/frame-rows.ts'
import { handshakeRows } from './faults/handshake-rows.ts'
import { isolationRows } from './faults/isolation-rows.ts'
import { inUse } from './faults/memory.ts'
import { shortDeadlines, Target } from './faults/target.ts'
import type { RoomPeer } from './faults/target.ts'
import { soon } from './faults/soon.ts'

const sections = [
  ['A. Handshake', handshakeRows, new Target(shortDeadlines)],
  ['B. Frames and decoding', frameRows, new Target()],
  ['E. Isolation and process', isolationRows, new Target()],
] as const

describe.each(sections)('%s', (_section, rows, target) => {
  /** Somebody in another room, who must not notice anything. */
  let bystander: RoomPeer
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown) => uncaught.push(error)

  beforeAll(async () => {
    process.on('uncaughtException', onUncaught)
    process.on('unhandledRejection', onUncaught)
    await target.start()
    bystander = await target.joined('bystander')
  })

  afterAll(async () => {
    await target.server.close()
    process.off('uncaughtException', onUncaught)
    process.off('unhandledRejection', onUncaught)
  })

  /** The bystander's room goes on, and answers it. */
  async function bystanderIsWell(): Promise<void> {
    await bystander.moreTicks(1)
    expect(bystander.peer.gone).toBe(false)
    expect(await bystander.call('echo', { n: 1 })).toEqual({ n: 1 })
    // Not one tick was lost, from the first to the last.
    const { ticks } = bystander
    expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index))
  }

  const cases = rows.flatMap(({ fault, attacks }) => attacks.map((attack) => ({ fault, ...attack })))
  for (const { fault, name, run, counts } of cases) {
    test(`${fault}: ${name}`, async () => {
      const before = counts.map(({ counter, labels }) => target.count(counter, labels))
      await run(target)
      await soon(() => {
        const grown = counts.map(({ counter, labels }, index) => target.count(counter, labels) - (before[index] ?? 0))
        expect(grown).toEqual(counts.map(({ by = 1 }) => by))
      })
      await bystanderIsWell()
      // Whoever came is gone, and nothing is kept of them.
      await soon(() => expect(target.server.connections).toBe(1))
      expect(uncaught).toEqual([])
    })
  }
})

test('memory returns to where it was', async () => {
  const target = await new Target().start()
  const garbage = Uint8Array.of(0xc1)
  const attack = async () => {
    for (let n = 0; n < 100; n++) {
      const peer = await target.greeted()
      peer.sendMessage(garbage)
      await peer.closed()
    }
    await soon(() => expect(target.server.connections).toBe(0))
  }
  await attack()
  const before = inUse()
  await attack()
  await attack()
  expect(inUse() - before).toBeLessThan(1_000_000)
  await target.server.close()
})
