import { expect, it } from 'vitest'
import { compileLayout } from './compiled-layout.ts'
import { defineRoom, type Schema } from './contract.ts'
import { layoutOf } from './contract-layout.ts'
import { listingOf } from './listing.ts'
import { MirrorTree } from './mirror/mirror-tree.ts'
import { StateTree } from './state/state-tree.ts'
import * as t from './types.ts'

const withMetadata = (metadata: Schema) =>
  defineRoom('duel', { version: 3, metadata, state: t.Object({}), clientToServer: {}, serverToClient: {} })

it('a list has the name and version of the rooms in it, and a layout of its own', () => {
  const Duel = withMetadata(t.Object({ level: t.Uint8() }))
  const listing = listingOf(Duel)
  expect(listing).toMatchObject({ name: 'duel', version: 3 })
  expect(listingOf(Duel)).toBe(listing)
  expect(Duel['~own']?.(true).compiled.layout).toEqual(layoutOf(listing))
  expect(Duel['~own']?.().compiled.layout).toEqual(layoutOf(Duel))
})

it.each([
  ['a record', t.Object({ level: t.Uint8(), at: t.Timestamp() }), { level: 3, at: 5 }],
  [
    'what nests',
    t.Object({ a: t.Array(t.Object({ b: t.Record(t.String(), t.Float32()) })) }),
    { a: [{ b: { x: 0.5 } }] },
  ],
  ['variants', t.Union([t.Object({ k: t.Literal(1) }), t.Object({ k: t.Literal(2), n: t.Null() })]), { k: 2, n: null }],
  ['free-form data', t.Json(), { any: ['thing'] }],
  ['bytes and bigints', t.Object({ a: t.Bytes(), b: t.BigInt() }), { a: new Uint8Array([1]), b: 5n }],
  ['what is optional', t.Object({ a: t.Optional(t.String()) }), {}],
  ['a value', t.Value(t.Object({ a: t.String() })), { a: 'x' }],
  ['a text', t.String(), 'x'],
])('metadata may be %s', (_, metadata, value) => {
  const listing = listingOf(withMetadata(metadata))
  const compiled = compileLayout(layoutOf(listing))
  const listed = { id: 'a', members: 1, maxMembers: 2, locked: false }
  const first = { rooms: { a: { ...listed, metadata: value }, b: { ...listed, id: 'b' } } }
  const tree = StateTree.create(compiled, listing, first, { epoch: '0123456789abcdef' })
  const mirror = new MirrorTree(compiled)
  mirror.applySnapshot(tree.snapshot())
  const { rooms } = mirror.state as { rooms: ReadonlyMap<string, { metadata?: unknown }> }
  expect(rooms.get('a')?.metadata).toEqual(value)
  expect(rooms.get('b')?.metadata).toBeUndefined()
})
