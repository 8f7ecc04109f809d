import { clientLimits, JuntoClient } from '@junto/client'
import { call, defineRoom, event, stream, t } from '@junto/schema'
import { JuntoServer, MemoryStore, Room, SilentLogger } from '@junto/server'
import { MemoryNetwork, VirtualClock } from '@junto/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

// What one side can never accept fails at the other, at the one who sends it, and costs nothing else.

const Parcels = defineRoom('parcels', {
  version: 1,
  state: t.Object({ text: t.String() }),
  clientToServer: {
    fetch: call({ params: t.Object({ size: t.Integer() }), result: t.String() }),
    /** Sends a text to the caller; the result is the code of the error, or `sent`. */
    post: call({ params: t.Object({ size: t.Integer() }), result: t.String() }),
    ask: call({ params: t.Object({ size: t.Integer() }), result: t.String() }),
    grow: call({ params: t.Object({ size: t.Integer() }) }),
    pieces: stream({ params: t.Object({ size: t.Integer() }), item: t.String() }),
    put: call({ params: t.Object({ text: t.String() }), result: t.Integer() }),
  },
  serverToClient: {
    parcel: event(t.Object({ text: t.String() })),
    weigh: call({ params: t.Object({ text: t.String() }), result: t.Integer() }),
  },
})

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

class ParcelRoom extends Room(Parcels) {
  onCreate() {
    return { text: '' }
  }

  readonly handlers = this.handle({
    fetch: ({ size }) => 'x'.repeat(size),
    post: ({ size }, { member }) => {
      try {
        member.send.parcel({ text: 'x'.repeat(size) })
        return 'sent'
      } catch (error) {
        return codeOf(error)
      }
    },
    ask: ({ size }, { member }) => member.call.weigh({ text: 'x'.repeat(size) }).then(String, codeOf),
    grow: ({ size }) => {
      this.state.text = 'x'.repeat(size)
    },
    pieces: async function* ({ size }) {
      yield 'small'
      yield 'x'.repeat(size)
    },
    put: ({ text }) => text.length,
  })
}

const clock = new VirtualClock()
let server: JuntoServer
let client: JuntoClient

beforeEach(async () => {
  const network = new MemoryNetwork(clock)
  server = new JuntoServer({
    transports: [network.transport()],
    clock,
    store: new MemoryStore(),
    logger: new SilentLogger(),
    limits: { maxFrame: 5000 },
  })
  server.define(Parcels, ParcelRoom)
  await server.listen()
  client = new JuntoClient({
    url: network.url,
    socket: network.socket,
    clock,
    limits: clientLimits({ maxFrame: 3000 }),
  })
})

afterEach(async () => {
  await Promise.all([client.close(), clock.advance('5s')])
  await Promise.all([server.close(), clock.advance('5s')])
})

/** What something comes to once the world has turned. */
async function settled<T>(promise: Promise<T>): Promise<T | string> {
  const outcome = promise.catch(codeOf)
  await clock.advance('1s')
  return outcome
}

async function join() {
  const opening = client.open(Parcels, { key: 'hall' })
  await clock.advance('1s')
  const room = await opening
  room.answer('weigh', ({ text }) => text.length)
  return room
}

test('a result', async () => {
  const room = await join()
  expect(await settled(room.call.fetch({ size: 4000 }))).toBe('too_large')
  expect(await settled(room.call.fetch({ size: 2000 }))).toHaveLength(2000)
})

test('an event to one member', async () => {
  const room = await join()
  const sizes: number[] = []
  room.on('parcel', ({ text }) => void sizes.push(text.length))
  expect(await settled(room.call.post({ size: 4000 }))).toBe('too_large')
  expect(await settled(room.call.post({ size: 2000 }))).toBe('sent')
  expect(sizes).toEqual([2000])
})

test('a call to a member', async () => {
  const room = await join()
  expect(await settled(room.call.ask({ size: 4000 }))).toBe('too_large')
  expect(await settled(room.call.ask({ size: 2000 }))).toBe('2000')
})

test('an item of a stream', async () => {
  const room = await join()
  const items: string[] = []
  const reading = (async () => {
    for await (const item of room.stream.pieces({ size: 4000 })) items.push(item)
    return 'ended'
  })()
  expect(await settled(reading)).toBe('too_large')
  expect(items).toEqual(['small'])
})

test("a client's parameters", async () => {
  const room = await join()
  expect(await settled(room.call.put({ text: 'x'.repeat(6000) }))).toBe('too_large')
  expect(await settled(room.call.put({ text: 'x'.repeat(4000) }))).toBe(4000)
})

test('a state that a client can never take ends its membership, which is told why; others stay', async () => {
  const room = await join()
  expect(await settled(room.call.grow({ size: 4000 }))).toBe('outcome_unknown')
  expect(room.status.value).toMatchObject({ state: 'left', reason: 'failed' })
  expect(server.connections).toBe(1)
})
