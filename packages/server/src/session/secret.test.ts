import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { SessionSecret } from './secret.ts'

const [first, second, third] = ['a', 'b', 'c'].map((sign) => sign.repeat(32)) as [string, string, string]

test('only the secret itself is valid', () => {
  const secret = new SessionSecret(first)
  expect(secret.check(first)).toBe('valid')
  expect(secret.check(second)).toBe('wrong_secret')
  expect(secret.check(undefined)).toBe('wrong_secret')
  expect(secret.check('')).toBe('wrong_secret')
})

test('after a resume both are valid, until the client confirms: then the old one has retired', () => {
  const secret = new SessionSecret(first)
  secret.offer(second)
  expect([first, second].map((shown) => secret.check(shown))).toEqual(['valid', 'valid'])
  expect(secret.isRotating).toBe(true)
  secret.confirm()
  expect([first, second].map((shown) => secret.check(shown))).toEqual(['retired_secret', 'valid'])
  expect(secret.isRotating).toBe(false)
  secret.confirm()
  expect(secret.check(second)).toBe('valid')
})

test('a resume that the client has not heard of may be repeated with another next secret', () => {
  const secret = new SessionSecret(first)
  secret.offer(second)
  secret.offer(third)
  expect([first, second, third].map((shown) => secret.check(shown))).toEqual(['valid', 'wrong_secret', 'valid'])
})

test('who shows the secret of the last resume has heard of it', () => {
  const secret = new SessionSecret(first)
  secret.offer(second)
  expect([first, second, third, undefined].map((shown) => secret.isNext(shown))).toEqual([false, true, false, false])
  secret.confirm()
  secret.offer(third)
  expect([first, second, third].map((shown) => secret.check(shown))).toEqual(['retired_secret', 'valid', 'valid'])
})

test('the eight that were used up last are known as such', () => {
  const used = Array.from({ length: 10 }, (_, round) => round.toString(16).padStart(32, '0'))
  const secret = new SessionSecret(used[0] ?? '')
  for (const next of used.slice(1)) {
    secret.offer(next)
    secret.confirm()
  }
  expect(used.map((shown) => secret.check(shown))).toEqual([
    'wrong_secret',
    ...Array(8).fill('retired_secret'),
    'valid',
  ])
})

test('the same secret again does not retire itself', () => {
  const secret = new SessionSecret(first)
  secret.offer(first)
  secret.confirm()
  expect(secret.check(first)).toBe('valid')
})

test('[no secrets in memory] what is kept does not tell it', () => {
  const secret = new SessionSecret(first)
  secret.offer(second)
  const shown = inspect(secret, { showHidden: true, depth: 9 }) + JSON.stringify(secret)
  expect(shown).not.toContain(first)
  expect(shown).not.toContain(second)
})
