import { describe, expect, it } from 'vitest'
import { argumentsOf } from './arguments.ts'
import { botsOf, planOf, startOf } from './plan.ts'
import { checkScenario, scenario } from './scenario.ts'

const url = 'ws://localhost:1727'
const seed = (): number => 7

describe('the command line', () => {
  it('says what to run, and how', () => {
    const line =
      'bots.ts --url=ws://a -n 20 --ramp 500ms --hold 2m --threshold join.p99<1s --threshold errors.count=0 -q'
    expect(argumentsOf(line.split(' '))).toEqual({
      file: 'bots.ts',
      given: {
        url: 'ws://a',
        bots: 20,
        ramp: 500,
        hold: 120_000,
        processes: undefined,
        seed: undefined,
        thresholds: ['join.p99<1s', 'errors.count=0'],
      },
      json: undefined,
      tsconfig: undefined,
      quiet: true,
    })
    expect(argumentsOf(['--help'])).toBe('help')
  })

  it.each([
    ['', /which scenario/],
    ['a.ts b.ts', /one scenario at a time/],
    ['a.ts --bost 5', /there is no option --bost; did you mean '--bots'/],
    ['a.ts --hold 30', /'30s' or '30ms'/],
    ['a.ts --bots many', /--bots must be a whole number of at least 1/],
    ['a.ts --bots --quiet', /--bots needs a value/],
    ['a.ts --bots -5', /--bots needs a value, and '-5' is none/],
    ['a.ts --json=', /--json needs a value/],
    ['a.ts --quiet=yes', /--quiet takes no value/],
    ['a.ts --threshold call.p99<50', /write 50ms/],
  ])('`%s` is refused', (line, message) => {
    expect(() => argumentsOf(line.split(' ').filter((part) => part !== ''))).toThrow(message)
  })
})

describe('a plan', () => {
  it('takes what the command line says before the scenario, and all thresholds of both', () => {
    const plan = planOf(
      { url, bots: 500, ramp: '10s', thresholds: ['call.p99<5ms'] },
      { bots: 120, hold: 1_000, thresholds: ['join.p99<1s'] },
      8,
      seed,
    )
    expect(plan).toMatchObject({ url, bots: 120, ramp: 10_000, hold: 1_000, seed: 7, processes: 3 })
    expect(plan.thresholds.map(({ text }) => text)).toEqual(['call.p99<5ms', 'join.p99<1s'])
  })

  it.each([
    [10, 8, 1],
    [1_000, 2, 1],
    [1_000, 4, 3],
    [100, 16, 2],
  ])('of %i bots has, on %i processors, %i processes', (bots, processors, processes) => {
    expect(planOf({ url, bots }, { thresholds: [] }, processors, seed).processes).toBe(processes)
  })

  it.each([
    [undefined, /where is the server/],
    ['http://a', /a WebSocket's address: ws:\/\/a/],
    ['https://a/live', /a WebSocket's address: wss:\/\/a\/live/],
    ['ws://a#b', /has a part behind '#'/],
    ['ws://a:99999', /must be an address such as/],
    ['localhost:1727', /must be an address/],
  ])('needs an address other than %s', (given, message) => {
    expect(() => planOf({}, { url: given, thresholds: [] }, 2, seed)).toThrow(message)
  })

  it('is refused when one machine cannot carry it out', () => {
    const planned = (given: { bots: number; processes?: number }) => () =>
      planOf({ url }, { ...given, thresholds: [] }, 2, seed)
    expect(planned({ bots: 2_000_000_000 })).toThrow(/at most 100,000 bots/)
    expect(planned({ bots: 2_000, processes: 500 })).toThrow(/at most 8 on these 2 processors/)
    expect(planned({ bots: 2_000, processes: 8 })).not.toThrow()
  })

  it('starts bots evenly, the last one as the ramp ends, each in one process', () => {
    const plan = { bots: 5, ramp: 1_000, processes: 2 }
    expect([0, 1, 2, 3, 4].map((bot) => startOf(bot, plan))).toEqual([0, 250, 500, 750, 1_000])
    expect([botsOf(0, plan), botsOf(1, plan)]).toEqual([
      [0, 2, 4],
      [1, 3],
    ])
    expect(startOf(0, { bots: 1, ramp: 1_000 })).toBe(0)
  })
})

describe('a scenario', () => {
  it.each([
    [undefined, /an object with a function 'bot'/],
    [{}, /needs a function 'bot'/],
    [{ bot() {}, bost: 5 }, /has no 'bost'; did you mean 'bots'/],
    [{ bot() {}, bots: 0 }, /'bots' must be a whole number of at least 1/],
    [{ bot() {}, hold: '5 minutes' }, /'hold' is '5 minutes'/],
    [{ bot() {}, thresholds: ['fast'] }, /NAME.FIGURE<VALUE/],
    [{ bot() {}, auth: 'secret' }, /'auth' must be a function/],
  ])('%# is refused', (given, message) => {
    expect(() => checkScenario(given)).toThrow(message)
  })

  it('stays what it is', () => {
    const bot = (): void => {}
    expect(scenario({ bot, bots: 3 })).toEqual({ bot, bots: 3 })
  })
})
