import { createServer } from 'node:http'
import { Clock } from '@junto/protocol'
import { encodeFrame, FrameType } from '@junto/protocol/internal'
import { MemoryNetwork, VirtualClock } from '@junto/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { ServerLimits } from './config.ts'
import { provide, Services } from './container.ts'
import { ConsoleLogger, Logger, SilentLogger } from './observe/log.ts'
import { MemoryMetrics, Metrics } from './observe/metrics.ts'
import { JuntoServer } from './server.ts'
import type { JuntoServerOptions } from './server-options.ts'
import { SystemClock } from './system-clock.ts'
import type { Transport } from './transport/transport.ts'

const servers: JuntoServer[] = []

function make(options: JuntoServerOptions = {}): JuntoServer {
  const server = new JuntoServer({ logger: new SilentLogger(), ...options })
  servers.push(server)
  return server
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

test('listens on a port, and says where', async () => {
  const lines: string[] = []
  const server = make({ port: 0, host: '127.0.0.1', logger: new ConsoleLogger('info', (line) => lines.push(line)) })
  expect(server.url).toBeUndefined()
  expect(server.address).toBeUndefined()
  await server.listen()
  expect(server.address?.host).toBe('127.0.0.1')
  expect(server.url).toBe(`ws://127.0.0.1:${server.address?.port}`)
  expect(lines).toEqual([`[junto] info: Listening on ${server.url}\n`])
  await server.close()
  expect(server.url).toBeUndefined()
})

test('tells its peers to come back when it closes, and takes nobody any more', async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const metrics = new MemoryMetrics()
  const server = make({ transports: [network.transport()], clock, metrics })
  await server.listen()
  const log: string[] = []
  const connect = () =>
    network.socket(network.url, 'junto.v1', {
      open: () => log.push('open'),
      message: (data) => log.push(`message ${String(data).slice(0, 5)}`),
      close: (code, reason) => log.push(`close ${code} ${reason}`),
    })
  const socket = connect()
  await clock.settle()
  socket.send(encodeFrame({ type: FrameType.hello, session: '0123456789abcdef0123456789abcdef' }))
  await clock.settle()
  expect(server.connections).toBe(1)
  expect(metrics.read('connections')).toBe(1)
  const closing = server.close()
  await clock.settle()
  await closing
  expect(log).toEqual(['open', expect.stringMatching(/^message/), 'close 4000 shutting_down'])
  expect(server.connections).toBe(0)
  expect(metrics.read('connections')).toBe(0)
  expect(metrics.read('connections_closed', { reason: 'shutting_down' })).toBe(1)
  connect()
  await clock.settle()
  expect(log.at(-1)).toContain('nobody listens')
  expect(clock.pendingTimers).toBe(0)
})

test('listens once, and not after closing', async () => {
  const server = make({ port: 0, host: '127.0.0.1' })
  await server.listen()
  await expect(server.listen()).rejects.toThrow('This server is listening already.')
  await server.close()
  await server.close()
  await expect(server.listen()).rejects.toThrow('This server was closed, for good: make a new one.')
})

test('where one transport cannot listen, none does', async () => {
  const closed: string[] = []
  const transport = (name: string, fails: boolean): Transport => ({
    url: undefined,
    listen: () => (fails ? Promise.reject(new Error('no cable')) : Promise.resolve()),
    close: async () => void closed.push(name),
  })
  const server = make({ transports: [transport('a', false), transport('b', true)] })
  await expect(server.listen()).rejects.toThrow('no cable')
  expect(closed).toEqual(['a', 'b'])
})

test('refuses options that contradict each other or cannot be', () => {
  expect(() => make({ port: 1, server: createServer() })).toThrow('leave one of them out')
  expect(() => make({ limits: { heartbeat: 1 } })).toThrow('heartbeat')
  expect(() => make({ origins: ['example.com'] })).toThrow('is no origin')
  const misspelt: object = { prot: 1 }
  expect(() => make(misspelt)).toThrow("new JuntoServer() has no option 'prot': did you mean port?")
})

test('its own services can be replaced, by option, by service and by container', () => {
  const clock = new VirtualClock()
  expect(make().services.resolve(Clock)).toBeInstanceOf(SystemClock)
  expect(make({ clock }).services.resolve(Clock)).toBe(clock)
  expect(make({ services: [provide(Clock, clock)] }).services.resolve(Clock)).toBe(clock)

  const outer = Services.root([]).child()
  const metrics = new MemoryMetrics()
  outer.set(Metrics, metrics)
  const server = make({ container: outer.container })
  expect(server.metrics).toBe(metrics)
  expect(server.services.resolve(Clock)).toBeInstanceOf(SystemClock)
  const other = new MemoryMetrics()
  expect(make({ container: outer.container, metrics: other }).metrics).toBe(other)
})

test('services find its limits and its logger', () => {
  const logger = new SilentLogger()
  const warned = vi.spyOn(logger, 'warn')
  class Sizer {
    readonly largest: number
    constructor(limits: ServerLimits) {
      this.largest = limits.maxFrame
    }
  }
  const server = make({ logger, limits: { maxFrame: 5000 } })
  expect(new Sizer(server.services.resolve(ServerLimits)).largest).toBe(5000)
  server.services.resolve(Logger).warn('odd', { room: 'board' })
  expect(warned).toHaveBeenCalledWith('odd', { room: 'board' })
})

test('closing does not wait for ever for a service that is not done, nor keeps the others', async () => {
  const order: string[] = []
  class Quick {
    dispose(): void {
      order.push('quick')
    }
  }
  class Stuck {
    dispose(): Promise<void> {
      order.push('stuck')
      return new Promise(() => {})
    }
  }
  const clock = new VirtualClock()
  const server = new JuntoServer({
    logger: new SilentLogger(),
    clock,
    transports: [new MemoryNetwork(clock).transport()],
    services: [provide(Quick), provide(Stuck)],
  })
  server.services.resolve(Quick)
  server.services.resolve(Stuck)
  await server.listen()
  const closed = expect(server.close()).rejects.toThrow('dispose() of a service took longer than 10000 ms')
  await clock.advance('10s')
  await closed
  expect(order).toEqual(['stuck', 'quick'])
})

test('a signal waits for a close() that the program has begun; a second one does not', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  try {
    const clock = new VirtualClock()
    let finish: () => void = () => {}
    class Saving {
      dispose(): Promise<void> {
        return new Promise((resolve) => (finish = resolve))
      }
    }
    const server = new JuntoServer({
      logger: new SilentLogger(),
      clock,
      transports: [new MemoryNetwork(clock).transport()],
      services: [provide(Saving)],
    })
    server.services.resolve(Saving)
    server.closeOnSignals({ signals: ['SIGUSR2'] })
    const closed = server.close()
    await clock.settle()
    process.emit('SIGUSR2')
    expect(exit).not.toHaveBeenCalled()
    process.emit('SIGUSR2')
    expect(exit.mock.calls).toEqual([[1]])
    finish()
    await closed
    await clock.settle()
    expect(exit.mock.calls).toEqual([[1], [0]])
  } finally {
    exit.mockRestore()
    process.removeAllListeners('SIGUSR2')
  }
})

test('closing disposes of services, and tells what failed after all was done', async () => {
  const log: string[] = []
  class First {
    dispose(): void {
      log.push('first')
    }
  }
  class Second {
    dispose(): void {
      log.push('second')
      throw new Error('stuck')
    }
  }
  const server = make({ port: 0, host: '127.0.0.1', services: [provide(First), provide(Second)] })
  servers.splice(0)
  await server.listen()
  await expect(server.close()).rejects.toThrow('stuck')
  expect(log).toEqual(['second', 'first'])
  expect(server.url).toBeUndefined()
})
