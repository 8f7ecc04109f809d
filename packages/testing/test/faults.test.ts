import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flowRows } from './faults/flow-rows.ts'
import { frameRows } from './faults/frame-rows.ts'
import { handshakeRows } from './faults/handshake-rows.ts'
import { isolationRows } from './faults/isolation-rows.ts'
import { inUse } from './faults/memory.ts'
import { messageRows } from './faults/message-rows.ts'
import { operationRows } from './faults/operation-rows.ts'
import { Ordeal } from './faults/ordeal.ts'
import { shortDeadlines, Target } from './faults/target.ts'
import { sessionRows } from './faults/session-rows.ts'
import { soon } from './faults/soon.ts'

const sections = [
  ['A. Handshake', handshakeRows, { limits: shortDeadlines }],
  ['B. Frames and decoding', [...frameRows, ...messageRows], {}],
  ['C. Flow and exhaustion', flowRows, {}],
  ['D. Sessions, resume, order', sessionRows, {}],
  ['E. Isolation and process', isolationRows, {}],
  ['F. Operations', operationRows, {}],
] as const

describe.each(sections)('%s', (_section, rows, options) => {
  let shared: Ordeal
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown) => uncaught.push(error)

  beforeAll(async () => {
    process.on('uncaughtException', onUncaught)
    process.on('unhandledRejection', onUncaught)
    shared = await Ordeal.begin(options)
  })

  afterAll(async () => {
    await shared.end()
    process.off('uncaughtException', onUncaught)
    process.off('unhandledRejection', onUncaught)
  })

  const cases = rows.flatMap(({ fault, attacks }) => attacks.map((attack) => ({ fault, attack })))
  for (const { fault, attack } of cases) {
    test(`${fault}: ${attack.name}`, async () => {
      const own = attack.server && (await Ordeal.begin(attack.server))
      try {
        await (own ?? shared).undergo(attack)
        await own?.end()
      } catch (error) {
        // What is left of it is not to be found by those that follow.
        shared = await Ordeal.begin(options)
        throw error
      }
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
