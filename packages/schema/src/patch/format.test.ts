import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileLayout, type CompiledLayout } from '../compiled-layout.ts'
import type { TypeDef } from '../layout.ts'
import { MirrorTree } from '../mirror/mirror-tree.ts'
import { nextPatch, patchSince } from '../state/patches.fixture.ts'
import { StateTree } from '../state/state-tree.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const epoch = '0123456789abcdef'

function layoutOf(types: readonly TypeDef[]): CompiledLayout {
  return compileLayout({
    name: 'x',
    version: 1,
    types,
    state: types.length - 1,
    presence: undefined,
    input: undefined,
    up: [],
    down: [],
  })
}

/** A state of one field, of the last type given. */
function stateOf(...types: readonly TypeDef[]): CompiledLayout {
  return layoutOf([...types, { kind: 'record', fields: [{ name: 'f', type: types.length - 1 }] }])
}

function hex(bytes: Uint8Array | readonly number[]): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** The bytes of an example of docs/protocol-state.md, line by line. */
function example(name: string): string[] {
  const page = readFileSync(new URL('../../../../docs/protocol-state.md', import.meta.url), 'utf8')
  const block = new RegExp(`\`\`\`bytes ${name}\n([^\`]*)\`\`\``).exec(page)
  if (block === null) throw new Error(`The page has no example ${name}`)
  return (block[1] ?? '').split('\n').flatMap((line) => {
    const bytes = line.split('#')[0]?.trim() ?? ''
    return bytes === '' ? [] : [bytes]
  })
}

function written(write: (writer: Writer) => void): string {
  const writer = new Writer()
  write(writer)
  return hex(writer.take())
}

/** The bytes that a value of a type takes as the field of a new record, after the head of snapshot, group and node. */
function packed(value: unknown, ...types: readonly TypeDef[]): string {
  const tree = StateTree.create(stateOf(...types), undefined, { f: value }, { epoch })
  const bytes = tree.snapshot()
  const mirror = new MirrorTree<{ f: unknown }>(stateOf(...types))
  mirror.applySnapshot(bytes)
  expect(mirror.state.f).toStrictEqual(value)
  return hex(bytes.subarray(8 + 1 + 1 + 1 + 1))
}

describe('primitives', () => {
  it('[S3] varints', () => {
    const numbers = [0, 127, 128, 300, Number.MAX_SAFE_INTEGER]
    expect(numbers.map((value) => written((writer) => writer.varint(value)))).toEqual(example('S3'))
  })

  it('[S4] signed numbers, -0 among them', () => {
    const numbers = [0, -0, 1, -1, 63, 64, -64, 300]
    expect(numbers.map((value) => written((writer) => writer.signed(value)))).toEqual(example('S4'))
    for (const value of [...numbers, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, -(2 ** 40)]) {
      const writer = new Writer()
      writer.signed(value)
      expect(new Reader(writer.take(), () => undefined).signed()).toBe(value)
    }
  })

  it('[S5] texts, with a byte order mark and zero characters kept', () => {
    expect(packed('Aé', { kind: 'string' })).toBe('06 41 c3 a9')
    expect(packed('\ufeff\u0000𝄞', { kind: 'string' })).toBe('10 ef bb bf 00 f0 9d 84 9e')
    expect(packed('é'.repeat(100), { kind: 'string' })).toBe(`90 03${' c3 a9'.repeat(100)}`)
    expect(packed('', { kind: 'string' })).toBe('00')
    expect(packed(Uint8Array.of(1, 2), { kind: 'bytes' })).toBe('02 01 02')
  })

  it('[S5] texts that stood in the body before', () => {
    const texts = ['ada', 'a', 'ada', 'é', 'a', 'é', '']
    const writer = new Writer()
    writer.shareTexts()
    const bytes = texts.map((text) => {
      const before = writer.length
      writer.string(text)
      return [before, writer.length]
    })
    const body = writer.take()
    expect(bytes.map(([from, to]) => hex(body.subarray(from, to)))).toEqual(example('S5'))
    const reader = new Reader(body, () => undefined)
    expect(texts.map(() => reader.string())).toEqual(texts)
    expect(reader.done).toBe(true)
    // A body that is put together of slices writes them out; so does the next body, which knows nothing of this one.
    for (const text of texts) writer.string(text)
    const plain = writer.take()
    expect(hex(plain)).toBe('06 61 64 61 02 61 06 61 64 61 04 c3 a9 02 61 04 c3 a9 00')
    const literals = new Reader(plain, () => undefined)
    expect(texts.map(() => literals.string())).toEqual(texts)
  })

  it('[S5] all texts of a body count: strings, keys, and what is in JSON', () => {
    const layout = layoutOf([
      { kind: 'string' },
      { kind: 'map', type: 0 },
      { kind: 'json' },
      {
        kind: 'record',
        fields: [
          { name: 'map', type: 1 },
          { name: 'json', type: 2 },
          { name: 'text', type: 0 },
        ],
      },
    ])
    const first = { map: { one: 'two' }, json: { two: 'one', three: ['two'] }, text: 'three' }
    const tree = StateTree.create(layout, undefined, first, { epoch })
    expect(hex(tree.snapshot().subarray(9))).toBe(
      // The map: "one" and "two" are 0 and 1. JSON: 1 and 0; "three", which is 2, and 1. The text is 2.
      '0d 01 01 06 6f 6e 65 06 74 77 6f 1d 07 00 02 07 02 03 05 01 0a 74 68 72 65 65 06 01 05 03 05',
    )
    const mirror = new MirrorTree(layout)
    mirror.applySnapshot(tree.snapshot())
    expect(mirror.state).toEqual({ ...first, map: new Map([['one', 'two']]) })
    // The next patch is a body of its own.
    Object.assign(Object(tree.root), { text: 'two' })
    const patch = nextPatch(tree) ?? new Uint8Array()
    expect(hex(patch)).toBe('01 19 04 00 06 74 77 6f')
    mirror.applyPatch(patch)
    expect(mirror.state).toMatchObject({ text: 'two' })
  })
})

describe('[S20] values', () => {
  it.each<[string, TypeDef, unknown, string]>([
    ['null', { kind: 'null' }, null, ''],
    ['a constant', { kind: 'literal', value: 'x' }, 'x', ''],
    ['a boolean', { kind: 'boolean' }, true, '01'],
    ['an int', { kind: 'int' }, -64, '81 01'],
    ['an int8', { kind: 'int8' }, -128, '81 02'],
    ['a timestamp', { kind: 'timestamp' }, 1_700_000_000_000, '80 a0 ab fe f9 62'],
    ['a uint8', { kind: 'uint8' }, 254, 'fe'],
    ['the largest uint8', { kind: 'uint8' }, 255, 'ff 00'],
    ['-0 as uint8', { kind: 'uint8' }, -0, 'ff 01'],
    ['-0 as uint16', { kind: 'uint16' }, -0, '80 80 04'],
    ['a uint32', { kind: 'uint32' }, 300, 'ac 02'],
    ['a float32', { kind: 'float32' }, 1.5, '00 00 c0 3f'],
    ['a float64', { kind: 'float64' }, -0, '00 00 00 00 00 00 00 80'],
    ['a whole number', { kind: 'number' }, 31, '7c'],
    ['a negative number', { kind: 'number' }, -31, '7e'],
    ['-0 as number', { kind: 'number' }, -0, '02'],
    ['a number that is a float32', { kind: 'number' }, 0.5, '03 00 00 00 3f'],
    ['any other number', { kind: 'number' }, 0.1, '01 9a 99 99 99 99 99 b9 3f'],
    ['2^53', { kind: 'number' }, 2 ** 53, '03 00 00 00 5a'],
    ['2^53 - 1', { kind: 'int' }, 2 ** 53 - 1, 'fe ff ff ff ff ff ff 1f'],
    ['a bigint', { kind: 'bigint' }, -(2n ** 63n), '81 80 80 80 80 80 80 80 80 02'],
    ['an enum', { kind: 'enum', values: ['a', 'b'] }, 'b', '01'],
    ['[S21] a quantized number', { kind: 'quantized', min: -10, max: 10, step: 0.1 }, 0.3, '67'],
    ['[S21] an angle', { kind: 'angle' }, -Math.PI / 2, '00 c0'],
  ])('%s', (_, type, value, bytes) => {
    expect(packed(value, type)).toBe(bytes)
  })

  it('a union', () => {
    expect(packed('a', { kind: 'null' }, { kind: 'string' }, { kind: 'union', types: [0, 1] })).toBe('01 02 61')
    expect(packed(null, { kind: 'null' }, { kind: 'string' }, { kind: 'union', types: [0, 1] })).toBe('00')
  })

  it('an optional field that is present; absent, its bit is not set', () => {
    const optional = [{ kind: 'boolean' }, { kind: 'optional', type: 0 }] as const
    expect(packed(false, ...optional)).toBe('01 00')
    const tree = StateTree.create(stateOf(...optional), undefined, {}, { epoch })
    expect(hex(tree.snapshot().subarray(9))).toBe('15 00 00')
  })

  it('[S22] a tuple and a value, with what is in them', () => {
    expect(packed([1, 'a'], { kind: 'int' }, { kind: 'string' }, { kind: 'tuple', types: [0, 1] })).toBe('02 02 61')
    const value: TypeDef[] = [
      { kind: 'int' },
      { kind: 'list', type: 0 },
      { kind: 'map', type: 1 },
      { kind: 'record', fields: [{ name: 'm', type: 2 }] },
      { kind: 'value', type: 3 },
    ]
    expect(packed({ m: { a: [1, 2] } }, ...value)).toBe('01 02 61 02 02 04')
  })

  it('[S23] JSON', () => {
    expect(packed({ a: [null, true, -0, 0.5, 'x'] }, { kind: 'json' })).toBe(
      '07 01 02 61 06 05 00 02 03 01 04 00 00 00 00 00 00 e0 3f 05 02 78',
    )
  })

  it('[S24] items that take no bytes take one', () => {
    expect(packed([null, null], { kind: 'null' }, { kind: 'list', type: 0 }, { kind: 'value', type: 1 })).toBe(
      '02 00 00',
    )
  })
})

describe('snapshots and patches', () => {
  const types: readonly TypeDef[] = [
    { kind: 'string' },
    { kind: 'quantized', min: 0, max: 100, step: 0.5 },
    {
      kind: 'record',
      fields: [
        { name: 'name', type: 0 },
        { name: 'x', type: 1 },
      ],
    },
    { kind: 'map', type: 2 },
    { kind: 'list', type: 0 },
    {
      kind: 'record',
      fields: [
        { name: 'players', type: 3 },
        { name: 'log', type: 4 },
      ],
    },
  ]
  interface Player {
    name: string
    x: number
  }
  interface Game {
    players: { get(key: string): Player; set(key: string, player: Player): void; delete(key: string): void }
    log: { push(line: string): void; set(index: number, line: string): void; shift(): void }
  }

  it('[S6] [S7] [S8] [S9] [S10] [S11] [S13] [S14] [S16] [S17] [S18] [S19] the example', () => {
    const layout = layoutOf(types)
    const first = { players: { ada: { name: 'Ada', x: 10 } }, log: ['hi'] }
    const tree = StateTree.create(layout, undefined, first, { epoch })
    // The state's layout is the one above.
    const game = tree.root as Game
    const mirror = new MirrorTree(layout)
    const behind = new MirrorTree(layout)
    mirror.applySnapshot(tree.snapshot())
    expect(hex(tree.snapshot())).toBe(example('snapshot').join(' '))
    const patched = (name: string): void => {
      const patch = nextPatch(tree)
      if (patch === undefined) throw new Error('Nothing has changed')
      expect(hex(patch)).toBe(example(name).join(' '))
      mirror.applyPatch(patch)
      expect(mirror.state).toEqual(asMirror(tree.toPlain()))
    }
    game.players.get('ada').x = 12.5
    patched('change')
    behind.applySnapshot(tree.snapshot())
    game.players.set('bo', { name: 'Bo', x: 0 })
    game.log.push('bo is here')
    patched('birth')
    game.players.delete('ada')
    game.players.set('cy', { name: 'Cy', x: 100 })
    game.log.shift()
    game.log.set(0, 'ada left')
    game.log.push('bye')
    patched('reuse')
    const since = patchSince(tree, 2) ?? new Uint8Array()
    expect(hex(since)).toBe(example('since').join(' '))
    behind.applyPatch(since)
    expect(behind.state).toEqual(mirror.state)
    expect(behind.version).toBe(4)
  })

  function asMirror(plain: unknown): unknown {
    const { players, log } = Object(plain)
    return { players: new Map(Object.entries(players)), log }
  }

  it('[S8] several groups may begin alike', () => {
    const layout = layoutOf(types)
    const first = { players: { ada: { name: 'Ada', x: 10 }, bo: { name: 'Bo', x: 20 } }, log: [] }
    const mirror = new MirrorTree(layout)
    mirror.applySnapshot(StateTree.create(layout, undefined, first, { epoch }).snapshot())
    // Each of the two players in a group of its own, the later one first: type 2, change, single; field x.
    mirror.applyPatch(Uint8Array.from([1, 0x11, 2, 3, 2, 0x11, 2, 2, 4]))
    expect(mirror.state).toEqual(
      asMirror({ players: { ada: { name: 'Ada', x: 11 }, bo: { name: 'Bo', x: 20.5 } }, log: [] }),
    )
  })

  it('[S7] a patch names the version it is for by its remainder, and where it leads', () => {
    const tree = StateTree.create(stateOf({ kind: 'int' }), undefined, { f: 0 }, { epoch, version: 100 })
    const root = tree.root as { f: number }
    const patches = [1, 2, 3].map((value) => {
      root.f = value
      return nextPatch(tree) ?? new Uint8Array()
    })
    // 100 mod 32 = 4; four more versions at once: 3 * 32.
    expect(patches.map((patch) => patch[0])).toEqual([4, 5, 6])
    expect(patchSince(tree, 100)?.[0]).toBe(2 * 32 + 4)
  })

  it('[S12] fields beyond the eighth are in further bytes', () => {
    const fields = Array.from({ length: 40 }, (_, index) => ({ name: `f${index}`, type: 0 }))
    const tree = StateTree.create(
      layoutOf([{ kind: 'int' }, { kind: 'record', fields }]),
      undefined,
      Object.fromEntries(fields.map(({ name }) => [name, 0])),
      { epoch },
    )
    Object.assign(Object(tree.root), { f0: 1, f9: 1, f39: 1 })
    expect(hex(nextPatch(tree) ?? [])).toBe('01 09 01 02 00 00 80 00 02 02 02')
  })

  it('[S21] angles turn the shorter way', () => {
    const layout = stateOf({ kind: 'angle' })
    const tree = StateTree.create(layout, undefined, { f: 3.14 }, { epoch })
    const mirror = new MirrorTree<{ f: number }>(layout)
    mirror.applySnapshot(tree.snapshot())
    Object.assign(Object(tree.root), { f: -3.14 })
    const patch = nextPatch(tree) ?? new Uint8Array()
    expect(hex(patch)).toBe('01 09 01 00 44')
    mirror.applyPatch(patch)
    expect(mirror.state.f).toBeCloseTo(-3.14, 3)
  })
})
