import type { Connection, ConnectionEnding } from '@junto/server'
import { expect, test } from 'vitest'
import { MemoryNetwork } from './memory-network.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A server that echoes, and a client of it. */
async function build(options: { latency?: number } = {}) {
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
