import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientLimits, closeCodes, type CloseCode } from '@junto/protocol'
import { MessageReader, MutationChance, pack, parseFrame } from '@junto/protocol/internal'
import { defineRoom, mutation, t } from '@junto/schema'
import { compileLayout, decodeLayout, encodeLayout, encodeNamed, hashLayout, layoutOf } from '@junto/schema/internal'
import { namedCodecs } from '@junto/schema/internal'
import { describe, expect, it } from 'vitest'
import { root } from '../packages/run.ts'
import { parsePage } from './markdown.ts'
import { examplesIn, limitRows, rulesIn } from './protocol-page.ts'

// docs/protocol.md against the code: its rules, its examples, its tables.

const read = (path: string) => parsePage(readFileSync(join(root, path), 'utf8'))
const page = read('docs/protocol.md')

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')

const blocks = page.fences
  .filter(({ language }) => language === 'hex')
  .map(({ info, begin, end }) => ({ info, examples: examplesIn(page.lines.slice(begin, end)) }))

describe('the examples', () => {
  const examples = blocks.flatMap((block) => block.examples)

  it.each(examples.map(({ text, values, hex }) => [text, values, hex] as const))('%s', (_text, values, hex) => {
    expect(values.map((value) => toHex(pack(value))).join(' ')).toBe(hex)
  })

  it('of messages pass the gate and are good frames', () => {
    for (const block of blocks.filter(({ info }) => info === '')) {
      const reader = new MessageReader(clientLimits(), parseFrame)
      let frames = 0
      for (const { hex } of block.examples) {
        reader.read(
          Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16)),
          () => frames++,
        )
      }
      expect(frames, block.examples[0]?.text).toBeGreaterThan(0)
    }
  })

  it('[V1] [V2] [V3] hold a layout that passes its gate and has the hash of the page', () => {
    const wire = blocks.find(({ info }) => info === 'layout')?.examples[0]?.values[0]
    const layout = decodeLayout(wire)
    expect(encodeLayout(layout)).toEqual(wire)
    expect(page.lines.join('\n')).toContain(`Its hash is \`${hashLayout(layout)}\``)
  })

  it('[V2] [U1] hold one with a mutation, undo behind it, and an input', () => {
    const Board = defineRoom('board', {
      version: 1,
      state: t.Object({ x: t.Number() }),
      clientToServer: {},
      serverToClient: {},
      mutations: { move: mutation({ params: t.Object({ to: t.Number() }), undoable: true }) },
      input: t.Object({ dx: t.Int8() }),
    })
    const [, wire] = blocks.filter(({ info }) => info === 'layout').map((block) => block.examples[0]?.values[0])
    expect(wire).toEqual(encodeLayout(layoutOf(Board)))
    expect(decodeLayout(wire)).toEqual(layoutOf(Board))
  })

  it('[U4] hold what is random for a mutation', () => {
    const fence = page.fences.find(({ info }) => info === 'chance')
    const told: unknown = JSON.parse(page.lines.slice(fence?.begin, fence?.end).join('\n'))
    const [one, other] = [1, 2].map(() => new MutationChance(1, 1_767_225_600_000.5))
    expect(told).toEqual({
      numbers: Array.from({ length: 3 }, () => one?.random()),
      ids: Array.from({ length: 2 }, () => other?.newId()),
    })
  })

  it('[V4] [V7] hold values of that layout', () => {
    const wire = blocks.find(({ info }) => info === 'layout')?.examples[0]?.values[0]
    const { up } = compileLayout(decodeLayout(wire))
    const [add, wave] = up
    const values = blocks.find(({ info }) => info === 'values')?.examples.map((example) => example.values[0])
    expect([
      add?.params?.encode({ by: 5 }, ''),
      add?.errors[0]?.data.encode({ most: 9 }, ''),
      wave?.payload?.encode({ hand: 'right' }, ''),
      wave?.payload?.encode({ to: 'ann', hand: 'left' }, ''),
    ]).toEqual(values)
  })
})

describe('values', () => {
  /** The forms of a value of the last type of these, which a layout would have. */
  const formOf = (types: readonly unknown[], value: unknown) => {
    const wire = ['x', 1, [...types, [36]], types.length, null, [[0, 'e', types.length - 1, 0, 0]], []]
    const codec = compileLayout(decodeLayout(wire)).up[0]?.payload
    const form = codec?.encode(value, '')
    expect(codec?.decode(form, '')).toEqual(value)
    return form
  }

  it('[V5] numbers are finite, and -0 is an empty bin', () => {
    expect(formOf([12], -0)).toEqual(new Uint8Array(0))
    expect(formOf([3], 1.5)).toBe(1.5)
    for (const value of [NaN, Infinity]) expect(() => formOf([12], value)).toThrow('finite')
  })

  it('[V6] quantized numbers and angles are counts of steps', () => {
    expect(formOf([[32, -10, 10, 0.5]], -8.5)).toBe(3)
    expect(formOf([[32, 0, 10, 3]], 10)).toBe(4)
    expect(formOf([14], -Math.PI / 2)).toBe(49_152)
  })

  it('[V7] optional fields are nil, cut off at the end, and wrapped where they may be nil themselves', () => {
    const types = [0, [35, 0], 4, [35, 2], [36, 'a', 3, 'b', 1]]
    expect(formOf(types, {})).toEqual([])
    expect(formOf(types, { a: 1 })).toEqual([1])
    expect(formOf(types, { b: null })).toEqual([null, [null]])
  })

  it('[V8] unions are indexes, alone where all variants are constants', () => {
    expect(formOf([0, [33, 'on'], [40, 0, 1]], 'on')).toBe(1)
    expect(formOf([2, 4, [40, 0, 1]], 7)).toEqual([1, 7])
  })

  it('[V9] travel by name before a layout is known', () => {
    expect(encodeNamed({ a: undefined, b: [1n, null], c: -0 }, '')).toEqual({ b: [1n, null], c: new Uint8Array(0) })
    const Named = defineRoom('named', {
      version: 1,
      join: t.Object({ a: t.Enum(['x']), at: t.Optional(t.Timestamp()) }),
      state: t.Object({}),
      clientToServer: {},
      serverToClient: {},
    })
    expect(namedCodecs(Named).join?.decodeNamed({ a: 'x', unheardOf: 1 }, '')).toEqual({ a: 'x' })
  })
})

describe('the tables', () => {
  const rows = page.lines.filter((line) => line.startsWith('|')).map((line) => line.replaceAll(/ +/g, ' '))

  it('[C1] have every close code as it is', () => {
    const codes = Object.values<CloseCode>(closeCodes)
    for (const { code, name, reconnect, meaning } of codes) {
      expect(rows).toContain(`| ${code} | \`${name}\` | ${reconnect ? 'comes back' : 'stops'} | ${meaning} |`)
      expect(reconnect).toBe(code < 4500)
    }
    expect(rows.filter((row) => /^\| 4\d{3} /.test(row))).toHaveLength(codes.length)
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length)
  })

  it('[L1] have every limit with its default and its reason', () => {
    const { server, client } = limitRows()
    const limits = rows.filter((row) => /^\| `[a-zA-Z]+` \| [\d,.]+ ?\w* \|/.test(row))
    expect(limits).toEqual([...server, ...client])
  })
})

describe('the rules', () => {
  const rules = rulesIn(page.lines)
  // The state on the wire has a page of its own.
  const all = [...rules, ...rulesIn(read('docs/protocol-state.md').lines)]

  /** Rules that no test proves alone. */
  const unproved: readonly string[] = []

  const cited = new Map<string, string[]>()
  for (const path of testsIn(root)) {
    for (const [, rule = ''] of readFileSync(path, 'utf8').matchAll(/\[([A-Z]\d+)\]/g)) {
      cited.set(rule, [...(cited.get(rule) ?? []), path])
    }
  }

  it('have each number once', () => {
    expect(rules.length).toBeGreaterThan(60)
    expect(all.filter((rule, index) => all.indexOf(rule) !== index)).toEqual([])
  })

  it('are cited by tests, and those that are not are known', () => {
    expect(rules.filter((rule) => !cited.has(rule))).toEqual(unproved)
  })

  it('exist where tests cite them', () => {
    for (const [rule, paths] of cited) expect(all, `${rule} in ${paths[0] ?? ''}`).toContain(rule)
  })

  it('exist where the page and the errors of the code cite them', () => {
    const text = page.lines.join('\n')
    for (const [, rule = ''] of text.matchAll(/\b([PKFGRVNUCL]\d+)\b/g)) expect(rules).toContain(rule)
    for (const path of sourcesIn(root)) {
      for (const [, rule = ''] of readFileSync(path, 'utf8').matchAll(/['`]\[([A-Z]\d+)\]/g)) {
        expect(all, `${rule} in ${path}`).toContain(rule)
      }
    }
  })

  function testsIn(folder: string): string[] {
    return filesIn(folder).filter((path) => path.endsWith('.test.ts'))
  }

  function sourcesIn(folder: string): string[] {
    return filesIn(folder).filter(
      (path) => path.includes('/src/') && path.endsWith('.ts') && !path.endsWith('.test.ts'),
    )
  }

  function filesIn(folder: string): string[] {
    return ['packages', 'examples'].flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/node_modules|\/dist\//.test(`${entry.parentPath}/`))
        .map((entry) => join(entry.parentPath, entry.name)),
    )
  }
})
