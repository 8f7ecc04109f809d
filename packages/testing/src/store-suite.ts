import { deepStrictEqual, rejects, strictEqual } from 'node:assert'
import { StoreError, type Store } from '@junto/server'
import type { SuiteCase } from './transport-suite.ts'

/** A store and a way to look at what is left when its process has ended. */
export interface StoreSubject {
  /** A fresh, empty one. */
  readonly store: Store
  /** Another one on the same ground, as after a restart. Left out where nothing survives that. */
  readonly reopen?: () => Store
  /** Cleans up. */
  readonly close?: () => Promise<void>
}

/**
 * The contract of a {@link Store} as test cases, for any test runner. What increments ask of a store is checked where it keeps some.
 *
 * ```ts
 * import { MemoryStore } from '@junto/server'
 * import { storeSuite } from '@junto/testing'
 * import { test } from 'vitest'
 *
 * for (const { name, run } of storeSuite(() => ({ store: new MemoryStore() }))) test(name, run)
 * ```
 */
export function storeSuite(make: () => StoreSubject | Promise<StoreSubject>): readonly SuiteCase[] {
  return cases.map(([name, check]) => ({
    name,
    run: async () => {
      const subject = await make()
      try {
        await check(subject)
      } finally {
        await subject.close?.()
      }
    },
  }))
}

/** Names that are no good file names, or differ only where file systems do not look. */
const awkwardNames = [
  'team-a',
  'TEAM-A',
  'team_a',
  'team a',
  '.',
  '..',
  '../team-a',
  '/etc/passwd',
  'C:\\team',
  'a/b',
  'a//b',
  'con',
  'nul.txt',
  'with\0zero',
  'with\nline',
  'ä',
  'a\u0308',
  '名前',
  '😀',
  '\ud800',
  '\ud801',
  '__proto__',
  'constructor',
  'x'.repeat(512),
  `${'x'.repeat(511)}y`,
]

type StoreCase = readonly [string, (subject: StoreSubject) => Promise<void>]

const cases: readonly StoreCase[] = [
  [
    'has nothing at first',
    async ({ store }) => {
      strictEqual(await store.load('board', 'a'), undefined)
    },
  ],
  [
    'gives back what was saved last',
    async ({ store }) => {
      await store.save('board', 'a', bytes('one'))
      await store.save('board', 'a', bytes('two'))
      strictEqual(await read(store, 'board', 'a'), 'two')
    },
  ],
  [
    'keeps an empty room apart from none',
    async ({ store }) => {
      await store.save('board', 'a', new Uint8Array())
      deepStrictEqual(await read(store, 'board', 'a'), '')
    },
  ],
  [
    'keeps every byte, also of a large room',
    async ({ store }) => {
      const large = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) & 255)
      await store.save('board', 'a', large)
      const [piece, ...more] = (await store.load('board', 'a')) ?? []
      deepStrictEqual(new Uint8Array(piece ?? []), large)
      strictEqual(more.length, 0)
    },
  ],
  [
    'tells rooms apart, however they are named',
    async ({ store, reopen }) => {
      const names = awkwardNames.flatMap<readonly [string, string]>((name) => [
        [name, 'key'],
        ['room', name],
      ])
      // What would run together if a name and a key were only strung together.
      names.push(['a', 'b/c'], ['a/b', 'c'], ['ab', 'c'], ['a', 'bc'])
      await Promise.all(names.map(([room, key], index) => store.save(room, key, bytes(`room ${index}`))))
      const after = reopen?.() ?? store
      for (const [index, [room, key]] of names.entries()) strictEqual(await read(after, room, key), `room ${index}`)
    },
  ],
  [
    'carries out what concerns one room in the order in which it was asked',
    async ({ store }) => {
      const saves = Array.from({ length: 20 }, (_, index) => store.save('board', 'a', bytes(`version ${index}`)))
      const seen = read(store, 'board', 'a')
      const gone = store.delete('board', 'a')
      const after = store.load('board', 'a')
      await Promise.all(saves)
      strictEqual(await seen, 'version 19')
      await gone
      strictEqual(await after, undefined)
    },
  ],
  [
    'forgets what is deleted, and nothing else',
    async ({ store, reopen }) => {
      await store.save('board', 'a', bytes('one'))
      await store.save('board', 'a', bytes('two'))
      await store.save('board', 'b', bytes('other'))
      await store.delete('board', 'a')
      await store.delete('board', 'never there')
      const after = reopen?.() ?? store
      strictEqual(await after.load('board', 'a'), undefined)
      strictEqual(await read(after, 'board', 'b'), 'other')
    },
  ],
  [
    'keeps what was saved over a restart',
    async ({ store, reopen }) => {
      if (!reopen) return
      await store.save('board', 'a', bytes('one'))
      await store.save('board', 'a', bytes('two'))
      const after = reopen()
      strictEqual(await read(after, 'board', 'a'), 'two')
      await after.save('board', 'a', bytes('three'))
      strictEqual(await read(reopen(), 'board', 'a'), 'three')
    },
  ],
  [
    'refuses increments, if it keeps none, and leaves what it has',
    async ({ store }) => {
      if (store.incremental) return
      await store.save('board', 'a', bytes('one'))
      await rejects(store.append('board', 'a', 1, bytes('two')))
      strictEqual(await read(store, 'board', 'a'), 'one')
    },
  ],
  ...incremental('gives increments back in order, behind what they build upon', async ({ store }) => {
    await store.save('board', 'a', bytes('one'))
    await store.append('board', 'a', 1, bytes('two'))
    await store.append('board', 'a', 2, bytes('three'))
    strictEqual(await read(store, 'board', 'a'), 'one, two, three')
    await store.save('board', 'a', bytes('four'))
    strictEqual(await read(store, 'board', 'a'), 'four')
    await store.append('board', 'a', 1, bytes('five'))
    strictEqual(await read(store, 'board', 'a'), 'four, five')
  }),
  ...incremental(
    'keeps every byte of an increment, also of a large one, of many and of an empty one',
    async (subject) => {
      const { store, reopen } = subject
      const large = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 37) & 255)
      const pieces = [
        bytes('one'),
        large,
        new Uint8Array(),
        ...Array.from({ length: 200 }, (_, index) => bytes(`${index}`)),
      ]
      for (const [base, piece] of pieces.entries()) {
        if (base === 0) await store.save('board', 'a', piece)
        else await store.append('board', 'a', base, piece)
      }
      const found = (await (reopen?.() ?? store).load('board', 'a')) ?? []
      deepStrictEqual(
        found.map((piece) => new Uint8Array(piece)),
        pieces,
      )
    },
  ),
  ...incremental('adds nothing to other pieces than an increment builds upon, and says so', async ({ store }) => {
    const refused = (base: number): Promise<void> =>
      rejects(
        store.append('board', 'a', base, bytes('lost')),
        (error) => error instanceof StoreError && error.fault === 'conflict',
      )
    await refused(0)
    await refused(1)
    await store.save('board', 'a', bytes('one'))
    await refused(0)
    await refused(2)
    await store.append('board', 'a', 1, bytes('two'))
    await refused(1)
    await refused(3)
    strictEqual(await read(store, 'board', 'a'), 'one, two')
    await store.delete('board', 'a')
    await refused(2)
    strictEqual(await read(store, 'board', 'a'), undefined)
  }),
  ...incremental('carries out increments, too, in the order in which it was asked', async ({ store }) => {
    const calls = [store.save('board', 'a', bytes('0'))]
    for (let base = 1; base < 20; base++) calls.push(store.append('board', 'a', base, bytes(`${base}`)))
    const seen = read(store, 'board', 'a')
    calls.push(store.save('board', 'a', bytes('whole')), store.append('board', 'a', 1, bytes('more')))
    await Promise.all(calls)
    strictEqual(await seen, Array.from({ length: 20 }, (_, index) => `${index}`).join(', '))
    strictEqual(await read(store, 'board', 'a'), 'whole, more')
  }),
  ...incremental('goes on with increments over a restart', async ({ store, reopen }) => {
    if (!reopen) return
    await store.save('board', 'a', bytes('one'))
    await store.append('board', 'a', 1, bytes('two'))
    const after = reopen()
    await after.append('board', 'a', 2, bytes('three'))
    strictEqual(await read(after, 'board', 'a'), 'one, two, three')
    const last = reopen()
    strictEqual(await read(last, 'board', 'a'), 'one, two, three')
    await last.append('board', 'a', 3, bytes('four'))
    strictEqual(await read(reopen(), 'board', 'a'), 'one, two, three, four')
  }),
  ...incremental('tells increments of rooms apart', async ({ store, reopen }) => {
    const names = awkwardNames.map<readonly [string, string]>((name) => ['room', name])
    await Promise.all(
      names.map(async ([room, key], index) => {
        await store.save(room, key, bytes(`room ${index}`))
        await store.append(room, key, 1, bytes(`more of ${index}`))
      }),
    )
    const after = reopen?.() ?? store
    for (const [index, [room, key]] of names.entries()) {
      strictEqual(await read(after, room, key), `room ${index}, more of ${index}`)
    }
  }),
]

/** A case for stores that keep increments. */
function incremental(name: string, check: (subject: StoreSubject) => Promise<void>): readonly StoreCase[] {
  return [[name, async (subject) => (subject.store.incremental ? check(subject) : undefined)]]
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The pieces as texts. */
async function read(store: Store, room: string, key: string): Promise<string | undefined> {
  const found = await store.load(room, key)
  return found?.map((piece) => new TextDecoder().decode(piece)).join(', ')
}
