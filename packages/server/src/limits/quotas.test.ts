import { JuntoError, serverLimits, type Limits } from '@junto/protocol'
import { VirtualClock } from '@junto/testing'
import { describe, expect, it } from 'vitest'
import { MemoryMetrics } from '../observe/metrics.ts'
import { HeapGuard } from './heap-guard.ts'
import { MessageLimits } from './message-limits.ts'
import { Parties, User } from './parties.ts'
import { Quotas, type Visitor } from './quotas.ts'

function build(overrides: Partial<Limits> = {}) {
  const clock = new VirtualClock()
  const limits = serverLimits(overrides)
  const gauge = { used: () => 0.1 }
  const heap = new HeapGuard(clock, gauge, limits)
  const quotas = new Quotas({ clock, limits, heap, metrics: new MemoryMetrics() })
  return { clock, quotas, gauge }
}

function visitor(remoteAddress = '10.0.0.1'): Visitor {
  return { connection: { remoteAddress } }
}

/** The code of the error, and when to try again. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (!(error instanceof JuntoError)) throw error
    return error.retryAfter === undefined ? error.code : `${error.code} ${error.retryAfter}`
  }
  return 'fine'
}

describe('joins', () => {
  it('of one address come no faster than allowed, and of its neighbours all the same', async () => {
    const { quotas, clock } = build({ joinRatePerAddress: 10, joinBurstPerAddress: 2 })
    const outcomes = () => [1, 2, 3].map(() => refusal(() => quotas.joining(visitor())))
    expect(outcomes()).toEqual(['fine', 'fine', 'rate_limited 100'])
    expect(refusal(() => quotas.joining(visitor('10.0.0.2')))).toBe('fine')
    await clock.advance(100)
    expect(outcomes()).toEqual(['fine', 'rate_limited 100', 'rate_limited 100'])
  })

  it('of IPv6 are counted by network', () => {
    const { quotas } = build({ joinRatePerAddress: 10, joinBurstPerAddress: 1 })
    quotas.joining(visitor('2001:db8::1'))
    expect(refusal(() => quotas.joining(visitor('2001:db8::2')))).toBe('rate_limited 100')
    expect(refusal(() => quotas.joining(visitor('2001:db8:0:1::2')))).toBe('fine')
  })

  it('of one user come no faster than allowed, from wherever', () => {
    const { quotas } = build({ joinRatePerUser: 4, joinBurstPerUser: 2 })
    const outcomes = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) =>
      refusal(() => quotas.identified(visitor(address), 'ada')),
    )
    expect(outcomes).toEqual(['fine', 'fine', 'rate_limited 250'])
    expect(refusal(() => quotas.identified(visitor(), 'bo'))).toBe('fine')
    expect(refusal(() => quotas.identified(visitor(), undefined))).toBe('fine')
  })

  it('and new rooms are refused while memory runs short', async () => {
    const { quotas, gauge, clock } = build()
    gauge.used = () => 0.9
    expect(refusal(() => quotas.joining(visitor()))).toBe('overloaded 5000')
    expect(refusal(() => quotas.creating(visitor()))).toBe('overloaded 5000')
    gauge.used = () => 0.5
    await clock.advance('1s')
    expect(refusal(() => quotas.joining(visitor()))).toBe('fine')
  })
})

describe('rooms that are looked at', () => {
  it('count as joins, a thousand as one, of the user and the address', async () => {
    const { quotas, clock } = build({
      joinRatePerUser: 10,
      joinBurstPerUser: 5,
      joinRatePerAddress: 20,
      joinBurstPerAddress: 10,
    })
    const [ada, bo] = [visitor(), visitor()]
    quotas.identified(ada, 'ada')
    quotas.identified(bo, 'bo')
    // Fewer are part of any join.
    for (let times = 0; times < 100; times++) quotas.searching(ada)(999)
    const searches = [quotas.searching(ada), quotas.searching(bo)]
    searches[0]?.(8_000)
    expect(refusal(() => quotas.identified(ada, 'ada'))).toBe('rate_limited 500')
    // One that was let in before waits as well.
    expect(refusal(() => quotas.searching(ada))).toBe('rate_limited 500')
    expect(refusal(() => quotas.searching(bo))).toBe('fine')
    searches[1]?.(3_500)
    expect(refusal(() => quotas.joining(visitor()))).toBe('rate_limited 100')
    expect(refusal(() => quotas.searching(bo))).toBe('rate_limited 100')
    expect(refusal(() => quotas.joining(visitor('10.0.0.2')))).toBe('fine')
    await clock.advance(500)
    expect([ada, bo].map((each) => refusal(() => quotas.searching(each)))).toEqual(['fine', 'fine'])
  })
})

describe('connections of a user', () => {
  it('are so many, and free again when a session ends', () => {
    const { quotas } = build({ maxConnectionsPerUser: 2 })
    const [one, two, three] = [visitor(), visitor(), visitor()]
    quotas.identified(one, 'ada')
    quotas.identified(two, 'ada')
    // The same one, for another room.
    quotas.identified(one, 'ada')
    expect(refusal(() => quotas.identified(three, 'ada'))).toBe('too_many_connections')
    expect(refusal(() => quotas.identified(three, 'bo'))).toBe('fine')
    quotas.close(one)
    quotas.close(one)
    expect(refusal(() => quotas.identified(three, 'ada'))).toBe('fine')
    expect(refusal(() => quotas.identified(one, 'ada'))).toBe('too_many_connections')
  })

  it('come back without counting as joins', () => {
    const { quotas } = build({ joinRatePerUser: 1, joinBurstPerUser: 1 })
    const one = visitor()
    quotas.identified(one, 'ada')
    for (let n = 0; n < 10; n++) expect(refusal(() => quotas.identifiedAgain(one, 'ada'))).toBe('fine')
  })

  it('count as those of the user that they show again once they are let in', () => {
    const { quotas } = build({ maxConnectionsPerUser: 1 })
    const [one, two, three] = [visitor(), visitor(), visitor()]
    quotas.identified(one, 'ada')
    expect(refusal(() => quotas.identifiedAgain(two, 'ada'))).toBe('too_many_connections')
    const letIn = quotas.identifiedAgain(two, 'bo')
    expect(quotas.of(two).user).toBeUndefined()
    letIn()
    expect(quotas.of(two).user).toBeDefined()
    expect(refusal(() => quotas.identifiedAgain(three, 'bo'))).toBe('too_many_connections')
    expect(refusal(() => quotas.identifiedAgain(two, 'bo'))).toBe('fine')
  })

  it('share what the user may send', () => {
    const { quotas } = build({ userMessageRate: 10, userMessageBurst: 1 })
    const [one, two] = [visitor(), visitor()]
    expect(quotas.of(one).messages).toBeUndefined()
    quotas.identified(one, 'ada')
    quotas.identified(two, 'ada')
    expect(quotas.of(one).messages?.tryTake(0)).toBe(true)
    expect(quotas.of(two).messages?.wait(0)).toBe(100)
    expect(quotas.of(one).holder).toBe(quotas.of(two).holder)
    quotas.close(one)
    expect(quotas.of(one).holder).not.toBe(quotas.of(two).holder)
  })
})

describe('rooms', () => {
  it('exist so many for one user, until they are gone', () => {
    const { quotas } = build({ maxRoomsPerUser: 2 })
    const ada = visitor()
    quotas.identified(ada, 'ada')
    const gone = quotas.creating(ada)
    quotas.creating(ada)
    expect(refusal(() => quotas.creating(ada))).toBe('too_many_rooms')
    gone()
    gone()
    expect(refusal(() => quotas.creating(ada))).toBe('fine')
    expect(refusal(() => quotas.creating(ada))).toBe('too_many_rooms')
  })

  it('exist so many for one address, whoever asks', () => {
    const { quotas } = build({ maxRoomsPerAddress: 2 })
    quotas.creating(visitor())
    const gone = quotas.creating(visitor())
    expect(refusal(() => quotas.creating(visitor()))).toBe('too_many_rooms')
    expect(refusal(() => quotas.creating(visitor('10.0.0.2')))).toBe('fine')
    gone()
    expect(refusal(() => quotas.creating(visitor()))).toBe('fine')
  })

  it('are made no faster than allowed, for a user and an address', async () => {
    const { quotas, clock } = build({
      createRatePerUser: 1,
      createBurstPerUser: 2,
      createRatePerAddress: 2,
      createBurstPerAddress: 3,
    })
    const [ada, bo] = [visitor(), visitor()]
    quotas.identified(ada, 'ada')
    quotas.identified(bo, 'bo')
    expect([1, 2, 3].map(() => refusal(() => quotas.creating(ada)))).toEqual(['fine', 'fine', 'rate_limited 1000'])
    // What was refused has cost the address nothing.
    expect([1, 2].map(() => refusal(() => quotas.creating(bo)))).toEqual(['fine', 'rate_limited 500'])
    await clock.advance('1s')
    expect([1, 2].map(() => refusal(() => quotas.creating(ada)))).toEqual(['fine', 'rate_limited 1000'])
  })
})

describe('parties', () => {
  const sizes = { joins: { rate: 1, burst: 1 }, creations: { rate: 1, burst: 1 } }
  const users = () => new Parties(() => new User({ ...sizes, messages: { rate: 1, burst: 1 } }))

  it('are forgotten where they need not be remembered', () => {
    const parties = users()
    const stays = parties.of('stays', 0)
    stays.sessions.add({})
    const busy = parties.of('busy', 0)
    busy.joins.take(0, 1000)
    for (let n = 0; n < 10_000; n++) parties.of(`passing ${n}`, 0)
    expect(parties.size).toBeLessThanOrEqual(1000)
    expect(parties.of('stays', 0)).toBe(stays)
    expect(parties.of('busy', 0)).toBe(busy)
  })

  it('that have used up the limit of a message are remembered, after they have gone too', () => {
    const parties = users()
    const limits = new MessageLimits([{ what: 'call render', rate: 0.001, burst: 2 }])
    const refused = () =>
      [1, 2, 3].map(() => {
        const allowance = limits.of(parties.of('ada', 0), 0)
        const refused = allowance !== undefined && allowance.wait(0) > 0
        if (!refused) allowance?.take(0)
        return refused
      })
    expect(refused()).toEqual([false, false, true])
    for (let n = 0; n < 5_000; n++) parties.of(`passing ${n}`, 0)
    expect(refused()).toEqual([true, true, true])
    // Once it is full again it is worth nothing.
    for (let n = 5_000; n < 20_000; n++) parties.of(`passing ${n}`, 3_000_000)
    expect(parties.size).toBeLessThanOrEqual(1000)
  })

  it('that are addresses are remembered while a connection is open, so that nobody gets a second budget', () => {
    const { clock, quotas } = build()
    const connection = { remoteAddress: '10.0.0.1', pause: () => {}, resume: () => {} }
    const first = quotas.intake(connection)
    for (let n = 0; n < 5_000; n++) quotas.joining(visitor(`10.1.${n >> 8}.${n & 255}`))
    const second = quotas.intake(connection)
    first.took(clock.now(), 2 ** 25)
    second.took(clock.now(), 1)
    expect([first.paused, second.paused]).toEqual([true, true])
    first.close()
    second.close()
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('new sessions', () => {
  it('of one address begin no faster than allowed, and of its neighbours all the same', async () => {
    const { quotas, clock } = build({ sessionRatePerAddress: 10, sessionBurstPerAddress: 2 })
    const outcomes = () => [1, 2, 3].map(() => refusal(() => quotas.beginning('10.0.0.1')))
    expect(outcomes()).toEqual(['fine', 'fine', 'rate_limited 100'])
    expect(refusal(() => quotas.beginning('10.0.0.2'))).toBe('fine')
    await clock.advance(100)
    expect(outcomes()).toEqual(['fine', 'rate_limited 100', 'rate_limited 100'])
  })
})
