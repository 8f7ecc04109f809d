import { expect, test, vi } from 'vitest'
import { hostileErrors } from './hostile.fixture.ts'
import { ConsoleLogger, formatLine } from './log.ts'

test('a line holds level, sentence and fields', () => {
  expect(formatLine('warn', 'A room is slow', { room: 'board', ms: 300, key: undefined, at: { x: 1 } })).toBe(
    '[junto] warn: A room is slow (room=board, ms=300, at={"x":1})\n',
  )
})

test('what was thrown stands below, with its cause', () => {
  const error = new Error('outer', { cause: 'the disk' })
  error.stack = 'Error: outer\n    at somewhere'
  expect(formatLine('error', 'Saving failed', { error })).toBe(
    '[junto] error: Saving failed\n  Error: outer\n      at somewhere\n  caused by the disk\n',
  )
})

test('what a peer sent cannot forge a line or steer the terminal', () => {
  expect(formatLine('info', 'Refused', { origin: 'http://x\n[junto] error: all is lost\u001b[2J' })).toBe(
    '[junto] info: Refused (origin=http://x\\n[junto] error: all is lost\\u001b[2J)\n',
  )
})

test('lines below the level are not written', () => {
  const lines: string[] = []
  const logger = new ConsoleLogger('warn', (line) => lines.push(line))
  logger.debug('a')
  logger.info('b')
  logger.warn('c')
  logger.error('d')
  expect(lines).toEqual(['[junto] warn: c\n', '[junto] error: d\n'])
  const silent = new ConsoleLogger('silent', (line) => lines.push(line))
  silent.error('e')
  expect(lines).toHaveLength(2)
})

test('a value that cannot be written as JSON does not break the line', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  expect(formatLine('info', 'x', { loop })).toBe('[junto] info: x (loop={"self":"…"})\n')
})

test('what stands under the name of a secret is not written, at any depth', () => {
  const line = formatLine('info', 'x', { token: 'abc', at: { headers: { Cookie: 'sid=1', host: 'h' } }, member: 'm1' })
  expect(line).toBe(
    '[junto] info: x (token=[redacted], at={"headers":{"Cookie":"[redacted]","host":"h"}}, member=m1)\n',
  )
})

test.each(Object.entries(hostileErrors))('the line of what was thrown stands, with %s', (_what, make) => {
  const line = formatLine('error', 'A tick failed', { room: 'board', error: make(), about: make() })
  expect(line).toMatch(/^\[junto\] error: A tick failed \(room=board, about=/)
  expect(line.length).toBeLessThan(20_000)
})

test('what is left to be told of something hostile is told', () => {
  const error = hostileErrors['a stack that throws']?.()
  expect(formatLine('error', 'x', { error })).toBe('[junto] error: x\n  Error: hostile\n')
})

test('causes are told to a depth, and each once', () => {
  const circle = formatLine('error', 'x', { error: hostileErrors['a cause in a circle']?.() })
  expect(circle.match(/caused by/g)).toHaveLength(2)
  expect(circle).toMatch(/Error: circle[^]*caused by Error: half way[^]*caused by …\n$/)
  const endless = formatLine('error', 'x', { error: hostileErrors['causes without end']?.() })
  expect(endless.match(/caused by/g)?.length).toBeLessThanOrEqual(8)
})

test('secrets in what was thrown are not written either', () => {
  expect(formatLine('error', 'x', { error: { token: 'abc', status: 401 } })).toBe(
    '[junto] error: x\n  {"token":"[redacted]","status":401}\n',
  )
})

test('a standard error stream that nobody reads any more does not end the process', () => {
  const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => {
    // Without a listener, this throws.
    process.stderr.emit('error', new Error('write EPIPE'))
    return false
  })
  try {
    new ConsoleLogger().error('x')
    expect(write.mock.calls.map(([line]) => line)).toEqual(['[junto] error: x\n'])
  } finally {
    write.mockRestore()
  }
})
