import { describe, expect, it } from 'vitest'
import { errorHelp } from './error-help.ts'
import { DeclaredError, errorCodes, errorFromWire, errorToWire, JuntoError } from './errors.ts'

describe('JuntoError', () => {
  it('carries its code, what is known, and its cause', () => {
    const cause = new Error('below')
    const error = new JuntoError('rate_limited', 'slow down', { retryAfter: 500, cause })
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('JuntoError: slow down')
    expect(error).toMatchObject({ code: 'rate_limited', retryAfter: 500, cause, data: undefined })
    expect(Object.keys(error)).not.toContain('name')
    expect(new JuntoError('misuse', 'x')).not.toHaveProperty('cause')
  })

  it('travels with its data, and comes out as it was', () => {
    for (const error of [
      new JuntoError('forbidden', 'no', { data: { path: 'x' } }),
      new JuntoError('rate_limited', 'slow down', { retryAfter: 500 }),
      new JuntoError('internal', 'broken'),
    ]) {
      const { code, message, retryAfter } = error
      expect(errorFromWire(errorToWire(error))).toMatchObject({ code, message, retryAfter })
    }
  })

  it('never sends its cause', () => {
    expect(JSON.stringify(errorToWire(new JuntoError('internal', 'x', { cause: 'secret' })))).not.toContain('secret')
  })
})

describe('an error that came', () => {
  it('is a declared one by its index', () => {
    const error = errorFromWire({ code: 2, message: 'full', data: [1] })
    expect(error).toBeInstanceOf(DeclaredError)
    expect(error).toMatchObject({ name: 'DeclaredError', index: 2, message: 'full', data: [1] })
  })

  it.each(['from_the_future', '__proto__', 'toString'])('is internal by a code that is not known: %s', (code) => {
    expect(errorFromWire({ code, message: 'x' })).toMatchObject({ code: 'internal', message: `${code}: x` })
  })

  it.each([null, 5, 'x', {}, { retryAfter: 'soon' }, { retryAfter: -1 }, { retryAfter: NaN }])(
    'has no time to come back in %j',
    (data) => {
      expect(errorFromWire({ code: 'rate_limited', message: 'x', data })).toMatchObject({ retryAfter: undefined })
    },
  )
})

it('every code has its cause and its fix', () => {
  expect(Object.keys(errorHelp)).toEqual([...errorCodes])
  for (const { cause, fix } of Object.values(errorHelp)) {
    expect(cause).toMatch(/^[A-Z].*\.$/)
    expect(fix).toMatch(/^[A-Z].*\.$/)
  }
})
