import { encodeFrame } from '@junto/protocol/internal'
import type { HelloFrame } from '@junto/protocol/internal'
import { expect, test } from 'vitest'
import { build, event, hello, join, nothing } from './session-world.fixture.ts'

const secret = 'a'.repeat(32)
const secretHello: HelloFrame = { ...hello, secret }

test('a page that is reloaded again and again, and joins new rooms each time, keeps no more seats than a session may have', async () => {
  const { rooms, connect, clock, first, leftovers } = build({ limits: { maxRoomsPerConnection: 3 } })
  let peer = first
  peer.send(secretHello)
  for (let page = 0; page < 5; page++) {
    peer.send(join(1, `board ${page}`), join(2, `chat ${page}`))
    for (const pending of rooms.joins) pending.grant()
    await peer.received()
    peer.cut()
    peer = connect()
    peer.send({ ...secretHello, resume: { next: secret } })
    expect(await peer.received()).toEqual(['welcome'])
  }
  const left = rooms.joins.map(({ log }) => log.at(-1))
  expect(left).toEqual([...Array.from({ length: 7 }, () => 'leave disconnected'), 'unseat', 'unseat', 'unseat'])
  // Who is given up is nobody to whom anything is sent.
  rooms.joins[0]?.link.send(encodeFrame(event))
  expect(await peer.received()).toEqual([])
  peer.line.closed({ code: 1000, reason: '' })
  await clock.settle()
  expect(leftovers()).toEqual(nothing)
})
