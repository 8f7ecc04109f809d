import { readFileSync } from 'node:fs'
import { toPlain } from '@junto/schema'
import { compileLayout, layoutOf, StateTree } from '@junto/schema/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/index.ts'
import { firstState, Kinds } from './contract.fixture.ts'
import { connect, end, enter, expectEqual, expectSame, serve } from './kinds-server.fixture.ts'
import { readLayout } from './layout.ts'
import { Mirror } from './mirror.ts'
import { change, keysOf, withObjects } from './random-state.fixture.ts'
import type { IndependentRoom } from './room.ts'

beforeEach(() => serve())
afterEach(end)

describe('the state', () => {
  it('[S1] [S6] [S7] [S11] [R13] is mirrored after each of many changes', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const key = `seed ${seed}`
      const random = new SeededRandom(seed)
      const mirrors = [await enter(connect(), { key })]
      for (let step = 0; step < 50; step++) {
        const mirror = random.pick(mirrors as [IndependentRoom, ...IndependentRoom[]])
        const result = await mirror.call('change', { seed: seed * 1000 + step, times: random.integer(1, 6) })
        expectSame(mirror)
        expectEqual(withObjects(mirror.state), withObjects(result))
        // Who comes later begins with a snapshot of all of it.
        if (step % 20 === 0) mirrors.push(await enter(connect(), { key }))
      }
      for (const mirror of mirrors) {
        await mirror.call('read')
        expectSame(mirror)
        expect(mirror.version).toBe(mirrors[0]?.version)
      }
    }
  })
})

describe('checks', () => {
  it('[M3] [F31] [S27] [S28] fit a mirror of everything that a state can hold, whatever changes', async () => {
    await serve({ checkInterval: 0 })
    const room = await enter()
    for (let seed = 1; seed <= 60; seed++) await room.call('change', { seed, times: 5 })
    expect(room.checks.length).toBeGreaterThan(50)
    expect(room.checks).not.toContain(false)
  })

  it('[M4] [M5] [F32] [R13] are answered by a resync where they do not fit: the snapshot comes, and then what waited', async () => {
    const room = await enter()
    await room.call('change', { seed: 1, times: 5 })
    const before = room.version
    room.resync()
    room.send('ping')
    const answered = room.call('change', { seed: 2, times: 5 })
    expect(room.events).toEqual([])
    expectEqual(await answered, room.state)
    expect(room.version).toBeGreaterThan(before)
    expect(room.events).toEqual([['ponged', undefined]])
  })
})

describe('patches', () => {
  it('[S7] [S11] lead over many versions at once', async () => {
    // Servers send each patch so far: these are made by the state itself.
    const { layout } = await enter()
    for (let seed = 1; seed <= 2; seed++) {
      const random = new SeededRandom(seed)
      const tree = StateTree.create(compileLayout(layoutOf(Kinds)), undefined, firstState(), {
        epoch: '0011223344556677',
      })
      const viewer = tree.viewer()
      const mirror = new Mirror(layout, viewer.take()?.bytes ?? new Uint8Array())
      for (let step = 0; step < 30; step++) {
        for (let versions = random.integer(1, 40); versions > 0; versions--) {
          change(layout.state, tree.root, random)
          tree.close()
        }
        const missed = viewer.take()
        if (missed?.kind === 'patch') mirror.apply(missed.bytes)
        else mirror.restart(tree.snapshot())
        expect(mirror.version).toBe(tree.version)
        expectEqual(withObjects(mirror.state), toPlain(tree.root))
        expect(keysOf(layout.state, mirror.state)).toEqual(keysOf(layout.state, tree.root))
      }
    }
  })

  it('[S6] [S7] [S25] do to the state what the examples of the text say', () => {
    const text = readFileSync(new URL('../../../../docs/protocol-state.md', import.meta.url), 'utf8')
    const example = (name: string) => {
      const [, block = ''] = new RegExp(`^\`\`\`bytes ${name}\\n(.*?)^\`\`\``, 'ms').exec(text) ?? []
      return Buffer.from(block.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, ''), 'hex')
    }
    const types = [2, [32, 0, 100, 0.5], [36, 'name', 0, 'x', 1], [37, 2], [38, 0], [36, 'players', 3, 'log', 4]]
    const layout = readLayout(['example', 1, types, 5, null, [], []])
    const mirror = new Mirror(layout, example('snapshot'))
    expect(withObjects(mirror.state)).toEqual({ players: { ada: { name: 'Ada', x: 10 } }, log: ['hi'] })
    mirror.apply(example('change'))
    expect(withObjects(mirror.state)).toEqual({ players: { ada: { name: 'Ada', x: 12.5 } }, log: ['hi'] })
    expect(() => mirror.apply(example('change'))).toThrow('another version')
    mirror.apply(example('birth'))
    mirror.apply(example('reuse'))
    const players = { bo: { name: 'Bo', x: 0 }, cy: { name: 'Cy', x: 100 } }
    expect(withObjects(mirror.state)).toEqual({ players, log: ['ada left', 'bye'] })
    const other = new Mirror(layout, example('snapshot'))
    other.apply(example('change'))
    other.apply(example('since'))
    expect([other.version, other.state]).toEqual([mirror.version, mirror.state])
  })
})
