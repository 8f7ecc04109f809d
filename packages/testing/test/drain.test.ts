import type { Recovery } from '@junto/client'
import { call, defineRoom, event, t } from '@junto/schema'
import { Clock, MemoryStore, Room, type FirstState } from '@junto/server'
import { describe, expect, test } from 'vitest'
import { createWorld } from '../src/index.ts'

const Log = defineRoom('log', {
  version: 1,
  state: t.Object({ lines: t.Array(t.String()) }),
  clientToServer: {
    write: call({ params: t.Object({ line: t.String() }), result: t.Integer() }),
    writeLater: call({ params: t.Object({ line: t.String(), ms: t.Integer() }), result: t.Integer() }),
    noteLater: event(t.Object({ line: t.String(), ms: t.Integer() })),
    note: event(t.Object({ line: t.String() })),
    ask: call({ result: t.String() }),
  },
  serverToClient: { question: call({ result: t.String() }) },
})

class LogRoom extends Room(Log) {
  readonly clock = this.inject(Clock)
  onCreate(): FirstState<typeof Log> | Promise<FirstState<typeof Log>> {
    return { lines: [] }
  }
  #write(line: string): number {
    return this.state.lines.push(line)
  }
  async #later(line: string, ms: number): Promise<number> {
    await new Promise<void>((resolve) => void this.clock.after(ms, resolve))
    return this.#write(line)
  }
  readonly handlers = this.handle({
    write: ({ line }) => this.#write(line),
    writeLater: ({ line, ms }) => this.#later(line, ms),
    noteLater: async ({ line, ms }) => void (await this.#later(line, ms)),
    note: ({ line }) => void this.#write(line),
    ask: async (_, { member }) => {
      const answer = await member.call.question()
      this.#write(answer)
      return answer
    },
  })
}

/** A store that never answers a save. */
class SilentStore extends MemoryStore {
  override save(): Promise<void> {
    return new Promise(() => {})
  }
}

function logs(limits: Record<string, number> = {}, store = new MemoryStore()) {
  return createWorld({ rooms: [[Log, LogRoom, { persist: true, maxMembers: 1_000 }]], server: { limits }, store })
}

describe('a server that drains', () => {
  test('is not ready, and takes nobody: no connection, no room, no join', async () => {
    const world = logs()
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    void log.call.writeLater.try({ line: 'late', ms: 1_000 })
    await world.settle()
    expect(world.server.ready).toBe(true)
    const drained = world.server.drain()
    expect(world.server.ready).toBe(false)
    const refused = expect(world.until(ada.open(Log, { key: 'b' }))).rejects.toMatchObject({
      code: 'shutting_down',
      retryAfter: 2_000,
    })
    await refused
    const eve = world.client()
    const late = eve.open(Log, { key: 'a', patience: 100 })
    await expect(world.until(late)).rejects.toMatchObject({ code: 'unreachable' })
    expect(world.metrics.read('connections_refused', { reason: 'shutting_down' })).toBeGreaterThan(0)
    await world.until(drained)
    world.serve()
    await world.advance('10s')
    expect(log.status.value.state).toBe('joined')
    await world.end()
  })

  test('lets handlers finish: their answers arrive, and what they have written is saved', async () => {
    const world = logs()
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    log.answer('question', () => 'an answer')
    const later = log.call.writeLater({ line: 'of a call', ms: 700 })
    log.send.noteLater({ line: 'of an event', ms: 900 })
    const asked = log.call.ask()
    await world.settle()
    const drained = world.server.drain()
    expect(await world.until(asked)).toBe('an answer')
    expect(await world.until(later)).toBe(2)
    await world.until(drained)
    world.serve()
    await world.advance('10s')
    expect(log.state.lines).toEqual(['an answer', 'of a call', 'of an event'])
    await world.end()
  })

  test.each(['code', 'id'] as const)(
    'also who came by its %s finds a room with a key again, and the seat',
    async (way) => {
      const world = logs()
      const ada = world.client()
      const first = await world.until(ada.open(Log, { key: 'a' }))
      const handle = world.server.rooms.get(LogRoom, { key: 'a' })
      if (handle === undefined) throw new Error('no room')
      const code = await handle.run((room) => room.code)
      const bob = world.client()
      const second = await world.until(
        way === 'code' ? bob.joinByCode(Log, code, {}) : bob.joinById(Log, handle.id, {}),
      )
      const before = second.memberId
      const recoveries: Recovery[] = []
      second.onRecovery((recovery) => recoveries.push(recovery))
      await world.until(first.call.write({ line: 'one' }))
      await world.until(world.server.drain())
      world.serve()
      await world.advance('10s')
      expect(second.status.value.state).toBe('joined')
      expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: false }])
      expect([second.memberId, second.key, second.id === handle.id]).toEqual([before, 'a', false])
      await world.until(first.call.write({ line: 'two' }))
      expect(second.state.lines).toEqual(['one', 'two'])
      await world.end()
    },
  )

  test('takes nothing new, which its clients count as not arrived', async () => {
    const world = logs()
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    const recoveries: Recovery[] = []
    log.onRecovery((recovery) => recoveries.push(recovery))
    const before = log.memberId
    void log.call.writeLater.try({ line: 'begun before', ms: 500 })
    await world.settle()
    const drained = world.server.drain()
    await world.advance(100)
    log.send.note({ line: 'too late' })
    const call = log.call.write.try({ line: 'too late as well' })
    await world.until(drained)
    world.serve()
    expect(await world.until(call)).toMatchObject({ ok: false, code: 'outcome_unknown' })
    await world.advance('10s')
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: false, unsent: 1 }])
    expect(log.memberId).toBe(before)
    expect(log.state.lines).toEqual(['begun before'])
    await world.end()
  })

  test('tells its clients to come back in batches, with pauses of any length', async () => {
    const world = logs({ drainBatch: 10, drainPause: 100, maxConnectionsPerAddress: 1_000 })
    const clients = Array.from({ length: 35 }, () => world.client())
    await world.until(Promise.all(clients.map((client) => client.open(Log, { key: 'a' }))))
    const told: number[] = []
    for (const { connection } of clients) {
      const cancel = connection.subscribe(() => {
        if (connection.value.state !== 'waiting') return
        told.push(world.clock.now())
        cancel()
      })
    }
    await world.until(world.server.drain())
    const times = [...new Set(told)]
    expect(times.map((time) => told.filter((each) => each === time).length)).toEqual([10, 10, 10, 5])
    const pauses = times.slice(1).map((time, n) => time - (times[n] ?? 0))
    for (const pause of pauses) {
      expect(pause).toBeGreaterThanOrEqual(50)
      expect(pause).toBeLessThanOrEqual(150)
    }
    expect(new Set(pauses).size).toBe(3)
    world.serve()
    await world.advance('30s')
    await world.end()
  })

  test('hurries where the grace is short', async () => {
    const world = logs({ drainBatch: 1, drainPause: 1_000 })
    const clients = Array.from({ length: 50 }, () => world.client())
    await world.until(Promise.all(clients.map((client) => client.open(Log, { key: 'a' }))))
    const begin = world.clock.now()
    await world.until(world.server.drain({ grace: 2_000 }))
    expect(world.clock.now() - begin).toBeLessThanOrEqual(2_000)
    await world.end()
  })

  test('is done after its grace, whatever the store does: clients were told, and the rooms are named', async () => {
    const world = logs({}, new SilentStore())
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    const begin = world.clock.now()
    let told = Infinity
    ada.connection.subscribe(() => (told = Math.min(told, world.clock.now() - begin)))
    const message = 'draining took longer than its grace of 4000 ms: what changed last in log/a may not be saved'
    await expect(world.until(world.server.drain({ grace: 4_000 }))).rejects.toMatchObject({ code: 'timeout', message })
    expect(world.clock.now() - begin).toBeLessThanOrEqual(4_000)
    expect(told).toBeLessThan(3_500)
    expect(world.metrics.read('rooms_given_up')).toBe(1)
    expect(log.status.value.state).toBe('reconnecting')
    expect(world.log.map(({ message: line }) => line)).toContain(message)
  })

  test('says of a room that never came about that its hooks run, and not that something of it may be lost', async () => {
    class HangingRoom extends LogRoom {
      override onCreate(): Promise<FirstState<typeof Log>> {
        return new Promise(() => {})
      }
    }
    const world = createWorld({ rooms: [[Log, HangingRoom, { persist: true }]] })
    void world
      .client()
      .open(Log, { key: 'a' })
      .catch(() => {})
    await world.settle()
    const message = 'draining took longer than its grace of 4000 ms: hooks still run in log/a'
    await expect(world.until(world.server.drain({ grace: 4_000 }))).rejects.toMatchObject({ code: 'timeout', message })
    expect(world.metrics.read('rooms_given_up')).toBe(1)
    // Creating it has its own bound.
    await world.advance('30s')
    await world.end()
  })

  test('waits for a drain that is under way', async () => {
    const world = logs()
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    void log.call.writeLater.try({ line: 'late', ms: 500 })
    await world.settle()
    const begin = world.clock.now()
    const { server } = world
    await world.until(Promise.all([server.drain(), server.drain({ grace: 1 }), server.close()]))
    expect(world.clock.now() - begin).toBeGreaterThanOrEqual(500)
  })

  test('refuses a grace that is none before anything has happened', async () => {
    const world = logs()
    const { server } = world
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    for (const grace of [0, -1, NaN]) {
      const message = `the grace of a drain must be milliseconds above 0, not ${grace}`
      await expect(server.drain({ grace })).rejects.toMatchObject({ code: 'misuse', message })
      // Not only when the signal comes.
      expect(() => server.closeOnSignals({ grace })).toThrow(message)
    }
    expect(server.ready).toBe(true)
    expect(await world.until(log.call.write({ line: 'as before' }))).toBe(1)
    await world.until(server.drain())
    expect(server.ready).toBe(false)
    expect(log.status.value.state).toBe('reconnecting')
  })

  test('sends joins that are under way to the next server, also where their room is still coming about', async () => {
    const world = createWorld({
      rooms: [
        [
          Log,
          class extends LogRoom {
            override async onCreate() {
              await new Promise<void>((resolve) => void this.clock.after(300, resolve))
              return super.onCreate()
            }
          },
          { persist: true },
        ],
      ],
    })
    const opened = Array.from({ length: 10 }, () => world.client().open(Log, { key: 'a', patience: 60_000 }))
    const impatient = world.client().open(Log, { key: 'a' })
    await world.advance(100)
    const drained = world.server.drain()
    await expect(world.until(impatient)).rejects.toMatchObject({ code: 'shutting_down', retryAfter: 2_000 })
    await world.until(drained)
    world.serve()
    const rooms = await world.until(Promise.all(opened))
    expect(new Set(rooms.map(({ id }) => id)).size).toBe(1)
    await world.end()
  })

  test('tells members of rooms that are not saved what it was told to', async () => {
    const left: string[] = []
    const world = createWorld({
      rooms: [
        [
          Log,
          class extends LogRoom {
            override onLeave(_: unknown, reason: string) {
              left.push(reason)
            }
          },
        ],
      ],
    })
    const ada = world.client()
    const log = await world.until(ada.open(Log, { key: 'a' }))
    const messages: string[] = []
    log.status.subscribe(() => {
      const { value } = log.status
      if (value.state === 'reconnecting') messages.push(value.error.message)
    })
    await world.until(world.server.drain({ message: 'A new version is being installed.' }))
    expect(left).toEqual(['shutdown'])
    expect(messages[0]).toContain('A new version is being installed.')
    world.serve()
    await world.advance('10s')
    // Another room of the same key, and another member.
    expect(log.status.value.state).toBe('joined')
    await world.end()
  })
})
