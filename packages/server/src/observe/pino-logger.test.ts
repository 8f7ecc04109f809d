import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { hostileErrors } from './hostile.fixture.ts'
import { PinoLogger } from './pino-logger.ts'

function build(level = 'debug') {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
  const logger = new PinoLogger(pino({ level, base: null, timestamp: false }, stream))
  return { lines, logger }
}

test('a line is an object with level, sentence and fields', () => {
  const { lines, logger } = build()
  logger.debug('one')
  logger.info('two', { room: 'board/team-a', ms: 3 })
  logger.warn('three', { session: 'f00' })
  expect(lines).toEqual([
    { level: 20, msg: 'one' },
    { level: 30, room: 'board/team-a', ms: 3, msg: 'two' },
    { level: 40, session: 'f00', msg: 'three' },
  ])
})

test('what was thrown stands in err, with code and cause, and nothing else that hangs on it', () => {
  const { lines, logger } = build()
  const inner = new Error('inner')
  const error = Object.assign(new TypeError('outer', { cause: inner }), {
    code: 'ENOENT',
    request: { headers: { authorization: 'Bearer abc' } },
  })
  logger.error('Saving failed', { room: 'r', error })
  // The cause is where pino has it: behind message and stack.
  expect(lines).toEqual([
    {
      level: 50,
      room: 'r',
      err: {
        type: 'TypeError',
        message: 'outer: inner',
        code: 'ENOENT',
        stack: `${error.stack}\ncaused by: ${inner.stack}`,
      },
      msg: 'Saving failed',
    },
  ])
  expect(JSON.stringify(lines)).not.toContain('Bearer')
})

test.each([
  'token',
  'accessToken',
  'refresh_tokens',
  'secret',
  'clientSecret',
  'password',
  'Authorization',
  'set-cookie',
  'apiKey',
  'private_key',
  'credentials',
  'jwt',
  'auth',
])('%s is not written, at any depth', (name) => {
  const { lines, logger } = build()
  logger.info('x', { [name]: 'abc', deep: [{ [name]: { value: 'abc' } }] })
  expect(lines).toEqual([{ level: 30, [name]: '[redacted]', deep: [{ [name]: '[redacted]' }], msg: 'x' }])
})

test('what only sounds like a secret is written', () => {
  const { lines, logger } = build()
  const fields = { author: 'ada', tokenizer: 'x', key: 'team-a', secretary: 'bob', authTimeout: 3 }
  logger.info('x', fields)
  expect(lines).toEqual([{ level: 30, ...fields, msg: 'x' }])
})

test('what cannot be JSON costs nothing but itself', () => {
  const { lines, logger } = build()
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  logger.info('x', { loop, big: 2n ** 60n, bytes: new Uint8Array(9), map: new Map([[1, 2]]) })
  expect(lines).toEqual([
    { level: 30, loop: { self: '…' }, big: '1152921504606846976', bytes: '9 bytes', map: '1 entries', msg: 'x' },
  ])
})

test('lines below the level are not made', () => {
  const { lines, logger } = build('warn')
  logger.debug('x', {
    get dear(): string {
      throw new Error('was made')
    },
  })
  logger.info('y')
  logger.warn('z')
  expect(lines).toEqual([{ level: 40, msg: 'z' }])
})

test.each(Object.entries(hostileErrors))('the line of what was thrown stands, with %s', (_what, make) => {
  const { lines, logger } = build()
  logger.error('A tick failed', { room: 'board', error: make() })
  expect(lines).toEqual([expect.objectContaining({ level: 50, room: 'board', msg: 'A tick failed' })])
})
