import { serverLimits } from '@junto/protocol'
import type { DefineOptions, JuntoServerOptions } from '@junto/server'
import { afterEach, describe, expect, it } from 'vitest'
import { Arena, ArenaWorld, numbers } from './arena.fixture.ts'

let world: ArenaWorld
/** Authenticators that run, and the most that ever did at once. */
let asked = { now: 0, most: 0 }

/** Asking who somebody is takes so long; about `mallory` nothing is ever said. */
function taking(ms: number): Partial<DefineOptions<typeof Arena>> {
  return {
    authenticate: ({ token, signal }) => {
      asked.most = Math.max(asked.most, ++asked.now)
      return new Promise((resolve, reject) => {
        const over = (settle: () => void) => () => {
          asked.now--
          settle()
        }
        signal.addEventListener(
          'abort',
          over(() => reject(new Error('nobody waits'))),
        )
        if (token !== undefined && !token.startsWith('mallory'))
          world.clock.after(
            ms,
            over(() => resolve({ id: token })),
          )
      })
    },
  }
}

async function start(options: JuntoServerOptions, define: Partial<DefineOptions<typeof Arena>>) {
  asked = { now: 0, most: 0 }
  world = new ArenaWorld(options, define)
  await world.server.listen()
}

afterEach(async () => {
  await world.end()
  expect(world.clock.pendingTimers).toBe(0)
})

describe('who is at the other end', () => {
  it('is asked of so many strangers at once and no more; those of one address keep nobody else out', async () => {
    const limits = { maxPendingConnections: 20 }
    await start({ limits }, taking(200))
    const crowd = numbers(60).map((n) => world.client(`mallory ${n}`, '10.0.0.66').open(Arena, { key: 'main' }))
    for (const joining of crowd) joining.catch(() => {})
    for (const second of numbers(8)) {
      await world.clock.advance('1s')
      const guest = await world.join(`ada ${second}`, 'main', `10.0.1.${second}`)
      const answer = guest.call.look({ n: second })
      await world.clock.advance('1s')
      expect(await answer).toBe(second)
    }
    expect(asked.most).toBeGreaterThanOrEqual(20)
    expect(asked.most).toBeLessThanOrEqual(21)
    expect(world.metrics.read('connections_closed', { reason: 'overloaded' })).toBeGreaterThan(0)
  })

  it('may take its time: a whole school gets in at the defaults, and nobody is turned away', async () => {
    await start({}, taking(2000))
    const school = numbers(500).map((n) =>
      world.client(`pupil ${n}`, '10.0.0.7').open(Arena, { key: `class ${n % 20}` }),
    )
    await world.clock.advance('5s')
    expect((await Promise.all(school)).length).toBe(500)
    expect(world.punished).toEqual({})
    expect(asked.most).toBeLessThan(serverLimits().maxPendingConnections)
  })
})
