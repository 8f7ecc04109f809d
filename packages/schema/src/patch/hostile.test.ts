import { runs } from '@junto/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { select } from '../mirror/mirror-selection.ts'
import { compileLayout } from '../compiled-layout.ts'
import { SchemaError } from '../errors.ts'
import type { TypeDef } from '../layout.ts'
import { recordReaders as compiledReaders } from '../mirror/compiled-readers.ts'
import { MirrorTree } from '../mirror/mirror-tree.ts'
import { recordReaders as plainReaders } from '../mirror/plain-readers.ts'
import { difference, Draws, drawValue, layoutOfSpec, modelOf, specs } from '../state/random-state.fixture.ts'
import { writeSomething } from '../state/random-writes.fixture.ts'
import { nextPatch } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { spoil } from './spoil.fixture.ts'
import { Writer } from './writer.ts'

const epoch = '00112233445566ff'

/** Applies bytes that may be anything. All that may come of it is a refusal. */
function suffer(apply: (bytes: Uint8Array) => void, bytes: Uint8Array): boolean {
  try {
    apply(bytes)
    return true
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    expect(error.code).toBe('invalid_patch')
    expect(error.message).toMatch(/^The patch cannot be read: .+, before byte \d+\.$/)
    return false
  }
}

/** A record type with its first 64 fields. */
function narrowed(type: TypeDef | undefined): TypeDef {
  if (type?.kind !== 'record') throw new TypeError('Not a record')
  return { kind: 'record', fields: type.fields.slice(0, 64) }
}

function prototypes(): string[] {
  return [Object.prototype, Array.prototype, Map.prototype].map((prototype) =>
    Reflect.ownKeys(prototype).map(String).join(),
  )
}

describe.each([
  ['with compiled readers', compiledReaders],
  ['with plain readers', plainReaders],
])('a patch or snapshot that is not what a server sends, %s', (_, readers) => {
  it('is refused with an error, and a snapshot repairs what it did', () => {
    const before = prototypes()
    fc.assert(
      fc.property(specs, fc.integer(), (spec, seed) => {
        const draws = new Draws(seed)
        const layout = layoutOfSpec(spec)
        const first = drawValue(spec, draws)
        const tree = StateTree.create(layout, undefined, first, { epoch })
        const pair = { spec, live: tree.root, model: Object(modelOf(spec, first)) }
        const mirror = new MirrorTree(layout, { readers })
        suffer((bytes) => mirror.applySnapshot(bytes), spoil(tree.snapshot(), draws))
        mirror.applySnapshot(tree.snapshot())
        const all = select(mirror, (state) => state)
        for (let turn = 0; turn < 6; turn++) {
          for (let writes = 1 + draws.below(5); writes > 0; writes--) writeSomething(pair, draws)
          const patch = nextPatch(tree)
          if (patch === undefined) continue
          const shown = all.value
          const applied = suffer((bytes) => mirror.applyPatch(bytes), spoil(patch, draws))
          expect(mirror.broken).toBe(!applied)
          if (!applied) {
            // What people were shown stays, until it is right again.
            expect(all.value).toBe(shown)
            expect(suffer((bytes) => mirror.applyPatch(bytes), patch)).toBe(false)
            const spoilt = suffer((bytes) => mirror.applySnapshot(bytes), spoil(tree.snapshot(), draws))
            expect(mirror.broken).toBe(!spoilt)
          }
          mirror.applySnapshot(tree.snapshot())
          expect(mirror.broken).toBe(false)
          expect(difference(pair.model, mirror.state)).toBe(undefined)
          expect(difference(pair.model, all.value)).toBe(undefined)
        }
      }),
      runs(120),
    )
    expect(prototypes()).toEqual(before)
  })

  it('is refused when it is random bytes', () => {
    fc.assert(
      fc.property(specs, fc.integer(), fc.uint8Array({ maxLength: 60 }), (spec, seed, bytes) => {
        const layout = layoutOfSpec(spec)
        const mirror = new MirrorTree(layout, { readers })
        suffer((random) => mirror.applySnapshot(random), bytes)
        mirror.applySnapshot(
          StateTree.create(layout, undefined, drawValue(spec, new Draws(seed)), { epoch }).snapshot(),
        )
        suffer((random) => mirror.applyPatch(random), bytes)
      }),
      runs(100),
    )
  })

  it('cannot hang or fill the memory by what it promises', () => {
    // A record of many fields that may all be absent: a new one takes a byte, and its absent fields none.
    const types: TypeDef[] = [
      { kind: 'null' },
      { kind: 'optional', type: 0 },
      { kind: 'record', fields: Array.from({ length: 4000 }, (_, index) => ({ name: `f${index}`, type: 1 })) },
      { kind: 'list', type: 2 },
      { kind: 'list', type: 0 },
      {
        kind: 'record',
        fields: [
          { name: 'list', type: 3 },
          { name: 'nulls', type: 4 },
        ],
      },
    ]
    const layout = compileLayout({
      name: 'x',
      version: 1,
      types,
      state: 5,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const head = [0, 0, 0, 0, 0, 0, 0, 0, 1]
    const mask = Array.from({ length: 500 }, () => 0)
    // 2 * 8 + 4: new records of type 2; as many as there are bytes for their ids.
    const crowd = Uint8Array.from([...head, 20, ...mask, 0xa0, 0x9c, 0x01, ...Array.from({ length: 20_000 }, () => 0)])
    // 4 * 8 + 5: one new list of nulls, 2^49 of them.
    const nulls = Uint8Array.from([...head, 37, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0])
    for (const hostile of [crowd, nulls]) {
      expect(suffer((bytes) => new MirrorTree(layout, { readers }).applySnapshot(bytes), hostile)).toBe(false)
    }
    // The same with records that are few enough in fields to be read by functions of their own.
    const narrow = compileLayout({ ...layout.layout, types: types.with(2, narrowed(types[2])) })
    const half = mask.slice(0, 8)
    const ids = Array.from({ length: 20_000 }, () => 0)
    const narrowCrowd = Uint8Array.from([...head, 20, ...half, 0xa0, 0x9c, 0x01, ...ids])
    expect(() => new MirrorTree(narrow, { readers }).applySnapshot(narrowCrowd)).toThrow('S26 of ')
  })

  it('cannot multiply a list by keeping its items more than once', () => {
    const types: TypeDef[] = [
      { kind: 'int' },
      { kind: 'list', type: 0 },
      { kind: 'record', fields: [{ name: 'l', type: 1 }] },
    ]
    const layout = compileLayout({
      name: 'x',
      version: 1,
      types,
      state: 2,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const tree = StateTree.create(layout, undefined, { l: [1, 2, 3] }, { epoch, version: 1 })
    for (const runs of [
      [2, 6, 0, 6, 5],
      [2, 4, 0, 4, 3],
      [2, 2, 4, 6, 5],
      [1, 8, 0],
      [1, 4, 4],
      [1, 2, 1 | 2],
      [1, 0, 0],
    ]) {
      const mirror = new MirrorTree(layout, { readers })
      mirror.applySnapshot(tree.snapshot())
      // Version 2 on 1; one list, changed, of id 1.
      expect(suffer((bytes) => mirror.applyPatch(bytes), Uint8Array.from([1, 9, 1, ...runs]))).toBe(false)
      expect(mirror.broken).toBe(true)
    }
  })

  it('cannot put a node in two places, or two nodes under one id', () => {
    const types: TypeDef[] = [
      { kind: 'int' },
      { kind: 'record', fields: [{ name: 'n', type: 0 }] },
      { kind: 'map', type: 1 },
      { kind: 'record', fields: [{ name: 'm', type: 2 }] },
    ]
    const layout = compileLayout({
      name: 'x',
      version: 1,
      types,
      state: 3,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const tree = StateTree.create(layout, undefined, { m: { a: { n: 1 } } }, { epoch })
    // The map is node 1, the record in it node 2.
    for (const [name, body] of [
      ['set b to node 2, which stands at a', [17, 1, 0, 1, 2, 98, 2]],
      ['a new node 2, while the old one stays', [13, 1, 2, 6]],
      ['set a to a node there is not', [17, 1, 0, 1, 2, 97, 4]],
      ['set a to node 1, which is no record of that type', [17, 1, 0, 1, 2, 97, 0]],
      ['a new root', [29, 1, 0, 2]],
      ['the same node twice', [9, 1, 2, 2, 9, 1, 2, 2]],
      ['a key that is not there deleted', [17, 1, 1, 2, 98, 0]],
      ['__proto__ as a key', [13, 1, 3, 2, 17, 1, 0, 1, 18, 95, 95, 112, 114, 111, 116, 111, 95, 95, 4]],
      ['more fields than there are', [9, 2, 2, 2]],
      ['no field of a new record', [13, 0, 3, 17, 1, 0, 1, 2, 98, 4]],
    ] as const) {
      const mirror = new MirrorTree(layout, { readers })
      mirror.applySnapshot(tree.snapshot())
      expect(
        suffer((bytes) => mirror.applyPatch(bytes), Uint8Array.from([1, ...body])),
        name,
      ).toBe(false)
      mirror.applySnapshot(tree.snapshot())
      expect(difference(mirror.state, { m: new Map([['a', { n: 1 }]]) })).toBe(undefined)
    }
    // The same form, and right: a new record, node 3, at b.
    const mirror = new MirrorTree(layout, { readers })
    mirror.applySnapshot(tree.snapshot())
    mirror.applyPatch(Uint8Array.from([1, 13, 1, 3, 4, 17, 1, 0, 1, 2, 98, 4]))
    expect(
      difference(mirror.state, {
        m: new Map([
          ['a', { n: 1 }],
          ['b', { n: 2 }],
        ]),
      }),
    ).toBe(undefined)
  })

  it('cannot refer to a text there is not, nor reach a prototype by a reference', () => {
    const types: TypeDef[] = [
      { kind: 'string' },
      { kind: 'json' },
      { kind: 'map', type: 0 },
      { kind: 'value', type: 2 },
      { kind: 'list', type: 0 },
      {
        kind: 'record',
        fields: [
          { name: 'json', type: 1 },
          { name: 'map', type: 2 },
          { name: 'value', type: 3 },
          { name: 'list', type: 4 },
        ],
      },
    ]
    const layout = compileLayout({
      name: 'x',
      version: 1,
      types,
      state: 5,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const first = { json: null, map: { ada: 'x' }, value: {}, list: [] }
    const tree = StateTree.create(layout, undefined, first, { epoch })
    const proto = [18, ...Buffer.from('__proto__')]
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
    const none = /S5 of/
    const key = /S16 of/
    const before = prototypes()
    // The map is node 1, the list node 2, the root node 0.
    for (const [name, body, why] of [
      ['the first text refers', [17, 1, 0, 1, 1, 0], none],
      ['a text refers to itself', [17, 1, 0, 1, 4, 98, 98, 3], none],
      ['a text refers to one without a number', [17, 1, 0, 1, 2, 98, 1], none],
      ['a huge number', [17, 1, 0, 1, ...huge], none],
      ['a reference to a text of the patch before', [17, 1, 1, 1, 0], none],
      ['a key to delete by a reference, which is not there', [17, 1, 2, 6, 97, 100, 97, 1, 0], /S17 of/],
      ['__proto__ as a key of a map', [17, 1, 0, 2, 2, 98, ...proto, 1, 0], key],
      ['__proto__ as a key of JSON', [41, 1, 0, 6, 2, 5, ...proto, 7, 1, 1, 0], key],
      ['__proto__ as a key of a value', [37, 2, 1, ...proto, 41, 4, 0, 1, 1, 0], key],
    ] as const) {
      const mirror = new MirrorTree(layout, { readers })
      mirror.applySnapshot(tree.snapshot())
      // Version 2, with "one" as the value of "ada": its text is none of the patch after it.
      mirror.applyPatch(Uint8Array.from([1, 17, 1, 0, 1, 6, 97, 100, 97, 6, 111, 110, 101]))
      expect(() => mirror.applyPatch(Uint8Array.from([2, ...body])), name).toThrow(why)
      mirror.applySnapshot(tree.snapshot())
      expect(difference(mirror.state, { ...first, map: new Map([['ada', 'x']]) })).toBe(undefined)
    }
    expect(prototypes()).toEqual(before)
    // The same form, and right: a key by a reference.
    const mirror = new MirrorTree(layout, { readers })
    mirror.applySnapshot(tree.snapshot())
    mirror.applyPatch(Uint8Array.from([1, 17, 1, 0, 2, 2, 98, 4, 99, 99, 1, 1]))
    expect([...Object(mirror.state).map]).toEqual([
      ['ada', 'x'],
      ['b', 'cc'],
      ['cc', 'cc'],
    ])
  })

  it('cannot have a node of a huge id', () => {
    const types: TypeDef[] = [
      { kind: 'int' },
      { kind: 'record', fields: [{ name: 'n', type: 0 }] },
      { kind: 'map', type: 1 },
      { kind: 'record', fields: [{ name: 'm', type: 2 }] },
    ]
    const layout = compileLayout({
      name: 'x',
      version: 1,
      types,
      state: 3,
      presence: undefined,
      input: undefined,
      up: [],
      down: [],
    })
    const tree = StateTree.create(layout, undefined, { m: {} }, { epoch })
    // New records of one id each, set to keys of one letter; the map is node 1.
    const patchOf = (...ids: number[]): Uint8Array => {
      const writer = new Writer()
      writer.varint(1)
      for (const id of ids) {
        for (const byte of [13, 1]) writer.byte(byte)
        writer.varint(id)
        writer.signed(0)
      }
      for (const byte of [17, 1, 0, ids.length]) writer.byte(byte)
      writer.from(1)
      for (const [at, id] of ids.entries()) {
        writer.string(String(at))
        writer.reference(id)
      }
      return writer.take()
    }
    for (const id of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 2, 2 ** 52]) {
      const mirror = new MirrorTree(layout, { readers })
      mirror.applySnapshot(tree.snapshot())
      expect(() => mirror.applyPatch(patchOf(id))).toThrow(/S10 of /)
    }
    const mirror = new MirrorTree<{ m: ReadonlyMap<string, unknown> }>(layout, { readers })
    mirror.applySnapshot(tree.snapshot())
    const ids = [2, 3, 2 ** 16, 2 ** 20, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2]
    const held = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
    mirror.applyPatch(patchOf(...ids))
    const more = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - held
    expect(mirror.state.m.size).toBe(ids.length)
    expect(more).toBeLessThan(4_000_000)
  })
})
