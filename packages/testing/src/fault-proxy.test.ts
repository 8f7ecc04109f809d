import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultProxy, type FaultProxyOptions, type ProxiedConnection } from './fault-proxy.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What is polled may take its time on a busy machine. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 10_000 })

/** An end of a connection: what came, and how it ended. */
class End {
  readonly socket: Socket
  readonly pieces: Buffer[] = []
  ended: 'open' | 'end' | 'reset' = 'open'

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (piece) => this.pieces.push(piece))
    socket.on('end', () => (this.ended = 'end'))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.ended = 'reset'
    })
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString()
  }
}

let target: Server
let proxy: FaultProxy
const ends: End[] = []

beforeEach(async () => {
  target = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => socket.on('error', () => {}))
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
})

afterEach(async () => {
  for (const { socket } of ends.splice(0)) socket.destroy()
  await proxy.close()
  await new Promise((resolve) => target.close(resolve))
})

/** A connection through a proxy, seen from both ends and from within. */
async function pair(options: Partial<FaultProxyOptions> = {}) {
  proxy = await FaultProxy.listen({ port: (target.address() as AddressInfo).port, ...options })
  let connection: ProxiedConnection | undefined
  proxy.onConnection = (made) => (connection = made)
  const accepted = once(target, 'connection') as Promise<[Socket]>
  const client = new End(connect({ port: proxy.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }))
  const server = new End((await accepted)[0])
  ends.push(client, server)
  if (connection === undefined) throw new Error('nobody was told of the connection')
  return { client, server, connection }
}

describe('a proxy', () => {
  it('passes bytes on, both ways, and the end of each', async () => {
    const { client, server, connection } = await pair()
    client.socket.write('hello')
    server.socket.write('good day')
    await soon(() => [server.text, client.text]).toEqual(['hello', 'good day'])
    expect([connection.passed('up'), connection.passed('down')]).toEqual([5, 8])
    client.socket.end('bye')
    await soon(() => server.ended).toBe('end')
    expect(server.text).toBe('hellobye')
    server.socket.end('goodbye')
    await soon(() => client.ended).toBe('end')
    expect(client.text).toBe('good daygoodbye')
    await soon(() => proxy.connections).toEqual([])
  })

  it('slices: each byte is a segment of its own', async () => {
    const { client, server } = await pair({ slice: 1 })
    client.socket.write('hello')
    await soon(() => server.text).toBe('hello')
    // The machine may put the first two together.
    expect(server.pieces.length).toBeGreaterThanOrEqual(4)
  })

  it('delays by its latency, in its own time', async () => {
    const clock = new VirtualClock()
    const { client, server } = await pair({ latency: 100, clock })
    client.socket.write('hello')
    await soon(() => clock.pendingTimers).toBe(1)
    await clock.advance(99)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(1)
    await soon(() => server.text).toBe('hello')
  })

  it('delays each piece by its own share of the jitter, and lets none overtake', async () => {
    const clock = new VirtualClock()
    const { client, server } = await pair({ latency: 10, jitter: 50, clock })
    const arrivals: number[] = []
    for (let i = 0; i < 10; i += 1) {
      client.socket.write(String(i))
      await soon(() => clock.pendingTimers).toBe(1)
      const sent = clock.now()
      for (let ms = 0; clock.pendingTimers > 0; ms += 1) await clock.advance(1)
      arrivals.push(clock.now() - sent)
    }
    expect(Math.min(...arrivals)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...arrivals)).toBeLessThanOrEqual(60)
    expect(new Set(arrivals).size).toBeGreaterThan(3)
    for (let i = 0; i < 10; i += 1) {
      client.socket.write(String(i))
      await soon(() => clock.pendingTimers).toBe(i + 1)
    }
    await clock.advance(60)
    await soon(() => server.text).toBe('01234567890123456789')
  })

  it.each([0, 3, 5, 7])('cuts after %i bytes: those arrive, and both ends see the end', async (bytes) => {
    const { client, server, connection } = await pair()
    connection.cutAfter('up', bytes)
    client.socket.write('hello')
    client.socket.write('world')
    await soon(() => [server.ended, client.ended]).toEqual(['end', 'end'])
    expect(server.text).toBe('helloworld'.slice(0, bytes))
    expect(connection.passed('up')).toBe(bytes)
  })

  it('resets', async () => {
    const { client, server, connection } = await pair()
    connection.cutAfter('down', 0, 'reset')
    server.socket.write('hello')
    await soon(() => [server.ended, client.ended]).toEqual(['reset', 'reset'])
    await soon(() => proxy.connections).toEqual([])
  })

  it('stalls a direction, or both, and flows again', async () => {
    const { client, server, connection } = await pair()
    connection.stall('up')
    client.socket.write('hello')
    server.socket.write('1')
    await soon(() => client.text).toBe('1')
    expect(server.text).toBe('')
    connection.stall()
    server.socket.write('2')
    connection.flow()
    await soon(() => [server.text, client.text]).toEqual(['hello', '12'])
    expect([client.ended, server.ended]).toEqual(['open', 'open'])
  })

  it.each(['client', 'server'] as const)('leaves the %s believing', async (believer) => {
    const { client, server, connection } = await pair()
    connection.halfOpen(believer)
    const [deaf, told] = believer === 'client' ? [client, server] : [server, client]
    await soon(() => told.ended).toBe('reset')
    // It can say as much as it wants.
    for (let n = 0; n < 100; n++) {
      if (!deaf.socket.write(Buffer.alloc(100_000))) await once(deaf.socket, 'drain')
    }
    expect(deaf.ended).toBe('open')
  })

  it('refuses', async () => {
    await pair()
    proxy.refuse()
    const refused = new End(connect({ port: proxy.port, host: '127.0.0.1' }))
    ends.push(refused)
    await soon(() => refused.ended).toBe('reset')
    proxy.accept()
    const again = connect({ port: proxy.port, host: '127.0.0.1' })
    ends.push(new End(again))
    await once(target, 'connection')
  })

  it('ends all when it closes', async () => {
    const { client, server } = await pair()
    await proxy.close()
    await soon(() => [server.ended, client.ended]).toEqual(['reset', 'reset'])
    await proxy.close()
  })
})
