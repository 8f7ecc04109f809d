import { deepStrictEqual, strictEqual } from 'node:assert'
import type { Store } from '@junto/server'
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
 * The contract of a {@link Store} as test cases, for any test runner:
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
  '__proto__',
  'constructor',
  'x'.repeat(512),
  `${'x'.repeat(511)}y`,
]

const cases: readonly (readonly [string, (subject: StoreSubject) => Promise<void>])[] = [
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
      deepStrictEqual(new Uint8Array((await store.load('board', 'a')) ?? []), large)
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
]

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function read(store: Store, room: string, key: string): Promise<string | undefined> {
  const found = await store.load(room, key)
  return found && new TextDecoder().decode(found)
}
