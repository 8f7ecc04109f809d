import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/index.ts'
import {
  connect,
  end,
  enter,
  expectEqual,
  expectSame,
  failureOf,
  kindsIn,
  open,
  paramsOf,
  roomOf,
  rooms,
  serve,
} from './kinds-server.fixture.ts'
import type { Layout } from './layout.ts'
import { randomValue, withObjects } from './random-state.fixture.ts'
import { decode, encode } from './values.ts'

// A client that was written from docs/protocol.md and docs/protocol-state.md alone, in this folder, against a real
// server. It shows that the text is enough to write one; what the rules mean in every corner is tested elsewhere.

beforeEach(() => serve())
afterEach(end)

it('shares no code with ours', () => {
  const folder = new URL('./', import.meta.url)
  const files = readdirSync(folder).filter((name) => !/\.(?:fixture|test)\.ts$/.test(name))
  const imported = files.flatMap((name) => {
    const source = readFileSync(new URL(name, folder), 'utf8')
    return [...source.matchAll(/from '(.*?)'|import\('(.*?)'\)/g)].map(([, from]) => from)
  })
  const outside = imported.filter((from) => !/^\.\/[\w-]+\.ts$/.test(from ?? ''))
  expect(new Set(outside)).toEqual(new Set(['@msgpack/msgpack', 'ws']))
})

describe('joining', () => {
  it('[P1] [P2] [P4] [P5] [P7] [F10] [F11] [F12] [F13] [F30] [V1] [V2] says hello and joins in one message', async () => {
    const client = connect()
    const room = await enter(client)
    expect(client.sent).toBe(1)
    expect(client.welcome).toMatchObject({ maxMessage: 65_536, maxFrame: 262_144, heartbeat: 15_000 })
    expect(room).toMatchObject({ ref: 1, key: 'main', layout: { name: 'kinds', version: 3 } })
    expect([...roomOf(room).members.keys()]).toEqual([room.member])
    expectSame(room)
  })

  it('[V4] has a layout with something of every kind, in the state and in messages', async () => {
    const room = await enter()
    // Of the table in V4.
    const table = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8')
    const listed = [...table.matchAll(/^\| [\d, ]+ +\| ([a-z]\S*(?:, 16, 32)?) +\|/gm)].flatMap(([, kind = '']) =>
      kind.split(', ').map((one) => (/^\d/.test(one) ? kind.replace(/\d.*/, one) : one)),
    )
    expect(listed).toHaveLength(28)
    expect([...kindsIn(room.layout.state)].sort()).toEqual(listed.sort())
    expect([...kindsIn(paramsOf(room, 'echo'))].sort()).toEqual(listed)
  })

  it('[P7] [V3] keeps layouts, and sends back their hashes', async () => {
    const layouts = new Map<string, Layout>()
    const before = connect({}, layouts)
    await enter(before)
    const client = connect({}, layouts)
    const room = await enter(client)
    expect([before.definitions, client.definitions]).toEqual([1, 0])
    expectSame(room)
  })

  it('[P6] [P9] [F15] [F16] comes back to a room by its id, under the ref that it left', async () => {
    const client = connect()
    const room = await enter(client)
    const left = room.leave()
    const again = await client.join({ ...open, by: 'join', id: room.id }, room.ref)
    expect(await left).toMatchObject({ reason: 'left' })
    expect(again.member).not.toBe(room.member)
    await again.leave()
  })

  it('[P6] finds a room without a key by its metadata, or makes one', async () => {
    const find = (team: string) => {
      const { room, join } = open
      return connect().join({ by: 'joinOrCreate', room, join, where: { team }, options: { team } })
    }
    const [red, blue, another] = [await find('red'), await find('blue'), await find('red')]
    expect(red.key).toBeUndefined()
    expect(another.id).toBe(red.id)
    expect(blue.id).not.toBe(red.id)
  })

  it('[P6] [P19] [P20] looks through a live list of rooms, and enters one by its code', async () => {
    const { room, join } = open
    const make = (team: string) => connect().join({ by: 'create', room, join, options: { team } })
    const [ant, bee] = [await make('list-ant'), await make('list-bee')]
    const client = connect()
    const where = { team: { in: ['list-bee', 'list-ant', 'list-cat'] } }
    const list = await client.join({ by: 'list', room, where, order: { team: 'desc' }, limit: 2 })
    const listed = (id: string, team: string) => [
      id,
      { id, members: 1, maxMembers: 100, locked: false, metadata: { team } },
    ]
    const shown = () => [...(list.state as { readonly rooms: ReadonlyMap<string, unknown> }).rooms]
    expect(shown()).toEqual([listed(bee.id, 'list-bee'), listed(ant.id, 'list-ant')])
    const cat = await make('list-cat')
    await expect.poll(shown).toEqual([listed(bee.id, 'list-bee'), listed(cat.id, 'list-cat')])
    const code = rooms.get(ant.id)?.code ?? ''
    const friend = await connect().join({ by: 'code', room, join, id: ` ${code.toLowerCase()}` })
    expect(friend.id).toBe(ant.id)
    expect(await failureOf(client.join({ by: 'list', room, where: { tame: 'x' } }))).toMatchObject({ code: 'invalid' })
  })

  it('[P9] gives up a join under way', async () => {
    const client = connect()
    const joining = failureOf(client.join(open))
    client.leave(1)
    const again = await client.join(open, 1)
    expect(await joining).toMatchObject({ code: 'cancelled' })
    expect(client.lefts).toEqual(['left'])
    await again.call('nothing')
    expectSame(again)
  })

  it('[P4] [P9] gives up a join that was refused in the meantime', async () => {
    const client = connect()
    await enter(client, { key: 'another' })
    client.pause()
    const joining = failureOf(client.join({ ...open, room: 'unheard-of' }, 7))
    await enter()
    client.leave(7)
    const again = client.join(open, 7)
    client.resume()
    expect(await joining).toMatchObject({ code: 'cancelled' })
    expectSame(await again)
    expect(client.lefts).toEqual(['refused'])
  })

  it('[P3] [P4] [P8] [F14] is refused with a code, and the ref is free', async () => {
    const client = connect()
    const refusals = [
      client.join({ by: 'open', room: 'locked', key: 'main' }, 1),
      client.join({ ...open, version: 2 }, 2),
      client.join({ ...open, join: { name: 7 } }, 3),
      client.join({ ...open, by: 'join', id: 'nowhere' }, 4),
      client.join({ ...open, room: 'unheard-of' }, 5),
    ]
    const codes = (await Promise.all(refusals.map(failureOf))).map(({ code }) => code)
    expect(codes).toEqual(['unauthorized', 'incompatible', 'invalid', 'room_not_found', 'unknown_room'])
    const room = await client.join(open, 1)
    expect(room.ref).toBe(1)
  })

  it('[V9] says values by name: numbers, enums and unions as they are', async () => {
    const first = await enter()
    const random = new SeededRandom(9)
    const type = paramsOf(first, 'echo')
    for (let i = 0; i < 10; i++) {
      const everything = randomValue(type, random)
      const room = await enter(connect(), { join: { name: 'Bo', everything } })
      // Quantized numbers and angles are rounded by the server.
      const rounded = withObjects(decode(type, encode(type, everything)))
      expectEqual(roomOf(room).members.get(room.member)?.join, { name: 'Bo', everything: rounded })
    }
  })
})
