import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import { clientLimits } from '@junto/protocol'
import {
  encodeFrame,
  FrameType,
  MessageReader,
  parseServerFrame,
  MessageWriter,
  type Frame,
  type SentFrame,
} from '@junto/protocol/internal'
import type { OpenSocket } from '@junto/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryNetwork, VirtualClock } from '../src/index.ts'
import { Field, FieldWorld, fieldRooms, type FieldClient } from './field.fixture.ts'
import { PlainPeer, session } from './plain-peer.fixture.ts'

// A mirror that is not right is noticed, and made right, without anything being lost.

/** What is to be done with a patch on its way to a client: it is passed on, changed, or lost. */
type Meddle = (patch: Uint8Array) => Uint8Array | undefined

let world: FieldWorld
let meddle: Meddle

/** Sockets on which patches are meddled with. */
const meddling: OpenSocket = (url, _subprotocol, events) => {
  const reader = new MessageReader(clientLimits(), parseServerFrame)
  return world.network.connect(url, {
    open: () => events.open(),
    close: (code, reason) => events.close(code, reason),
    message: (data) => {
      if (typeof data === 'string') throw new Error('text came')
      const writer = new MessageWriter({ maxMessage: 1 << 24, maxFrame: 1 << 24 })
      reader.read(data, (room, frame) => {
        const passed = frame.type === FrameType.patch ? changed(frame.bytes) : sent(frame)
        if (passed !== undefined) writer.add(room, encodeFrame(passed))
      })
      for (let message = writer.take(); message !== undefined; message = writer.take()) events.message(message)
    },
  })
}

function changed(patch: Uint8Array): SentFrame | undefined {
  const bytes = meddle(patch)
  return bytes && { type: FrameType.patch, bytes }
}

function sent(frame: Frame): SentFrame {
  if (frame.type === FrameType.unknown || frame.type === FrameType.unfitJoin) throw new Error('an unknown frame')
  return frame
}

let ada: FieldClient
let eve: FieldClient
let told: string[]

beforeEach(async () => {
  meddle = (patch) => patch
  world = new FieldWorld({ units: 100 })
  await world.server.listen()
  ada = await world.enter()
  eve = await world.settled(world.begin(meddling))
  told = []
  eve.watch((state) => state.units, {
    changed: ({ hp }, key) => told.push(`${key} has ${hp}`),
    removed: (_, key) => told.push(`${key} is gone`),
    added: (_, key) => told.push(`${key} is here`),
    after: () => told.push('after'),
  })
  told.length = 0
})

afterEach(() => world.end())

it('[M3] [M4] a mirror that its program changed is found by a check, repaired and counted; listeners hear one difference', async () => {
  const { units } = eve.state
  const unit: { hp: number } | undefined = units.get('u7')
  if (unit === undefined || !(units instanceof Map)) throw new Error('no unit')
  unit.hp = 3
  units.delete('u8')
  const statuses: string[] = []
  eve.status.subscribe(() => statuses.push(eve.status.value.state))
  // Checks go round over all nodes, one each 5 s.
  for (let n = 0; n < 4; n++) {
    await world.clock.advance('5s')
    await world.settled(ada.call.touch({ unit: 'u99' }))
  }
  expect(eve.state).toEqual(ada.state)
  expect(world.read('desyncs')).toBe(1)
  expect(world.warnings).toEqual([expect.stringContaining('asked for anew')])
  expect(statuses).toEqual([])
  const repaired = told.filter((entry) => entry.startsWith('u7 ') || entry.startsWith('u8 '))
  expect(repaired.toSorted()).toEqual(['u7 has 100', 'u8 is here'])
  const [first, last] = [told.indexOf('u7 has 100'), told.indexOf('u8 is here')].toSorted((a, b) => a - b)
  expect(told.slice(first, last)).not.toContain('after')
})

it.each<[string, Meddle]>([
  ['that is damaged', (patch) => patch.map((byte, index) => (index > 2 ? byte ^ 0xff : byte))],
  ['that is cut', (patch) => patch.subarray(0, patch.length - 1)],
])('[M4] a patch %s is repaired without leaving the room, nothing lost or doubled', async (_name, damage) => {
  const heard: string[] = []
  eve.on('shouted', ({ text, tick }) => heard.push(tick <= eve.state.tick ? text : `${text} too early`))
  let left = 1
  meddle = (patch) => (left-- === 1 ? damage(patch) : patch)
  const outcomes: Promise<number>[] = []
  for (let n = 0; n < 10; n++) {
    world.room.step()
    ada.send.shout({ text: `${n}` })
    outcomes.push(eve.call.touch({ unit: `u${n}` }))
    // The clients' turns and the wire's are one: what comes between the damage and the snapshot waits.
    if (n > 3) await world.clock.settle()
  }
  world.room.step()
  await world.clock.settle()
  expect(await Promise.all(outcomes)).toHaveLength(10)
  expect(heard).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`))
  expect(eve.state).toEqual(ada.state)
  expect(eve.status.value.state).toBe('joined')
  expect(world.read('desyncs')).toBe(1)
  expect(world.warnings).toHaveLength(1)
})

it('[S7] a patch that is lost is noticed with the next one, which has the wrong base, and repaired', async () => {
  let left = 1
  meddle = (patch) => (left-- === 1 ? undefined : patch)
  world.room.step()
  await world.clock.settle()
  expect(eve.state.tick).toBe(0)
  expect(world.read('desyncs')).toBe(0)
  const called = eve.call.touch({ unit: 'u1' })
  expect(await world.settled(called)).toBe(1)
  expect(eve.state).toEqual(ada.state)
  expect(world.read('desyncs')).toBe(1)
})

it('patches that are damaged again and again end the repairs, and at last the room, for that client alone', async () => {
  meddle = (patch) => patch.subarray(0, patch.length - 1)
  for (let n = 0; eve.status.value.state !== 'left'; n++) {
    expect(n).toBeLessThan(100)
    world.room.step()
    await world.clock.advance('1s')
  }
  expect(eve.status.value).toMatchObject({ reason: 'lost', error: { code: 'bad_message' } })
  expect(world.read('desyncs')).toBe(3)
  expect(ada.state.tick).toBe(world.room.state.tick)
})

describe('a client that asks for snapshots all the time', () => {
  it('[M5] [P14] gets some, then notices, and is closed', async () => {
    const clock = new VirtualClock()
    const network = new MemoryNetwork(clock)
    const { Rooms } = fieldRooms({ units: 10 })
    const server = new JuntoServer({
      transports: [network.transport()],
      clock,
      store: new MemoryStore(),
      logger: new SilentLogger(),
    })
    server.define(Field, Rooms)
    await server.listen()
    const peer = new PlainPeer(network, clock)
    await peer.say([1, { session }], [3, 1, { by: 'open', room: 'field', key: 'main' }])
    const answers: unknown[] = []
    for (let n = 0; n < 30 && peer.closed === undefined; n++) {
      for (const { frame } of await peer.say(1, [28])) answers.push(frame[0] === 10 ? frame[1] : frame[0])
    }
    expect(answers).toEqual([
      ...Array.from({ length: 6 }, () => 26),
      ...Array.from({ length: 20 }, () => 'rate_limited'),
    ])
    expect(peer.closed).toEqual({ code: 4502, reason: 'abuse' })
    const closing = server.close()
    await clock.advance('10s')
    await closing
  })
})
