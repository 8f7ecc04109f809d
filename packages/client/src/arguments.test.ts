import { expect, it } from 'vitest'
import { select } from './room/select.ts'
import { JuntoClient, type JuntoClientOptions } from './index.ts'
import { opening, ScriptedServer } from './session/scripted-server.fixture.ts'
import { Whiteboard } from './whiteboard.fixture.ts'

// A program without types, or with casts.
type Odd = Record<string, unknown> | undefined | null

it.each<[string, Odd, string]>([
  ['no options', undefined, 'the options of a client must be an object, not undefined'],
  ['no url', {}, "url must be the server's address, such as 'ws://localhost:1727', not undefined"],
  [
    'a url without a scheme',
    { url: 'localhost:1830' },
    "url must be the server's address, such as 'ws://localhost:1727', not localhost:1830",
  ],
  ['a url that is none', { url: 'undefined' }, "such as 'ws://localhost:1727', not undefined"],
  [
    'the url of a page',
    { url: 'https://boards.example/live' },
    "url must be the server's address, such as 'wss://boards.example/live', not https://boards.example/live",
  ],
  ['the url of a page', { url: new URL('http://localhost') }, "such as 'ws://localhost/', not http://localhost/"],
  [
    'an option that there is not',
    { url: 'ws://x', token: 'secret' },
    "a client has no option 'token', only url, auth, program, keepSession, callTimeout, limits, onWarning, socket, clock, random, readers, page",
  ],
  ['an option that lies deeper', { url: 'ws://x', reconnectMax: 5 }, "a client has no option 'reconnectMax', only"],
  ['credentials that are no function', { url: 'ws://x', auth: { token: 1 } }, 'auth must be a function, not object'],
  ['a long program', { url: 'ws://x', program: 'x'.repeat(129) }, 'program must be a text of at most 128 characters'],
  [
    'limits that nobody checked',
    { url: 'ws://x', limits: { maxHeld: -1 } },
    'limits must be clientLimits({ … }), not object',
  ],
  ['no number', { url: 'ws://x', callTimeout: NaN }, 'callTimeout must be above 0 ms or Infinity, not NaN'],
])('a client with %s is refused', (_name, options, message) => {
  expect(() => new JuntoClient(options as unknown as JuntoClientOptions)).toThrow(
    expect.objectContaining({ code: 'misuse', message: expect.stringContaining(message) as string }),
  )
})

it.each([
  'wss://boards.example/?token=hidden',
  'wss://boards.example/?a=1&access_token=hidden',
  'wss://boards.example/?accessToken=hidden',
  'wss://boards.example/?api-key=hidden',
  'wss://boards.example/?password=hidden',
  'wss://ada:hidden@boards.example/',
  'https://boards.example/?token=hidden',
])('credentials in a url are refused, and not repeated: %s', (url) => {
  let error: unknown
  try {
    void new JuntoClient({ url })
  } catch (thrown) {
    error = thrown
  }
  expect(error).toMatchObject({
    code: 'misuse',
    message: 'url must hold no credentials, for URLs are logged: give them as auth: () => token',
  })
})

it.each(['wss://boards.example/?region=eu&v=2', 'ws://[::1]:1727/a@b', 'WSS://boards.example'])(
  'other urls are taken: %s',
  (url) => {
    expect(new JuntoClient({ url }).connection.state).toBe('idle')
  },
)

it.each<[string, unknown, unknown, string]>([
  ['without options', Whiteboard, undefined, 'options must be an object, not undefined'],
  ['without a contract', undefined, opening, 'contract must be an object'],
  ['with a signal that is none', Whiteboard, { ...opening, signal: {} }, 'signal must be an AbortSignal'],
  [
    'with an option that there is not',
    Whiteboard,
    { ...opening, mutator: {} },
    "a join has no option 'mutator', only key, where, orderBy, limit, join, options, version, signal, patience, mutators",
  ],
  ['with no patience', Whiteboard, { ...opening, patience: NaN }, 'patience must be from 0 ms to Infinity, not NaN'],
])('to open a room %s is refused before anything is sent, and nobody is left who wants it', async (_name, ...given) => {
  const server = new ScriptedServer()
  const [contract, options, message] = given
  const opened = server.client.open(contract as typeof Whiteboard, options as typeof opening)
  await expect(opened).rejects.toMatchObject({ code: 'misuse', message: expect.stringContaining(message) as string })
  expect(server.sockets.all).toHaveLength(0)
  expect(server.client.connection.state).toBe('idle')
  expect(server.clock.pendingTimers).toBe(0)
})

it('one signal serves for many rooms', async () => {
  const server = new ScriptedServer()
  const stop = new AbortController()
  const codes = Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      server.client
        .open(Whiteboard, { ...opening, key: `k${n}`, signal: stop.signal })
        .catch((error: unknown) => error),
    ),
  )
  await server.clock.settle()
  stop.abort()
  for (const error of await codes) expect(error).toMatchObject({ code: 'cancelled' })
  expect(server.client.connection.state).toBe('idle')
})

it('what a room takes is checked where it is given', async () => {
  const server = new ScriptedServer()
  const opened = server.client.open(Whiteboard, opening)
  server.acceptAll()
  const room = await opened
  const none = 5 as unknown as () => never
  const refused = (message: string) => expect.objectContaining({ code: 'misuse', message }) as Error
  expect(() => room.on('poked', none)).toThrow(refused('listener must be a function, not 5'))
  expect(() => room.answer('confirmClear', none)).toThrow(refused('answer must be a function, not 5'))
  expect(() => room.onRecovery(none)).toThrow(refused('listener must be a function, not 5'))
  expect(() => room.watch(none, {})).toThrow(refused('selector must be a function, not 5'))
  expect(() => room.watch((state) => state.strokes, undefined as unknown as object)).toThrow(
    refused('listeners must be an object, not undefined'),
  )
  expect(() => room.watch((state) => state.strokes, { added_: none } as object)).toThrow(
    refused('listeners must have one of added, changed, removed, after, and has added_'),
  )
  expect(() => room.watch((state) => state.strokes, {})).toThrow(/^listeners must have .* and has nothing$/)
  expect(() => room.watch((state) => state.strokes, { after: undefined } as object)).not.toThrow()
  expect(() => select(room, none)).toThrow(refused('selector must be a function, not 5'))
  const call = room.call.clear(none as unknown as undefined, null as unknown as object)
  await expect(call).rejects.toMatchObject({ code: 'misuse' })
})
