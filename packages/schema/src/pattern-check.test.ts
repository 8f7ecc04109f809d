import { Number as Num, Record, String as Str } from 'typebox'
import { describe, expect, it } from 'vitest'
import { call, defineRoom, SchemaError, t } from './index.ts'
import { compileValidator, validatorsOf } from './validate.ts'

function contractWith(pattern: string | RegExp) {
  return defineRoom('patterned', {
    version: 1,
    state: t.Object({}),
    join: t.Object({ names: t.Array(t.Object({ first: t.String({ pattern }) })) }),
    clientToServer: {},
    serverToClient: {},
  })
}

/** Milliseconds of the fastest of some runs: other work on the machine only makes a run slower. */
function fastest(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return Math.min(...times)
}

describe('a pattern that backtracks', () => {
  it.each([
    '^(a+)+$',
    '^(a|a)*$',
    '^([a-z]+-?)+$',
    '^(\\w+\\s?)*$',
    '(x+x+)+y',
    // Not exponential, and 64 KiB of letters still take seconds.
    'a+b',
    '\\s+$',
    '^.*foo.*bar.*$',
    '^(.*a){12}$',
    '^[a-z]*[a-z0-9]*!$',
    '^(?:a?){30}a{30}$',
    '^(?=(a+)+$).*$',
  ])('is refused where the contract is defined at a server: %s', (pattern) => {
    expect(() => validatorsOf(contractWith(pattern))).toThrow(SchemaError)
    expect(() => validatorsOf(contractWith(pattern))).toThrow(
      `join.names[*].first: has a pattern that can take very long on some strings: ${pattern}. `,
    )
  })

  it('is refused wherever it stands', () => {
    const pattern = '^(a+)+$'
    const contract = (parts: object) =>
      defineRoom('patterned', { version: 1, state: t.Object({}), clientToServer: {}, serverToClient: {}, ...parts })
    const bad = t.String({ pattern })
    const at = (parts: object) => {
      try {
        validatorsOf(contract(parts))
      } catch (error) {
        return error instanceof SchemaError ? error.path : error
      }
      return undefined
    }
    expect(at({ options: t.Object({ a: t.Optional(t.Union([t.Null(), bad])) }) })).toBe('options.a')
    expect(at({ clientToServer: { say: call({ params: bad }) } })).toBe('clientToServer.say')
    expect(at({ serverToClient: { ask: call({ result: bad }) } })).toBe('serverToClient.ask.result')
    expect(at({ state: t.Object({ words: t.Map(bad) }) })).toBe('state.words[*]')
    expect(at({ join: t.Object({ list: t.Tuple([t.Uint8(), bad]) }) })).toBe('join.list[*]')
  })

  it('may be a regular expression with flags', () => {
    expect(() => validatorsOf(contractWith(/^(a+)+$/i))).toThrow('can take very long')
    expect(() => validatorsOf(contractWith(/^[a-z]+$/i))).not.toThrow()
  })
})

describe('a pattern that matches in one way only', () => {
  const size = 256 * 1024
  it.each([
    ['^[a-z]+$', 'a'],
    ['^[a-zA-Z0-9_-]{1,40}$', 'a'],
    ['^#[0-9a-f]{6}$', '#'],
    ['^\\p{L}[\\p{L} ]*$', 'é'],
    ['^\\w+@\\w+\\.\\w+$', 'a'],
    ['^\\d{4}-\\d{2}-\\d{2}$', '1'],
    ['^(?!.*--)[a-z-]+$', '-a'],
    ['^https?://[^\\s/$.?#].[^\\s]*$', 'https://'],
    ['^[A-Z]{2}\\d{2}[A-Z0-9]{1,30}$', 'A'],
    ['^(?=.*[a-z])(?=.*\\d).{8,}$', 'a'],
    ['^(?:[a-z]+(?:-[a-z]+)*)$', 'a-'],
  ])('is taken, and a string at its maximal length takes less than 5 ms: %s', (pattern, piece) => {
    expect(() => validatorsOf(contractWith(pattern))).not.toThrow()
    const validate = compileValidator(t.String({ pattern }))
    // As long as a frame may be, and wrong at the very end.
    const text = `${piece.repeat(size / piece.length)}\u0000 `
    expect(() => validate(text, 'text')).toThrow(SchemaError)
    expect(fastest(() => expect(() => validate(text, 'text')).toThrow())).toBeLessThan(5)
  })

  it('of TypeBox itself is taken', () => {
    expect(() =>
      validatorsOf(
        defineRoom('patterned', {
          version: 1,
          state: t.Object({ all: t.Map(t.Uint8()) }),
          options: t.Object({ byName: Record(Str(), Num()), byNumber: Record(Num(), Num()) }),
          clientToServer: {},
          serverToClient: {},
        }),
      ),
    ).not.toThrow()
  })
})

it('what is no pattern at all is said to be none', () => {
  expect(() => validatorsOf(contractWith('('))).toThrow(
    'join: has a check that cannot be compiled: Invalid regular expression',
  )
})
