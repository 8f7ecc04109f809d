import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/index.ts'
import {
  collect,
  connect,
  end,
  enter,
  expectEqual,
  expectSame,
  failureOf,
  open,
  roomOf,
  serve,
  url,
} from './kinds-server.fixture.ts'
import { randomValue } from './random-state.fixture.ts'
import { decode, encode } from './values.ts'
import { pack } from './wire.ts'

beforeEach(() => serve())
afterEach(end)

describe('a connection', () => {
  it('[F1] [P4] [R1] [R14] has several rooms, each with numbers of its own', async () => {
    const client = connect({ auth: 'token-of-bo' })
    const joins = [enter(client), enter(client, { key: 'second' }), enter(client, { room: 'locked' })] as const
    const [one, two, locked] = await Promise.all(joins)
    expect(client.sent).toBe(1)
    expect(locked.state).toEqual({ names: ['first', 'token-of-bo'] })
    const results = await Promise.all([
      one.call('change', { seed: 1, times: 20 }),
      two.call('change', { seed: 2, times: 20 }),
      locked.call('whoAmI'),
      two.call('divide', { a: 1, b: 8 }),
      one.call('divide', { a: 1, b: 16 }),
    ])
    expect(results.slice(2)).toEqual(['token-of-bo', 0.125, 0.0625])
    expectSame(one)
    expectSame(two)
    await two.leave()
    await one.call('change', { seed: 3, times: 20 })
    expectSame(one)
  })

  it('[F7] [F8] [F18] [P2] carries frames above 16 KiB in parts, both ways', async () => {
    const client = connect()
    const room = await enter(client)
    const bytes = new SeededRandom(1).bytes(200_000)
    const [inverted, quotient] = await Promise.all([room.call('blob', bytes), room.call('divide', { a: 1, b: 2 })])
    expectEqual(
      inverted,
      bytes.map((byte) => 255 - byte),
    )
    expect(quotient).toBe(0.5)
    // 200,000 bytes are 13 parts.
    expect(client.parts).toBe(13)
    expect(client.sent).toBeGreaterThan(4)
  })

  it('[F2] [F7] gets no message above what it accepts, snapshot and patches included', async () => {
    const small = connect({ maxMessage: 1024 })
    const room = await enter(small)
    for (let seed = 0; seed < 20; seed++) {
      await room.call('change', { seed, times: 20 })
      expectSame(room)
    }
    expect(small.parts).toBeGreaterThan(20)
    expect(Math.max(...small.sizes)).toBeLessThanOrEqual(1024)
  })

  it('[P12] [F17] is sent beats, and answers pings', async () => {
    await serve({ heartbeat: 100 })
    const client = connect()
    const room = await enter(client)
    await expect.poll(() => client.beats.length, { interval: 5 }).toBeGreaterThan(0)
    expect(Math.abs((client.beats[0] ?? 0) - Date.now())).toBeLessThan(60_000)
    await room.call('nothing')
  })

  it('[P10] [P9] is told when it is removed from a room, even where it leaves at the same time', async () => {
    const client = connect()
    const room = await enter(client)
    const call = failureOf(room.call('hang', {}))
    room.send('kickMe')
    expect(await room.left).toEqual({ reason: 'kicked', message: 'be nice' })
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    const again = await enter(client)
    again.send('kickMe')
    again.send('ping')
    const left = again.leave()
    expect(await left).toMatchObject({ reason: 'kicked' })
    const third = await client.join(open, again.ref)
    await third.call('nothing')
    // It left when it was out already: left comes once.
    expect(client.lefts).toEqual(['kicked', 'kicked'])
    expect(client.notices).toEqual([])
  })

  it('[P11] [P14] [F5] [F19] [F20] [R3] is told of its errors, and goes on', async () => {
    const client = connect()
    const room = await enter(client)
    client.send(room.ref, [16, 99, null])
    client.send(room.ref, [16, 0, null])
    client.send(room.ref, [111, 'of times to come'])
    client.send(0, [14])
    client.send(77, [16, 0, null])
    client.send(room.ref, [20, 500])
    client.send(room.ref, [18, 500, null])
    await room.call('nothing')
    expect(client.notices).toEqual(['unsupported', 'unsupported', 'unknown_frame', 'unknown_frame', 'not_joined'])
  })

  it('[P15] [F1] [F6] [F9] [G1] [G2] [G6] [G8] [R2] [C1] is closed by a bad message, nothing of which has an effect', async () => {
    const { layout } = await enter()
    const id = (name: string) => layout.up.findIndex((message) => message.name === name)
    const [hang, ping] = [pack([17, 1, id('hang'), [], 0, 0]), pack([16, id('ping'), null])]
    const bad: (string | Uint8Array)[] = [
      'text',
      new Uint8Array(0),
      pack('neither ref nor frame'),
      pack([17, 1, 0, null]),
      Buffer.concat([pack(1), pack([8, 1])]),
      Buffer.concat([pack(1), hang, hang]),
      Buffer.concat([pack(1), ping, Uint8Array.of(0xc1)]),
      Buffer.concat([pack(1), ping, Uint8Array.of(0x93, 16, 0, 0xd4, 1, 1)]),
      Buffer.concat([pack(1), Uint8Array.of(0x93, 16, 0, 0x81, 0xa9), Buffer.from('__proto__'), Uint8Array.of(1)]),
      pack([9, false, pack([9, false, pack([6, 1])])]),
      pack([3, 1, { by: 'open', room: 'kinds', key: 'main' }]),
    ]
    const codes = bad.map(async (message) => {
      const client = connect()
      const room = await enter(client)
      client.sendRaw(message)
      return [await client.closed, (await room.left).reason]
    })
    expect(await Promise.all(codes)).toEqual(bad.map(() => [4500, 'disconnected']))
    const witness = await enter()
    await witness.call('nothing')
    expect(roomOf(witness).pings).toBe(0)
  })

  it('[P16] comes again with the same session', async () => {
    const session = 'f'.repeat(32)
    const first = connect({ session })
    const room = await enter(first)
    await room.call('change', { seed: 5, times: 30 })
    await first.close()
    expect(await room.left).toMatchObject({ reason: 'disconnected' })
    const again = await enter(connect({ session }, first.layouts))
    expect(again.id).toBe(room.id)
    expectSame(again)
  })
})

describe('a session that outlives its connections', () => {
  const secret = 'abcdef'.repeat(5) + '00'

  it('[K1] [K2] [K4] [K7] [K8] has every call done once, every answer and the state, wherever it is cut', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    const random = new SeededRandom(11)
    let answered = 0
    let last = 0
    const calls: Promise<void>[] = []
    for (let i = 1; i <= 300; i++) {
      const call = room.call('change', { seed: i, times: 2 }).then(() => {
        answered++
        // In order: all of them go through one room.
        expect(last).toBe(i - 1)
        last = i
      })
      calls.push(call)
      if (i % 10 === 0) await new Promise(setImmediate)
      if (i % 30 !== 0) continue
      // Whatever was under way at that moment is lost, and sometimes the server does not know of it yet.
      if (random.chance(0.5)) await client.cut()
      client.comeBack()
      if (random.chance(0.5)) await expect.poll(() => answered, { interval: 1 }).toBeGreaterThan(i - 30)
    }
    await Promise.all(calls)
    expect(roomOf(room).state.secret).toBe(42 + 300)
    expectSame(room)
    expect(roomOf(room).members.size).toBe(1)
    await expect.poll(() => client.kept, { interval: 5 }).toBe(0)
    expect(client.acks).toBeGreaterThan(0)
  })

  it('[K5] [K6] [F34] acknowledges, and is acknowledged, before much is kept', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    for (let i = 0; i < 100; i++) await room.call('nothing')
    expect(client.kept).toBeLessThan(20)
    await expect.poll(() => client.kept).toBe(0)
  })

  it('[K4] [K8] joins, calls and opens streams while it is away', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    await client.cut()
    const joining = client.join({ ...open, key: 'another' })
    const call = room.call('change', { seed: 1, times: 5 })
    const stream = collect(room.stream('count', { to: 20 }, 4))
    client.comeBack()
    await call
    await (await joining).call('nothing')
    expect(await stream).toHaveLength(20)
    expectSame(room)
  })

  it('[K9] is told how many frames are gone, and goes on behind them', async () => {
    await serve({ resumeBuffer: 2048 })
    const client = connect({ secret })
    const [room, other] = [await enter(client), await enter()]
    await client.cut()
    for (let i = 0; i < 190; i++) other.send('wave', { to: String(i), hand: 'left' })
    await other.call('nothing')
    client.comeBack()
    await room.call('nothing')
    expect(room.missed).toBeGreaterThan(100)
    expect(room.missed + room.events.length).toBe(190)
    other.send('wave', { to: 'after', hand: 'right' })
    await expect.poll(() => room.events.at(-1)).toEqual(['waved', { by: 'after', hand: 'right' }])
    await client.cut()
    client.comeBack()
    await room.call('change', { seed: 1, times: 5 })
    expectSame(room)
  })

  it('[K7] [F13] has its seat again after it has forgotten everything else', async () => {
    const first = connect({ secret, session: 'e'.repeat(32) })
    const room = await enter(first)
    await room.call('change', { seed: 3, times: 20 })
    await first.cut()
    const second = connect({ secret, session: 'e'.repeat(32), forgotten: true })
    const again = await enter(second)
    expect([again.member, again.kept]).toEqual([room.member, true])
    expect(roomOf(again).members.size).toBe(1)
    expectSame(again)
    await second.cut()
    second.comeBack()
    await again.call('change', { seed: 4, times: 20 })
    expectSame(again)
    first.close().catch(() => undefined)
  })

  it('[K7] knows when its session is gone: it joins again', async () => {
    const client = connect({ secret })
    const room = await enter(client)
    const call = failureOf(room.call('hang', {}))
    await client.cut()
    await serve()
    client.moveTo(url())
    client.comeBack()
    expect(await call).toMatchObject({ code: 'outcome_unknown' })
    expect(await room.left).toMatchObject({ reason: 'lost' })
    await (await enter(client)).call('nothing')
  })

  const spot = (n: number) => ({ n, at: [n / 4, 0], shape: { kind: 'path', points: [[n, -n]] } })

  it('[F37] [F38] [N1] [N2] [N4] shows what it is told to show, and sees what the others show', async () => {
    const [ada, bob] = [await enter(), await enter()]
    const type = ada.layout.presence
    if (type === undefined) throw new Error('the layout has no presence')
    const random = new SeededRandom(5)
    for (let n = 0; n < 50; n++) {
      const given = { ...(randomValue(type, random) as object), n }
      ada.show(given)
      // What is rounded is rounded by the one who shows it.
      const shown = decode(type, encode(type, given))
      await expect.poll(() => bob.others.get(ada.member), { interval: 1 }).toEqual(shown)
    }
    bob.show(spot(7))
    const cyd = await enter()
    await expect.poll(() => cyd.others.get(bob.member)).toEqual(spot(7))
    expect([cyd.wholes[0], cyd.others.size, bob.others.size]).toEqual([true, 2, 1])
    bob.show(undefined)
    await expect.poll(() => cyd.others.has(bob.member)).toBe(false)
    // Renewed until it is seen: where all takes longer than it is to last, nobody would be told of it.
    const renewed = () => {
      bob.show(spot(8), 100)
      return cyd.others.get(bob.member)
    }
    await expect.poll(renewed).toEqual(spot(8))
    await expect.poll(() => cyd.others.has(bob.member)).toBe(false)
    const members = roomOf(ada).members
    expect([members.get(ada.member)?.presence?.n, members.get(bob.member)?.presence]).toEqual([49, undefined])
  })

  it('[N4] [N5] [N7] shows it again after a resume, and learns what the others show by then', async () => {
    const client = connect({ secret })
    const [ada, bob] = [await enter(client), await enter()]
    ada.show(spot(1))
    bob.show(spot(1))
    await expect.poll(() => [ada.others.get(bob.member), bob.others.get(ada.member)]).toEqual([spot(1), spot(1)])
    await client.cut()
    // Nobody keeps it for the connection.
    ada.show(spot(2))
    bob.show(spot(2))
    await bob.call('nothing')
    expect(bob.others.get(ada.member)).toEqual(spot(1))
    const before = ada.wholes.length
    client.comeBack()
    await expect.poll(() => [ada.others.get(bob.member), bob.others.get(ada.member)]).toEqual([spot(2), spot(2)])
    expect(ada.wholes[before]).toBe(true)
    expect(roomOf(ada).members.size).toBe(2)
  })

  it('[K10] [K11] is closed for good by who knows its secret, and not by who does not', async () => {
    const client = connect({ secret, session: 'd'.repeat(32) })
    const room = await enter(client)
    const stranger = connect({ secret: '1'.repeat(32), session: 'd'.repeat(32), forgotten: true })
    await expect.poll(() => stranger.lastCode).toBe(4007)
    await room.call('nothing')
    const other = connect({ secret, session: 'd'.repeat(32), forgotten: true })
    expect(await client.closed).toBe(4503)
    await (await enter(other)).call('nothing')
  })

  it('[P17] [F35] [F36] asks for the time', async () => {
    const client = connect({ secret })
    await enter(client)
    client.probe(12.5)
    await expect.poll(() => client.echoes.length).toBe(2)
    expect(client.echoes[0]).toBe(12.5)
    expect(Math.abs((client.echoes[1] ?? 0) - Date.now())).toBeLessThan(60_000)
  })
})
