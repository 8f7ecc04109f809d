import { serverLimits, type Limits } from '@junto/protocol'
import { VirtualClock } from '@junto/testing'
import { describe, expect, test } from 'vitest'
import { ConsoleLogger } from '../observe/log.ts'
import { Admission } from './admission.ts'
import type { AdmissionOptions } from './admission.ts'

const ignore = () => {}

function build({ limits, ...options }: Partial<Omit<AdmissionOptions, 'limits'>> & { limits?: Partial<Limits> } = {}) {
  const lines: string[] = []
  const clock = new VirtualClock()
  const admission = new Admission({
    origins: [],
    allowLocal: false,
    limits: serverLimits(limits),
    logger: new ConsoleLogger('debug', (line) => lines.push(line)),
    clock,
    ...options,
  })
  const judge = (origin: string | undefined, host = 'game.example', remoteAddress = '10.0.0.1') =>
    admission.judge({ origin, host, remoteAddress })?.reason
  return { admission, judge, lines, clock }
}

describe('origins', () => {
  test('a page of the same host may connect, whatever scheme a proxy has left', () => {
    const { judge } = build()
    expect(judge('https://game.example')).toBeUndefined()
    expect(judge('http://game.example:8080', 'game.example:8080')).toBeUndefined()
    expect(judge('https://GAME.example', 'Game.Example')).toBeUndefined()
  })

  test('a page of another host may not', () => {
    const { judge, lines } = build()
    expect(judge('https://evil.example')).toBe('origin')
    expect(judge('https://game.example.evil.example')).toBe('origin')
    expect(judge('https://game.example:444')).toBe('origin')
    expect(lines[0]).toBe(
      '[junto] warn: Refused a connection from a page of another origin. If it is yours: ' +
        "new JuntoServer({ origins: ['https://evil.example'] }) (origin=https://evil.example)\n",
    )
  })

  test('the same refusal is logged once', () => {
    const { judge, lines } = build()
    judge('https://evil.example')
    judge('https://evil.example')
    expect(lines).toHaveLength(1)
  })

  test('neither a page without an origin of its own nor rubbish may', () => {
    const { judge } = build({ origins: ['*'], allowLocal: true })
    expect(judge('null')).toBe('origin')
    expect(build().judge('')).toBe('origin')
    expect(build().judge('game.example')).toBe('origin')
  })

  test('a program that sends none may', () => {
    expect(build().judge(undefined)).toBeUndefined()
  })

  test('pages of this machine may where that is allowed', () => {
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1', 'http://[::1]:80', 'http://app.localhost']) {
      expect(build({ allowLocal: true }).judge(origin)).toBeUndefined()
      expect(build({ allowLocal: false }).judge(origin)).toBe('origin')
    }
    for (const origin of ['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'http://notlocalhost']) {
      expect(build({ allowLocal: true }).judge(origin)).toBe('origin')
    }
  })

  test('listed pages may', () => {
    const { judge } = build({ origins: ['https://a.example', 'https://*.b.example:8443', 'capacitor://localhost'] })
    expect(judge('https://a.example')).toBeUndefined()
    expect(judge('https://a.example:443')).toBeUndefined()
    expect(judge('http://a.example')).toBe('origin')
    expect(judge('https://x.a.example')).toBe('origin')
    expect(judge('https://x.b.example:8443')).toBeUndefined()
    expect(judge('https://x.y.b.example:8443')).toBeUndefined()
    expect(judge('https://b.example:8443')).toBe('origin')
    expect(judge('https://xb.example:8443')).toBe('origin')
    expect(judge('https://x.b.example')).toBe('origin')
    expect(judge('capacitor://localhost')).toBeUndefined()
  })

  test('all pages may where that is asked for', () => {
    expect(build({ origins: ['*'] }).judge('https://evil.example')).toBeUndefined()
  })

  test('what is no origin is refused when the server is made', () => {
    for (const origin of ['game.example', 'https://game.example/path', '', 'https://']) {
      expect(() => build({ origins: [origin] })).toThrow(`'${origin}' in the server's origins is no origin`)
    }
  })
})

describe('capacity', () => {
  test('so many connections, from one address and in all', () => {
    const limits = { maxConnections: 3, maxConnectionsPerAddress: 2, maxPendingConnections: 10 }
    const { admission, judge } = build({ limits })
    const first = admission.entered('10.0.0.1', ignore)
    admission.entered('10.0.0.1', ignore)
    expect(judge(undefined, '', '10.0.0.1')).toBe('max_connections_per_address')
    expect(judge(undefined, '', '10.0.0.2')).toBeUndefined()
    admission.entered('10.0.0.2', ignore)
    expect(judge(undefined, '', '10.0.0.3')).toBe('max_connections')
    first.gone()
    expect(judge(undefined, '', '10.0.0.1')).toBeUndefined()
    expect(admission.connections).toBe(2)
  })

  test('so many that have not said hello', () => {
    const limits = { maxConnections: 10, maxConnectionsPerAddress: 10, maxPendingConnections: 1 }
    const { admission, judge } = build({ limits })
    const first = admission.entered('a', ignore)
    expect(judge(undefined)).toBe('max_pending')
    first.known()
    expect(judge(undefined)).toBeUndefined()
    const second = admission.entered('b', ignore)
    second.gone()
    expect(judge(undefined)).toBeUndefined()
    first.known()
    admission.entered('c', ignore)
    expect(judge(undefined)).toBe('max_pending')
  })

  test('one address full of strangers makes way for everybody else', () => {
    const limits = { maxConnectionsPerAddress: 2000, acceptBurstPerAddress: 2000 }
    const { admission, judge } = build({ limits })
    let evicted = 0
    const silent = Array.from({ length: 1000 }, () => admission.entered('10.0.0.1', () => evicted++))
    expect(judge(undefined, '', '10.0.0.1')).toBe('max_pending')
    // They take their time over their hellos, and come in all the same.
    for (let n = 0; n < 400; n++) {
      expect(judge(undefined, '', `10.1.${n % 200}.1`)).toBeUndefined()
      admission.entered(`10.1.${n % 200}.1`, () => expect.unreachable())
    }
    expect(evicted).toBe(400)
    // Those who came first went first, and were counted no more.
    silent[0]?.gone()
    expect(judge(undefined, '', '10.0.0.1')).toBe('max_pending')
    silent[400]?.known()
    expect(judge(undefined, '', '10.0.0.1')).toBeUndefined()
  })

  test('where all have as many, there is no place to make', () => {
    const { admission, judge } = build({ limits: { maxPendingConnections: 3 } })
    for (let n = 0; n < 3; n++) admission.entered(`10.0.0.${n}`, () => expect.unreachable())
    expect(judge(undefined, '', '10.0.0.0')).toBe('max_pending')
    expect(judge(undefined, '', '10.0.0.9')).toBe('max_pending')
  })

  test('who is asked who it is takes a place as well, until that is told, whatever becomes of its connection', () => {
    const { admission, judge } = build({ limits: { maxPendingConnections: 2 } })
    const { known, gone } = admission.entered('10.0.0.1', ignore)
    known()
    const over = admission.asking('10.0.0.1', ignore)
    gone()
    const other = admission.asking('10.0.0.2', ignore)
    expect(judge(undefined, '', '10.0.0.3')).toBe('max_pending')
    expect(admission.asking('10.0.0.3', () => expect.unreachable())).toBeUndefined()
    over?.()
    over?.()
    expect(judge(undefined, '', '10.0.0.3')).toBeUndefined()
    expect(admission.asking('10.0.0.3', ignore)).toBeDefined()
    expect(admission.asking('10.0.0.4', ignore)).toBeUndefined()
    other?.()
    expect(admission.asking('10.0.0.4', ignore)).toBeDefined()
  })

  test('who is asked makes way for somebody of an address with fewer of them', () => {
    const { admission } = build({ limits: { maxPendingConnections: 3 } })
    const evicted: number[] = []
    for (let n = 0; n < 3; n++) admission.asking('10.0.0.1', () => evicted.push(n))
    expect(admission.asking('10.0.0.1', ignore)).toBeUndefined()
    expect(admission.asking('10.0.0.2', () => expect.unreachable())).toBeDefined()
    expect(evicted).toEqual([0])
  })

  test('nobody while stopping, to come back later', () => {
    const { admission } = build()
    admission.close()
    expect(admission.judge({ origin: undefined, host: undefined, remoteAddress: 'a' })).toMatchObject({
      status: 503,
      reason: 'shutting_down',
      retryAfter: 5,
    })
  })
})

describe('the rate', () => {
  test('of connections from one address, which leaves others alone', async () => {
    const { admission, judge, clock } = build({ limits: { acceptRatePerAddress: 10, acceptBurstPerAddress: 2 } })
    for (let n = 0; n < 2; n++) admission.entered('10.0.0.1', ignore).gone()
    expect(admission.judge({ origin: undefined, host: undefined, remoteAddress: '10.0.0.1' })).toMatchObject({
      status: 429,
      reason: 'accept_rate_per_address',
      retryAfter: 1,
    })
    expect(judge(undefined, '', '10.0.0.2')).toBeUndefined()
    await clock.advance(100)
    expect(judge(undefined, '', '10.0.0.1')).toBeUndefined()
  })

  test('of addresses of one network, as one', () => {
    const { admission, judge } = build({ limits: { acceptRatePerAddress: 10, acceptBurstPerAddress: 1 } })
    admission.entered('2001:db8::1', ignore).gone()
    expect(judge(undefined, '', '2001:db8::2')).toBe('accept_rate_per_address')
    expect(judge(undefined, '', '2001:db8:1::2')).toBeUndefined()
  })

  test('of all connections', async () => {
    const { admission, judge, clock } = build({ limits: { acceptRate: 100, acceptBurst: 3 } })
    for (let n = 0; n < 3; n++) admission.entered(`10.0.0.${n}`, ignore)
    expect(admission.judge({ origin: undefined, host: undefined, remoteAddress: '10.0.1.1' })).toMatchObject({
      status: 503,
      reason: 'accept_rate',
      retryAfter: 1,
    })
    await clock.advance(10)
    expect(judge(undefined, '', '10.0.1.1')).toBeUndefined()
  })

  test('is not used up by who is refused', () => {
    const { admission, judge } = build({ limits: { acceptRate: 1, acceptBurst: 1 } })
    for (let n = 0; n < 100; n++) expect(judge('https://evil.example')).toBe('origin')
    expect(judge(undefined)).toBeUndefined()
    admission.entered('10.0.0.1', ignore)
    expect(judge(undefined)).toBe('accept_rate')
  })

  test('of a whole school that comes back after an outage is fine, and memory of it does not last', async () => {
    const { admission, judge, clock } = build()
    const school = Array.from({ length: 900 }, () => {
      expect(judge(undefined, '', '10.0.0.1')).toBeUndefined()
      return admission.entered('10.0.0.1', ignore)
    })
    for (const { known } of school) known()
    await clock.advance('1m')
    for (const { gone } of school) gone()
    expect(admission.connections).toBe(0)
    for (let n = 0; n < 900; n++) expect(judge(undefined, '', '10.0.0.1')).toBeUndefined()
  })
})
