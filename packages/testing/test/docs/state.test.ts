import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { JuntoClient, type JoinedRoom } from '@junto/client'
import { defineRoom, t, type AnyContract } from '@junto/schema'
import { compileLayout, layoutOf, StateTree } from '@junto/schema/internal'
import { JuntoServer, MemoryStore, SilentLogger } from '@junto/server'
import type { TSchema } from 'typebox'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MemoryNetwork, SeededRandom, VirtualClock } from '../../src/index.ts'
import { root } from '../packages/run.ts'
import { codeOf } from './code.ts'
import { parsePage } from './markdown.ts'

// docs/state.md against the code: what its tables say of bytes, and what becomes of its examples when they run.

const page = parsePage(readFileSync(join(root, 'docs/state.md'), 'utf8'))

let folder: string

beforeAll(async () => {
  // Within the repository, so that the packages are found.
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  folder = await mkdtemp(join(cache, 'state-page-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  for (const { title, text } of codeOf(page)) if (title !== undefined) await writeFile(join(folder, title), text)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** What a file of the page exports. */
async function exported(file: string): Promise<Readonly<Record<string, unknown>>> {
  return import(join(folder, file))
}

async function contractIn(file: string, name: string): Promise<AnyContract> {
  const contract = (await exported(file))[name]
  const isContract = (value: unknown): value is AnyContract => Object(value).shape !== undefined
  if (!isContract(contract)) throw new TypeError(`${name} of ${file} is no contract`)
  return contract
}

/** The rows of the table whose first line has these words: their cells, without the marks of code. */
function rowsOf(words: string): string[][] {
  const begin = page.lines.findIndex((line) => line.startsWith('|') && line.includes(words))
  const rows = page.lines.slice(begin + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end).map((line) => {
    const cells = line.slice(1, -1).split('|')
    return cells.map((cell) => cell.trim().replaceAll('`', ''))
  })
}

/** Runs code of the page, as somebody would who types it. */
function run(code: string, names: Readonly<Record<string, unknown>>): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- it stands in our own page
  return new Function(...Object.keys(names), code)(...Object.values(names))
}

/** A state, the bytes of its first snapshot, and of the patches that writes lead to. */
function open(contract: AnyContract, first: unknown) {
  const tree = StateTree.create(compileLayout(layoutOf(contract)), contract, first, { epoch: '00112233445566ff' })
  const viewer = tree.viewer({ everything: true })
  const take = (): number => viewer.take()?.bytes.length ?? 0
  return {
    state: tree.root,
    joining: take(),
    bytesOf: (write: () => void): number => {
      write()
      tree.close()
      return take()
    },
  }
}

describe('what the page says that values cost', () => {
  const rows = rowsOf('in a change').map(([type = '', write = '', change, born]) => {
    const [before = '', after = ''] = write.split(' → ')
    return { type, before, after, change: Number(change), born: Number(born) }
  })

  it('is said of most types', () => {
    expect(rows.length).toBeGreaterThan(35)
  })

  it.each(rows)('$type, $before → $after: $change in a change, $born as new', ({ type, before, after, ...said }) => {
    const value = (code: string): unknown => run(`return (${code})`, {})
    const field = run(`return ${type}`, { t })
    const isSchema = (some: unknown): some is TSchema => typeof some === 'object'
    if (!isSchema(field)) throw new TypeError(`${type} is no schema`)
    const contract = defineRoom('costs', {
      version: 1,
      state: t.Object({ entries: t.Map(t.Object({ value: field })) }),
      clientToServer: {},
      serverToClient: {},
    })
    const { state, bytesOf } = open(contract, { entries: { old: { value: value(before) } } })
    const { entries } = Object(state)
    // Besides: the version, and of the group its number, its set of fields, and the id of the record.
    const change = bytesOf(() => (entries.get('old').value = value(after))) - 4
    // Besides: that; and the same of the map but for the set, with what it deletes, sets, the key "k" and the reference.
    const born = bytesOf(() => entries.set('k', { value: value(after) })) - 11
    expect({ change, born }).toEqual(said)
  })
})

describe('what the page says that writes cost', () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index + 1)
  const first = {
    phase: 'lobby',
    boss: null,
    order: numbers.map((n) => `p${n}`),
    players: Object.fromEntries(numbers.map((n) => [`p${n}`, { name: `player ${n}`, x: 0, bag: [], look: null }])),
  }

  it.each(rowsOf('bytes of the patch'))('%s: %s bytes', async (write, bytes) => {
    const { state, bytesOf } = open(await contractIn('contract.ts', 'Game'), first)
    const player: unknown = Object(state).players.get('p7')
    expect(bytesOf(() => void run(write, { state, player }))).toBe(Number(bytes))
  })

  it('of joining', async () => {
    const [, bytes] = /a client gets when it joins is ([\d,]+) bytes/.exec(page.lines.join(' ')) ?? []
    expect(open(await contractIn('contract.ts', 'Game'), first).joining).toBe(Number(bytes?.replace(',', '')))
  })
})

it('what the page writes can be written', async () => {
  const { state, bytesOf } = open(await contractIn('contract.ts', 'Game'), {
    phase: 'lobby',
    boss: null,
    order: ['bo'],
    players: { bo: { name: 'Bo', x: 950, bag: [], look: null } },
  })
  const { play } = await exported('play.ts')
  if (typeof play !== 'function') throw new TypeError('play is no function')
  bytesOf(() => void play(state))
  const ada = {
    name: 'Ada L.',
    x: 1.5,
    bag: [
      { kind: 'map', count: 1 },
      { kind: 'rope', count: 2 },
    ],
    look: { hat: 'red' },
  }
  expect(JSON.parse(JSON.stringify(state))).toEqual({
    phase: 'play',
    boss: { name: 'Boss', x: 5, bag: [], look: null },
    order: ['ada', 'bo'],
    players: { ada, twin: ada },
  })
})

describe('its games', () => {
  let clock: VirtualClock
  let network: MemoryNetwork
  let server: JuntoServer
  let clients: JuntoClient[]

  beforeEach(async () => {
    clock = new VirtualClock()
    network = new MemoryNetwork(clock)
    server = new JuntoServer({
      transports: [network.transport()],
      clock,
      random: new SeededRandom(1),
      store: new MemoryStore(),
      logger: new SilentLogger(),
    })
    clients = []
    await server.listen()
  })

  afterEach(async () => {
    for (const client of clients) await client.close()
    const closing = server.close()
    await clock.advance('20s')
    await closing
  })

  // What a page exports has no types here; its own are checked with those of all pages.
  async function serve(name: string, file: string, options: Readonly<Record<string, unknown>>): Promise<AnyContract> {
    const contract = await contractIn(`${file}.ts`, name)
    Object(server).define(contract, (await exported(`${file}-room.ts`))[`${name}Room`], options)
    return contract
  }

  async function enter(contract: AnyContract, user: string): Promise<JoinedRoom<AnyContract>> {
    const client = new JuntoClient({
      url: network.url,
      socket: network.socket,
      clock,
      random: new SeededRandom(clients.length + 2),
      auth: () => user,
    })
    clients.push(client)
    const opening = Object(client).open(contract, { key: 'one' })
    await clock.settle()
    return opening
  }

  /** A room's state as plain objects, without what is absent. */
  const seen = ({ state }: JoinedRoom<AnyContract>) =>
    JSON.parse(JSON.stringify(state, (_, part: unknown) => (part instanceof Map ? Object.fromEntries(part) : part)))

  it('of cards shows a hand to its player alone, and the deck to nobody', async () => {
    const contract = await serve('Cards', 'cards', {})
    const [ada, bob] = [await enter(contract, 'ada'), await enter(contract, 'bob')]
    const seat = (id: string, looker: JoinedRoom<AnyContract>) => seen(looker).seats[id]
    const hand: unknown[] = seat(ada.memberId, ada).hand
    expect(hand).toHaveLength(5)
    expect(seat(ada.memberId, bob)).toEqual({ player: ada.memberId, held: 5 })
    expect(seat(bob.memberId, bob).hand).toHaveLength(5)
    expect(seen(bob)).toMatchObject({ turn: ada.memberId, table: [] })
    expect([seen(ada).deck, seen(bob).deck]).toEqual([undefined, undefined])

    const { describeSeats } = await exported('cards-page.ts')
    if (typeof describeSeats !== 'function') throw new TypeError('no function')
    expect(describeSeats(bob.state)).toEqual(['5 cards', expect.stringMatching(/^\d+ of \w+(, \d+ of \w+){4}$/)])

    const outcomes = [Object(bob.call).play.try({ card: 0 }), Object(ada.call).play.try({ card: 9 })]
    await clock.settle()
    expect(await Promise.all(outcomes)).toMatchObject([
      { code: 'notNow', data: { turn: ada.memberId } },
      { code: 'noCard', data: { held: 5 } },
    ])
    const played = Object(ada.call).play.try({ card: 1 })
    await clock.settle()
    expect(await played).toMatchObject({ ok: true })
    expect(seen(bob)).toMatchObject({ turn: bob.memberId, table: [hand[1]] })
    expect(seat(ada.memberId, ada).hand).toEqual(hand.toSpliced(1, 1))
    expect(seat(ada.memberId, bob).held).toBe(4)

    const leaving = bob.leave()
    await clock.settle()
    await leaving
    expect(seen(ada)).toMatchObject({ turn: ada.memberId, seats: { [ada.memberId]: { held: 4 } } })
  })

  it('with fog shows what is near, and to whom orders belong', async () => {
    const contract = await serve('Fog', 'fog', {
      tickRate: 20,
      authenticate: ({ token }: { readonly token: unknown }) => ({ id: token, referee: token === 'ref' }),
    })
    const [ada, bob, ref] = [await enter(contract, 'ada'), await enter(contract, 'bob'), await enter(contract, 'ref')]
    const keys = (looker: JoinedRoom<AnyContract>) => Object.keys(seen(looker).units)
    await clock.advance('1s')
    const [adas, bobs] = [
      ['ada-1', 'ada-2'],
      ['bob-1', 'bob-2'],
    ]
    expect([keys(ada), keys(bob), keys(ref)]).toEqual([adas, bobs, [...adas, ...bobs]])

    Object(ada.send).march({ unit: 'ada-1', to: [900, 950] })
    // That one is not hers.
    Object(ada.send).march({ unit: 'bob-1', to: [0, 0] })
    await clock.advance('10s')
    expect(seen(ada).units['ada-1'].goal).toEqual([900, 950])
    expect(seen(ref).units['ada-1'].goal).toEqual([900, 950])
    expect(seen(ref).units['bob-1']).toMatchObject({ x: 950, y: 960 })
    expect([keys(ada), keys(bob)]).toEqual([adas, bobs])
    await clock.advance('20.5s')
    expect([keys(ada), keys(bob)]).toEqual([
      [...adas, ...bobs],
      [...bobs, 'ada-1'],
    ])
    expect(seen(bob).units['ada-1'].goal).toBeUndefined()
    expect(seen(ada).units['ada-1'].goal).toEqual([900, 950])

    Object(ada.send).march({ unit: 'ada-1', to: [500, 500] })
    await clock.advance('10s')
    expect([keys(ada), keys(bob)]).toEqual([adas, bobs])
  })
})
