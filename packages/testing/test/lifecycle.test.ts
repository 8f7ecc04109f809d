import type { JoinedRoom } from '@junto/client'
import { call, defineRoom, t } from '@junto/schema'
import { Room } from '@junto/server'
import { createWorld } from '@junto/testing'
import { describe, expect, it } from 'vitest'

// How rooms end, and how the program around the server works with them, as whole clients see it.

const Table = defineRoom('table', {
  version: 1,
  state: t.Object({ n: t.Integer() }),
  clientToServer: { add: call(), fail: call(), kickMe: call() },
  serverToClient: {},
})

class TableRoom extends Room(Table) {
  onCreate() {
    return { n: 0 }
  }

  readonly handlers = this.handle({
    add: () => this.add(1),
    fail: () => {
      throw new Error('broken')
    },
    kickMe: (_, { member }) => member.kick('not so fast'),
  })

  add(by: number): void {
    this.state.n += by
  }
}

const options = { idleAfter: 60_000, maxAge: 300_000, persist: true }

async function table(clients: number) {
  const world = createWorld({
    rooms: [[Table, TableRoom, options]],
    server: { limits: { roomFaults: 1, roomRestarts: 0 } },
  })
  const rooms: JoinedRoom<typeof Table>[] = []
  while (rooms.length < clients) rooms.push(await world.until(world.client().open(Table, { key: 'a' })))
  const [first] = rooms
  if (first === undefined) throw new Error('nobody is there')
  return { world, rooms, first }
}

/** What a room's status says of its end. */
function ending({ status }: JoinedRoom<typeof Table>): unknown {
  const { value } = status
  return value.state === 'left' ? [value.reason, value.message, value.error?.code] : value.state
}

describe('a client whose membership ends', () => {
  const ways: { readonly [reason: string]: (scene: Awaited<ReturnType<typeof table>>) => Promise<unknown> } = {
    kicked: ({ world, first }) => world.until(first.call.kickMe.try()),
    closed: ({ world }) => {
      world.server.rooms.get(TableRoom, { key: 'a' })?.close('closed by an admin')
      return world.advance('1s')
    },
    idle: ({ world }) => world.advance('61s'),
    expired: async ({ world, first }) => {
      for (let n = 0; n < 301; n += 43) {
        void first.call.add.try()
        await world.advance('43s')
      }
    },
    failed: async ({ world, rooms }) => {
      for (const room of rooms) await world.until(room.call.fail.try())
      await world.advance('1s')
    },
  }
  it.each([
    ['kicked', 'not so fast'],
    ['closed', 'closed by an admin'],
    ['idle', 'Nothing was said in this room for too long.'],
    ['expired', 'The time of this room is over.'],
    ['failed', 'The room failed too often.'],
  ])('hears why: %s, and does not come back by itself', async (reason, message) => {
    const scene = await table(2)
    const { world, first } = scene
    await ways[reason]?.(scene)
    const code = reason === 'failed' ? 'room_failed' : 'room_closed'
    expect(ending(first)).toEqual([reason, message, code])
    await world.advance('1m')
    expect(ending(first)).toEqual([reason, message, code])
    await world.close()
  })

  it('may open it again, and finds what was saved; a room that failed rests for a while, and the error says for how long', async () => {
    const { world, first } = await table(2)
    await world.until(first.call.add())
    await world.advance('61s')
    const again = await world.until(world.client().open(Table, { key: 'a' }))
    expect(again.state.n).toBe(1)
    const other = await world.until(world.client().open(Table, { key: 'a' }))
    for (const room of [again, other]) await world.until(room.call.fail.try())
    await world.advance('1s')
    const refused = await world.until(
      world
        .client()
        .open(Table, { key: 'a' })
        .catch((error: unknown) => error),
    )
    expect(refused).toMatchObject({ code: 'room_failed', retryAfter: expect.any(Number) as number })
    await world.advance((refused as { retryAfter: number }).retryAfter)
    expect((await world.until(world.client().open(Table, { key: 'a' }))).state.n).toBe(1)
    await world.close()
  })
})

it('what the program does in a room reaches its clients as a patch', async () => {
  const { world, rooms } = await table(3)
  const room = await world.until(world.server.rooms.open(TableRoom, 'a'))
  expect(room.members).toBe(3)
  await world.until(room.run((running) => running.add(42)))
  await world.advance('1s')
  expect(rooms.map(({ state }) => state.n)).toEqual([42, 42, 42])
  expect(world.server.rooms.list(TableRoom)).toMatchObject([{ key: 'a', members: 3, locked: false }])
  await world.close()
})
