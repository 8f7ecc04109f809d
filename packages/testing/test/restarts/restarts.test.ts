import { JuntoClient, type JoinedRoom, type Recovery } from '@junto/client'
import { runs } from '@junto/testing'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Ledger, secretOf } from './contract.ts'
import { Program, type RunningProgram } from './program.ts'

// Real processes, files, sockets and signals.

let program: Program
beforeAll(async () => {
  program = await Program.of(fileURLToPath(new URL('./ledger.ts', import.meta.url)))
})
afterAll(() => program.end())

const players: Player[] = []
afterEach(async () => {
  await Promise.all(players.splice(0).map(({ client }) => client.close()))
})

/** A client that makes entries, one after the other, and knows which it was told were made. */
class Player {
  readonly client: JuntoClient
  readonly name: string
  readonly #key: string
  readonly recoveries: Recovery[] = []
  /** Entries that were answered. */
  readonly made: number[] = []
  /** Entries of which nobody knows whether they were. */
  readonly unsure: number[] = []
  room: JoinedRoom<typeof Ledger> | undefined
  memberId = ''
  #n = 0
  #stop = false
  #recovered: () => void = () => {}
  /** Settles when it is back for the first time. */
  readonly back = new Promise<void>((resolve) => (this.#recovered = resolve))

  constructor(url: string, name: string, key: string) {
    this.client = new JuntoClient({ url })
    this.name = name
    this.#key = key
    players.push(this)
  }

  async enter(): Promise<this> {
    const room = await this.client.open(Ledger, { key: this.#key, join: { name: this.name } })
    this.room = room
    this.memberId = room.memberId
    room.onRecovery((recovery) => {
      this.recoveries.push(recovery)
      this.#recovered()
    })
    return this
  }

  /** Makes entries until {@link rest}. @param told Called for each. */
  async play(told: () => void): Promise<void> {
    while (!this.#stop) {
      const n = ++this.#n
      const outcome = await this.room?.call.add.try({ n }, { timeout: 60_000 })
      if (outcome?.ok === true) this.made.push(outcome.value)
      else this.unsure.push(n)
      told()
    }
  }

  rest(): void {
    this.#stop = true
  }

  /** What is not as it should be with its account. */
  get fault(): string | undefined {
    const account = this.room?.state.accounts.get(this.name)
    if (account === undefined) return `${this.name} has no account`
    const { made, unsure } = this
    const extra = account.entries - made.length
    const rest = account.sum - sum(made)
    // Each of the unsure was made once, or not at all.
    const possible = [0, ...unsure, sum(unsure)].includes(rest) && extra >= 0 && extra <= unsure.length
    if (!possible)
      return `${this.name}: ${made.length} entries were answered, ${unsure.length} unsure, and ${account.entries} made`
    if (account.secret !== secretOf(this.name)) return `${this.name} does not see what is its own`
    return undefined
  }

  /** The whole room as it sees it, without what only some see. */
  get seen(): unknown {
    if (this.room === undefined) return undefined
    const { accounts, joins, leaves } = this.room.state
    return {
      joins,
      leaves,
      accounts: [...accounts].map(([name, { of, entries, sum: total, noted }]) => ({
        name,
        of,
        entries,
        total,
        noted,
      })),
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

/** So many players in rooms of ten, all in. */
function enter(url: string, count: number): Promise<Player[]> {
  const names = Array.from({ length: count }, (_, n) => `player ${n}`)
  return Promise.all(names.map((name, n) => new Player(url, name, `room ${Math.floor(n / 10)}`).enter()))
}

/** An upgrade, and the head of what is answered. */
async function upgrade(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: junto.v1\r\n\r\n',
  )
  let answer = ''
  for await (const chunk of socket) {
    answer += String(chunk)
    if (answer.includes('\r\n\r\n')) break
  }
  return answer
}

/** Milliseconds until it has ended, with its exit code and signal. */
async function ended(running: RunningProgram): Promise<{ readonly exit: unknown; readonly took: number }> {
  const begin = performance.now()
  const exit = await running.exit
  return { exit, took: performance.now() - begin }
}

const many = runs(1).numRuns > 1 ? 1_000 : 200

test(`SIGTERM with ${many} clients under load: saved, told in batches, exit 0; after a restart all are back in their seats`, async () => {
  const first = await program.start('load')
  const { port, url } = first
  const all = await enter(url, many)
  let entries = 0
  let enough: () => void = () => {}
  const playing = all.map((player) => player.play(() => ++entries === 4 * many && enough()))
  await new Promise<void>((resolve) => (enough = resolve))
  // A handler that takes its time: what it does counts, and its answer comes.
  const slow = await new Player(url, 'player 9999', 'slow room').enter()
  const begun = new Promise<void>((resolve) => slow.room?.on('waiting', () => resolve()))
  const answer = slow.room?.call.addLater({ n: 77, ms: 1_000 })
  await begun
  const onlooker = await new Player(url, 'player 8888', 'slow room').enter()

  const end = ended(first)
  first.kill('SIGTERM')
  await first.says('Draining')
  const refused = await upgrade(port)
  expect(refused).toMatch(/^HTTP\/1\.1 503 /)
  expect(refused).toMatch(/\r\nRetry-After: \d+\r\n/i)
  await expect(onlooker.client.open(Ledger, { key: 'a new one', join: { name: 'x1' } })).rejects.toMatchObject({
    code: 'shutting_down',
  })
  expect(await answer).toBe(77)
  const { exit, took } = await end
  expect(exit).toEqual([0, null])
  expect(took).toBeLessThan(10_000)
  expect(first.output).toContain('ready false')

  const second = await program.start('load', port)
  await Promise.all([...all, slow, onlooker].map(({ back }) => back))
  // Under load again, before it grows quiet.
  entries = 0
  await new Promise<void>((resolve) => (enough = resolve))
  for (const player of all) player.rest()
  await Promise.all(playing)
  // What was answered last has shown everybody what came before.
  await Promise.all(all.map(async ({ room }) => room?.call.save()))

  for (const { recoveries, memberId, room } of [...all, slow, onlooker]) {
    expect(recoveries).toMatchObject([{ outcome: 'resynced', rejoined: false }])
    expect(room).toMatchObject({ memberId, kept: true })
  }
  expect(all.flatMap(({ fault }) => fault ?? [])).toEqual([])
  expect(slow.room?.state.accounts.get(slow.name)).toMatchObject({ entries: 1, sum: 77 })
  for (let n = 0; n < many; n += 10) {
    const [one, ...others] = all.slice(n, n + 10)
    expect(one?.seen).toMatchObject({ joins: 10, leaves: 0 })
    for (const other of others) expect(other.seen).toEqual(one?.seen)
  }
  second.kill('SIGTERM')
  expect((await ended(second)).exit).toEqual([0, null])
})

test('kill -9: who was saved has the seat of the last save, and what was said to be saved is there', async () => {
  const first = await program.start('killed')
  const all = await enter(first.url, 20)
  await Promise.all(all.map(async ({ room }) => room?.call.add({ n: 5 })))
  await all[0]?.room?.call.save()
  await all[10]?.room?.call.save()
  first.kill('SIGKILL')
  expect((await ended(first)).exit).toEqual([null, 'SIGKILL'])
  const second = await program.start('killed', first.port)
  await Promise.all(all.map(({ back }) => back))
  for (const { room, memberId, name } of all) {
    expect(room).toMatchObject({ memberId, kept: true })
    expect(room?.state.accounts.get(name)).toMatchObject({ entries: 1, sum: 5, secret: secretOf(name) })
    expect(room?.state).toMatchObject({ joins: 10, leaves: 0 })
  }
  second.kill('SIGTERM')
  expect((await ended(second)).exit).toEqual([0, null])
})

describe('a server that is told to end', () => {
  test('twice ends at once', async () => {
    const running = await program.start('twice')
    await new Player(running.url, 'player 1', 'endless').enter()
    running.kill('SIGTERM')
    await running.says('Draining')
    running.kill('SIGTERM')
    expect((await ended(running)).exit).toEqual([1, null])
  })

  test('by Ctrl+C ends as well', async () => {
    const running = await program.start('interrupted')
    running.kill('SIGINT')
    expect((await ended(running)).exit).toEqual([0, null])
  })

  test('ends within its grace, whatever store and hooks do, and says which rooms it could not save', async () => {
    const running = await program.start('late', 0, 1_500)
    const stuck = [
      await new Player(running.url, 'player 1', 'endless').enter(),
      await new Player(running.url, 'player 2', 'unsaved').enter(),
    ]
    const fine = await new Player(running.url, 'player 3', 'fine').enter()
    await fine.room?.call.add({ n: 3 })
    const told = Promise.all([...stuck, fine].map(({ client }) => waitingOf(client)))
    const end = ended(running)
    running.kill('SIGTERM')
    // Also those of rooms that are not saved are told to come back.
    expect(await told).toEqual([4000, 4000, 4000])
    const { exit, took } = await end
    expect(exit).toEqual([1, null])
    expect(took).toBeLessThan(3_000)
    expect(running.output).toMatch(
      /draining took longer than its grace of 1500 ms: what changed last in ledger\/(endless, ledger\/unsaved|unsaved, ledger\/endless) may not be saved/,
    )
    const next = await program.start('late', running.port)
    await fine.back
    expect(fine.room?.state.accounts.get(fine.name)).toMatchObject({ sum: 3 })
    next.kill('SIGKILL')
    await next.exit
  })

  test('names a room that blocks the process meanwhile', async () => {
    const running = await program.start('blocked')
    const player = await new Player(running.url, 'player 1', 'busy').enter()
    await player.room?.call.blockAtTheEnd({ ms: 600 })
    running.kill('SIGTERM')
    expect((await ended(running)).exit).toEqual([0, null])
    expect(running.output).toMatch(/The room ledger\/busy held up the event loop for \d+ ms/)
  })
})

/** The code with which the server ends a client's connection. */
function waitingOf({ connection }: JuntoClient): Promise<unknown> {
  return new Promise((resolve) => {
    connection.subscribe(() => {
      const { value } = connection
      if (value.state === 'waiting') resolve(Object(value.error.data).closeCode)
    })
  })
}
