import { JuntoClient, select, type OpenSocket, type SocketEvents } from '@junto/client'
import { JuntoServer, MemoryMetrics, MemoryStore, SilentLogger } from '@junto/server'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { MemoryNetwork, MemorySocket } from '../src/index.ts'
import { Field, FieldWorld, fieldRooms } from './field.fixture.ts'

const KiB = 1024

/** What may wait in a socket: what the server writes ahead, and the message that crosses that mark. */
const mostInSocket = 128 * KiB

describe('a reader that stalls, in virtual time', () => {
  let world: FieldWorld

  afterEach(() => world.end())

  it('[M1] for 5 s, while 2,000 units move 100 times a second, ends with the same mirror, and little was held for it', async () => {
    world = new FieldWorld({ units: 2000 }, { patchRate: 100 })
    await world.server.listen()
    const ada = await world.enter()
    const eve = await world.enter()
    const [, link] = world.network.links
    if (link === undefined) throw new Error('no connection')
    const heard: string[] = []
    eve.on('shouted', ({ text, tick }) => heard.push(`${text} ${tick <= eve.state.tick}`))
    let late = 0
    let mostHeld = 0
    const step = async (): Promise<void> => {
      world.room.step()
      await world.clock.advance(10)
      if (ada.state.tick !== world.room.state.tick) late++
      mostHeld = Math.max(mostHeld, link.down.bufferedAmount)
    }

    for (let n = 0; n < 50; n++) await step()
    expect(eve.state).toEqual(ada.state)
    link.down.pause()
    for (let n = 0; n < 500; n++) {
      await step()
      if (n % 100 === 50) ada.send.shout({ text: `at ${n}` })
    }
    expect(eve.state.tick).toBe(50)
    expect(world.read('members_behind')).toBe(1)
    expect(mostHeld).toBeLessThanOrEqual(mostInSocket)

    // From here on it gets what waited: no more than the mark, what the socket had, and one patch over all.
    const before = world.recording.bytes
    link.down.resume()
    await world.clock.settle()
    const given = world.recording.bytes - before
    expect(given).toBeLessThan(400 * KiB)
    expect(eve.state).toEqual(ada.state)
    expect(eve.state.tick).toBe(550)
    expect(heard).toEqual(['at 50 true', 'at 150 true', 'at 250 true', 'at 350 true', 'at 450 true'])
    expect([world.read('members_behind'), world.read('catch_ups'), world.read('desyncs')]).toEqual([0, 1, 0])

    for (let n = 0; n < 50; n++) await step()
    expect(eve.state).toEqual(ada.state)
    // Everybody else had each version in its turn, all the time.
    expect(late).toBe(0)
    expect(world.warnings).toEqual([])
    expect(world.recording.messages).toBeGreaterThan(600)
    expect(world.recording.changed).toBe(0)
  })

  it('again and again ends with the same mirror, nothing lost or doubled', async () => {
    world = new FieldWorld({ units: 1000 }, { patchRate: 100 })
    await world.server.listen()
    const ada = await world.enter()
    const eve = await world.enter()
    const [, link] = world.network.links
    if (link === undefined) throw new Error('no connection')
    const heard: string[] = []
    const said: string[] = []
    eve.on('shouted', ({ text, tick }) => heard.push(tick <= eve.state.tick ? text : `${text} too early`))
    const outcomes: Promise<number>[] = []
    for (let round = 0; round < 10; round++) {
      link.down.pause()
      for (let n = 0; n < 60; n++) {
        world.room.step()
        if (n % 7 === 0) {
          said.push(`${round}.${n}`)
          ada.send.shout({ text: `${round}.${n}` })
        }
        if (n % 20 === 0) outcomes.push(eve.call.touch({ unit: `u${n}` }))
        await world.clock.advance(10)
      }
      link.down.resume()
      for (let n = 0; n <= round; n++) {
        world.room.step()
        await world.clock.advance(10)
      }
      expect(eve.state).toEqual(ada.state)
    }
    expect(heard).toEqual(said)
    expect(await Promise.all(outcomes)).toHaveLength(30)
    expect(world.read('catch_ups')).toBe(10)
    expect(world.recording.changed).toBe(0)
  })
})

/** Sockets that read so many bytes, and then no more until they are told to. */
function slowLine(network: MemoryNetwork): { readonly open: OpenSocket; read(bytes: number): void } {
  let left = 64 * KiB
  let socket: MemorySocket | undefined
  return {
    open: (url, _subprotocol, events) => {
      const opened = network.connect(url, {
        open: () => events.open(),
        close: (code, reason) => events.close(code, reason),
        message: (data) => {
          left -= data.length
          if (left <= 0) opened.pause()
          events.message(data)
        },
      })
      socket = opened
      return opened
    },
    read(bytes) {
      left = bytes
      socket?.resume()
    },
  }
}

describe('a snapshot of 5 MB for a slow reader', () => {
  it('leaves as its socket drains; others notice nothing; what changes meanwhile is one patch behind it', async () => {
    const world = new FieldWorld({ units: 100, text: 5_000_000 })
    await world.server.listen()
    const ada = await world.enter()
    const before = world.recording.bytes
    const line = slowLine(world.network)
    const joining = world.begin(line.open)
    let joined = false
    void joining.then(() => (joined = true))
    let mostHeld = 0
    let rounds = 0
    while (!joined) {
      expect(++rounds).toBeLessThan(200)
      world.room.step()
      // Settles in this very millisecond, while megabytes wait for somebody else.
      const began = world.clock.now()
      expect(await world.settled(ada.call.touch({ unit: 'u1' }))).toBe(world.room.state.tick)
      expect(world.clock.now()).toBe(began)
      expect(ada.state.tick).toBe(world.room.state.tick)
      mostHeld = Math.max(mostHeld, world.network.links[1]?.down.bufferedAmount ?? 0)
      await world.clock.advance(20)
      line.read(64 * KiB)
    }
    expect(rounds).toBeGreaterThan(20)
    expect(mostHeld).toBeGreaterThan(0)
    expect(mostHeld).toBeLessThanOrEqual(mostInSocket)
    const eve = await joining
    line.read(Infinity)
    await world.clock.settle()
    expect(eve.state).toEqual(ada.state)
    expect(world.read('catch_ups')).toBe(1)
    // The snapshot once, and small things.
    expect(world.recording.bytes - before).toBeLessThan(5_700_000)
    await world.end()
  })
})

/** A socket of ws that can stop to read. */
function pausable(): { open: OpenSocket; socket(): WebSocket } {
  let opened: WebSocket | undefined
  const open: OpenSocket = (url, subprotocol, events: SocketEvents) => {
    const socket = new WebSocket(url, subprotocol, { perMessageDeflate: false })
    opened = socket
    socket.on('open', () => events.open())
    socket.on('message', (data: Buffer) => events.message(data))
    socket.on('error', () => {})
    socket.on('close', (code, reason) => events.close(code, reason.toString()))
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
    }
  }
  return {
    open,
    socket() {
      if (opened === undefined) throw new Error('not opened')
      return opened
    },
  }
}

describe('a reader that stalls, over TCP', () => {
  it('gets one patch over all that it missed, and its mirror is right', async () => {
    const metrics = new MemoryMetrics()
    const { rooms, Rooms } = fieldRooms({ units: 2000 })
    const server = new JuntoServer({
      port: 0,
      host: '127.0.0.1',
      store: new MemoryStore(),
      metrics,
      logger: new SilentLogger(),
    })
    server.define(Field, Rooms)
    await server.listen()
    const url = `ws://127.0.0.1:${server.address?.port}`
    const read = (name: string): number => metrics.read(name, { room: 'field' })
    const slow = pausable()
    const warnings: string[] = []
    const onWarning = ({ message }: { message: string }) => void warnings.push(message)
    const clients = [new JuntoClient({ url, onWarning }), new JuntoClient({ url, socket: slow.open, onWarning })]
    try {
      const [ada, eve] = await Promise.all(clients.map((client) => client.open(Field, { key: 'main' })))
      const [room] = rooms
      if (ada === undefined || eve === undefined || room === undefined) throw new Error('not joined')
      const heard: string[] = []
      eve.on('shouted', ({ text }) => heard.push(text))
      const ticks = select(ada, (state) => state.tick)
      const seen = (tick: number) =>
        new Promise<void>((resolve) => {
          const stop = ticks.subscribe(() => {
            if (ticks.value < tick) return
            stop()
            resolve()
          })
        })
      /** One version, which the reader that does not stall has seen when this is done. */
      const step = async (): Promise<void> => {
        const done = seen(room.state.tick + 1)
        room.step()
        await done
      }
      for (let n = 0; n < 5; n++) await step()

      slow.socket().pause()
      // The machine's own buffers take some megabytes first.
      for (let n = 0; read('members_behind') === 0; n++) {
        expect(n).toBeLessThan(2000)
        await step()
      }
      ada.send.shout({ text: 'missed?' })
      const behindAt = room.state.tick
      for (let n = 0; n < 200; n++) await step()
      expect(read('members_behind')).toBe(1)
      slow.socket().resume()
      await expect.poll(() => eve.state.tick, { timeout: 10_000 }).toBe(room.state.tick)
      expect(eve.state).toEqual(ada.state)
      expect(room.state.tick).toBe(behindAt + 200)
      await expect.poll(() => heard).toEqual(['missed?'])
      expect([read('members_behind'), read('catch_ups'), read('desyncs')]).toEqual([0, 1, 0])
      expect(metrics.read('connections_closed', { reason: 'too_slow' })).toBe(0)
      expect(warnings).toEqual([])
      await step()
      await expect.poll(() => eve.state.tick).toBe(room.state.tick)
    } finally {
      await Promise.all(clients.map((client) => client.close()))
      await server.close()
    }
  })
})
