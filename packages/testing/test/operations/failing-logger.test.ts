import { JuntoClient } from '@junto/client'
import { call, defineRoom, t } from '@junto/schema'
import {
  inject,
  JuntoServer,
  Logger,
  MemoryMetrics,
  MemoryStore,
  Metrics,
  provide,
  Room,
  ConsoleLogger,
} from '@junto/server'
import { expect, test, vi } from 'vitest'
import { MemoryNetwork, VirtualClock } from '../../src/index.ts'

// Loggers and metrics of a program that fail: what they are told is lost, and nothing else.

const Desk = defineRoom('desk', {
  version: 1,
  state: t.Object({ ticks: t.Uint32() }),
  clientToServer: { crash: call(), fine: call({ result: t.Uint8() }) },
  serverToClient: {},
})

let ticks = 0

class DeskRoom extends Room(Desk) {
  readonly logger = this.inject(Logger)
  readonly metrics = this.inject(Metrics)

  onCreate() {
    return { ticks: 0 }
  }

  override onTick() {
    ticks++
    this.metrics.count('ticks')
    throw new Error('a tick')
  }

  readonly handlers = this.handle({
    crash: () => {
      throw new Error('a crash')
    },
    fine: () => {
      this.logger.warn('said by a room')
      this.metrics.counter('calls').add()
      this.metrics.gauge('load').set(1)
      this.metrics.gauge('load').add(1)
      this.metrics.histogram('sizes').observe(1)
      return 7
    },
  })
}

class FailingLogger extends Logger {
  readonly #fail: () => unknown

  constructor(fail: () => unknown) {
    super()
    this.#fail = fail
  }

  override debug(): unknown {
    return this.#fail()
  }

  override info(): unknown {
    return this.#fail()
  }

  override warn(): unknown {
    return this.#fail()
  }

  override error(): unknown {
    return this.#fail()
  }
}

class GoneMetrics extends Metrics {
  override counter(): never {
    throw new Error('the numbers are away')
  }

  override gauge(): never {
    throw new Error('the numbers are away')
  }

  override histogram(): never {
    throw new Error('the numbers are away')
  }
}

/** Counters and the like that are handed out, and fail when something is counted. */
class LateMetrics extends Metrics {
  readonly #fail = (): never => {
    throw new Error('the numbers are away')
  }

  override counter() {
    return { add: this.#fail }
  }

  override gauge() {
    return { set: this.#fail, add: this.#fail }
  }

  override histogram() {
    return { observe: this.#fail }
  }
}

const said: string[] = []
const keeping = new ConsoleLogger('error', (line) => said.push(line))

const away = (): never => {
  throw new Error('the transport is away')
}

// A rejection that nobody takes fails the run.
test.each<[string, Logger, Metrics]>([
  ['a logger that throws', new FailingLogger(away), new MemoryMetrics()],
  ['a logger that rejects', new FailingLogger(() => Promise.reject(new Error('away'))), new MemoryMetrics()],
  ['metrics that throw', keeping, new GoneMetrics()],
  ['counters that throw', keeping, new LateMetrics()],
  ['both', new FailingLogger(away), new GoneMetrics()],
])('with %s calls are answered, rooms tick and are closed, and the server closes', async (_what, logger, metrics) => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    ticks = 0
    said.splice(0)
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock)
    class Reporter {
      readonly logger: Logger
      constructor(ofServer: Logger) {
        this.logger = ofServer
      }
    }
    inject(Logger)(Reporter, undefined, 0)
    const server = new JuntoServer({
      transports: [network.transport()],
      clock,
      store: new MemoryStore(),
      logger,
      metrics,
      services: [provide(Reporter)],
      limits: { roomFaults: 5 },
    })
    server.define(Desk, DeskRoom, { tickRate: 10 })
    await server.listen()
    server.services.resolve(Reporter).logger.error('said by a service')
    const client = new JuntoClient({ url: network.url, socket: network.socket, clock, onWarning: () => {} })
    const opening = client.open(Desk, { key: 'a' })
    await clock.advance(10)
    const room = await opening
    const crash = room.call.crash().catch((error: unknown) => error)
    const fine = room.call.fine()
    await clock.advance(10)
    expect(await crash).toMatchObject({ code: 'internal' })
    expect(await fine).toBe(7)
    // It fails at each tick, and is given up after the sixth fault.
    await clock.advance('2s')
    expect(ticks).toBe(5)
    expect(room.status.value.state).toBe('left')
    const closed = server.close()
    await clock.advance('30s')
    await closed
    const closing = client.close()
    await clock.advance('30s')
    await closing
    // What is lost is counted, and told elsewhere once.
    const fails = logger !== keeping
    const lines = told.mock.calls.map(([line]) => String(line))
    expect(lines).toEqual(fails ? [expect.stringContaining('The logger failed: this line is lost')] : [])
    if (fails && metrics instanceof MemoryMetrics) expect(metrics.read('log_lines_lost')).toBeGreaterThan(7)
    const uncounted = said.flatMap((line) => /The series \w+ could not be counted/.exec(line) ?? [])
    expect(uncounted).toEqual([...new Set(uncounted)])
    if (logger === keeping)
      expect(said.join('')).toContain('The series ticks could not be counted, now and maybe later')
  } finally {
    told.mockRestore()
  }
})
