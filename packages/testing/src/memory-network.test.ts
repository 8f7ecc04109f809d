import type { Connection, ConnectionEnding } from '@junto/server'
import { expect, test } from 'vitest'
import { MemoryNetwork } from './memory-network.ts'
import type { MemoryNetworkOptions } from './memory-pipe.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A server that echoes, and a client of it. */
async function build(options: MemoryNetworkOptions = {}) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock, options)
  const log: string[] = []
  let server: Connection | undefined
  await network.transport().listen({
    admit: () => undefined,
    turnedAway: () => {},
    accept: (connection) => {
      server = connection
      return {
        message: (message) => {
          log.push(`server ${String(message)} at ${clock.now()}`)
          if (typeof message !== 'string') connection.send(message)
        },
        pong: () => log.push(`pong at ${clock.now()}`),
        pinged: () => log.push('pinged'),
        drain: () => log.push('drain'),
        failed: () => {},
        closed: ({ code }: ConnectionEnding) => log.push(`server closed ${code} at ${clock.now()}`),
      }
    },
  })
  const socket = network.connect(network.url, {
    open: () => log.push(`open at ${clock.now()}`),
    message: (message) => log.push(`client ${String(message)} at ${clock.now()}`),
    close: (code) => log.push(`client closed ${code} at ${clock.now()}`),
  })
  await clock.advance(100)
  const made = server
  if (!made) throw new Error('not connected')
  return { clock, network, log, socket, server: made }
}

test('messages take the latency, in virtual time', async () => {
  const { clock, log, socket, server } = await build({ latency: 20 })
  expect(log).toEqual(['open at 40'])
  socket.send(Uint8Array.of(1))
  socket.send(Uint8Array.of(2))
  server.ping()
  await clock.advance(100)
  expect(log.slice(1)).toEqual([
    'server 1 at 120',
    'server 2 at 120',
    'pong at 140',
    'client 1 at 140',
    'client 2 at 140',
  ])
})

test('a paused pipe is a stall: everything arrives later, in order', async () => {
  const { clock, network, log, socket } = await build()
  network.links[0]?.up.pause()
  socket.send(Uint8Array.of(1))
  await clock.advance(5000)
  socket.send(Uint8Array.of(2))
  expect(log).toHaveLength(1)
  network.links[0]?.up.resume()
  await clock.advance(1)
  expect(log.slice(1, 3)).toEqual(['server 1 at 5100', 'server 2 at 5100'])
})

test('a cut link loses what is under way, and both ends see 1006', async () => {
  const { clock, network, log, socket } = await build({ latency: 20 })
  socket.send(Uint8Array.of(1))
  network.links[0]?.cut()
  await clock.advance(100)
  expect(log.slice(1)).toEqual(['server closed 1006 at 100', 'client closed 1006 at 100'])
  expect(network.links).toEqual([])
})

test('a server that closes on a half-open link is rid of it after the close timeout, and leaves no timer', async () => {
  const { clock, network, log, server } = await build()
  network.links[0]?.up.pause()
  network.links[0]?.down.pause()
  server.close(4002, 'silent')
  await clock.advance(1999)
  expect(log).toHaveLength(1)
  await clock.advance(1)
  expect(log[1]).toBe('server closed 1006 at 2100')
  expect(clock.pendingTimers).toBe(0)
})

test('the receiver of a message owns its bytes', async () => {
  const { clock, log, server } = await build()
  const shared = Uint8Array.of(1, 2)
  server.send(shared)
  shared[0] = 9
  await clock.settle()
  // What a sender does to bytes it gave away shows, as it may on a real socket.
  expect(log[1]).toBe('client 9,2 at 100')
})

test('nobody listens: the attempt fails', async () => {
  const clock = new VirtualClock()
  const closes: string[] = []
  new MemoryNetwork(clock).connect('ws://nowhere', {
    open: () => {},
    message: () => {},
    close: (code, reason) => closes.push(`${code} ${reason}`),
  })
  await clock.settle()
  expect(closes).toEqual(['1006 nobody listens at ws://nowhere'])
})

test('jitter delays each message by its own share, and lets none overtake', async () => {
  const { clock, log, socket } = await build({ latency: 10, jitter: 50 })
  const times = (): number[] =>
    log.filter((line) => line.startsWith('server ')).map((line) => Number(line.split(' at ')[1]))
  for (let n = 0; n < 20; n++) {
    socket.send(Uint8Array.of(n))
    await clock.advance(20)
  }
  await clock.advance(200)
  expect(log.filter((line) => line.startsWith('server ')).map((line) => Number(line.split(' ')[1]))).toEqual(
    Array.from({ length: 20 }, (_, n) => n),
  )
  const delays = times().map((at, n) => at - (100 + 20 * n))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(10)
  expect(Math.max(...delays)).toBeLessThanOrEqual(60)
  expect(new Set(delays).size).toBeGreaterThan(10)
})

test('bytes read one at a time, each in a turn, make the same messages', async () => {
  const { clock, network, log, socket } = await build({ slice: 1, capacity: 0 })
  const [link] = network.links
  if (link === undefined) throw new Error('no connection')
  socket.send(Uint8Array.of(1, 2, 3))
  const waiting: number[] = []
  link.up.after({ bytes: 1 }, () => waiting.push(socket.bufferedAmount))
  await clock.settle()
  expect(waiting).toEqual([2])
  expect(log.slice(1)).toEqual(['server 1,2,3 at 100', 'client 1,2,3 at 100', 'drain'])
})

test('a slow reader takes so many bytes a second, and the sender sees what waits', async () => {
  const { clock, network, log, server } = await build({ capacity: 1000 })
  const [link] = network.links
  if (link === undefined) throw new Error('no connection')
  link.down.rate = 1000
  for (let n = 0; n < 4; n++) server.send(new Uint8Array(1000))
  expect(server.bufferedAmount).toBe(3000)
  await clock.advance(2500)
  expect(server.bufferedAmount).toBe(1000)
  expect(link.down.messages).toBe(2)
  link.down.rate = Infinity
  await clock.advance('1s')
  expect(link.down.messages).toBe(4)
  expect(log.at(-1)).toBe('drain')
})

test.each([
  [{ bytes: 2 }, []],
  [{ bytes: 3 }, []],
  [{ bytes: 4 }, ['server 1,1,1 at 120']],
  [{ bytes: 6 }, ['server 1,1,1 at 120']],
  [{ messages: 1 }, ['server 1,1,1 at 120']],
  [{ messages: 2 }, ['server 1,1,1 at 120', 'server 2,2,2 at 120']],
])('cut after %o', async (amount, arrived) => {
  const { clock, network, log, socket } = await build({ latency: 20 })
  network.links[0]?.cutAfter('up', amount)
  socket.send(Uint8Array.of(1, 1, 1))
  socket.send(Uint8Array.of(2, 2, 2))
  socket.send(Uint8Array.of(3, 3, 3))
  await clock.advance(100)
  expect(log.slice(1)).toEqual([...arrived, 'server closed 1006 at 120', 'client closed 1006 at 120'])
})

test('a connection can be cut before anything has passed on it', async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const log: string[] = []
  await network.transport().listen({
    admit: () => undefined,
    turnedAway: () => {},
    accept: () => ({
      message: () => {},
      pong: () => {},
      pinged: () => {},
      drain: () => {},
      failed: () => {},
      closed: ({ code }) => log.push(`server ${code}`),
    }),
  })
  const stop = network.onConnection((link) => link.cut())
  const connect = () =>
    network.connect(network.url, {
      open: () => log.push('open'),
      message: () => {},
      close: (code) => log.push(`client ${code}`),
    })
  connect()
  await clock.settle()
  expect(log).toEqual(['server 1006', 'client 1006'])
  stop()
  connect()
  await clock.settle()
  expect(log.slice(2)).toEqual(['open'])
})

test.each(['client', 'server'] as const)('half-open: the %s goes on believing', async (believer) => {
  const { clock, network, log, socket, server } = await build()
  network.links[0]?.halfOpen(believer)
  const other = believer === 'client' ? 'server' : 'client'
  await clock.settle()
  expect(log.slice(1)).toEqual([`${other} closed 1006 at 100`])
  network.links[0]?.flow()
  socket.resume()
  socket.send(Uint8Array.of(1))
  server.send(Uint8Array.of(2))
  await clock.advance('1m')
  expect(log).toHaveLength(2)
})

test('a stall holds both directions up until it flows again', async () => {
  const { clock, network, log, socket, server } = await build()
  network.links[0]?.stall()
  socket.send(Uint8Array.of(1))
  server.send(Uint8Array.of(2))
  await clock.advance('1m')
  expect(log).toHaveLength(1)
  network.links[0]?.flow()
  await clock.settle()
  expect(log.slice(1).toSorted()).toEqual(['client 1 at 60100', 'client 2 at 60100', 'server 1 at 60100'])
})

test('without a network attempts fail; a silent one answers nothing', async () => {
  const { clock, network, log } = await build()
  const events = {
    open: () => log.push('open'),
    message: () => {},
    close: (code: number, reason: string) => log.push(`${code} ${reason}`),
  }
  network.connect(network.url, events, { reach: 'refused' })
  network.reach = 'silent'
  const silent = network.connect(network.url, events)
  await clock.advance('1h')
  expect(log.slice(1)).toEqual(['1006 the network is unreachable'])
  silent.close()
  await clock.settle()
  expect(log.slice(2)).toEqual(['1006 '])
  expect(clock.pendingTimers).toBe(0)
})

test('a server whose process dies is told nothing, its clients are', async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const log: string[] = []
  const transport = network.transport()
  await transport.listen({
    admit: () => undefined,
    turnedAway: () => {},
    accept: () => ({
      message: () => log.push('message'),
      pong: () => {},
      pinged: () => {},
      drain: () => {},
      failed: () => {},
      closed: () => log.push('closed'),
    }),
  })
  const socket = network.connect(network.url, {
    open: () => {},
    message: () => {},
    close: (code) => log.push(`${code}`),
  })
  await clock.settle()
  socket.send(Uint8Array.of(1))
  transport.kill()
  await clock.settle()
  expect(log).toEqual(['1006'])
  // Its address is free.
  expect(transport.url).toBeUndefined()
})

test('a client can ping, as other programs than browsers do', async () => {
  const { clock, log, socket } = await build()
  socket.ping()
  await clock.settle()
  expect(log.slice(1)).toEqual(['pinged'])
})

test('a server that stops reading leaves what is sent at the sender, whatever the network does', async () => {
  const { clock, network, log, socket, server } = await build({ capacity: 0 })
  server.pause()
  socket.send(Uint8Array.of(1, 2))
  network.links[0]?.stall()
  network.links[0]?.flow()
  await clock.settle()
  expect(socket.bufferedAmount).toBe(2)
  server.resume()
  await clock.settle()
  expect(socket.bufferedAmount).toBe(0)
  expect(log.slice(1)).toEqual(['server 1,2 at 100', 'client 1,2 at 100', 'drain'])
})

test.each(['client', 'server'] as const)(
  'a connection that breaks before it was made never reaches the server: %s',
  async (believer) => {
    const { clock, network, log } = await build({ latency: 20 })
    const socket = network.connect(network.url, {
      open: () => log.push('opened'),
      message: () => {},
      close: (code) => log.push(`closed ${code}`),
    })
    socket.link.halfOpen(believer)
    await clock.advance('1m')
    expect(log.slice(1)).toEqual(believer === 'client' ? [] : ['closed 1006'])
    expect(network.links).toHaveLength(1)
  },
)
