import type { JoinedRoom } from '@junto/client'
import { createWorld } from '@junto/testing'
import { expect, test } from 'vitest'
import { bounds } from '../chat.ts'
import { Chat } from '../contract.ts'
import { ChatRoom } from '../room.ts'

const options = { topic: 'Tea', kind: 'talk', seats: 8, secret: false, mark: 'a mark of tea' } as const
const idOf = (number: number): string => `message ${String(number).padStart(4, '0')}`
const textsOf = (room: JoinedRoom<typeof Chat>): string[] =>
  [...room.state.messages.values()].filter(({ what }) => what === 'said').map(({ text }) => text)

test('a room keeps the newest messages and no more; one that is said twice is there once', async () => {
  const world = createWorld({ rooms: [[Chat, ChatRoom]] })
  const room = await world.until(world.client().create(Chat, { join: { name: 'Ada' }, options }))
  for (let number = 0; number < bounds.messages + 20; number += 1) {
    await world.until(room.call.say({ id: idOf(number), text: `text ${number}` }))
    await world.advance('1s')
  }
  const texts = Array.from({ length: bounds.messages }, (_, index) => `text ${index + 20}`)
  expect(textsOf(room)).toEqual(texts)
  await world.until(room.call.say({ id: idOf(bounds.messages + 19), text: 'something else' }))
  expect(textsOf(room)).toEqual(texts)
  await world.end()
})

test('only the host locks, and whoever has been here longest and is connected is the next host', async () => {
  const world = createWorld({ rooms: [[Chat, ChatRoom]] })
  const clients = [world.client(), world.client(), world.client()] as const
  const ada = await world.until(clients[0].create(Chat, { join: { name: 'Ada' }, options }))
  const grace = await world.until(clients[1].joinById(Chat, ada.id, { join: { name: 'Grace' } }))
  const lin = await world.until(clients[2].joinById(Chat, ada.id, { join: { name: 'Lin' } }))
  const refused = await world.until(grace.call.lock.try({ locked: true }))
  expect(refused).toMatchObject({ ok: false, code: 'notHost', data: { host: 'Ada' } })
  await world.until(ada.call.lock({ locked: true }))
  await expect(world.until(world.client().joinById(Chat, ada.id, { join: { name: 'Late' } }))).rejects.toMatchObject({
    code: 'forbidden',
  })
  world.offline(clients[1])
  await world.advance('30s')
  expect(lin.state.people.get(grace.memberId)?.here).toBe(false)
  await world.until(ada.leave())
  await world.settle()
  expect(lin.state.host).toBe(lin.memberId)
  await world.end()
})

test('however many come back to a server that has forgotten their room, they meet in one', async () => {
  const world = createWorld({ rooms: [[Chat, ChatRoom]] })
  const wish = { where: { mark: options.mark }, options, join: { name: 'Somebody' } }
  const rooms = await world.until(Promise.all(Array.from({ length: 8 }, () => world.client().joinOrCreate(Chat, wish))))
  expect(new Set(rooms.map(({ id }) => id)).size).toBe(1)
  expect(new Set(rooms.map(({ memberId }) => memberId)).size).toBe(8)
  // Two have never the same colour while there are enough for all.
  const colors = [...(rooms[0]?.state.people.values() ?? [])].map(({ color }) => color)
  expect(new Set(colors.slice(0, 6)).size).toBe(6)
  await world.end()
})
