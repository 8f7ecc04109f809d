import { describe, expect, it } from 'vitest'
import { clientLimits, clientLimitsTable } from './client-limits.ts'
import { JuntoError } from './errors.ts'
import { serverLimits, serverLimitsTable } from './server-limits.ts'

describe('limits', () => {
  it('[L1] are the defaults, and what differs', () => {
    expect(serverLimits()).toMatchObject({ maxMessage: 65_536, maxFrame: 262_144, strikes: 20 })
    expect(clientLimits()).toMatchObject({ maxMessage: 65_536, maxFrame: 67_108_864, streamCredit: 16 })
    expect(serverLimits({ strikes: 3 })).toMatchObject({ strikes: 3, heartbeat: 15_000 })
    expect(Object.isFrozen(serverLimits())).toBe(true)
  })

  it('have defaults within their own bounds', () => {
    for (const { value, least, most } of [...Object.values(serverLimitsTable), ...Object.values(clientLimitsTable)]) {
      expect(value).toBeGreaterThanOrEqual(least)
      expect(value).toBeLessThanOrEqual(most)
    }
  })

  it.each<[object, string]>([
    [{ maxMesage: 1 }, "there is no limit 'maxMesage'; the limits are maxMessage, "],
    [{ toString: 1 }, "there is no limit 'toString'"],
    [{ maxMessage: 100 }, 'limit maxMessage must be a whole number (bytes) from 1024 to 2147483647, not 100'],
    [{ maxDepth: 1000 }, 'from 8 to 512, not 1000'],
    [{ heartbeat: Infinity }, 'limit heartbeat must be a whole number (ms)'],
    [{ heartbeat: 1000.5 }, 'not 1000.5'],
    [{ strikes: '20' }, 'limit strikes'],
    [{ strikes: NaN }, 'not NaN'],
    [{ softOutbox: 2_000_000 }, 'limit softOutbox (2000000) must not be above hardOutbox (1048576)'],
  ])('refuse %j by name', (overrides, message) => {
    expect(() => serverLimits(overrides)).toThrow(JuntoError)
    expect(() => serverLimits(overrides)).toThrow(message)
  })

  it('of clients know nothing of what only servers have', () => {
    expect(() => clientLimits({ strikes: 1 } as object)).toThrow("no limit 'strikes'")
    expect(() => clientLimits({ reconnectMin: 30_000 })).toThrow('reconnectMin (30000) must not be above reconnectMax')
  })

  it('leave what is undefined at its default', () => {
    expect(serverLimits({ strikes: undefined } as object).strikes).toBe(20)
  })
})
